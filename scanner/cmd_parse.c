/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_parse.c: `mxcensus parse KIND`: JSON lines in, the judgement of
 * scanner/rules/ out.  One function per kind turns the input bytes into the
 * answer; all else (reading, base64, findings as codes) is shared.  Each line
 * has an arena of its own that is cleared behind it.
 */
#include "scanner/commands.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "scanner/base/log.h"
#include "scanner/rules/cert_name.h"
#include "scanner/rules/name.h"
#include "scanner/rules/sts.h"
#include "scanner/rules/tlsa.h"
#include "scanner/rules/tlsrpt.h"

#include "scanner/base/banned.h"

#define DECODE_FLAGS (JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES)
#define ENCODE_FLAGS (JSON_COMPACT | JSON_ENSURE_ASCII)

/* One line being answered. */
struct question {
	struct arena *arena;
	struct slice input;
	const json_t *ctx;   /* or NULL */
	json_t *answer;
	const char *error;   /* set: the line cannot be answered */
};

static struct slice
json_slice(const json_t *s)
{
	return slice_make(json_string_value(s), json_string_length(s));
}

/* Bytes that are no UTF-8 are told as the replacement character. */
static json_t *
slice_json(struct slice s)
{
	json_t *j = json_stringn(s.n == 0 ? "" : s.p, s.n);

	return j == NULL ? json_string("\xef\xbf\xbd") : j;
}

static void
put(struct question *q, const char *key, json_t *value)
{
	if (json_object_set_new(q->answer, key, value) != 0)
		log_fatal("out of memory");
}

static void
put_slice(struct question *q, const char *key, struct slice s)
{
	put(q, key, s.n == 0 ? json_null() : slice_json(s));
}

static void
put_list(struct question *q, const char *key, const struct slice *s, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		(void)json_array_append_new(list, slice_json(s[i]));
	put(q, key, list);
}

/* What every answer begins with. */
static void
put_verdict(struct question *q, bool valid, bool ambiguous,
    const struct finding_set *findings)
{
	json_t *codes = json_array();
	enum finding f = finding_next(findings, 0);

	for (; f < FINDING_COUNT; f = finding_next(findings, f + 1))
		(void)json_array_append_new(codes,
		    json_string(finding_row(f)->code));
	put(q, "valid", json_boolean(valid));
	put(q, "ambiguous", json_boolean(ambiguous));
	put(q, "findings", codes);
}

static void
parse_sts_record(struct question *q)
{
	struct sts_record r = sts_record_parse(q->input);

	put_verdict(q, r.valid, r.ambiguous, &r.findings);
	put_slice(q, "id", r.id);
}

static void
parse_tlsrpt_record(struct question *q)
{
	struct tlsrpt_record r;

	tlsrpt_record_parse(q->arena, q->input, &r);
	put_verdict(q, r.valid, r.ambiguous, &r.findings);
	put_list(q, "rua", r.rua, r.n_rua);
}

/* [["string", ...], ...]: RRs, each of character-strings. */
static bool
read_rr(struct arena *a, const json_t *strings, struct txt_rr *out)
{
	struct vec joined = VEC_OF(char);

	if (!json_is_array(strings))
		return false;
	for (size_t i = 0; i < json_array_size(strings); i++) {
		const json_t *s = json_array_get(strings, i);
		struct slice part = json_slice(s);

		if (!json_is_string(s))
			return false;
		for (size_t j = 0; j < part.n; j++)
			*(char *)vec_push(a, &joined) = part.p[j];
	}
	out->joined = slice_make(joined.p, joined.n);
	return true;
}

static bool
read_rrset(struct question *q, struct rrset *out)
{
	json_t *list = json_loadb(q->input.p, q->input.n, DECODE_FLAGS, NULL);
	bool ok = json_is_array(list);

	*out = (struct rrset){ .lookup = { .outcome = OUTCOME_OK } };
	out->n = json_array_size(list);
	out->txt = arena_array(q->arena, out->n, sizeof(*out->txt));
	for (size_t i = 0; ok && i < out->n; i++)
		ok = read_rr(q->arena, json_array_get(list, i), &out->txt[i]);
	json_decref(list);
	if (!ok)
		q->error = "input must be a JSON array of RRs, each an array "
		    "of strings";
	return ok;
}

static void
parse_sts_rrset(struct question *q)
{
	struct rrset set;
	struct sts_rrset r;

	if (!read_rrset(q, &set))
		return;
	r = sts_rrset_judge(&set);
	put_verdict(q, r.status == RECORD_STATUS_OK, r.ambiguous, &r.findings);
	put(q, "status", json_string(record_status_word(r.status)));
	put_slice(q, "id", r.id);
}

static void
parse_tlsrpt_rrset(struct question *q)
{
	struct rrset set;
	struct tlsrpt_rrset r;

	if (!read_rrset(q, &set))
		return;
	tlsrpt_rrset_judge(q->arena, &set, &r);
	put_verdict(q, r.status == RECORD_STATUS_OK, r.ambiguous, &r.findings);
	put(q, "status", json_string(record_status_word(r.status)));
	put_list(q, "rua", r.rua, r.n_rua);
}

static void
parse_sts_policy(struct question *q)
{
	struct sts_policy p;

	sts_policy_parse(q->arena, q->input, &p);
	put_verdict(q, p.valid, p.ambiguous, &p.findings);
	put(q, "valid_lenient", json_boolean(p.valid_lenient));
	put(q, "mode", p.mode == POLICY_MODE_NULL ? json_null() :
	    json_string(policy_mode_word(p.mode)));
	put(q, "max_age", p.has_max_age ?
	    json_integer((json_int_t)p.max_age) : json_null());
	put_list(q, "mx", p.mx, p.n_mx);
}

static bool
is_ascii(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}

/* Silent in RFC 8461: U-labels, and patterns that no policy may hold. */
static bool
is_ambiguous_match(struct slice pattern, struct slice host)
{
	return !is_ascii(pattern) || !is_ascii(host) ||
	    (pattern.n > 1 && slice_ends(pattern, SLICE_LIT(".")));
}

static void
parse_mx_match(struct question *q)
{
	const json_t *patterns = json_object_get(q->ctx, "patterns");
	const struct finding_set none = { { 0 } };
	bool match = false, ambiguous = false;

	if (!json_is_array(patterns)) {
		q->error = "mx-match needs ctx.patterns, an array of strings";
		return;
	}
	for (size_t i = 0; i < json_array_size(patterns); i++) {
		struct slice p = json_slice(json_array_get(patterns, i));

		match = match || sts_mx_match(p, q->input);
		ambiguous = ambiguous || is_ambiguous_match(p, q->input);
	}
	put_verdict(q, match, ambiguous && !match, &none);
	put(q, "match", json_boolean(match));
}

/* rules.md 2.2: silent on dots at the end, addresses, wildcards over a TLD. */
static bool
is_ambiguous_name(struct slice presented, struct slice reference)
{
	bool wildcard = slice_starts(presented, SLICE_LIT("*."));
	struct slice above = slice_from(presented, wildcard ? 2 : 0);
	struct slice dot = SLICE_LIT(".");

	return slice_ends(presented, dot) || slice_ends(reference, dot) ||
	    name_is_address(reference) || !is_ascii(reference) ||
	    slice_trim(reference).n != reference.n ||
	    (wildcard && above.n > 0 && slice_find(above, '.') == above.n);
}

/* The names as the vectors have them: one, or those of a certificate. */
static json_t *
presented_names(const json_t *pair)
{
	json_t *one = json_object_get(pair, "presented_dns_id");
	json_t *dns = json_object_get(json_object_get(pair, "certificate"),
	    "dns");

	if (json_is_string(one))
		return json_pack("[O]", one);
	return json_is_array(dns) ? json_incref(dns) : NULL;
}

static void
parse_cert_name(struct question *q)
{
	json_t *pair = json_loadb(q->input.p, q->input.n, DECODE_FLAGS, NULL);
	const json_t *reference = json_object_get(pair, "reference");
	json_t *names = presented_names(pair);
	const struct finding_set none = { { 0 } };
	bool match = false, ambiguous = false;

	if (!json_is_string(reference) || names == NULL) {
		q->error = "input must be {\"presented_dns_id\", "
		    "\"reference\"} as JSON text";
	} else {
		for (size_t i = 0; i < json_array_size(names); i++) {
			struct slice p = json_slice(json_array_get(names, i));
			struct slice r = json_slice(reference);

			match = match || cert_name_match(p, r);
			ambiguous = ambiguous || is_ambiguous_name(p, r);
		}
		put_verdict(q, match, ambiguous, &none);
		put(q, "match", json_boolean(match));
	}
	json_decref(names);
	json_decref(pair);
}

/* RFC 7672 3.1.3 leaves usages 0 and 1 undefined; Full(0) needs its DER. */
static void
parse_tlsa(struct question *q)
{
	struct finding_set findings = { { 0 } };
	struct tlsa_rr rr = { .usage = 0 };
	bool valid = false, usable = false;
	char *hex;

	if (tlsa_parse(q->arena, q->input, &rr)) {
		valid = tlsa_is_well_formed(&rr);
		usable = tlsa_is_usable(&rr);
	}
	if (!usable)
		finding_raise(&findings, FINDING_DANE_UNUSABLE);
	put_verdict(q, valid, valid && (!usable || rr.mtype == 0), &findings);
	put(q, "usable", json_boolean(usable));
	if (rr.data.n == 0)
		return;
	hex = arena_alloc(q->arena, 2 * rr.data.n + 1);
	hex_encode((const uint8_t *)rr.data.p, rr.data.n, hex);
	put(q, "usage", json_integer(rr.usage));
	put(q, "selector", json_integer(rr.selector));
	put(q, "mtype", json_integer(rr.mtype));
	put(q, "data", json_string(hex));
}

struct kind {
	const char *name;
	void (*parse)(struct question *q);
};

static const struct kind kinds[] = {
	{ "sts-record", parse_sts_record },
	{ "sts-rrset", parse_sts_rrset },
	{ "sts-policy", parse_sts_policy },
	{ "mx-match", parse_mx_match },
	{ "tlsrpt-record", parse_tlsrpt_record },
	{ "tlsrpt-rrset", parse_tlsrpt_rrset },
	{ "cert-name", parse_cert_name },
	{ "tlsa", parse_tlsa },
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

static int
base64_value(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t at = slice_find(slice_make(digits, sizeof(digits) - 1), c);

	return at == sizeof(digits) - 1 ? -1 : (int)at;
}

/* RFC 4648 4, padding required. */
static bool
base64_decode(struct arena *a, struct slice s, struct slice *out)
{
	uint8_t *p = arena_alloc(a, s.n / 4 * 3 + 1);
	size_t n = 0, pad = 0;
	uint32_t bits = 0;

	if (s.n % 4 != 0)
		return false;
	while (pad < 2 && pad < s.n && s.p[s.n - 1 - pad] == '=')
		pad++;
	for (size_t i = 0; i < s.n; i++) {
		int v = i >= s.n - pad ? 0 : base64_value(s.p[i]);

		if (v < 0)
			return false;
		bits = bits << 6 | (uint32_t)v;
		if (i % 4 != 3)
			continue;
		p[n++] = (uint8_t)(bits >> 16);
		p[n++] = (uint8_t)(bits >> 8);
		p[n++] = (uint8_t)bits;
	}
	*out = slice_make(p, n - pad);
	return true;
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
	json_t *line = json_loadb(text.p, text.n, DECODE_FLAGS, &why);
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
	char text[256];
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
