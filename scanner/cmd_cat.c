/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_cat.c: `mxcensus cat`: records as JSON lines, in the file's order.
 *
 * Whole records are printed whatever else is wrong with a file; the damage is
 * one line on standard error and exit status 2.  With --strict the first
 * damage ends it all.  A reader that goes away
 * (`| head`) is no error.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "output/json.h"
#include "output/json_fields.h"
#include "output/object.h"
#include "output/reader.h"
#include "scanner/base/log.h"
#include "scanner/commands.h"

#include "scanner/base/banned.h"

#define BUFFER_BYTES (256u << 10)
#define TYPES_MAX 8

enum status { STATUS_OK, STATUS_INPUT, STATUS_DAMAGED, STATUS_FAILED };

struct cat {
	struct json_options json;
	struct slice type[TYPES_MAX]; /* none: all */
	size_t n_type;
	struct json_fields fields;
	bool strict;
	struct json_out out;
	bool gone;                    /* the reader of our output went away */
};

static const char usage[] =
    "usage: mxcensus cat [--type T] [--fields A,B.C] [--stable] [--explain]\n"
    "                    [--strict] FILE...\n";

static void
print_help(void)
{
	printf("%s\n"
	    "Prints the records of .mxc files as JSON, one a line.\n\n"
	    "  --type T    only records of this type (scan, domain, mx, cert, "
	    "end);\n"
	    "              repeatable, or several with commas\n"
	    "  --fields F  only these fields, commas between them, dots into "
	    "maps and lists\n"
	    "              of maps: name,sts.policy.mode,mx.host; records "
	    "without any of\n"
	    "              them are left out\n"
	    "  --stable    without what differs between equal scans: times, "
	    "TTLs, ...;\n"
	    "              and without session records\n"
	    "  --explain   beside a domain's findings, what each means\n"
	    "  --strict    stop at the first damage, and miss an end\n"
	    "  --help      this text\n\n"
	    "FILE - is standard input.  Exit status: 0 all read; 1 usage, or a "
	    "file cannot\n"
	    "be opened; 2 a file is damaged or torn, and what is whole was "
	    "printed (with\n"
	    "--strict: what stands before the damage, or the file has no end "
	    "record);\n"
	    "3 the output cannot be written.\n", usage);
}

static bool
add_types(struct cat *c, const char *list)
{
	struct slice rest = slice_of(list);

	while (rest.n > 0) {
		size_t n = slice_find(rest, ',');

		if (c->n_type == TYPES_MAX)
			return false;
		c->type[c->n_type++] = slice_upto(rest, n);
		rest = slice_from(rest, n + 1);
	}
	return c->n_type > 0;
}

static bool
add_fields(struct cat *c, const char *list)
{
	size_t at = c->fields.n;

	if (!json_fields_add(&c->fields, slice_of(list)))
		return false;
	for (; at < c->fields.n; at++)
		if (!json_fields_is_known(&c->fields, at))
			log_warn("--fields %s: no record of this version has "
			    "field %zu of them", list, at + 1);
	c->json.fields = &c->fields;
	return true;
}

/* How often a scan was resumed is nothing that equal scans share. */
static bool
is_wanted(const struct cat *c, const msgpack_object *record)
{
	if (c->json.stable && object_is(record, SLICE_LIT("session")))
		return false;
	for (size_t i = 0; i < c->n_type; i++)
		if (object_is(record, c->type[i]))
			return true;
	return c->n_type == 0;
}

/* Writes what has gathered; false when nobody reads or the disk is full. */
static bool
empty(struct cat *c)
{
	const char *p = c->out.p;
	size_t left = c->out.n;

	while (left > 0) {
		ssize_t n = write(STDOUT_FILENO, p, left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			c->gone = errno == EPIPE;
			if (!c->gone)
				log_errno(errno, "standard output");
			return false;
		}
		p += n;
		left -= (size_t)n;
	}
	c->out.n = 0;
	return true;
}

static enum status
cat_records(struct cat *c, struct reader *r, bool *has_end)
{
	const msgpack_object *record;

	while ((record = reader_next(r)) != NULL) {
		*has_end = object_is(record, SLICE_LIT("end"));
		if (!is_wanted(c, record))
			continue;
		json_record(&c->out, record, &c->json);
		if (c->out.n >= BUFFER_BYTES && !empty(c))
			return c->gone ? STATUS_OK : STATUS_FAILED;
	}
	if (!empty(c))
		return c->gone ? STATUS_OK : STATUS_FAILED;
	return STATUS_OK;
}

/* One line about what is wrong with a file that was read to its end. */
static enum status
report_damage(const struct cat *c, const char *path, const struct reader *r,
    bool has_end)
{
	struct reader_report report;
	char text[512];

	reader_report(r, &report);
	if (!reader_is_whole(&report)) {
		reader_describe(&report, text, sizeof(text));
		log_warn("%s: %s", path, text);
		return STATUS_DAMAGED;
	}
	if (c->strict && !has_end) {
		log_warn("%s: ends at byte %ju without an end record: the "
		    "scan was stopped, or is still running", path,
		    (uintmax_t)report.file_bytes);
		return STATUS_DAMAGED;
	}
	return STATUS_OK;
}

static enum status
cat_file(struct cat *c, const char *path)
{
	enum status status;
	bool has_end = false;
	char error[512];
	struct reader *r = reader_open(path, error, sizeof(error));

	if (r == NULL) {
		log_error("%s", error);
		return STATUS_INPUT;
	}
	if (c->strict)
		reader_be_strict(r);
	status = cat_records(c, r, &has_end);
	if (status == STATUS_OK && !c->gone)
		status = report_damage(c, path, r, has_end);
	reader_close(r);
	return status;
}

/* Is there anything left to print after a file that ended so? */
static bool
goes_on(const struct cat *c, enum status status)
{
	return !c->gone && status != STATUS_FAILED &&
	    (status == STATUS_OK || !c->strict);
}

static enum status
parse(int argc, char **argv, struct cat *c, bool *help)
{
	static const struct option longs[] = {
		{ "type", required_argument, NULL, 't' },
		{ "fields", required_argument, NULL, 'F' },
		{ "stable", no_argument, NULL, 's' },
		{ "strict", no_argument, NULL, 'S' },
		{ "explain", no_argument, NULL, 'e' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int o;

	optind = 0;
	while ((o = getopt_long(argc, argv, "t:h", longs, NULL)) != -1) {
		if (o == 's')
			c->json.stable = true;
		else if (o == 'e')
			c->json.explain = true;
		else if (o == 'S')
			c->strict = true;
		else if (o == 'h')
			*help = true;
		else if (o == 'F' && !add_fields(c, optarg))
			return STATUS_INPUT;
		else if (o == 't' && !add_types(c, optarg))
			return STATUS_INPUT;
		else if (o == '?')
			return STATUS_INPUT;
	}
	return *help || optind < argc ? STATUS_OK : STATUS_INPUT;
}

int
cmd_cat(int argc, char **argv)
{
	struct cat c = { .n_type = 0 };
	enum status status, worst = STATUS_OK;
	bool help = false;

	if (parse(argc, argv, &c, &help) != STATUS_OK) {
		fputs(usage, stderr);
		return STATUS_INPUT;
	}
	if (help) {
		print_help();
		return STATUS_OK;
	}
	for (int i = optind; i < argc && goes_on(&c, worst); i++) {
		status = cat_file(&c, argv[i]);
		if (status > worst)
			worst = status;
	}
	json_out_release(&c.out);
	return (int)worst;
}
