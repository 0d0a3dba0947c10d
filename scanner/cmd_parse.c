/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_parse.c: `mxcensus parse KIND`: JSON lines in, the judgement of
 * scanner/rules/ out.  One function per kind (parse_*.c) turns the input bytes
 * into the answer; reading lines and writing answers is here.  Each line has
 * an arena of its own that is cleared behind it.
 */
#include "scanner/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "scanner/base/log.h"
#include "scanner/parse_question.h"

#include "scanner/base/banned.h"

#define ENCODE_FLAGS (JSON_COMPACT | JSON_ENSURE_ASCII)

struct kind {
	const char *name;
	void (*parse)(struct question *q);
};

static const struct kind kinds[] = {
	{ "name", parse_name },
	{ "sts-record", parse_sts_record },
	{ "sts-rrset", parse_sts_rrset },
	{ "sts-policy", parse_sts_policy },
	{ "mx-match", parse_mx_match },
	{ "tlsrpt-record", parse_tlsrpt_record },
	{ "tlsrpt-rrset", parse_tlsrpt_rrset },
	{ "cert-name", parse_cert_name },
	{ "tlsa", parse_tlsa },
	{ "tlsa-chain", parse_tlsa_chain },
	{ "http", parse_http },
	{ "sts-eval", parse_sts_eval },
	{ "rpt-json", parse_rpt_json },
	{ "rpt-result", parse_rpt_result },
};
#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

static const struct kind *
find_kind(const char *name)
{
	for (size_t i = 0; i < N_KINDS; i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	return NULL;
}

/* {"input": "..."} or {"input_b64": "..."}, with "ctx" where needed. */
static void
read_question(struct question *q, const json_t *line)
{
	const json_t *input = json_object_get(line, "input");
	const json_t *b64 = json_object_get(line, "input_b64");

	q->ctx = json_object_get(line, "ctx");
	if (!json_is_object(line))
		q->error = "the line is no JSON object";
	else if (json_is_string(input))
		q->input = json_slice(input);
	else if (!json_is_string(b64))
		q->error = "the object has no input and no input_b64";
	else if (!base64_decode(q->arena, json_slice(b64), &q->input))
		q->error = "input_b64 is no base64";
}

/* True where the line had an answer. */
static bool
answer_line(struct arena *a, const struct kind *kind, struct slice text)
{
	json_error_t why;
	json_t *line = json_loadb(text.p, text.n, PARSE_DECODE_FLAGS, &why);
	struct question q = { .arena = a, .input = SLICE_EMPTY };

	q.answer = json_object();
	read_question(&q, line);
	if (q.error == NULL)
		kind->parse(&q);
	if (q.error != NULL) {
		(void)json_object_clear(q.answer);
		put(&q, "error", json_string(q.error));
	}
	(void)json_dumpf(q.answer, stdout, ENCODE_FLAGS);
	(void)putchar('\n');
	json_decref(q.answer);
	json_decref(line);
	arena_clear(a);
	return q.error == NULL;
}

static bool
answer_all(const struct kind *kind)
{
	struct arena *a = arena_new();
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;
	bool all = true;

	while ((n = getline(&line, &cap, stdin)) >= 0) {
		if (!answer_line(a, kind, slice_make(line, (size_t)n)))
			all = false;
		/* An answer for a question: filters are talked to. */
		(void)fflush(stdout);
	}
	free(line);
	arena_free(a);
	return all;
}

static void
list_kinds(struct strbuf *b)
{
	for (size_t i = 0; i < N_KINDS; i++)
		strbuf_fmt(b, "%s%s", i == 0 ? "" : ", ", kinds[i].name);
}

int
cmd_parse(int argc, char **argv)
{
	char text[512];
	struct strbuf names = strbuf_of(text, sizeof(text));
	const struct kind *kind;
	bool all;

	list_kinds(&names);
	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		(void)printf("usage: mxcensus parse KIND < LINES\n\n"
		    "One JSON object a line, {\"input\": ...} or "
		    "{\"input_b64\": ...}, answered with one.\n"
		    "KIND is one of %s.\n", text);
		return 0;
	}
	if (argc != 2) {
		log_error("parse takes one KIND: %s", text);
		return 1;
	}
	kind = find_kind(argv[1]);
	if (kind == NULL) {
		log_error("parse: unknown kind \"%s\"; KIND is one of %s",
		    argv[1], text);
		return 1;
	}
	all = answer_all(kind);
	if (ferror(stdin)) {
		log_error("parse: standard input cannot be read");
		return 3;
	}
	if (fflush(stdout) != 0 || ferror(stdout)) {
		log_error("parse: standard output cannot be written");
		return 3;
	}
	return all ? 0 : 1;
}
