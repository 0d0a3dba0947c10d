/* SPDX-License-Identifier: Apache-2.0
 *
 * judge_sts.c: how the fetch of a policy went (RFC 8461 3.3) and what the
 * body says (3.2): the first layer that fails, DNS, TCP, TLS, HTTP, syntax.
 *
 * Only the first failing layer raises its findings; those of the body come
 * with every whole body under status 200, a bad certificate or not.
 */
#include "scanner/rules/judge_parts.h"

#include "scanner/base/banned.h"

enum { HTTP_OK = 200 };

/* Where a fetch ended. */
enum fetch_end {
	END_NOT_BEGUN, /* no address was tried */
	END_CONNECT,   /* no connection stood */
	END_TLS,       /* the handshake failed */
	END_HTTP,      /* no whole HTTP response followed */
	END_STUCK,     /* our deadline, or nothing that tells */
	END_DONE,      /* status and body are there, perhaps cut */
};

/* flat switch */
static enum fetch_end
fetch_end(const struct policy_facts *p)
{
	bool tls_stood = p->tls.outcome == OUTCOME_OK;

	switch (p->outcome) {
	case OUTCOME_NONE:
		return END_NOT_BEGUN;
	case OUTCOME_OK:
	case OUTCOME_TOO_LARGE:
		return END_DONE;
	case OUTCOME_CONNECT_REFUSED:
	case OUTCOME_UNREACHABLE:
	case OUTCOME_CONNECT_TIMEOUT:
	case OUTCOME_SPECIAL_ADDRESS:
	case OUTCOME_EXCLUDED:
	case OUTCOME_LOCAL:
		return END_CONNECT;
	case OUTCOME_TLS_ALERT:
	case OUTCOME_TLS_FAILED:
		return END_TLS;
	case OUTCOME_RESET:
	case OUTCOME_CLOSED:
	case OUTCOME_HTTP_FAILED:
		return tls_stood ? END_HTTP : END_TLS;
	case OUTCOME_TIMEOUT:
	case OUTCOME_TLS_TIMEOUT:
	case OUTCOME_NODATA:
	case OUTCOME_NXDOMAIN:
	case OUTCOME_SERVFAIL:
	case OUTCOME_BOGUS:
	case OUTCOME_REFUSED:
	case OUTCOME_DNS_ERROR:
	case OUTCOME_DNS_MALFORMED:
	case OUTCOME_DNS_TIMEOUT:
	case OUTCOME_CNAME_LOOP:
	case OUTCOME_TRUNCATED:
	case OUTCOME_GREETING_TIMEOUT:
	case OUTCOME_SMTP_4YZ:
	case OUTCOME_SMTP_5YZ:
	case OUTCOME_SMTP_GARBAGE:
	case OUTCOME_STARTTLS_ABSENT:
	case OUTCOME_STARTTLS_4YZ:
	case OUTCOME_STARTTLS_5YZ:
	case OUTCOME_COUNT:
		break;
	}
	return END_STUCK;
}

bool
judge_wants_policy(const struct sts_rrset *sts)
{
	return sts->status == RECORD_STATUS_OK ||
	    sts->status == RECORD_STATUS_INVALID ||
	    sts->status == RECORD_STATUS_MULTIPLE;
}

bool
judge_is_old_tls(enum tls_version v)
{
	return v != TLS_VERSION_NONE && v < TLS_VERSION_1_2;
}

/* Was the address of attempt i tried again later? */
static bool
tried_again(const struct policy_facts *p, size_t i)
{
	for (size_t j = i + 1; j < p->n_attempt; j++)
		if (address_same(&p->attempt[i].address,
		    &p->attempt[j].address))
			return true;
	return false;
}

struct connects {
	size_t n_refused, n_special, n_ours, n_soft;
};

static void
count_connect(struct connects *c, enum outcome o)
{
	if (o == OUTCOME_CONNECT_REFUSED)
		c->n_refused++;
	else if (o == OUTCOME_SPECIAL_ADDRESS)
		c->n_special++;
	else if (outcome_class(o) == CLASS_OURS)
		c->n_ours++;
	else
		c->n_soft++;
}

/*
 * No connection on any address.  Refused everywhere is an answer; a time-out
 * or a router's word is none; our own trouble with one address says nothing
 * at all.
 */
static bool
no_connection(const struct policy_facts *p, struct judgement *out)
{
	struct connects c = { 0 };

	for (size_t i = 0; i < p->n_attempt; i++)
		if (!tried_again(p, i))
			count_connect(&c, p->attempt[i].outcome);
	if (p->n_attempt == 0)
		count_connect(&c, p->outcome);
	if (c.n_ours > 0) {
		out->policy_status = POLICY_STATUS_INCONCLUSIVE;
		return false;
	}
	out->policy_status = POLICY_STATUS_TCP;
	finding_raise(&out->findings, FINDING_STS_POLICY_TCP);
	return c.n_refused > 0 && c.n_soft == 0;
}

static bool
no_address(const struct policy_facts *p, struct judgement *out)
{
	if (judge_has_address(&p->a, &p->aaaa) != TRI_NO) {
		out->policy_status = POLICY_STATUS_INCONCLUSIVE;
		return false;
	}
	out->policy_status = POLICY_STATUS_DNS;
	finding_raise(&out->findings, FINDING_STS_POLICY_DNS);
	return true;
}

/* RFC 8461 3.3: trusted, in date, DNS-ID; three independent facts. */
static void
certificate_findings(const struct tls_facts *t, struct finding_set *set)
{
	if (t->n_chain == 0) {
		finding_raise(set, FINDING_STS_POLICY_TLS);
		return;
	}
	if (t->trusted == TRI_NO)
		finding_raise(set, t->self_signed ?
		    FINDING_STS_POLICY_CERT_SELF_SIGNED :
		    FINDING_STS_POLICY_CERT_UNTRUSTED);
	if (t->trusted == TRI_NO && !t->self_signed && t->incomplete)
		finding_raise(set, FINDING_STS_POLICY_CERT_INCOMPLETE);
	if (t->name_ok == TRI_NO)
		finding_raise(set, FINDING_STS_POLICY_CERT_NAME);
	if (t->name_ok == TRI_NO && t->name_by == NAME_BY_COMMON_NAME)
		finding_raise(set, FINDING_STS_POLICY_CERT_CN_ONLY);
	if (t->time_ok == TRI_NO && (t->expired || !t->not_yet))
		finding_raise(set, FINDING_STS_POLICY_CERT_EXPIRED);
	if (t->time_ok == TRI_NO && t->not_yet)
		finding_raise(set, FINDING_STS_POLICY_CERT_NOT_YET);
}

static bool
is_redirect(uint32_t status)
{
	return (status >= 301 && status <= 303) || status == 307 ||
	    status == 308;
}

/* A handshake stood with a good certificate: HTTP and the body decide. */
static enum policy_status
http_status(const struct policy_facts *p, enum fetch_end end,
    struct judgement *out)
{
	if (p->http_status != 0 && p->http_status != HTTP_OK) {
		finding_raise(&out->findings, is_redirect(p->http_status) ?
		    FINDING_STS_POLICY_REDIRECT :
		    FINDING_STS_POLICY_HTTP_STATUS);
		return POLICY_STATUS_HTTP;
	}
	if (end == END_HTTP || (end == END_DONE && p->http_status == 0)) {
		finding_raise(&out->findings, FINDING_STS_POLICY_HTTP);
		return POLICY_STATUS_HTTP;
	}
	if (out->policy_valid == TRI_UNKNOWN)
		return POLICY_STATUS_INCONCLUSIVE;
	return out->policy_valid == TRI_YES ? POLICY_STATUS_OK :
	    POLICY_STATUS_SYNTAX;
}

static void
judge_body(struct arena *a, const struct policy_facts *p,
    struct judgement *out)
{
	struct sts_policy *policy = &out->policy;

	sts_policy_parse(a, p->body, policy);
	out->policy_valid = policy->valid ? TRI_YES : TRI_NO;
	out->policy_valid_lenient = policy->valid_lenient ? TRI_YES : TRI_NO;
	finding_merge(&out->findings, &policy->findings);
	/* RFC 8461 3.2: SHOULD, so a warning; idle beside no policy at all. */
	if (!sts_is_text_plain(p->content_type) &&
	    !finding_has(&policy->findings, FINDING_STS_POLICY_EMPTY) &&
	    !finding_has(&policy->findings, FINDING_STS_POLICY_HTML))
		finding_raise(&out->findings, FINDING_STS_POLICY_CONTENT_TYPE);
}

/* The handshake stood; is its certificate good?  UNKNOWN: not judged. */
static enum tri
certificate_holds(const struct tls_facts *t)
{
	if (t->trusted == TRI_NO || t->name_ok == TRI_NO ||
	    t->time_ok == TRI_NO || t->n_chain == 0)
		return TRI_NO;
	if (t->trusted == TRI_YES && t->name_ok == TRI_YES &&
	    t->time_ok == TRI_YES)
		return TRI_YES;
	return TRI_UNKNOWN;
}

static void
after_handshake(const struct policy_facts *p, enum fetch_end end,
    struct judgement *out)
{
	if (judge_is_old_tls(p->tls.version))
		finding_raise(&out->findings, FINDING_STS_POLICY_TLS_OLD);
	switch (certificate_holds(&p->tls)) {
	case TRI_NO:
		certificate_findings(&p->tls, &out->findings);
		out->policy_status = POLICY_STATUS_TLS;
		break;
	case TRI_UNKNOWN:
		out->policy_status = POLICY_STATUS_INCONCLUSIVE;
		break;
	case TRI_YES:
		out->policy_status = http_status(p, end, out);
		break;
	}
}

bool
judge_policy(struct arena *a, const struct policy_facts *p,
    struct judgement *out)
{
	enum fetch_end end = fetch_end(p);
	bool cut = p->body_cut || p->outcome == OUTCOME_TOO_LARGE;

	out->policy_status = POLICY_STATUS_NONE_TRIED;
	if (p->host.n == 0)
		return false;
	if (end == END_NOT_BEGUN)
		return no_address(p, out);
	if (end == END_CONNECT)
		return no_connection(p, out);
	if (end == END_DONE && p->http_status == HTTP_OK) {
		/* RFC 8461 3.3: the size limit is the sender's own. */
		if (cut)
			finding_raise(&out->findings,
			    FINDING_STS_POLICY_TOO_LARGE);
		else
			judge_body(a, p, out);
	}
	if (end == END_TLS) {
		out->policy_status = POLICY_STATUS_TLS;
		finding_raise(&out->findings, FINDING_STS_POLICY_TLS);
	} else if (p->tls.outcome == OUTCOME_OK) {
		after_handshake(p, end, out);
	} else {
		out->policy_status = POLICY_STATUS_INCONCLUSIVE;
	}
	return out->policy_status != POLICY_STATUS_INCONCLUSIVE;
}
