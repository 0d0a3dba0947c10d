/* SPDX-License-Identifier: Apache-2.0
 *
 * check_session.c: what one session failed by.  Pure.
 *
 * One session has one result type.  The order is that of events: whether the
 * policy knows the host, STARTTLS, the handshake, the certificate.  Of a
 * certificate an expired one is told before an untrusted one, and another
 * name only where the chain is trusted.
 */
#include "scanner/check_session.h"

#include <inttypes.h>

#include "scanner/base/banned.h"

static const struct session_result good = { .end = SESSION_GOOD };
static const struct session_result untold = { .end = SESSION_UNTOLD };

static struct session_result
failed(const char *type, const char *clause, struct slice reason)
{
	return (struct session_result){ SESSION_FAILED, type, clause, reason };
}

static struct slice
handshake_reason(struct arena *a, const struct check_address *at)
{
	if (at->alert.n > 0)
		return arena_fmt(a, "TLS alert %.*s", SLICE_ARG(at->alert));
	return at->tls_error.n > 0 ? at->tls_error :
	    slice_of(outcome_sentence(at->outcome));
}

struct session_result
session_plain(struct arena *a, const struct check_address *at)
{
	switch (at->starttls) {
	case STARTTLS_STATUS_OK:
		return good;
	case STARTTLS_STATUS_NOT_OFFERED:
		return failed("starttls-not-supported", "rfc3207#section-4",
		    SLICE_LIT("STARTTLS is not offered"));
	case STARTTLS_STATUS_REFUSED:
		return failed("starttls-not-supported", "rfc3207#section-4",
		    arena_fmt(a, "STARTTLS is refused with %" PRIu64,
		    at->starttls_code));
	case STARTTLS_STATUS_TLS_FAILED:
		return failed("validation-failure", "rfc3207#section-4.1",
		    handshake_reason(a, at));
	case STARTTLS_STATUS_BLOCKED:
	case STARTTLS_STATUS_UNREACHABLE:
	case STARTTLS_STATUS_INCONCLUSIVE:
	case STARTTLS_STATUS_COUNT:
		break;
	}
	return untold;
}

static struct slice
untrusted_reason(const struct check_address *at)
{
	if (at->verify_error.n > 0)
		return at->verify_error;
	return at->self_signed ? SLICE_LIT("self-signed certificate") :
	    SLICE_LIT("no path to a trusted root");
}

static struct session_result
sts_certificate(struct arena *a, const struct check_host *h,
    const struct check_address *at)
{
	static const char clause[] = "rfc8461#section-4.2";

	if (!at->has_chain)
		return failed("certificate-not-trusted", clause,
		    SLICE_LIT("no certificate was presented"));
	/* What is out of date and not of the future has expired. */
	if (at->time_ok == TRI_NO && (at->expired || !at->not_yet))
		return failed("certificate-expired", clause,
		    SLICE_LIT("certificate has expired"));
	if (at->trusted == TRI_NO)
		return failed("certificate-not-trusted", clause,
		    untrusted_reason(at));
	if (at->time_ok == TRI_NO)
		return failed("certificate-not-trusted", clause,
		    SLICE_LIT("certificate is not yet valid"));
	if (at->trusted != TRI_YES)
		return untold;
	if (at->name_ok == TRI_NO)
		return failed("certificate-host-mismatch", clause,
		    arena_fmt(a, "no DNS name of the certificate matches %.*s",
		    SLICE_ARG(h->host)));
	return at->name_ok == TRI_YES && at->time_ok == TRI_YES ? good :
	    untold;
}

struct session_result
session_sts(struct arena *a, const struct check_host *h,
    const struct check_address *at)
{
	struct session_result r;

	/*
	 * A sender skips such a host before it connects, so it does not
	 * matter how our session ended.
	 */
	if (h->in_policy == TRI_NO)
		return failed("validation-failure", "rfc8461#section-4.1",
		    arena_fmt(a, "no mx of the policy matches %.*s",
		    SLICE_ARG(h->host)));
	r = session_plain(a, at);
	if (r.end != SESSION_GOOD)
		return r;
	if (check_tls_is_old(at->tls))
		return failed("validation-failure", "rfc8461#section-7.2",
		    arena_fmt(a, "TLS version %.*s is below 1.2",
		    SLICE_ARG(at->tls)));
	return sts_certificate(a, h, at);
}

/*
 * A trust anchor that matches while the name of the leaf does not: the name
 * of the domain may do as well (RFC 7672 3.2.2), and where it does, DANE
 * holds for the host.
 */
static struct session_result
tlsa_name(struct arena *a, const struct check_host *h)
{
	if (h->dane == DANE_STATUS_OK)
		return good;
	return failed("certificate-host-mismatch", "rfc7672#section-3.2.2",
	    arena_fmt(a, "no name of the certificate matches %.*s",
	    SLICE_ARG(h->host)));
}

struct session_result
session_tlsa(struct arena *a, const struct check_host *h,
    const struct check_address *at)
{
	/* Full data is read as a certificate only when compared. */
	uint64_t usable = at->has_dane ? at->dane_usable : h->n_tlsa_usable;
	struct session_result r = session_plain(a, at);

	if (r.end != SESSION_GOOD)
		return r;
	if (usable == 0)
		return failed("tlsa-invalid", "rfc7672#section-2.2",
		    SLICE_LIT("none of the TLSA records is usable for SMTP"));
	if (at->dane_matched == TRI_YES)
		return good;
	if (at->ta_name_failed)
		return tlsa_name(a, h);
	if (!at->has_chain)
		return failed("validation-failure", "rfc7672#section-2.2",
		    SLICE_LIT("no certificate was presented"));
	if (at->dane_matched == TRI_NO)
		return failed("validation-failure", "rfc7672#section-2.2",
		    SLICE_LIT("no TLSA record matches the certificate"));
	return untold;
}
