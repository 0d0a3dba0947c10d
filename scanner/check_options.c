/* SPDX-License-Identifier: Apache-2.0
 *
 * check_options.c: rows of options.def, but for those that steer a long scan
 * or its file, and two of our own.
 */
#include "scanner/check_options.h"

#include <getopt.h>
#include <string.h>

#include "scanner/base/log.h"
#include "scanner/base/text.h"

#include "scanner/base/banned.h"

#define ROWS_MAX 128
#define LETTERS_MAX 64
#define RETRY_WAIT_MS 5000 /* a person waits */

enum own { OWN_JSON = 1000, OWN_SUGGEST };

static const char *const scan_only[] = { "output", "force", "level", "notes",
	"status-file", "stages", "dry-run", "dns-rate", "dns-window",
	"smtp-window", "policy-window", "workers", "window", "drain-ms" };

static const struct option_row own_rows[] = {
	{ .name = "json", .def = "",
	    .sentence = "print the records as JSON lines, like `mxcensus cat "
	    "--explain`" },
	{ .name = "suggest", .def = "",
	    .sentence = "print TXT records and a policy file that fit the MX "
	    "hosts, ready to paste" },
};
#define OWN_ROWS (sizeof(own_rows) / sizeof(own_rows[0]))

static const char exit_text[] =
    "Exit status: 0 nothing is wrong; 1 usage; 2 something could not be "
    "determined;\n3 our own failure; 4 something is broken: a finding of "
    "severity error, or\nservers that fail the policy. Of several domains "
    "the gravest counts: 3, 4, 2.\nWith --suggest: 0 printed, 2 where the "
    "MX hosts of a domain are not known.\n";

static bool
is_taken(const struct option_row *r)
{
	for (size_t i = 0; i < sizeof(scan_only) / sizeof(scan_only[0]); i++)
		if (strcmp(r->name, scan_only[i]) == 0)
			return false;
	return true;
}

/* The row with the default that holds here. */
static struct option_row
here(const struct option_row *r)
{
	struct option_row row = *r;

	if (strcmp(r->name, "retry-wait-ms") == 0)
		row.def = "5000";
	else if (strcmp(r->name, "ehlo-name") == 0)
		row.def = "the name of this machine";
	return row;
}

static void
fill_getopt(struct option *longs, char *shorts, size_t cap)
{
	struct strbuf b = strbuf_of(shorts, cap);
	size_t n, at = 0;
	const struct option_row *r = options_rows(&n);

	strbuf_add(&b, SLICE_LIT(":h"));
	for (size_t i = 0; i < n && at < ROWS_MAX; i++) {
		if (!is_taken(&r[i]))
			continue;
		longs[at++] = (struct option){ r[i].name,
			r[i].arg == NULL ? no_argument : required_argument,
			NULL, 256 + (int)i };
		if (r[i].letter == 0)
			continue;
		strbuf_char(&b, r[i].letter);
		if (r[i].arg != NULL)
			strbuf_char(&b, ':');
	}
	longs[at++] = (struct option){ "json", no_argument, NULL, OWN_JSON };
	longs[at++] = (struct option){ "suggest", no_argument, NULL,
		OWN_SUGGEST };
	longs[at++] = (struct option){ "help", no_argument, NULL, 'h' };
	longs[at] = (struct option){ NULL, 0, NULL, 0 };
}

static const struct option_row *
row_of(int c)
{
	size_t n;
	const struct option_row *r = options_rows(&n);

	if (c >= 256 && (size_t)c < 256 + n)
		return &r[c - 256];
	for (size_t i = 0; i < n; i++)
		if (r[i].letter != 0 && r[i].letter == c && is_taken(&r[i]))
			return &r[i];
	return NULL;
}

static enum options_result
take(struct check_options *o, int c, const char *word)
{
	const struct option_row *r;

	switch (c) {
	case OWN_JSON:
		o->json = true;
		return OPTIONS_OK;
	case OWN_SUGGEST:
		o->suggest = true;
		return OPTIONS_OK;
	case 'h':
		return OPTIONS_HELP;
	case ':':
		log_error("%s wants a value; `mxcensus check --help` lists "
		    "the options", word);
		return OPTIONS_BAD;
	case '?':
		log_error("unknown option %s; `mxcensus check --help` lists "
		    "them", word);
		return OPTIONS_BAD;
	}
	r = row_of(c);
	return r != NULL && options_set(&o->scan, r, optarg) ? OPTIONS_OK :
	    OPTIONS_BAD;
}

enum options_result
check_options_parse(int argc, char **argv, struct check_options *o)
{
	struct option longs[ROWS_MAX + OWN_ROWS + 2];
	char shorts[LETTERS_MAX];
	enum options_result result;
	int c;

	*o = (struct check_options){ .json = false };
	options_defaults(&o->scan);
	o->scan.retry_wait_ms = RETRY_WAIT_MS;
	fill_getopt(longs, shorts, sizeof(shorts));
	opterr = 0;
	optind = 1;
	while ((c = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		result = take(o, c, argv[optind - 1]);
		if (result != OPTIONS_OK)
			return result;
	}
	if (optind == argc) {
		log_error("no domain: name at least one (mxcensus check "
		    "example.com)");
		return OPTIONS_BAD;
	}
	if (o->json && o->suggest) {
		log_error("--json and --suggest exclude each other");
		return OPTIONS_BAD;
	}
	o->domain = argv + optind;
	o->n_domain = (size_t)(argc - optind);
	return OPTIONS_OK;
}

void
check_options_help(FILE *out)
{
	size_t n;
	const struct option_row *r = options_rows(&n);
	const char *group = "";

	fputs("usage: mxcensus check [options] DOMAIN...\n"
	    "\n"
	    "Finds out how the inbound mail of a domain is protected and says, "
	    "for people,\nwhat is published, what a sender does, what is wrong "
	    "and how to repair it, and\nwhat is missing on the way from none "
	    "over testing to enforce.\n"
	    "\n"
	    "Mail servers are greeted with the full name of this machine "
	    "(--ehlo-name names\nanother); --contact may be left out for a "
	    "domain of your own. Colour is for\nterminals, and NO_COLOR turns "
	    "it off.\n"
	    "\nWhat is printed:\n", out);
	for (size_t i = 0; i < OWN_ROWS; i++)
		options_help_row(out, &own_rows[i]);
	for (size_t i = 0; i < n; i++) {
		struct option_row row = here(&r[i]);

		if (!is_taken(&r[i]))
			continue;
		if (strcmp(group, row.group) != 0) {
			group = row.group;
			fprintf(out, "\n%s:\n", group);
		}
		options_help_row(out, &row);
	}
	fprintf(out, "\n%s", exit_text);
}

void
check_options_man(FILE *out)
{
	fputs(".SH OPTIONS OF CHECK\n"
	    "Those of scan that make sense for a few domains "
	    "(\\fBmxcensus check \\-\\-help\\fR lists them), and:\n", out);
	for (size_t i = 0; i < OWN_ROWS; i++)
		options_man_row(out, &own_rows[i]);
	fprintf(out, ".PP\n%s", exit_text);
}
