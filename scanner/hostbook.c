/* SPDX-License-Identifier: Apache-2.0
 *
 * hostbook.c: LOCATE and PROBE, once per MX host.
 *
 * An entry is small and stays for the whole run; what is needed while the
 * host is being looked at (struct visit, with its arena) goes when its mx
 * record has been posted.
 */
#include "scanner/hostbook.h"

#include <stdlib.h>
#include <string.h>

#include "scanner/base/arena.h"
#include "scanner/base/limits.h"
#include "scanner/emit.h"
#include "scanner/rules/judge.h"
#include "scanner/run.h"

#include "scanner/base/banned.h"

#define BUCKETS_FIRST 1024

/* What exists only while a host is being looked at. */
struct visit {
	struct hostbook *book;
	struct entry *entry;
	struct arena *arena;
	struct host_facts facts;
	struct host_question *waiting;
	struct visit *next, *prev; /* of book->visits */
	size_t legs_open;
	struct slice reference[2];
	size_t n_reference;
	int64_t started_ms;
	uint64_t started_mono_ms;
};

struct entry {
	struct entry *next;      /* of its bucket */
	struct visit *visit;     /* NULL: state is the answer */
	struct host_state state;
	uint16_t name_bytes;
	char name[];
};

struct hostbook {
	struct worker *worker;
	struct entry **bucket;
	size_t n_bucket, n_entry;
	struct visit *visits;
	struct arena *ta_names;  /* live until the run ends */
};

static void on_located(void *ctx);
static void on_tlsa(void *ctx);
static void on_probed(void *ctx);

/* ---- the table ---- */

struct hostbook *
hostbook_new(struct worker *w)
{
	struct hostbook *b = xcalloc(1, sizeof(*b));

	b->worker = w;
	b->n_bucket = BUCKETS_FIRST;
	b->bucket = xcalloc(b->n_bucket, sizeof(struct entry *));
	b->ta_names = arena_new();
	return b;
}

static void
visit_free(struct visit *v)
{
	if (v->prev != NULL)
		v->prev->next = v->next;
	else
		v->book->visits = v->next;
	if (v->next != NULL)
		v->next->prev = v->prev;
	arena_free(v->arena);
	free(v);
}

void
hostbook_free(struct hostbook *b)
{
	if (b == NULL)
		return;
	while (b->visits != NULL)
		visit_free(b->visits);
	for (size_t i = 0; i < b->n_bucket; i++)
		while (b->bucket[i] != NULL) {
			struct entry *next = b->bucket[i]->next;

			free(b->bucket[i]);
			b->bucket[i] = next;
		}
	free(b->bucket);
	arena_free(b->ta_names);
	free(b);
}

static struct slice
entry_name(const struct entry *e)
{
	return (struct slice){ e->name, e->name_bytes };
}

static struct entry **
bucket_of(struct hostbook *b, struct slice name)
{
	uint64_t h = slice_hash(name, b->worker->run->hash_key);

	/* The low bits chose the worker; the high ones choose the bucket. */
	return &b->bucket[(h >> 16) & (b->n_bucket - 1)];
}

static void
grow(struct hostbook *b)
{
	struct entry **old = b->bucket;
	size_t n_old = b->n_bucket;

	b->n_bucket = 2 * n_old;
	b->bucket = xcalloc(b->n_bucket, sizeof(struct entry *));
	for (size_t i = 0; i < n_old; i++)
		while (old[i] != NULL) {
			struct entry *e = old[i];
			struct entry **to = bucket_of(b, entry_name(e));

			old[i] = e->next;
			e->next = *to;
			*to = e;
		}
	free(old);
}

static struct entry *
find(struct hostbook *b, struct slice name)
{
	struct entry *e = *bucket_of(b, name);

	while (e != NULL && !slice_eq(entry_name(e), name))
		e = e->next;
	return e;
}

static struct entry *
add(struct hostbook *b, struct slice name)
{
	struct entry *e = xcalloc(1, sizeof(*e) + name.n);
	struct entry **to;

	if (b->n_entry++ > b->n_bucket)
		grow(b);
	to = bucket_of(b, name);
	e->name_bytes = (uint16_t)name.n;
	memcpy(e->name, name.p, name.n);
	e->next = *to;
	*to = e;
	return e;
}

void
hostbook_put(struct hostbook *b, struct slice host,
    const struct host_state *state)
{
	struct entry *e = find(b, host);
	struct slice *name;

	if (e == NULL)
		e = add(b, host);
	e->state = *state;
	name = arena_array(b->ta_names, state->n_ta_name, sizeof(*name));
	for (size_t i = 0; i < state->n_ta_name; i++)
		name[i] = arena_slice(b->ta_names, state->ta_name[i]);
	e->state.ta_name = name;
}

/* ---- the end of a visit ---- */

static void
answer(struct host_question *q, const struct host_state *state)
{
	q->state = *state;
	loop_post(q->home, q->answered, q);
}

/*
 * The names of a leaf that a DANE-TA path vouches for outlive the visit:
 * another domain may find its own name among them (RFC 7672 3.2.2).
 */
static void
keep_ta_names(struct visit *v, struct host_state *s)
{
	struct arena *keep = v->book->ta_names;
	struct vec names = VEC_OF(struct slice);

	s->ta_name = NULL;
	s->n_ta_name = 0;
	for (size_t i = 0; i < v->facts.n_address; i++) {
		const struct dane_facts *d = &v->facts.address[i].dane;

		for (size_t k = 0; k < d->n_ta_name; k++) {
			struct slice *to = vec_push(keep, &names);

			*to = arena_slice(keep, d->ta_name[k]);
		}
	}
	s->ta_name = names.p;
	s->n_ta_name = names.n;
}

static void
finish(struct visit *v)
{
	struct run *run = v->book->worker->run;
	struct entry *e = v->entry;
	struct emission out = emission_begin(run->sink, v->arena);
	struct mx_meta meta = {
		.started_ms = v->started_ms,
		.elapsed_ms = (uint32_t)(clock_mono_ms() - v->started_mono_ms),
		.single_resolver = run->dns.n_resolver == 1,
	};

	e->state = judge_host(&v->facts);
	for (size_t i = 0; i < v->facts.n_address; i++)
		emission_chain(&out, &v->facts.address[i].tls);
	emission_post(&out, record_mx(&meta, &v->facts, &e->state), NULL,
	    NULL);
	keep_ta_names(v, &e->state);
	while (v->waiting != NULL) {
		struct host_question *q = v->waiting;

		v->waiting = q->next;
		answer(q, &e->state);
	}
	e->visit = NULL;
	visit_free(v);
}

static void
ask(struct visit *v, struct slice name, enum dns_type type, struct rrset *out,
    dns_done_fn *done)
{
	dns_pool_ask(v->book->worker->dns, v->arena, name, type, out, done, v);
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
probe(struct visit *v)
{
	struct host_facts *f = &v->facts;
	const struct rrset *tlsa = has_secure_tlsa(f) ? &f->tlsa : NULL;
	struct slice owner = tlsrpt_owner(v);
	size_t n;

	v->reference[v->n_reference++] = f->host;
	if (!slice_eq(f->tlsa_base, f->host) && f->tlsa_base.n > 0)
		v->reference[v->n_reference++] = f->tlsa_base;
	f->address = arena_array(v->arena, f->a.n + f->aaaa.n,
	    sizeof(*f->address));
	add_addresses(v, &f->a);
	add_addresses(v, &f->aaaa);
	/* Without the stage the addresses are known and not contacted. */
	n = v->book->worker->run->wants_smtp ? f->n_address : 0;
	v->legs_open = n + (owner.n > 0 ? 1 : 0);
	if (v->legs_open == 0) {
		finish(v);
		return;
	}
	if (owner.n > 0)
		ask(v, owner, DNS_TXT, &f->tlsrpt_txt, on_probed);
	for (size_t i = 0; i < n; i++)
		smtp_pool_probe(v->book->worker->smtp, v->arena, f->host,
		    tlsa, v->reference, v->n_reference, &f->address[i],
		    on_probed, v);
}

/* A session has ended, or the question beside them. */
static void
on_probed(void *ctx)
{
	struct visit *v = ctx;

	if (--v->legs_open == 0)
		finish(v);
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

static void
on_located(void *ctx)
{
	struct visit *v = ctx;

	if (--v->legs_open > 0)
		return;
	v->facts.tlsa_base = expanded(&v->facts);
	if (is_address_secure(&v->facts))
		ask_tlsa(v);
	else
		probe(v);
}

static void
visit_start(struct hostbook *b, struct entry *e)
{
	struct visit *v = xcalloc(1, sizeof(*v));

	v->book = b;
	v->entry = e;
	v->arena = arena_new();
	v->facts.host = entry_name(e);
	v->started_ms = clock_wall_ms();
	v->started_mono_ms = clock_mono_ms();
	v->next = b->visits;
	if (b->visits != NULL)
		b->visits->prev = v;
	b->visits = v;
	e->visit = v;
	if (reach_name_excluded(b->worker->run->reach, v->facts.host)) {
		v->facts.a.lookup.outcome = OUTCOME_EXCLUDED;
		v->facts.aaaa.lookup.outcome = OUTCOME_EXCLUDED;
		return;
	}
	v->legs_open = 2;
	ask(v, v->facts.host, DNS_A, &v->facts.a, on_located);
	ask(v, v->facts.host, DNS_AAAA, &v->facts.aaaa, on_located);
}

/* ---- questions ---- */

static void
on_question(void *ctx)
{
	struct host_question *q = ctx;
	struct hostbook *b = q->book;
	struct entry *e = find(b, q->host);

	if (e == NULL) {
		e = add(b, q->host);
		visit_start(b, e);
	} else if (e->visit == NULL) {
		answer(q, &e->state);
		return;
	}
	q->next = e->visit->waiting;
	e->visit->waiting = q;
	if (e->visit->legs_open == 0) /* excluded: nothing to wait for */
		finish(e->visit);
}

void
hostbook_ask(struct hostbook *owner, struct host_question *q)
{
	q->book = owner;
	loop_post(owner->worker->loop, on_question, q);
}
