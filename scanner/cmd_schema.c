/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_schema.c: `mxcensus schema`: every table the program is made from, as
 * one JSON object: fields, findings, outcomes, words, options.
 */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>

#include "output/record.h"
#include "scanner/base/log.h"
#include "scanner/commands.h"
#include "scanner/options.h"

#include "scanner/base/banned.h"

enum status { STATUS_OK, STATUS_USAGE, STATUS_FAILED = 3 };

static const char usage[] = "usage: mxcensus schema\n";

static json_t *
fields(void)
{
	json_t *all = json_array();

	for (size_t f = 0; f < FIELD_COUNT; f++) {
		const struct field_row *r = field_row((enum field)f);

		json_array_append_new(all, json_pack(
		    "{s:s, s:s, s:s, s:s, s:b, s:s}", "object", r->object,
		    "name", r->name, "type", r->type_word, "sub", r->sub,
		    "stable", r->stable, "sentence", r->sentence));
	}
	return all;
}

static json_t *
findings(void)
{
	json_t *all = json_array();

	for (size_t f = 0; f < FINDING_COUNT; f++) {
		const struct finding_row *r = finding_row((enum finding)f);

		json_array_append_new(all, json_pack(
		    "{s:s, s:s, s:s, s:s, s:s, s:s?, s:s}", "code", r->code,
		    "area", r->area, "severity", r->severity, "rfc", r->rfc,
		    "section", r->section, "result_type", r->rpt, "sentence",
		    r->sentence));
	}
	return all;
}

static json_t *
outcomes(void)
{
	json_t *all = json_array();

	for (size_t i = 0; i < OUTCOME_COUNT; i++) {
		enum outcome o = (enum outcome)i;

		json_array_append_new(all, json_pack("{s:s, s:s, s:s, s:s}",
		    "word", outcome_word(o), "layer", outcome_layer(o),
		    "class", outcome_class_word(o), "sentence",
		    outcome_sentence(o)));
	}
	return all;
}

static json_t *
vocabulary(void)
{
	size_t n;
	const struct vocabulary_word *w = vocabulary_words(&n);
	json_t *all = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(all, json_pack("{s:s, s:s, s:s}", "set",
		    w[i].set, "word", w[i].word, "sentence", w[i].sentence));
	return all;
}

static const char *
option_type_word(enum option_type type)
{
	switch (type) {
	case OPTION_FLAG:
		return "flag";
	case OPTION_UINT:
		return "number";
	case OPTION_STR:
		return "text";
	case OPTION_LIST:
		return "list";
	}
	return "";
}

static json_t *
options(void)
{
	size_t n;
	const struct option_row *r = options_rows(&n);
	json_t *all = json_array();

	for (size_t i = 0; i < n; i++) {
		char letter[2] = { r[i].letter, '\0' };
		json_t *one = json_pack("{s:s, s:s, s:s?, s:s, s:s?, s:s, s:s}",
		    "group", r[i].group, "name", r[i].name, "letter",
		    r[i].letter == 0 ? NULL : letter, "type",
		    option_type_word(r[i].type), "argument", r[i].arg,
		    "default", r[i].def, "sentence", r[i].sentence);

		if (r[i].type == OPTION_UINT) {
			json_object_set_new(one, "min",
			    json_integer((json_int_t)r[i].min));
			json_object_set_new(one, "max",
			    json_integer((json_int_t)r[i].max));
		}
		json_array_append_new(all, one);
	}
	return all;
}

static bool
parse(int argc, char **argv, bool *help)
{
	static const struct option longs[] = {
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int o;

	optind = 0;
	while ((o = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		if (o != 'h')
			return false;
		*help = true;
	}
	return optind == argc;
}

int
cmd_schema(int argc, char **argv)
{
	bool help = false;
	json_t *all;
	int rc;

	if (!parse(argc, argv, &help)) {
		fputs(usage, stderr);
		return STATUS_USAGE;
	}
	if (help) {
		printf("%s\nPrints as one JSON object what records, findings, "
		    "outcomes and options\nthere are, and what each means.\n",
		    usage);
		return STATUS_OK;
	}
	all = json_pack("{s:s, s:s, s:i, s:o, s:o, s:o, s:o, s:o}", "program",
	    "mxcensus", "version", MXCENSUS_VERSION, "format", RECORD_FORMAT,
	    "fields", fields(), "findings", findings(), "outcomes", outcomes(),
	    "vocabulary", vocabulary(), "options", options());
	if (all == NULL)
		log_fatal("the tables hold text that is not UTF-8");
	rc = json_dumpf(all, stdout, JSON_INDENT(1) | JSON_ENSURE_ASCII);
	json_decref(all);
	if (putchar('\n') == EOF || fflush(stdout) != 0)
		rc = -1;
	if (rc != 0 && errno != EPIPE) {
		log_errno(errno, "standard output");
		return STATUS_FAILED;
	}
	return STATUS_OK;
}
