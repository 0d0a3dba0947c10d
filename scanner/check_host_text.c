/* SPDX-License-Identifier: Apache-2.0
 *
 * check_host_text.c: a row a host; beneath it the evidence of what is wrong:
 * the address, how the session ended, the certificate that came.
 */
#include "scanner/check_host_text.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "scanner/base/banned.h"

#define HOST_AT 8
#define HOST_COLUMNS 28
#define IN_POLICY_COLUMNS 10
#define STARTTLS_COLUMNS 13
#define CERT_COLUMNS 12
#define ADDRESSES_SHOWN 4
#define TLSA_SHOWN 4
#define TLSA_BYTES 30 /* of one in presentation form: enough to know it by */

struct cell {
	enum ink ink;
	const char *text;
};

static struct cell
in_policy_cell(const struct check_host *h)
{
	switch (h->in_policy) {
	case TRI_YES:
		return (struct cell){ INK_GOOD, "yes" };
	case TRI_NO:
		return (struct cell){ INK_BAD, "no" };
	case TRI_UNKNOWN:
		break;
	}
	return (struct cell){ INK_DIM, "-" };
}

static struct cell
starttls_cell(struct arena *a, const struct check_host *h)
{
	switch (h->starttls) {
	case STARTTLS_STATUS_OK:
		return (struct cell){
		    check_tls_is_old(h->tls) ? INK_BAD : INK_GOOD,
		    arena_fmt(a, "TLS %.*s", SLICE_ARG(h->tls)).p };
	case STARTTLS_STATUS_NOT_OFFERED:
		return (struct cell){ INK_BAD, "not offered" };
	case STARTTLS_STATUS_REFUSED:
		return (struct cell){ INK_BAD, "refused" };
	case STARTTLS_STATUS_TLS_FAILED:
		return (struct cell){ INK_BAD, "failed" };
	case STARTTLS_STATUS_BLOCKED:
		return (struct cell){ INK_WARN, "refuses us" };
	case STARTTLS_STATUS_UNREACHABLE:
		return (struct cell){ INK_WARN, "unreachable" };
	case STARTTLS_STATUS_INCONCLUSIVE:
	case STARTTLS_STATUS_COUNT:
		break;
	}
	return (struct cell){ INK_WARN, "unknown" };
}

static struct cell
cert_cell(const struct check_host *h)
{
	if (h->starttls != STARTTLS_STATUS_OK)
		return (struct cell){ INK_DIM, "-" };
	if (h->trusted == TRI_NO)
		return (struct cell){ INK_BAD, "untrusted" };
	if (h->name_ok == TRI_NO)
		return (struct cell){ INK_BAD, "other name" };
	if (h->time_ok == TRI_NO)
		return (struct cell){ INK_BAD, "out of date" };
	if (h->trusted == TRI_YES)
		return (struct cell){ INK_GOOD, "good" };
	return (struct cell){ INK_WARN, "unknown" };
}

static struct cell
dane_cell(const struct check_view *v, const struct check_host *h)
{
	switch (h->dane) {
	case DANE_STATUS_OK:
		return (struct cell){ INK_GOOD, "ok" };
	case DANE_STATUS_ABSENT:
		return (struct cell){ INK_DIM, "-" };
	case DANE_STATUS_INSECURE:
		return (struct cell){ INK_WARN, "insecure" };
	case DANE_STATUS_UNUSABLE:
		return (struct cell){ INK_WARN, "unusable" };
	case DANE_STATUS_MISMATCH:
		return (struct cell){ INK_BAD, "mismatch" };
	case DANE_STATUS_BOGUS:
		return (struct cell){ INK_BAD, "bogus" };
	case DANE_STATUS_INCONCLUSIVE:
	case DANE_STATUS_COUNT:
		break;
	}
	if (check_view_is_dnssec_blind(v))
		return (struct cell){ INK_DIM, "-" };
	return (struct cell){ INK_WARN, "unknown" };
}

static void
put(const struct page *p, struct cell c, size_t width)
{
	page_cell(p, c.ink, width, c.text);
}

/* A name that is too long for its column has a line of its own. */
static void
host_row(const struct page *p, struct arena *a, const struct check_view *v,
    const struct check_host *h)
{
	fprintf(p->out, "  %5" PRIu64 " ", h->preference);
	if (h->host.n < HOST_COLUMNS) {
		page_cell(p, INK_BOLD, HOST_COLUMNS,
		    arena_slice(a, h->host).p);
	} else {
		page_wrap(p, INK_BOLD, HOST_AT, HOST_AT, h->host);
		fprintf(p->out, "%*s", HOST_AT + HOST_COLUMNS, "");
	}
	put(p, in_policy_cell(h), IN_POLICY_COLUMNS);
	put(p, starttls_cell(a, h), STARTTLS_COLUMNS);
	put(p, cert_cell(h), CERT_COLUMNS);
	put(p, dane_cell(v, h), 0);
	fputc('\n', p->out);
}

static const char *
date_text(struct arena *a, uint64_t seconds)
{
	time_t t = (time_t)seconds;
	struct tm tm;
	char text[32];

	if (gmtime_r(&t, &tm) == NULL ||
	    strftime(text, sizeof(text), "%Y-%m-%d", &tm) == 0)
		return "?";
	return arena_slice(a, slice_of(text)).p;
}

static void
evidence(const struct page *p, struct slice text)
{
	fprintf(p->out, "%*s", HOST_AT, "");
	page_wrap(p, INK_DIM, HOST_AT, HOST_AT + 2, text);
}

static void
cert_evidence(const struct page *p, struct arena *a,
    const struct check_address *at)
{
	const struct check_cert *c = at->cert;
	struct slice more = c->n_name > 1 ?
	    arena_fmt(a, " and %zu more", c->n_name - 1) : SLICE_EMPTY;

	evidence(p, arena_fmt(a, "%.*s: certificate for %.*s%.*s, %s to %s, "
	    "issued by %.*s%s%.*s%s", SLICE_ARG(at->address),
	    SLICE_ARG(c->name.n > 0 ? c->name : SLICE_LIT("no DNS name")),
	    SLICE_ARG(more), date_text(a, c->not_before),
	    date_text(a, c->not_after), SLICE_ARG(c->issuer),
	    at->verify_error.n > 0 ? " (" : "", SLICE_ARG(at->verify_error),
	    at->verify_error.n > 0 ? ")" : ""));
}

static void
session_evidence(const struct page *p, struct arena *a,
    const struct check_address *at)
{
	uint64_t code = at->starttls_code != 0 ? at->starttls_code :
	    at->banner_code;
	const char *sentence = at->outcome == OUTCOME_OK ?
	    check_sentence("starttls", (int)at->starttls) :
	    outcome_sentence(at->outcome);
	struct slice said = SLICE_EMPTY;

	if (at->reply.n > 0 && at->starttls_code != 220)
		said = arena_fmt(a, " It said: %.*s", SLICE_ARG(at->reply));
	else if (code >= 400)
		said = arena_fmt(a, " It said %" PRIu64 ".", code);
	evidence(p, arena_fmt(a, "%.*s: %s%.*s", SLICE_ARG(at->address),
	    sentence, SLICE_ARG(said)));
}

/* What is published for DANE, and under what parameters it would match. */
static void
dane_evidence(const struct page *p, struct arena *a,
    const struct check_host *h)
{
	size_t n = h->tlsa.n < TLSA_SHOWN ? h->tlsa.n : TLSA_SHOWN;

	if (h->dane != DANE_STATUS_MISMATCH && h->dane != DANE_STATUS_UNUSABLE)
		return;
	for (size_t i = 0; i < n; i++)
		evidence(p, arena_fmt(a, "TLSA %.*s%s",
		    SLICE_ARG(slice_upto(h->tlsa.v[i], TLSA_BYTES)),
		    h->tlsa.v[i].n > TLSA_BYTES ? "..." : ""));
	if (n < h->tlsa.n)
		evidence(p, arena_fmt(a, "and %zu more TLSA records",
		    h->tlsa.n - n));
	for (size_t i = 0; i < h->n_address; i++)
		if (h->address[i].alternative.n > 0) {
			evidence(p, arena_fmt(a, "%.*s: the data of one would "
			    "match as %.*s", SLICE_ARG(h->address[i].address),
			    SLICE_ARG(h->address[i].alternative)));
			return;
		}
}

static void
host_evidence(const struct page *p, struct arena *a,
    const struct check_host *h)
{
	size_t n = h->n_address < ADDRESSES_SHOWN ? h->n_address :
	    ADDRESSES_SHOWN;

	if (check_host_tls(h) == TRI_YES)
		return;
	for (size_t i = 0; i < n; i++) {
		const struct check_address *at = &h->address[i];

		if (at->starttls != STARTTLS_STATUS_OK)
			session_evidence(p, a, at);
		else if (at->cert != NULL)
			cert_evidence(p, a, at);
	}
	if (n < h->n_address)
		evidence(p, arena_fmt(a, "and %zu more addresses",
		    h->n_address - n));
	if (n == 0 && h->a != OUTCOME_NONE && h->a != OUTCOME_OK)
		evidence(p, arena_fmt(a, "Its address: %s",
		    outcome_sentence(h->a)));
}

void
check_host_text(const struct page *p, struct arena *a,
    const struct check_view *v)
{
	if (v->n_host == 0)
		return;
	page_heading(p, "Mail servers");
	fprintf(p->out, "%*s", HOST_AT + HOST_COLUMNS, "");
	page_cell(p, INK_DIM, IN_POLICY_COLUMNS, "in policy");
	page_cell(p, INK_DIM, STARTTLS_COLUMNS, "STARTTLS");
	page_cell(p, INK_DIM, CERT_COLUMNS, "certificate");
	page_cell(p, INK_DIM, 0, "DANE");
	fputc('\n', p->out);
	for (size_t i = 0; i < v->n_host; i++) {
		host_row(p, a, v, &v->host[i]);
		host_evidence(p, a, &v->host[i]);
		dane_evidence(p, a, &v->host[i]);
	}
}
