/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_scan.c: `mxcensus scan`: a list to a file of records.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "scanner/base/log.h"
#include "scanner/commands.h"
#include "scanner/options.h"
#include "scanner/prepare.h"

#include "scanner/base/banned.h"

#define REJECTS_SHOWN 10

/* Strangers must be able to find out who we are. */
static bool
check_identity(const struct run *r)
{
	const struct options *o = r->options;
	bool missing_ehlo = r->wants_smtp && o->ehlo_name == NULL;
	bool missing_contact = o->contact == NULL;

	if ((!r->wants_smtp && !r->wants_policy) ||
	    reach_is_private(r->reach) || o->dry_run)
		return true;
	if (!missing_ehlo && !missing_contact)
		return true;
	log_error("a scan of the internet must say who it is: give %s%s%s "
	    "(or --only-net for a network of your own, or --stages dns)",
	    missing_ehlo ? "--ehlo-name NAME" : "",
	    missing_ehlo && missing_contact ? " and " : "",
	    missing_contact ? "--contact URL" : "");
	return false;
}

static void
on_reject(void *ctx, uint64_t line, enum name_error why, struct slice text)
{
	uint64_t *shown = ctx;

	if (++*shown > REJECTS_SHOWN) {
		log_debug("line %llu: %s", (unsigned long long)line,
		    name_error_text(why));
		return;
	}
	log_warn("line %llu is no domain name (%s): %.*s",
	    (unsigned long long)line, name_error_text(why),
	    (int)(text.n < 60 ? text.n : 60), text.p);
	if (*shown == REJECTS_SHOWN)
		log_warn("further lines like these are only counted");
}

static int
dry_run(struct run *r)
{
	struct source_name name;
	enum source_result result;

	while ((result = source_next(r->source, &name)) == SOURCE_NAME)
		continue;
	if (result == SOURCE_FAILED) {
		log_error("%s", source_error(r->source));
		return 1;
	}
	printf("%llu domains in %llu lines, %llu lines rejected; stages: "
	    "dns%s%s; workers: %zu; nothing was sent\n",
	    (unsigned long long)source_names(r->source),
	    (unsigned long long)source_lines(r->source),
	    (unsigned long long)source_rejected_total(r->source),
	    r->wants_policy ? ",policy" : "", r->wants_smtp ? ",smtp" : "",
	    r->n_worker);
	return 0;
}

/* A list without a single name is a mistake, not an empty scan. */
static bool
check_list(struct run *r)
{
	struct source_name name;
	char error[1024];
	struct source *probe;
	enum source_result result;

	if (!source_is_regular(r->source))
		return true; /* it can be read only once */
	probe = source_open(r->options->list, error, sizeof(error));
	if (probe == NULL)
		return true;
	result = source_next(probe, &name);
	if (result != SOURCE_NAME)
		log_error("the list %s holds no domain name (%llu lines, %llu "
		    "rejected); give one name a line, rank,domain, or a zone "
		    "file", r->options->list,
		    (unsigned long long)source_lines(probe),
		    (unsigned long long)source_rejected_total(probe));
	source_close(probe);
	return result == SOURCE_NAME;
}

/* What can be gone on with needs a list that can be read again. */
static void
say_how_to_go_on(const struct run *r, const struct list_facts *list)
{
	struct stat st;

	if (list->regular && stat(r->options->output, &st) == 0 &&
	    S_ISREG(st.st_mode))
		log_info("the same command with --resume goes on from here");
}

int
cmd_scan(int argc, char **argv)
{
	struct options options;
	struct list_facts list = { .regular = false };
	uint64_t rejects_shown = 0;
	struct run *r;
	int status = 1;

	switch (options_parse(argc, argv, &options)) {
	case OPTIONS_OK:
		break;
	case OPTIONS_HELP:
		options_help(stdout);
		return 0;
	case OPTIONS_BAD:
		return 1;
	}
	if (options.output == NULL && !options.dry_run) {
		log_error("no output: give -o FILE.mxc");
		return 1;
	}
	if (options.resume && options.force) {
		log_error("--resume keeps the file and --force replaces it; "
		    "give one or none");
		return 1;
	}
	log_set_level(options.quiet ? LOG_ERROR :
	    options.verbose ? LOG_DEBUG : LOG_INFO);
	r = prepare_new(&options);
	if (prepare_reach(r) && check_identity(r) && prepare_pools(r, &list) &&
	    check_list(r)) {
		source_on_reject(r->source, on_reject, &rejects_shown);
		status = options.dry_run ? dry_run(r) : prepared_scan(r, &list);
		if (r->sink != NULL && status != 0)
			say_how_to_go_on(r, &list);
	}
	prepare_free(r);
	return status;
}
