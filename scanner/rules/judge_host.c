/* SPDX-License-Identifier: Apache-2.0
 *
 * judge_host.c: from the facts of all addresses of one MX host to the small
 * state that every domain naming it needs.  RFC 3207, RFC 8461 4.2.
 *
 * Addresses that answered conclusively decide; the worst of them counts,
 * since a sender may meet any.  What blocked, failed for a time or was not
 * reached never counts as "no".
 */
#include "scanner/rules/judge_parts.h"

#include "scanner/rules/smtp.h"

#include "scanner/base/banned.h"

enum tri
judge_has_address(const struct rrset *a, const struct rrset *aaaa)
{
	if (a->n > 0 || aaaa->n > 0)
		return TRI_YES;
	/* NXDOMAIN holds for every type (RFC 8020). */
	if (a->lookup.outcome == OUTCOME_NXDOMAIN ||
	    aaaa->lookup.outcome == OUTCOME_NXDOMAIN)
		return TRI_NO;
	if (lookup_is_answer(&a->lookup) && lookup_is_answer(&aaaa->lookup))
		return TRI_NO;
	return TRI_UNKNOWN;
}

/* flat switch */
static enum starttls_status
address_status(enum outcome o)
{
	switch (o) {
	case OUTCOME_OK:
		return STARTTLS_STATUS_OK;
	case OUTCOME_STARTTLS_ABSENT:
		return STARTTLS_STATUS_NOT_OFFERED;
	case OUTCOME_STARTTLS_5YZ:
		return STARTTLS_STATUS_REFUSED;
	case OUTCOME_TLS_ALERT:
	case OUTCOME_TLS_FAILED:
		return STARTTLS_STATUS_TLS_FAILED;
	case OUTCOME_SMTP_5YZ:
		return STARTTLS_STATUS_BLOCKED;
	case OUTCOME_CONNECT_REFUSED:
		return STARTTLS_STATUS_UNREACHABLE;
	case OUTCOME_NONE:
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
	case OUTCOME_UNREACHABLE:
	case OUTCOME_CONNECT_TIMEOUT:
	case OUTCOME_RESET:
	case OUTCOME_CLOSED:
	case OUTCOME_TIMEOUT:
	case OUTCOME_GREETING_TIMEOUT:
	case OUTCOME_SMTP_4YZ:
	case OUTCOME_SMTP_GARBAGE:
	case OUTCOME_STARTTLS_4YZ:
	case OUTCOME_TLS_TIMEOUT:
	case OUTCOME_HTTP_FAILED:
	case OUTCOME_TOO_LARGE:
	case OUTCOME_SPECIAL_ADDRESS:
	case OUTCOME_EXCLUDED:
	case OUTCOME_LOCAL:
	case OUTCOME_COUNT:
		break;
	}
	return STARTTLS_STATUS_INCONCLUSIVE;
}

/* How many addresses stand at each status. */
struct tally {
	size_t of[STARTTLS_STATUS_COUNT];
	size_t n; /* without the special-purpose ones */
	size_t n_special;
};

static struct tally
count_addresses(const struct host_facts *f)
{
	struct tally t = { 0 };

	for (size_t i = 0; i < f->n_address; i++) {
		enum outcome o = f->address[i].outcome;

		if (o == OUTCOME_SPECIAL_ADDRESS) {
			t.n_special++;
			continue;
		}
		t.of[address_status(o)]++;
		t.n++;
	}
	return t;
}

static enum starttls_status
host_status(const struct host_facts *f, const struct tally *t,
    enum tri has_address)
{
	/* Conclusive answers, the worst first; then what tells the most. */
	static const enum starttls_status order[] = {
		STARTTLS_STATUS_NOT_OFFERED, STARTTLS_STATUS_REFUSED,
		STARTTLS_STATUS_TLS_FAILED, STARTTLS_STATUS_OK,
		STARTTLS_STATUS_BLOCKED, STARTTLS_STATUS_INCONCLUSIVE,
		STARTTLS_STATUS_UNREACHABLE,
	};

	if (f->is_literal || (f->n_address == 0 && has_address == TRI_NO) ||
	    (t->n == 0 && t->n_special > 0))
		return STARTTLS_STATUS_UNREACHABLE;
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		if (t->of[order[i]] > 0)
			return order[i];
	return STARTTLS_STATUS_INCONCLUSIVE;
}

/* True on all sessions with TLS, false on any, else unknown. */
static enum tri
all_of(enum tri so_far, enum tri next, bool is_first)
{
	if (is_first || next == TRI_NO)
		return next;
	if (so_far == TRI_YES)
		return next;
	return so_far;
}

static void
add_session(const struct tls_facts *t, bool is_first, struct host_state *out)
{
	bool has_cert = t->n_chain > 0;

	if (is_first || t->version < out->tls)
		out->tls = t->version;
	out->trusted = all_of(out->trusted, t->trusted, is_first);
	out->name_ok = all_of(out->name_ok, t->name_ok, is_first);
	out->time_ok = all_of(out->time_ok, t->time_ok, is_first);
	if (!has_cert) {
		out->no_cert = true;
		return;
	}
	if (t->trusted == TRI_NO && t->self_signed)
		out->self_signed = true;
	if (t->trusted == TRI_NO && !t->self_signed) {
		out->untrusted = true;
		out->incomplete = out->incomplete || t->incomplete;
	}
	if (t->name_ok == TRI_NO) {
		out->bad_name = true;
		if (t->name_by == NAME_BY_COMMON_NAME)
			out->cn_only = true;
	}
	if (t->name_ok == TRI_YES && t->name_by == NAME_BY_WILDCARD_SUFFIX)
		out->wildcard_suffix = true;
	if (t->not_after != 0 &&
	    (out->not_after == 0 || t->not_after < out->not_after)) {
		out->not_before = t->not_before;
		out->not_after = t->not_after;
	}
	if (t->time_ok == TRI_NO && (t->expired || !t->not_yet))
		out->expired = true;
	if (t->time_ok == TRI_NO && t->not_yet)
		out->not_yet = true;
}

/*
 * RFC 5321 4.1.1.1: is the keyword in a reply to EHLO?  Its first line is the
 * server's name.
 */
static bool
has_keyword(const struct slice *line, size_t n, struct slice keyword)
{
	for (size_t i = 1; i < n; i++) {
		struct smtp_line l = smtp_line_parse(line[i]);

		if (l.code == 250 && smtp_is_keyword(l.text, keyword))
			return true;
	}
	return false;
}

/* Does an address protect what is sent to it? */
static enum tri
protects(const struct smtp_facts *s)
{
	const struct tls_facts *t = &s->tls;
	enum starttls_status status = address_status(s->outcome);

	if (t->outcome == OUTCOME_OK) {
		if (t->trusted == TRI_NO || t->name_ok == TRI_NO ||
		    t->time_ok == TRI_NO)
			return TRI_NO;
		return t->trusted == TRI_YES && t->name_ok == TRI_YES &&
		    t->time_ok == TRI_YES ? TRI_YES : TRI_UNKNOWN;
	}
	return status == STARTTLS_STATUS_NOT_OFFERED ||
	    status == STARTTLS_STATUS_REFUSED ||
	    status == STARTTLS_STATUS_TLS_FAILED ? TRI_NO : TRI_UNKNOWN;
}

static bool
addresses_disagree(const struct host_facts *f)
{
	bool some_do = false, some_do_not = false;

	for (size_t i = 0; i < f->n_address; i++) {
		enum tri t = protects(&f->address[i]);

		some_do = some_do || t == TRI_YES;
		some_do_not = some_do_not || t == TRI_NO;
	}
	return some_do && some_do_not;
}

static void
add_sessions(const struct host_facts *f, struct host_state *out)
{
	bool is_first = true;

	for (size_t i = 0; i < f->n_address; i++) {
		const struct smtp_facts *s = &f->address[i];

		out->shared = out->shared || s->shared;
		out->injection = out->injection || s->injection;
		out->requiretls_plain = out->requiretls_plain ||
		    has_keyword(s->ehlo, s->n_ehlo, SLICE_LIT("REQUIRETLS"));
		out->starttls_again = out->starttls_again ||
		    has_keyword(s->ehlo_tls, s->n_ehlo_tls,
		    SLICE_LIT("STARTTLS"));
		if (s->tls.outcome != OUTCOME_OK)
			continue;
		add_session(&s->tls, is_first, out);
		is_first = false;
	}
}

struct host_state
judge_host(const struct host_facts *f)
{
	struct host_state out = { .tls = TLS_VERSION_NONE };
	struct tally t = count_addresses(f);

	out.has_address = f->is_literal ? TRI_UNKNOWN :
	    judge_has_address(&f->a, &f->aaaa);
	out.starttls = host_status(f, &t, out.has_address);
	out.special_address = t.n == 0 && t.n_special > 0;
	out.connect_refused = t.n > 0 &&
	    t.of[STARTTLS_STATUS_UNREACHABLE] == t.n;
	out.is_alias = f->a.lookup.n_cname > 0 || f->aaaa.lookup.n_cname > 0;
	out.addresses_disagree = addresses_disagree(f);
	add_sessions(f, &out);
	judge_host_dane(f, &out);
	return out;
}
