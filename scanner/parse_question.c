/* SPDX-License-Identifier: Apache-2.0
 *
 * parse_question.c: reading a line of `mxcensus parse` and writing its answer,
 * shared by all kinds.  Text that is borrowed lives as long as the JSON it
 * came from; answers hold copies.
 */
#include "scanner/parse_question.h"

#include "scanner/base/log.h"

#include "scanner/base/banned.h"

struct slice
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

void
put(struct question *q, const char *key, json_t *value)
{
	if (json_object_set_new(q->answer, key, value) != 0)
		log_fatal("out of memory");
}

void
put_slice(struct question *q, const char *key, struct slice s)
{
	put(q, key, s.n == 0 ? json_null() : slice_json(s));
}

void
put_list(struct question *q, const char *key, const struct slice *s, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		(void)json_array_append_new(list, slice_json(s[i]));
	put(q, key, list);
}

/* What every answer begins with. */
void
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

static int
base64_value(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t at = slice_find(slice_make(digits, sizeof(digits) - 1), c);

	return at == sizeof(digits) - 1 ? -1 : (int)at;
}

bool
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

json_t *
read_object(struct question *q)
{
	json_t *o = json_loadb(q->input.p, q->input.n, PARSE_DECODE_FLAGS,
	    NULL);

	if (json_is_object(o))
		return o;
	q->error = "input must be a JSON object as text";
	json_decref(o);
	return NULL;
}

void
put_policy(struct question *q, const struct sts_policy *p)
{
	put(q, "mode", p->mode == POLICY_MODE_NULL ? json_null() :
	    json_string(policy_mode_word(p->mode)));
	put(q, "max_age", p->has_max_age ?
	    json_integer((json_int_t)p->max_age) : json_null());
	put_list(q, "mx", p->mx, p->n_mx);
}
