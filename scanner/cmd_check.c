/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_check.c: `mxcensus check`: the same scan of a few domains, for people.
 *
 *   domains -> list in memory -> scan -> records in memory -> text, JSON
 *
 * What is printed is what the records say.
 */
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "output/json.h"
#include "output/reader.h"
#include "scanner/base/log.h"
#include "scanner/check_options.h"
#include "scanner/check_report.h"
#include "scanner/check_suggest.h"
#include "scanner/check_text.h"
#include "scanner/commands.h"
#include "scanner/prepare.h"
#include "scanner/rules/name.h"

#include "scanner/base/banned.h"

#define HOST_NAME_BYTES 256
#define WINDOW 64 /* sessions at once: plenty for what a person asks */

enum check_status {
	CHECK_GOOD,
	CHECK_USAGE,
	CHECK_UNKNOWN,
	CHECK_FAILED,
	CHECK_WRONG,
};

/* A file without a name, and a path for those who open by path. */
struct memory_file {
	int fd;
	char path[64];
};

static void
memory_file_open(struct memory_file *m, const char *name)
{
	struct strbuf b = strbuf_of(m->path, sizeof(m->path));

	m->fd = memfd_create(name, MFD_CLOEXEC);
	if (m->fd < 0)
		log_fatal("no memory for a file: %s", strerrordesc_np(errno));
	strbuf_fmt(&b, "/proc/self/fd/%d", m->fd);
}

/* ---- the list ---- */

static bool
write_domain(int fd, const char *word)
{
	struct arena *a = arena_new();
	struct slice name;
	enum name_error e = name_normalize(a, slice_of(word), &name);
	bool ok;

	if (e == NAME_OK && slice_find(name, '.') == name.n)
		e = NAME_SINGLE_LABEL;
	if (e != NAME_OK)
		log_error("%s is no domain name (%s); give one such as "
		    "example.com", word, name_error_text(e));
	ok = e == NAME_OK && dprintf(fd, "%.*s\n", SLICE_ARG(name)) > 0;
	arena_free(a);
	return ok;
}

static bool
write_list(const struct check_options *o, int fd)
{
	for (size_t i = 0; i < o->n_domain; i++)
		if (!write_domain(fd, o->domain[i]))
			return false;
	return true;
}

/* ---- who we are ---- */

/* The full name of this machine; false where it has none. */
static bool
machine_name(char *out, size_t cap)
{
	struct addrinfo hints = { .ai_flags = AI_CANONNAME }, *found = NULL;
	struct strbuf b = strbuf_of(out, cap);
	char host[HOST_NAME_BYTES] = "";

	gethostname(host, sizeof(host) - 1);
	strbuf_add(&b, slice_of(host));
	if (strchr(host, '.') == NULL &&
	    getaddrinfo(host, NULL, &hints, &found) == 0) {
		b = strbuf_of(out, cap);
		strbuf_add(&b, slice_of(found->ai_canonname));
		freeaddrinfo(found);
	}
	return !b.cut && name_is_domain(strbuf_slice(&b)) &&
	    strchr(out, '.') != NULL;
}

/* Servers of the internet are told a name; a lab of one's own is not. */
static bool
introduce(struct run *r, struct options *o, char *name, size_t cap)
{
	if (o->ehlo_name != NULL || reach_is_private(r->reach))
		return true;
	if (!machine_name(name, cap)) {
		log_error("this machine has no full host name to greet mail "
		    "servers with; give --ehlo-name NAME");
		return false;
	}
	o->ehlo_name = name;
	return true;
}

/* ---- the scan ---- */

static enum check_status
scan_into(struct check_options *o, const struct memory_file *list,
    const struct memory_file *records)
{
	char name[HOST_NAME_BYTES];
	struct list_facts facts = { .regular = false };
	struct run *r;
	int status = 1;

	o->scan.list = list->path;
	o->scan.output = records->path;
	o->scan.force = true; /* the file is there already, and ours */
	o->scan.workers = 1;
	o->scan.smtp_window = o->scan.policy_window = WINDOW;
	o->scan.min_success = 0; /* few names, and told as they are */
	o->scan.drain_ms = 0; /* a person who interrupts has seen enough */
	r = prepare_new(&o->scan);
	if (prepare_reach(r) && introduce(r, &o->scan, name, sizeof(name)) &&
	    prepare_pools(r, &facts))
		status = prepared_scan(r, &facts);
	prepare_free(r);
	switch (status) {
	case 0:
		return CHECK_GOOD;
	case 1:
		return CHECK_USAGE;
	case 2:
		log_error("interrupted");
		return CHECK_UNKNOWN;
	}
	return CHECK_FAILED;
}

/* ---- the answer ---- */

static enum check_status
status_of(const struct check_views *views)
{
	const struct check_view *v = views->views.p;
	enum check_status status = CHECK_GOOD;

	for (size_t i = 0; i < views->views.n; i++) {
		if (check_view_is_wrong(&v[i]))
			return CHECK_WRONG;
		if (check_view_is_open(&v[i]))
			status = CHECK_UNKNOWN;
	}
	return status;
}

static bool
print_suggestion(struct arena *a, const struct check_view *v)
{
	switch (check_suggest(stdout, a, v, clock_wall_ms())) {
	case SUGGEST_OK:
	case SUGGEST_NO_MAIL:
		return true;
	case SUGGEST_UNKNOWN:
		break;
	}
	log_error("%.*s: its MX hosts are not known, so there is nothing to "
	    "suggest (%s)", SLICE_ARG(v->name), check_sentence("mx_status",
	    (int)v->mx_status));
	return false;
}

static enum check_status
print_views(const struct check_options *o, const struct check_views *views)
{
	const struct page page = { stdout, page_wants_colour(stdout) };
	const struct check_view *v = views->views.p;
	bool all_known = true;

	for (size_t i = 0; i < views->views.n; i++) {
		if (i > 0)
			putchar('\n');
		if (!o->suggest)
			check_text(&page, &v[i]);
		else if (!print_suggestion(views->arena, &v[i]))
			all_known = false;
	}
	if (o->suggest)
		return all_known ? CHECK_GOOD : CHECK_UNKNOWN;
	return status_of(views);
}

static bool
print_report(const struct check_options *o, const struct check_views *views,
    const struct check_view *v)
{
	struct report_sender sender = report_sender_of(views->arena,
	    &views->run);
	json_t *report;

	if (o->organization != NULL)
		sender.organization = slice_of(o->organization);
	if (o->contact_info != NULL)
		sender.contact = slice_of(o->contact_info);
	sender.source_ip = slice_of(o->scan.source_ip);
	report = check_report(&views->run, &sender, v);
	if (report == NULL) {
		log_error("%.*s: nothing could be determined, so there is "
		    "nothing to report", SLICE_ARG(v->name));
		return false;
	}
	json_dumpf(report, stdout, JSON_ENSURE_ASCII |
	    (views->views.n == 1 ? JSON_INDENT(2) : JSON_COMPACT));
	putchar('\n');
	json_decref(report);
	return true;
}

static enum check_status
print_reports(const struct check_options *o, const struct check_views *views)
{
	const struct check_view *v = views->views.p;
	enum check_status status = CHECK_GOOD;

	for (size_t i = 0; i < views->views.n; i++)
		if (!print_report(o, views, &v[i]))
			status = CHECK_UNKNOWN;
	return status;
}

static void
print_json(const msgpack_object *record)
{
	const struct json_options options = { .explain = true };
	struct json_out out = { NULL, 0, 0 };

	json_record(&out, record, &options);
	fwrite(out.p, 1, out.n, stdout);
	json_out_release(&out);
}

static enum check_status
answer(const struct check_options *o, const char *path)
{
	char error[512];
	struct reader *r = reader_open(path, error, sizeof(error));
	struct check_views views;
	const msgpack_object *record;
	enum check_status status;

	if (r == NULL) {
		log_error("%s", error);
		return CHECK_FAILED;
	}
	check_views_init(&views);
	while ((record = reader_next(r)) != NULL) {
		check_views_take(&views, record);
		if (o->json && (object_is(record, SLICE_LIT("mx")) ||
		    object_is(record, SLICE_LIT("domain"))))
			print_json(record);
	}
	reader_close(r);
	status = o->json ? status_of(&views) : o->tlsrpt ?
	    print_reports(o, &views) : print_views(o, &views);
	check_views_release(&views);
	/* A reader that goes away (`| head`) is no error. */
	if ((fflush(stdout) != 0 || ferror(stdout)) && errno != EPIPE) {
		log_errno(errno, "standard output");
		return CHECK_FAILED;
	}
	return status;
}

int
cmd_check(int argc, char **argv)
{
	struct check_options o;
	struct memory_file list, records;
	enum check_status status = CHECK_USAGE;

	switch (check_options_parse(argc, argv, &o)) {
	case OPTIONS_OK:
		break;
	case OPTIONS_HELP:
		check_options_help(stdout);
		return CHECK_GOOD;
	case OPTIONS_BAD:
		return CHECK_USAGE;
	}
	log_set_level(o.scan.quiet ? LOG_ERROR :
	    o.scan.verbose ? LOG_DEBUG : LOG_WARN);
	memory_file_open(&list, "list");
	memory_file_open(&records, "records");
	if (write_list(&o, list.fd))
		status = scan_into(&o, &list, &records);
	if (status == CHECK_GOOD)
		status = answer(&o, records.path);
	close(list.fd);
	close(records.fd);
	return (int)status;
}
