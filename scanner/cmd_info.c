/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_info.c: `mxcensus info`: what a file is, whether it is whole, and
 * whether its last record equals what the others add up to.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>

#include "output/inspect.h"
#include "output/json_out.h"
#include "scanner/base/log.h"
#include "scanner/commands.h"
#include "scanner/info_text.h"

#include "scanner/base/banned.h"

enum status { STATUS_OK, STATUS_INPUT, STATUS_DAMAGED, STATUS_FAILED };

struct how {
	bool json, strict, help;
};

static const char usage[] =
    "usage: mxcensus info [--json] [--strict] FILE...\n";

static void
print_help(void)
{
	printf("%s\n"
	    "Says what .mxc files hold and proves their counts.\n\n"
	    "  --json    one JSON object a file\n"
	    "  --strict  say nothing about a damaged file but where it is\n"
	    "  --help    this text\n\n"
	    "FILE - is standard input.  Exit status: 0 every file is whole and "
	    "adds up;\n"
	    "1 usage, or a file cannot be opened; 2 a file is damaged, torn, "
	    "without its\n"
	    "last record, or does not add up.\n", usage);
}

/* A key, a colon, and the comma before them where one is needed. */
static void
key(struct json_out *o, const char *name)
{
	if (o->n > 0 && o->p[o->n - 1] != '{')
		json_char(o, ',');
	json_text(o, slice_of(name));
	json_char(o, ':');
}

static void
key_uint(struct json_out *o, const char *name, uint64_t v)
{
	key(o, name);
	json_uint(o, v);
}

static void
key_bool(struct json_out *o, const char *name, bool v)
{
	key(o, name);
	json_raw(o, v ? "true" : "false", v ? 4 : 5);
}

static void
key_text(struct json_out *o, const char *name, struct slice s)
{
	key(o, name);
	if (s.n == 0)
		json_raw(o, "null", 4);
	else
		json_text(o, s);
}

static void
key_counts(struct json_out *o, const char *name, const struct word_counts *c)
{
	key(o, name);
	json_char(o, '{');
	for (size_t i = 0; i < c->v.n; i++) {
		struct slice word = word_count_at(c, i)->word;

		if (i > 0)
			json_char(o, ',');
		if (slice_is_utf8(word))
			json_text(o, word);
		else
			json_hex(o, word);
		json_char(o, ':');
		json_uint(o, word_count_at(c, i)->n);
	}
	json_char(o, '}');
}

static void
key_mismatches(struct json_out *o, const struct inspection *i)
{
	const struct mismatch *m = i->mismatches.p;

	key(o, "mismatches");
	json_char(o, '[');
	for (size_t k = 0; k < i->mismatches.n; k++) {
		if (k > 0)
			json_char(o, ',');
		json_char(o, '{');
		key_text(o, "what", m[k].what);
		key_uint(o, "end", m[k].claimed);
		key_uint(o, "file", m[k].found);
		json_char(o, '}');
	}
	json_char(o, ']');
}

static void
key_integrity(struct json_out *o, const struct inspection *i)
{
	const struct reader_report *r = &i->report;

	key_uint(o, "file_bytes", r->file_bytes);
	key_uint(o, "plain_bytes", r->plain_bytes);
	key_uint(o, "frames", r->frames);
	key_uint(o, "damaged_frames", r->damaged_frames);
	key_bool(o, "torn_tail", r->torn_tail);
	if (r->torn_tail)
		key_uint(o, "torn_at", r->torn_at);
	key_bool(o, "whole", reader_is_whole(r));
	key_bool(o, "has_scan", i->has_scan);
	key_bool(o, "has_end", i->has_end);
	key_bool(o, "adds_up", i->has_end && i->mismatches.n == 0);
	key_mismatches(o, i);
}

static void
info_json(const char *path, const struct inspection *i)
{
	struct json_out o = { .p = NULL };

	json_char(&o, '{');
	key_text(&o, "file", slice_of(path));
	key_uint(&o, "format", i->format);
	key_text(&o, "version", i->version);
	key_text(&o, "list", i->list);
	key_text(&o, "list_sha256", i->list_sha256);
	key_text(&o, "reason", i->reason);
	key_uint(&o, "list_lines", i->list_lines);
	key_uint(&o, "started", i->started_ms);
	key_bool(&o, "unvalidated", i->unvalidated);
	key_uint(&o, "duration_ms", i->duration_ms);
	key_uint(&o, "dns_queries", i->dns_queries);
	key_uint(&o, "policy_connects", i->policy_connects);
	key_uint(&o, "smtp_connects", i->smtp_connects);
	key_counts(&o, "records", &i->types);
	key_counts(&o, "verdicts", &i->verdicts);
	key_counts(&o, "verdicts_dane", &i->verdicts_dane);
	key_counts(&o, "findings", &i->findings);
	key_counts(&o, "outcomes", &i->outcomes);
	key_counts(&o, "rejected", &i->rejected);
	key_integrity(&o, i);
	json_raw(&o, "}\n", 2);
	fwrite(o.p, 1, o.n, stdout);
	json_out_release(&o);
}

static void
tell_damage(const char *path, const struct reader_report *report)
{
	char text[512];

	reader_describe(report, text, sizeof(text));
	log_error("%s: %s", path, text);
}

static enum status
info_file(const char *path, const struct how *how)
{
	struct arena *a = arena_new();
	struct inspection i;
	char error[512];
	bool ok = inspect_file(a, path, &i, error, sizeof(error));
	enum status status = STATUS_INPUT;

	if (!ok)
		log_error("%s", error);
	else if (how->strict && !reader_is_whole(&i.report))
		tell_damage(path, &i.report);
	else if (how->json)
		info_json(path, &i);
	else
		info_text(path, &i);
	if (ok)
		status = inspection_is_good(&i) ? STATUS_OK : STATUS_DAMAGED;
	arena_free(a);
	return status;
}

static bool
parse(int argc, char **argv, struct how *how)
{
	static const struct option longs[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "strict", no_argument, NULL, 'S' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int o;

	optind = 0;
	while ((o = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		if (o == 'j')
			how->json = true;
		else if (o == 'S')
			how->strict = true;
		else if (o == 'h')
			how->help = true;
		else
			return false;
	}
	return how->help || optind < argc;
}

int
cmd_info(int argc, char **argv)
{
	enum status worst = STATUS_OK;
	struct how how = { .json = false };

	if (!parse(argc, argv, &how)) {
		fputs(usage, stderr);
		return STATUS_INPUT;
	}
	if (how.help) {
		print_help();
		return STATUS_OK;
	}
	for (int i = optind; i < argc; i++) {
		enum status status = info_file(argv[i], &how);

		if (!how.json && i + 1 < argc)
			printf("\n");
		if (status > worst)
			worst = status;
	}
	if (fflush(stdout) != 0 && errno != EPIPE) {
		log_errno(errno, "standard output");
		return STATUS_FAILED;
	}
	return (int)worst;
}
