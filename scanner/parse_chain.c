/* SPDX-License-Identifier: Apache-2.0
 *
 * parse_chain.c: the kind tlsa-chain: does a set of TLSA records authenticate
 * a chain of certificates (RFC 6698, 7671, 7672)?  The input is a JSON object
 * as text: `chain_der_b64` (leaf first), `tlsa` (presentation form), the
 * reference names as `base_domain` and `names`, and `time` in seconds since
 * 1970 (absent: the clock).  workers/dane.h answers.
 */
#include "scanner/parse_question.h"

#include <string.h>
#include <time.h>

#include "scanner/base/limits.h"
#include "scanner/rules/tlsa.h"
#include "workers/dane.h"

#include "scanner/base/banned.h"

struct chain_input {
	struct rrset tlsa;
	struct cert_der *chain;
	size_t n_chain;
	struct slice *reference;
	size_t n_reference;
	int64_t now;
};

static bool
read_tlsa(struct arena *a, const json_t *list, struct rrset *out)
{
	out->n = json_array_size(list);
	out->tlsa = arena_array(a, out->n, sizeof(*out->tlsa));
	for (size_t i = 0; i < out->n; i++)
		if (!tlsa_parse(a, json_slice(json_array_get(list, i)),
		    &out->tlsa[i]))
			return false;
	return json_is_array(list) && out->n <= LIMIT_TLSA_RRS;
}

static bool
read_chain(struct arena *a, const json_t *list, struct chain_input *out)
{
	out->n_chain = json_array_size(list);
	if (!json_is_array(list) || out->n_chain > LIMIT_CHAIN)
		return false;
	out->chain = arena_array(a, out->n_chain, sizeof(*out->chain));
	for (size_t i = 0; i < out->n_chain; i++)
		if (!base64_decode(a, json_slice(json_array_get(list, i)),
		    &out->chain[i].der))
			return false;
	return true;
}

static void
read_names(struct arena *a, const json_t *o, struct chain_input *out)
{
	struct slice base = json_slice(json_object_get(o, "base_domain"));
	const json_t *more = json_object_get(o, "names");
	size_t n = json_array_size(more);

	out->reference = arena_array(a, n + 1, sizeof(*out->reference));
	if (base.n > 0)
		out->reference[out->n_reference++] = base;
	for (size_t i = 0; i < n; i++)
		out->reference[out->n_reference++] =
		    json_slice(json_array_get(more, i));
}

static bool
read_input(struct question *q, const json_t *o, struct chain_input *out)
{
	const json_t *at = json_object_get(o, "time");

	if (!read_tlsa(q->arena, json_object_get(o, "tlsa"), &out->tlsa))
		q->error = "tlsa must be an array of at most 32 TLSA records "
		    "in presentation form";
	else if (!read_chain(q->arena, json_object_get(o, "chain_der_b64"),
	    out))
		q->error = "chain_der_b64 must be an array of at most 10 "
		    "certificates, DER in base64";
	else if (at != NULL && !json_is_integer(at))
		q->error = "time must be in seconds since 1970";
	read_names(q->arena, o, out);
	out->now = at == NULL ? (int64_t)time(NULL) :
	    (int64_t)json_integer_value(at);
	return q->error == NULL;
}

/* Does some issuer in the chain hold these bytes (itself, or as its key)? */
static bool
is_sent(const struct chain_input *in, struct slice bytes)
{
	for (size_t i = 1; i < in->n_chain; i++)
		if (memmem(in->chain[i].der.p, in->chain[i].der.n, bytes.p,
		    bytes.n) != NULL)
			return true;
	return false;
}

/*
 * RFC 7672 3.1.3: usages 0 and 1 are undefined, 2.2: without a usable record
 * TLS is due, authentication is not.  3.1.2: a trust anchor that stands in
 * full in the record and is not sent may be of no use to a client.
 */
static bool
is_ambiguous(const struct chain_input *in, const struct dane_facts *dane)
{
	if (dane->n_usable == 0)
		return true;
	for (size_t i = 0; i < in->tlsa.n; i++) {
		const struct tlsa_rr *rr = &in->tlsa.tlsa[i];

		if (tlsa_is_usable(rr) && rr->usage == 2 && rr->mtype == 0 &&
		    !is_sent(in, rr->data))
			return true;
	}
	return false;
}

static void
raise_findings(const struct chain_input *in, const struct dane_facts *dane,
    struct finding_set *out)
{
	if (dane->n_usable == 0)
		finding_raise(out, FINDING_DANE_UNUSABLE);
	else if (!dane->matched)
		finding_raise(out, FINDING_DANE_MISMATCH);
	if (dane->has_alternative)
		finding_raise(out, FINDING_DANE_WRONG_PARAMETERS);
	if (dane->ta_not_sent)
		finding_raise(out, FINDING_DANE_TA_NOT_SENT);
	if (dane->n_usable > 0 && dane->n_usable < in->tlsa.n)
		finding_raise(out, FINDING_DANE_SOME_UNUSABLE);
}

/* "3 1 1", as a record begins; null where there is none. */
static json_t *
alternative(const struct dane_facts *dane)
{
	const struct tlsa_parameters *p = &dane->alternative;

	return dane->has_alternative ? json_sprintf("%u %u %u", p->usage,
	    p->selector, p->mtype) : json_null();
}

void
parse_tlsa_chain(struct question *q)
{
	struct finding_set findings = { { 0 } };
	struct chain_input in = { .n_reference = 0 };
	struct dane_facts dane;
	json_t *o = read_object(q);

	if (o != NULL && read_input(q, o, &in)) {
		dane_match(q->arena, &in.tlsa, in.chain, in.n_chain,
		    in.reference, in.n_reference, in.now, &dane);
		raise_findings(&in, &dane, &findings);
		put_verdict(q, dane.matched, is_ambiguous(&in, &dane),
		    &findings);
		put(q, "usable", json_integer(dane.n_usable));
		put(q, "checked", json_boolean(dane.checked));
		put(q, "name_failed", json_boolean(dane.ta_name_failed));
		put(q, "matched", dane.matched ?
		    json_integer(dane.matched_index) : json_null());
		put(q, "depth", dane.matched ?
		    json_integer(dane.matched_depth) : json_null());
		put(q, "alternative", alternative(&dane));
	}
	json_decref(o);
}
