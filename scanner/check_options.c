/* SPDX-License-Identifier: Apache-2.0
 *
 * check_options.c: rows of options.def, but for those that steer a long scan
 * or its file, and those of our own.
 */
#include "scanner/check_options.h"

#include <getopt.h>
#include <string.h>

#include "scanner/base/log.h"
#include "scanner/base/text.h"
#include "scanner/check_report.h"

#include "scanner/base/banned.h"

#define ROWS_MAX 128
#define LETTERS_MAX 64
#define RETRY_WAIT_MS 5000 /* a person waits */

/* In the order of own_rows. */
enum own { OWN_JSON, OWN_SUGGEST, OWN_TLSRPT, OWN_ORGANIZATION,
	OWN_CONTACT_INFO };
#define OWN_BASE 1000 /* above what getopt returns for other options */

static const char *const scan_only[] = { "output", "force", "resume",
	"frame-ms", "level", "notes", "status-file", "stages", "dry-run",
	"shard", "dns-rate", "resolver-rate", "dns-window",
	"smtp-window", "policy-window", "workers", "window",
	"max-parked", "names-per-address", "drain-ms", "also", "min-success" };

static const struct option_row own_rows[] = {
	{ .name = "json", .def = "",
	    .sentence = "print the records as JSON lines, like `mxcensus cat "
	    "--explain`" },
	{ .name = "suggest", .def = "",
	    .sentence = "print TXT records and a policy file that fit the MX "
	    "hosts, ready to paste" },
	{ .name = "tlsrpt", .def = "",
	    .sentence = "print the TLS report (RFC 8460) that a sender who "
	    "follows MTA-STS and DANE would have sent for our sessions: JSON, "
	    "indented for one domain, for several a report a line" },
	{ .name = "organization", .arg = "NAME", .def = "",
	    .sentence = "who sends that report (default: the name in EHLO)" },
	{ .name = "contact-info", .arg = "MAILBOX", .def = "",
	    .sentence = "whom to ask about that report (default: --contact "
	    "where that is a mailbox, else postmaster at the name in EHLO)" },
};
#define OWN_ROWS (sizeof(own_rows) / sizeof(own_rows[0]))

static const char exit_text[] =
    "Exit status: 0 nothing is wrong; 1 usage; 2 something could not be "
    "determined;\n3 our own failure; 4 something is broken: a finding of "
    "severity error, or\nservers that fail the policy. Of several domains "
    "the gravest counts: 3, 4, 2.\nWith --suggest and --tlsrpt: 0 printed, "
    "2 where the MX hosts of a domain are not\nknown, or nothing that a "
    "report could tell.\n";

static bool
is_taken(const struct option_row *r)
{
	for (size_t i = 0; i < sizeof(scan_only) / sizeof(scan_only[0]); i++)
		if (strcmp(r->name, scan_only[i]) == 0)
			return false;
	return true;
}

/* Taken here, and with the default that holds here. */
static bool
pick(struct option_row *row)
{
	if (strcmp(row->name, "retry-wait-ms") == 0)
		row->def = "5000";
	else if (strcmp(row->name, "ehlo-name") == 0)
		row->def = "the name of this machine";
	return is_taken(row);
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
	for (size_t i = 0; i < OWN_ROWS; i++)
		longs[at++] = (struct option){ own_rows[i].name,
			own_rows[i].arg == NULL ? no_argument :
			required_argument, NULL, OWN_BASE + (int)i };
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

static bool
take_own(struct check_options *o, enum own own)
{
	switch (own) {
	case OWN_JSON:
		o->json = true;
		return true;
	case OWN_SUGGEST:
		o->suggest = true;
		return true;
	case OWN_TLSRPT:
		o->tlsrpt = true;
		return true;
	case OWN_ORGANIZATION:
		o->organization = optarg;
		if (optarg[0] != '\0' && slice_is_utf8(slice_of(optarg)))
			return true;
		log_error("--organization wants a name, in UTF-8");
		return false;
	case OWN_CONTACT_INFO:
		o->contact_info = optarg;
		if (report_is_mailbox(slice_of(optarg)))
			return true;
		log_error("--contact-info %s is no mailbox; give one such as "
		    "tls-reports@example.com", optarg);
		return false;
	}
	return false;
}

static enum options_result
take(struct check_options *o, int c, const char *word)
{
	const struct option_row *r = NULL;
	bool is_good;

	switch (c) {
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
	if (c < OWN_BASE)
		r = row_of(c);
	is_good = c >= OWN_BASE ? take_own(o, (enum own)(c - OWN_BASE)) :
	    r != NULL && options_set(&o->scan, r, optarg);
	return is_good ? OPTIONS_OK : OPTIONS_BAD;
}

static bool
fit_together(const struct check_options *o)
{
	if (o->n_domain == 0) {
		log_error("no domain: name at least one (mxcensus check "
		    "example.com)");
		return false;
	}
	if (o->json + o->suggest + o->tlsrpt > 1) {
		log_error("--json, --suggest and --tlsrpt exclude each other");
		return false;
	}
	if (!o->tlsrpt &&
	    (o->organization != NULL || o->contact_info != NULL)) {
		log_error("--organization and --contact-info speak of a "
		    "report; give --tlsrpt with them");
		return false;
	}
	return true;
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
	o->domain = argv + optind;
	o->n_domain = (size_t)(argc - optind);
	return fit_together(o) ? OPTIONS_OK : OPTIONS_BAD;
}

void
check_options_help(FILE *out)
{
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
	options_help_rows(out, pick);
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
	fputs(".PP\n"
	    "With \\-\\-tlsrpt each address of an MX host that was contacted "
	    "is one session.  It is counted under every policy that applied "
	    "to it: sts for a valid MTA-STS policy, tlsa for the secure TLSA "
	    "records of its host (the policy domain is then that host), "
	    "no-policy-found where neither was there.  A policy that could "
	    "not be had, because its fetch fails or DNSSEC rejects the "
	    "answer, is one failure without a session.  Timeouts, busy "
	    "servers and whatever else could not be determined are in no "
	    "count.  One domain gives an indented document, several a "
	    "document a line, in the order asked; a domain of which nothing "
	    "could be determined has none.  \\-\\-source\\-ip, where given, "
	    "is the sending\\-mta\\-ip.\n", out);
	fprintf(out, ".PP\n%s", exit_text);
}
