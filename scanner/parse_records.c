/* SPDX-License-Identifier: Apache-2.0
 *
 * parse_records.c: the kinds of `mxcensus parse` whose input is a text with a
 * grammar: TXT records, policy files, names, TLSA records.  Each hands the
 * bytes to scanner/rules/ and tells what that made of them.
 */
#include "scanner/parse_question.h"

#include "scanner/rules/cert_name.h"
#include "scanner/rules/name.h"
#include "scanner/rules/sts.h"
#include "scanner/rules/tlsa.h"
#include "scanner/rules/tlsrpt.h"

#include "scanner/base/banned.h"

/* What the other reading makes of it, and the id as a time. */
static void
put_readings(struct question *q, bool ambiguous, bool valid_lenient,
    struct slice id_lenient, struct slice id)
{
	int64_t seconds;

	if (ambiguous) {
		put(q, "valid_lenient", json_boolean(valid_lenient));
		put_slice(q, "id_lenient", id_lenient);
	}
	if (sts_id_time(id, &seconds))
		put(q, "id_time", json_integer(seconds));
}

void
parse_sts_record(struct question *q)
{
	struct sts_record r = sts_record_parse(q->input);

	put_verdict(q, r.valid, r.ambiguous, &r.findings);
	put_slice(q, "id", r.id);
	put_readings(q, r.ambiguous, r.valid_lenient, r.id_lenient, r.id);
}

void
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
	json_t *list = json_loadb(q->input.p, q->input.n, PARSE_DECODE_FLAGS,
	    NULL);
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

void
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
	put_readings(q, r.ambiguous, r.valid_lenient, r.id_lenient, r.id);
}

void
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

void
parse_sts_policy(struct question *q)
{
	struct sts_policy p;

	sts_policy_parse(q->arena, q->input, &p);
	put_verdict(q, p.valid, p.ambiguous, &p.findings);
	put(q, "valid_lenient", json_boolean(p.valid_lenient));
	put_policy(q, &p);
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

void
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

void
parse_cert_name(struct question *q)
{
	json_t *pair = json_loadb(q->input.p, q->input.n, PARSE_DECODE_FLAGS,
	    NULL);
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
void
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
