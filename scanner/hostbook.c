/* SPDX-License-Identifier: Apache-2.0
 *
 * hostbook.c: who asks for which MX host, and what is known of it.
 *
 * An entry is small and stays for the whole run; what is needed while the
 * host is being looked at (visit.h) goes when its mx record has been posted.
 */
#include "scanner/hostbook.h"

#include <stdlib.h>
#include <string.h>

#include "scanner/base/arena.h"
#include "scanner/emit.h"
#include "scanner/rules/judge.h"
#include "scanner/run.h"
#include "scanner/visit.h"

#include "scanner/base/banned.h"

#define BUCKETS_FIRST 1024

struct entry {
	struct entry *next;      /* of its bucket */
	struct visit *visit;     /* NULL: state is the answer */
	const struct host_state *state; /* in book->kept; NULL: none yet */
	uint16_t name_bytes;
	char name[];
};

struct hostbook {
	struct worker *worker;
	struct entry **bucket;
	size_t n_bucket, n_entry;
	struct visit *visits;
	struct arena *kept;      /* states and their names, until the end */
};

static void visit_start(struct hostbook *b, struct entry *e, bool wants_own);
static void finish(struct visit *v);

/* ---- the table ---- */

struct hostbook *
hostbook_new(struct worker *w)
{
	struct hostbook *b = xcalloc(1, sizeof(*b));

	b->worker = w;
	b->n_bucket = BUCKETS_FIRST;
	b->bucket = xcalloc(b->n_bucket, sizeof(struct entry *));
	b->kept = arena_new();
	return b;
}

static void
visit_end(struct visit *v)
{
	if (v->prev != NULL)
		v->prev->next = v->next;
	else
		v->book->visits = v->next;
	if (v->next != NULL)
		v->next->prev = v->prev;
	visit_free(v);
}

void
hostbook_free(struct hostbook *b)
{
	if (b == NULL)
		return;
	while (b->visits != NULL)
		visit_end(b->visits);
	for (size_t i = 0; i < b->n_bucket; i++)
		while (b->bucket[i] != NULL) {
			struct entry *next = b->bucket[i]->next;

			free(b->bucket[i]);
			b->bucket[i] = next;
		}
	free(b->bucket);
	arena_free(b->kept);
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
	struct host_state *s;
	struct slice *name;

	if (e == NULL)
		e = add(b, host);
	else if (state->shared && !e->state->shared)
		return;
	s = arena_alloc(b->kept, sizeof(*s));
	*s = *state;
	name = arena_array(b->kept, state->n_ta_name, sizeof(*name));
	for (size_t i = 0; i < state->n_ta_name; i++)
		name[i] = arena_slice(b->kept, state->ta_name[i]);
	s->ta_name = name;
	e->state = s;
}

/* ---- the end of a visit ---- */

static void
answer(struct host_question *q, const struct host_state *state)
{
	q->state = state;
	loop_post(q->home, q->answered, q);
}

static bool
is_answer(const struct host_question *q, const struct host_state *state)
{
	return !state->shared || !q->wants_own;
}

/* Those whom the state does not answer; the others are answered. */
static struct host_question *
answer_all(struct host_question *line, const struct host_state *state)
{
	struct host_question *left = NULL;

	while (line != NULL) {
		struct host_question *q = line;

		line = q->own.next;
		if (is_answer(q, state)) {
			answer(q, state);
			continue;
		}
		q->own.next = left;
		left = q;
	}
	return left;
}

/*
 * The names of a leaf that a DANE-TA path vouches for outlive the visit:
 * another domain may find its own name among them (RFC 7672 3.2.2).
 */
static void
keep_ta_names(struct visit *v, struct host_state *s)
{
	struct arena *keep = v->book->kept;
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

/* Excluded: there is nothing to wait for. */
static void
finish_if_idle(struct visit *v)
{
	if (visit_is_idle(v))
		finish(v);
}

static void
finish(struct visit *v)
{
	struct hostbook *b = v->book;
	struct run *run = b->worker->run;
	struct entry *e = v->entry;
	struct host_state *state;
	struct host_question *left;
	struct emission out = emission_begin(run->sink, v->arena);
	struct mx_meta meta = {
		.started_ms = v->started_ms,
		.elapsed_ms = (uint32_t)(clock_mono_ms() - v->started_mono_ms),
		.single_resolver = run->dns.n_resolver == 1,
	};

	state = arena_alloc(v->book->kept, sizeof(*state));
	*state = judge_host(&v->facts);
	/* The certificates went ahead, from each session. */
	emission_post(&out, record_mx(&meta, &v->facts, state), NULL, NULL);
	keep_ta_names(v, state);
	e->state = state;
	e->visit = NULL;
	left = answer_all(v->waiting, state);
	visit_end(v);
	if (left == NULL)
		return;
	visit_start(b, e, true);
	e->visit->waiting = left;
	finish_if_idle(e->visit);
}

static void
visit_start(struct hostbook *b, struct entry *e, bool wants_own)
{
	struct visit *v = visit_new(b->worker, entry_name(e), wants_own,
	    finish);

	v->book = b;
	v->entry = e;
	v->next = b->visits;
	if (b->visits != NULL)
		b->visits->prev = v;
	b->visits = v;
	e->visit = v;
}

/* ---- questions ---- */

static void
on_question(void *ctx)
{
	struct host_question *q = ctx;
	struct hostbook *b = q->own.book;
	struct entry *e = find(b, q->host);

	if (e == NULL)
		e = add(b, q->host);
	if (e->visit == NULL && e->state != NULL && is_answer(q, e->state)) {
		answer(q, e->state);
		return;
	}
	if (e->visit == NULL)
		visit_start(b, e, q->wants_own);
	else if (q->wants_own)
		e->visit->wants_own = true; /* where it is not too late */
	q->own.next = e->visit->waiting;
	e->visit->waiting = q;
	finish_if_idle(e->visit);
}

void
hostbook_ask(struct hostbook *owner, struct host_question *q)
{
	q->own.book = owner;
	loop_post(owner->worker->loop, on_question, q);
}
