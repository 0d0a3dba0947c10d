/* SPDX-License-Identifier: Apache-2.0
 *
 * visit.c: addresses, TLSA records, and a session with each address of one MX
 * host, unless the address book (addressbook.h) has facts to share.
 */
#include "scanner/visit.h"

#include <stdlib.h>

#include "scanner/addressbook.h"
#include "scanner/base/limits.h"
#include "scanner/emit.h"
#include "scanner/run.h"

#include "scanner/base/banned.h"

/* One address of a host that is being looked at. */
struct leg {
	struct visit *visit;
	struct smtp_facts *facts;
	struct address_ticket ticket;
	bool has_turn;
};

static void on_located(void *ctx);
static void on_tlsa(void *ctx);
static void on_probed(void *ctx);
static void on_leg(void *ctx);

static void
ask(struct visit *v, struct slice name, enum dns_type type, struct rrset *out,
    dns_done_fn *done)
{
	dns_pool_ask(v->worker->dns, v->arena, name, type, out, done, v);
}

/* ---- PROBE ---- */

static void
add_addresses(struct visit *v, const struct rrset *set)
{
	for (size_t i = 0; i < set->n; i++)
		v->facts.address[v->facts.n_address++].address =
		    set->address[i];
	v->facts.addresses_cut |= set->cut;
}

static bool
has_secure_tlsa(const struct host_facts *f)
{
	return f->tlsa.lookup.outcome == OUTCOME_OK && f->tlsa.n > 0 &&
	    f->tlsa.lookup.secure == TRI_YES;
}

/*
 * Beside the sessions: where reports on DANE go (RFC 8460 3, 4.4).  Empty: no
 * question, or a name longer than names can be.
 */
static struct slice
tlsrpt_owner(const struct visit *v)
{
	struct slice owner;

	if (!has_secure_tlsa(&v->facts))
		return SLICE_EMPTY;
	owner = arena_fmt(v->arena, "_smtp._tls.%.*s",
	    SLICE_ARG(v->facts.tlsa_base));
	return owner.n > LIMIT_NAME_BYTES ? SLICE_EMPTY : owner;
}

static void
leg_probe(struct leg *l)
{
	struct visit *v = l->visit;
	struct host_facts *f = &v->facts;

	smtp_pool_probe(v->worker->smtp, v->arena, f->host,
	    has_secure_tlsa(f) ? &f->tlsa : NULL, v->reference,
	    v->n_reference, l->facts, on_leg, l);
}

static void
leg_share(struct leg *l)
{
	*l->facts = *l->ticket.shared;
}

/* The address book has a turn or facts for who waited. */
static void
on_turn(void *ctx)
{
	struct leg *l = ctx;

	if (l->ticket.shared == NULL) {
		l->has_turn = true;
		leg_probe(l);
		return;
	}
	leg_share(l);
	on_probed(l->visit);
}

/* A session has ended.  Its certificates go first: others may name them. */
static void
on_leg(void *ctx)
{
	struct leg *l = ctx;
	struct run *run = l->visit->worker->run;
	struct emission out = emission_begin(run->sink, l->visit->arena);

	emission_chain(&out, &l->facts->tls);
	emission_post_certs(&out);
	if (l->has_turn || l->facts->n_attempt > 0)
		addressbook_end(run->addresses, l->facts, l->has_turn);
	on_probed(l->visit);
}

/* False: the facts are there at once. */
static bool
leg_start(struct leg *l)
{
	struct visit *v = l->visit;
	struct worker *w = v->worker;

	/* What may not be contacted takes nobody's turn. */
	if (v->wants_own || has_secure_tlsa(&v->facts) ||
	    reach_address(w->run->reach, &l->facts->address) != OUTCOME_OK) {
		leg_probe(l);
		return true;
	}
	l->ticket.loop = w->loop;
	l->ticket.told = on_turn;
	l->ticket.ctx = l;
	switch (addressbook_ask(w->run->addresses, &l->facts->address,
	    &l->ticket)) {
	case ADDRESS_PROBE:
		l->has_turn = true;
		leg_probe(l);
		break;
	case ADDRESS_SHARE:
		leg_share(l);
		return false;
	case ADDRESS_WAIT:
		break;
	}
	return true;
}

static void
probe(struct visit *v)
{
	struct host_facts *f = &v->facts;
	struct slice owner = tlsrpt_owner(v);
	size_t n;

	v->reference[v->n_reference++] = f->host;
	if (!slice_eq(f->tlsa_base, f->host) && f->tlsa_base.n > 0)
		v->reference[v->n_reference++] = f->tlsa_base;
	n = f->a.n + f->aaaa.n;
	v->leg = xcalloc(n, sizeof(*v->leg) + sizeof(*f->address));
	f->address = (struct smtp_facts *)&v->leg[n];
	add_addresses(v, &f->a);
	add_addresses(v, &f->aaaa);
	/* Without the stage the addresses are known and not contacted. */
	n = v->worker->run->wants_smtp ? f->n_address : 0;
	v->legs_open = 1;
	if (owner.n > 0) {
		v->legs_open++;
		ask(v, owner, DNS_TXT, &f->tlsrpt_txt, on_probed);
	}
	for (size_t i = 0; i < n; i++) {
		v->leg[i].visit = v;
		v->leg[i].facts = &f->address[i];
		if (leg_start(&v->leg[i]))
			v->legs_open++;
	}
	on_probed(v);
}

/* One address, the question beside them, or their beginning is done. */
static void
on_probed(void *ctx)
{
	struct visit *v = ctx;

	if (--v->legs_open == 0)
		v->done(v);
}

/* ---- LOCATE ---- */

/* The end of the alias chain, or the host itself. */
static struct slice
expanded(const struct host_facts *f)
{
	const struct lookup *l = f->a.n > 0 ? &f->a.lookup : &f->aaaa.lookup;

	return l->n_cname > 0 ? l->cname[l->n_cname - 1] : f->host;
}

/* RFC 7672 2.2.2: every address answer that has data must be secure. */
static bool
is_address_secure(const struct host_facts *f)
{
	return f->a.n + f->aaaa.n > 0 &&
	    (f->a.n == 0 || f->a.lookup.secure == TRI_YES) &&
	    (f->aaaa.n == 0 || f->aaaa.lookup.secure == TRI_YES);
}

static void
ask_tlsa(struct visit *v)
{
	struct slice owner = arena_fmt(v->arena, "_25._tcp.%.*s",
	    SLICE_ARG(v->facts.tlsa_base));

	v->facts.tlsa = (struct rrset){ .n = 0 };
	if (owner.n > LIMIT_NAME_BYTES) {
		v->facts.tlsa.lookup.outcome = OUTCOME_NXDOMAIN;
		probe(v);
		return;
	}
	v->legs_open = 1;
	ask(v, owner, DNS_TLSA, &v->facts.tlsa, on_tlsa);
}

/* RFC 7672 2.2.3: the expanded name first, then the name as it stands. */
static void
on_tlsa(void *ctx)
{
	struct visit *v = ctx;
	enum outcome o = v->facts.tlsa.lookup.outcome;

	if ((o == OUTCOME_NODATA || o == OUTCOME_NXDOMAIN) &&
	    !slice_eq(v->facts.tlsa_base, v->facts.host)) {
		v->facts.tlsa_base = v->facts.host;
		ask_tlsa(v);
		return;
	}
	probe(v);
}

/*
 * RFC 7672 2.2.2: TLSA records of a secure alias count although what it leads
 * to is insecure.  AD of an address answer speaks of the whole chain.
 */
static bool
wants_alias(const struct host_facts *f)
{
	return f->a.n + f->aaaa.n > 0 && !slice_eq(expanded(f), f->host) &&
	    (f->a.lookup.secure == TRI_NO || f->aaaa.lookup.secure == TRI_NO);
}

static void
on_alias(void *ctx)
{
	struct visit *v = ctx;
	const struct lookup *l = &v->facts.alias->lookup;

	if (l->outcome != OUTCOME_OK || l->secure != TRI_YES) {
		probe(v);
		return;
	}
	v->facts.tlsa_base = v->facts.host;
	ask_tlsa(v);
}

static void
on_located(void *ctx)
{
	struct visit *v = ctx;

	if (--v->legs_open > 0)
		return;
	v->facts.tlsa_base = expanded(&v->facts);
	if (is_address_secure(&v->facts)) {
		ask_tlsa(v);
	} else if (wants_alias(&v->facts)) {
		v->legs_open = 1;
		v->facts.alias = arena_alloc(v->arena,
		    sizeof(*v->facts.alias));
		ask(v, v->facts.host, DNS_CNAME, v->facts.alias, on_alias);
	} else {
		probe(v);
	}
}

struct visit *
visit_new(struct worker *w, struct slice host, bool wants_own,
    visit_done_fn *done)
{
	struct visit *v = xcalloc(1, sizeof(*v));

	v->worker = w;
	v->done = done;
	v->wants_own = wants_own;
	v->arena = arena_new_small();
	v->facts.host = host;
	v->started_ms = clock_wall_ms();
	v->started_mono_ms = clock_mono_ms();
	if (reach_name_excluded(w->run->reach, host)) {
		v->facts.a.lookup.outcome = OUTCOME_EXCLUDED;
		v->facts.aaaa.lookup.outcome = OUTCOME_EXCLUDED;
		return v;
	}
	v->legs_open = 2;
	ask(v, host, DNS_A, &v->facts.a, on_located);
	ask(v, host, DNS_AAAA, &v->facts.aaaa, on_located);
	return v;
}

bool
visit_is_idle(const struct visit *v)
{
	return v->legs_open == 0;
}

void
visit_free(struct visit *v)
{
	arena_free(v->arena);
	free(v->leg);
	free(v);
}
