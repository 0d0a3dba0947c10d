/* SPDX-License-Identifier: Apache-2.0
 *
 * parse_facts.c: the kinds http (how the fetch of a policy went) and sts-eval
 * (a policy and one MX host).  Both turn the members of a JSON object into the
 * facts that a scan would have and hand them to judge_domain(), so that what
 * they answer is what a scan would say.  The members stand in
 * tests/unit/VECTORS.md.
 */
#include "scanner/parse_question.h"

#include <string.h>

#include "scanner/base/limits.h"
#include "scanner/parse_cert.h"
#include "scanner/rules/judge.h"
#include "scanner/rules/name.h"

#include "scanner/base/banned.h"

enum { HTTP_OK = 200 };

static struct slice
text_of(const json_t *o, const char *key)
{
	return json_slice(json_object_get(o, key));
}

/* One record at _mta-sts, so that the judge looks at the policy. */
static void
with_record(struct arena *a, struct domain_facts *f)
{
	f->sts_txt.lookup.outcome = OUTCOME_OK;
	f->sts_txt.n = 1;
	f->sts_txt.txt = arena_array(a, 1, sizeof(*f->sts_txt.txt));
	f->sts_txt.txt[0].joined = SLICE_LIT("v=STSv1; id=1");
}

static void
with_response(struct arena *a, struct policy_facts *p, struct slice body)
{
	p->host = SLICE_LIT("mta-sts.example");
	p->outcome = OUTCOME_OK;
	tls_facts_good(a, &p->tls);
	p->http_status = HTTP_OK;
	p->content_type = SLICE_LIT("text/plain");
	p->has_content_type = true;
	p->has_body = true;
	p->body = body;
}

/* ---- http ---- */

static bool
find_outcome(struct slice word, enum outcome *out)
{
	for (int o = 0; o < OUTCOME_COUNT; o++)
		if (slice_eq(word, slice_of(outcome_word(o)))) {
			*out = o;
			return true;
		}
	return false;
}

static bool
stands_after_tls(enum outcome o)
{
	return o == OUTCOME_OK || o == OUTCOME_RESET || o == OUTCOME_CLOSED ||
	    o == OUTCOME_TIMEOUT || strcmp(outcome_layer(o), "HTTP") == 0;
}

static void
end_fetch(struct policy_facts *p, enum outcome o)
{
	p->outcome = o;
	if (strcmp(outcome_layer(o), "DNS") == 0) {
		p->a.lookup.outcome = o;
		p->aaaa.lookup.outcome = o;
		p->outcome = OUTCOME_NONE;
	}
	if (!stands_after_tls(o))
		p->tls = (struct tls_facts){ .outcome = OUTCOME_NONE };
}

/*
 * More bytes announced than came: a body beyond the cap may be told by its
 * size alone, a smaller one was cut off.
 */
static void
apply_size(struct policy_facts *p, const json_t *size)
{
	json_int_t n = json_integer_value(size);

	if (n > LIMIT_POLICY_BODY_BYTES ||
	    p->body.n > LIMIT_POLICY_BODY_BYTES) {
		p->outcome = OUTCOME_TOO_LARGE;
		p->body_cut = true;
	} else if (n > 0 && (size_t)n > p->body.n) {
		p->outcome = OUTCOME_CLOSED;
	}
}

static const char *
read_end(const json_t *o, struct policy_facts *p)
{
	const json_t *word = json_object_get(o, "outcome");
	struct slice then = text_of(o, "then");
	enum outcome end;

	apply_size(p, json_object_get(o, "content_length"));
	if (slice_contains_nocase(then, SLICE_LIT("closed")))
		p->outcome = OUTCOME_CLOSED;
	else if (slice_contains_nocase(then, SLICE_LIT("reset")))
		p->outcome = OUTCOME_RESET;
	else if (then.n > 0)
		return "then must tell that the connection was closed or reset";
	if (json_object_get(o, "pace") != NULL)
		p->outcome = OUTCOME_TIMEOUT;
	if (word == NULL)
		return NULL;
	if (!find_outcome(json_slice(word), &end))
		return "outcome must be one that `mxcensus schema` lists";
	end_fetch(p, end);
	return NULL;
}

static const char *
read_response(struct question *q, const json_t *o, struct policy_facts *p)
{
	const json_t *type = json_object_get(o, "content_type");
	const json_t *status = json_object_get(o, "status");
	const json_t *cert = json_object_get(o, "cert");
	const json_t *b64 = json_object_get(o, "body_b64");
	struct slice body = text_of(o, "body");

	if (b64 != NULL && !base64_decode(q->arena, json_slice(b64), &body))
		return "body_b64 is no base64";
	with_response(q->arena, p, body);
	if (type != NULL) {
		p->content_type = json_slice(type);
		p->has_content_type = json_is_string(type);
	}
	if (json_is_integer(status))
		p->http_status = (uint32_t)json_integer_value(status);
	else if (json_object_get(o, "outcome") == NULL)
		return "status must be the number of the HTTP response";
	if (cert != NULL && !cert_tell(json_slice(cert), text_of(o, "host"),
	    &p->tls))
		return "cert is not understood; tell ok, untrusted, "
		    "self-signed, expired, not yet valid, wrong name, CN only, "
		    "none, or SAN and its names beside host";
	return read_end(o, p);
}

/* What RFC 8461 3.2, 3.3 leave to the sender: SHOULD and MAY. */
static bool
is_open(const struct policy_facts *p, const struct judgement *j)
{
	return j->policy.ambiguous || p->outcome == OUTCOME_TIMEOUT ||
	    p->outcome == OUTCOME_CLOSED || p->outcome == OUTCOME_RESET ||
	    finding_has(&j->findings, FINDING_STS_POLICY_CONTENT_TYPE) ||
	    finding_has(&j->findings, FINDING_STS_POLICY_TOO_LARGE);
}

/* RFC 8461 3.2: a media type alone. */
static void
parse_media_type(struct question *q)
{
	struct finding_set findings = { { 0 } };
	bool plain = sts_is_text_plain(q->input);

	if (!plain)
		finding_raise(&findings, FINDING_STS_POLICY_CONTENT_TYPE);
	put_verdict(q, plain, !plain, &findings);
}

void
parse_http(struct question *q)
{
	struct domain_facts f = { .name = SLICE_LIT("example") };
	struct judgement j;
	json_t *o;

	if (!slice_starts(q->input, SLICE_LIT("{"))) {
		parse_media_type(q);
		return;
	}
	o = read_object(q);
	if (o != NULL)
		q->error = read_response(q, o, &f.policy);
	if (q->error == NULL) {
		with_record(q->arena, &f);
		judge_domain(q->arena, &f, &j);
		put_verdict(q, j.policy_status == POLICY_STATUS_OK,
		    is_open(&f.policy, &j), &j.findings);
		put(q, "status",
		    json_string(policy_status_word(j.policy_status)));
		put_policy(q, &j.policy);
	}
	json_decref(o);
}

/* ---- sts-eval ---- */

static bool
is_one_line(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ')
			return false;
	return true;
}

/* The policy file that says what the object says. */
static const char *
write_policy(struct arena *a, const json_t *policy, struct slice *out)
{
	const json_t *age = json_object_get(policy, "max_age");
	const json_t *mx = json_object_get(policy, "mx");
	struct slice mode = text_of(policy, "mode");

	if (!json_is_object(policy) || !is_one_line(mode) ||
	    json_array_size(mx) > LIMIT_POLICY_LINES)
		return "policy must be null or {\"mode\", \"mx\", \"max_age\"}";
	*out = arena_fmt(a, "version: STSv1\nmode: %.*s\nmax_age: %lld\n",
	    SLICE_ARG(mode), json_is_integer(age) ?
	    (long long)json_integer_value(age) : 86400);
	for (size_t i = 0; i < json_array_size(mx); i++) {
		struct slice one = json_slice(json_array_get(mx, i));

		if (!is_one_line(one))
			return "policy.mx must be an array of names";
		*out = arena_fmt(a, "%.*smx: %.*s\n", SLICE_ARG(*out),
		    SLICE_ARG(one));
	}
	return NULL;
}

static bool
find_version(struct slice word, enum tls_version *out)
{
	for (int v = 0; v < TLS_VERSION_COUNT; v++)
		if (slice_eq(word, slice_of(tls_version_word(v)))) {
			*out = v;
			return true;
		}
	return false;
}

/* What is not told is not known. */
static const char *
read_session(struct arena *a, const json_t *o, struct host_facts *host)
{
	const json_t *starttls = json_object_get(o, "starttls");
	const json_t *valid = json_object_get(o, "cert_valid");
	const json_t *cert = json_object_get(o, "cert");
	const json_t *version = json_object_get(o, "tls");
	struct smtp_facts *s = host->address;

	if (!json_is_true(starttls)) {
		s->outcome = json_is_false(starttls) ?
		    OUTCOME_STARTTLS_ABSENT : OUTCOME_NONE;
		return NULL;
	}
	s->outcome = OUTCOME_OK;
	tls_facts_good(a, &s->tls);
	if (valid == NULL && cert == NULL)
		s->tls.trusted = TRI_UNKNOWN;
	if (json_is_false(valid))
		s->tls.trusted = TRI_NO;
	if (cert != NULL && !cert_tell(json_slice(cert), host->host, &s->tls))
		return "cert is not understood";
	if (version != NULL && !find_version(json_slice(version),
	    &s->tls.version))
		return "tls must be one of 1.0, 1.1, 1.2, 1.3";
	return NULL;
}

static const char *
read_host(struct arena *a, const json_t *o, struct domain_facts *f)
{
	struct host_facts host = { .n_address = 1 };
	struct slice name = text_of(o, "mx");
	const char *error;

	if (name_normalize(a, name, &name) != NAME_OK)
		return "mx must be the name of the MX host";
	f->mx.lookup.outcome = OUTCOME_OK;
	f->mx.n = f->n_host = 1;
	f->mx.mx = arena_array(a, 1, sizeof(*f->mx.mx));
	f->mx.mx[0].host = name;
	host.host = name;
	host.a = (struct rrset){ .lookup = { .outcome = OUTCOME_OK }, .n = 1 };
	host.aaaa.lookup.outcome = OUTCOME_NODATA;
	host.address = arena_array(a, 1, sizeof(*host.address));
	error = read_session(a, o, &host);
	f->host = arena_array(a, 1, sizeof(*f->host));
	f->host[0].host = name;
	f->host[0].state = judge_host(&host);
	return error;
}

static const char *
read_eval(struct question *q, const json_t *o, struct domain_facts *f)
{
	const json_t *policy = json_object_get(o, "policy");
	const char *error;
	struct slice body;

	f->sts_txt.lookup.outcome = OUTCOME_NODATA;
	if (policy != NULL && !json_is_null(policy)) {
		error = write_policy(q->arena, policy, &body);
		if (error != NULL)
			return error;
		with_record(q->arena, f);
		with_response(q->arena, &f->policy, body);
	}
	return read_host(q->arena, o, f);
}

/* RFC 8461 5: enforce alone withholds mail, from the hosts that fail. */
static enum tri
may_deliver(enum verdict v)
{
	if (v == VERDICT_INCONCLUSIVE)
		return TRI_UNKNOWN;
	return v == VERDICT_ENFORCE_FAIL ? TRI_NO : TRI_YES;
}

static json_t *
tri_json(enum tri t)
{
	return t == TRI_UNKNOWN ? json_null() : json_boolean(t == TRI_YES);
}

/*
 * With facts of the connection the question is whether mail goes there; with
 * none it is whether the policy names the host (RFC 8461 4.1).
 */
static bool
eval_holds(const json_t *o, const struct judgement *j)
{
	if (j->verdict == VERDICT_NONE)
		return true;
	if (j->policy_status != POLICY_STATUS_OK)
		return false;
	if (json_object_get(o, "starttls") == NULL)
		return j->host[0].in_policy == TRI_YES;
	return may_deliver(j->verdict) == TRI_YES;
}

void
parse_sts_eval(struct question *q)
{
	struct domain_facts f = { .name = SLICE_LIT("example") };
	struct judgement j;
	json_t *o = read_object(q);

	if (o != NULL)
		q->error = read_eval(q, o, &f);
	if (q->error == NULL) {
		judge_domain(q->arena, &f, &j);
		put_verdict(q, eval_holds(o, &j), j.policy.ambiguous,
		    &j.findings);
		put(q, "verdict", json_string(verdict_word(j.verdict)));
		put(q, "deliver", tri_json(may_deliver(j.verdict)));
		put(q, "match", tri_json(j.host[0].in_policy));
		put_policy(q, &j.policy);
	}
	json_decref(o);
}
