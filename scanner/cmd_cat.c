/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_cat.c: `mxcensus cat`: records as JSON lines, in the file's order.
 *
 * Whole records are printed whatever else is wrong with a file; the damage is
 * one line on standard error and exit status 2.  A reader that goes away
 * (`| head`) is no error.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "output/json.h"
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
	struct json_out out;
	bool gone;                    /* the reader of our output went away */
};

static const char usage[] =
    "usage: mxcensus cat [--type T] [--stable] [--explain] FILE...\n";

static void
print_help(void)
{
	printf("%s\n"
	    "Prints the records of .mxc files as JSON, one a line.\n\n"
	    "  --type T    only records of this type (scan, domain, mx, cert, "
	    "end);\n"
	    "              repeatable, or several with commas\n"
	    "  --stable    without what differs between equal scans: times, "
	    "TTLs, ...\n"
	    "  --explain   beside a domain's findings, what each means\n"
	    "  --help      this text\n\n"
	    "FILE - is standard input.  Exit status: 0 all read; 1 usage, or a "
	    "file cannot\n"
	    "be opened; 2 a file is damaged or torn, and what is whole was "
	    "printed;\n"
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
is_wanted(const struct cat *c, const msgpack_object *record)
{
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
cat_records(struct cat *c, struct reader *r)
{
	const msgpack_object *record;

	while ((record = reader_next(r)) != NULL) {
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

static enum status
cat_file(struct cat *c, const char *path)
{
	struct reader_report report;
	enum status status;
	char text[512];
	struct reader *r = reader_open(path, text, sizeof(text));

	if (r == NULL) {
		log_error("%s", text);
		return STATUS_INPUT;
	}
	status = cat_records(c, r);
	reader_report(r, &report);
	if (status == STATUS_OK && !reader_is_whole(&report)) {
		reader_describe(&report, text, sizeof(text));
		log_warn("%s: %s", path, text);
		status = STATUS_DAMAGED;
	}
	reader_close(r);
	return status;
}

static enum status
parse(int argc, char **argv, struct cat *c, bool *help)
{
	static const struct option longs[] = {
		{ "type", required_argument, NULL, 't' },
		{ "stable", no_argument, NULL, 's' },
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
		else if (o == 'h')
			*help = true;
		else if (o != 't' || !add_types(c, optarg))
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
	for (int i = optind; i < argc && !c.gone && worst != STATUS_FAILED;
	    i++) {
		status = cat_file(&c, argv[i]);
		if (status > worst)
			worst = status;
	}
	json_out_release(&c.out);
	return (int)worst;
}
