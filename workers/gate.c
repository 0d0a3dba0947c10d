/* SPDX-License-Identifier: Apache-2.0
 *
 * gate.c: slots granted together, by one mutex, without a thread.
 *
 * Tickets with the same keys (address, network, operator, window) form a
 * *flow*, FIFO.  A flow that cannot go on stands in the line of one key that
 * blocks it, the address before the network before the operator before the
 * window.  Where a key is free its line is empty: whatever frees a key serves
 * its line until it blocks again.  So a busy key holds up nobody who does not
 * need it, nobody overtakes in a line, and a release costs what it grants.
 *
 * Keys and flows are the gate's own heap; a key is dropped when no flow has
 * it and its address has rested, a flow when it has no ticket.  Trouble is
 * remembered for rest_max_ms beyond the rest.  Rests of one level are equally
 * long, so each level's list is sorted by itself.  Lock order: gate, loop.
 */
#include "workers/gate.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "scanner/base/arena.h"
#include "scanner/base/log.h"
#include "workers/gate_key.h"
#include "workers/reach.h"

#include "scanner/base/banned.h"

#define NETWORK_BITS_IPV4 24
#define NETWORK_BITS_IPV6 48

enum ticket_state { TICKET_IDLE, TICKET_WAITING, TICKET_GRANTED };

TAILQ_HEAD(ticket_line, gate_ticket);

struct gate_flow {
	struct table_node node;
	struct gate_key *key[KEY_KINDS]; /* NULL: no such limit */
	struct ticket_line line;         /* waiting */
	struct gate_key *blocked;        /* in whose line it stands */
	TAILQ_ENTRY(gate_flow) link;
	uint32_t n_granted;
};

struct gate {
	struct gate_config config;
	uint64_t secret[2];
	struct {
		pthread_mutex_t mutex;
		struct table keys, flows;
		struct key_line resting[GATE_LEVELS];
		struct key_line troubled; /* rested, trouble remembered */
		size_t n_waiting;
	} _shared;
};

/* ---- Keys ---- */

static uint64_t
id_of(const struct gate *g, enum key_kind kind, const void *p, size_t n)
{
	uint64_t secret[2] = { g->secret[0] ^ kind, g->secret[1] };

	return slice_hash(slice_make(p, n), secret);
}

static uint64_t
address_id(const struct gate *g, enum key_kind kind, const struct address *a)
{
	uint8_t b[1 + sizeof(a->bytes)];

	b[0] = a->family;
	memcpy(b + 1, a->bytes, sizeof(a->bytes));
	return id_of(g, kind, b, a->family == 4 ? 5 : sizeof(b));
}

static struct gate_key *
key_get(struct gate *g, uint64_t id, uint32_t limit)
{
	struct gate_key *k = table_find(&g->_shared.keys, id);

	if (k == NULL) {
		k = gate_key_new(limit);
		table_insert(&g->_shared.keys, &k->node, id);
	}
	return k;
}

static void
key_drop_if_idle(struct gate *g, struct gate_key *k)
{
	if (k->n_flow > 0 || k->in_use > 0 || k->due != NULL)
		return;
	table_remove(&g->_shared.keys, &k->node);
	free(k);
}

static void gate_on_due(void *ctx);

/* Sees to it that somebody wakes the line of a resting key. */
static void
key_arm(struct gate *g, struct gate_key *k, uint64_t now)
{
	struct gate_flow *f = TAILQ_FIRST(&k->line);
	struct loop *loop;

	if (f == NULL || k->in_use > 0 || now >= k->rest_until_ms) {
		k->armed = NULL;
		return;
	}
	loop = TAILQ_FIRST(&f->line)->loop;
	if (k->armed == loop && k->armed_ms == k->rest_until_ms)
		return;
	k->armed = loop;
	k->armed_ms = k->rest_until_ms;
	loop_post_at(loop, k->rest_until_ms, gate_on_due, g);
}

/* ---- Flows ---- */

static struct gate_flow *
flow_get(struct gate *g, const struct gate_ticket *t)
{
	const struct address *a = &t->address;
	struct netrange net = netrange_of(a,
	    a->family == 4 ? NETWORK_BITS_IPV4 : NETWORK_BITS_IPV6);
	uint64_t id[3] = {
		address_id(g, KEY_ADDRESS, a),
		t->op.n > 0 ? id_of(g, KEY_OPERATOR, t->op.p, t->op.n) : 0,
		(uint64_t)(uintptr_t)t->window,
	};
	uint64_t flow_id = id_of(g, KEY_KINDS, id, sizeof(id));
	struct gate_flow *f = table_find(&g->_shared.flows, flow_id);

	if (f != NULL)
		return f;
	f = xcalloc(1, sizeof(*f));
	TAILQ_INIT(&f->line);
	f->key[KEY_ADDRESS] = key_get(g, id[0], 1);
	f->key[KEY_NETWORK] = key_get(g,
	    address_id(g, KEY_NETWORK, &net.network), g->config.per_network);
	if (t->op.n > 0)
		f->key[KEY_OPERATOR] = key_get(g, id[1],
		    g->config.per_operator);
	f->key[KEY_WINDOW] = t->window;
	for (int i = 0; i < KEY_KINDS; i++)
		if (f->key[i] != NULL)
			f->key[i]->n_flow++;
	table_insert(&g->_shared.flows, &f->node, flow_id);
	return f;
}

static void
flow_drop_if_idle(struct gate *g, struct gate_flow *f)
{
	if (!TAILQ_EMPTY(&f->line) || f->n_granted > 0)
		return;
	table_remove(&g->_shared.flows, &f->node);
	for (int i = 0; i < KEY_KINDS; i++) {
		if (f->key[i] == NULL)
			continue;
		f->key[i]->n_flow--;
		if (i != KEY_WINDOW)
			key_drop_if_idle(g, f->key[i]);
	}
	free(f);
}

static struct gate_key *
flow_blocked_by(const struct gate_flow *f, uint64_t now)
{
	for (int i = 0; i < KEY_KINDS; i++)
		if (f->key[i] != NULL && gate_key_blocks(f->key[i], now))
			return f->key[i];
	return NULL;
}

static void
flow_grant(struct gate *g, struct gate_flow *f)
{
	struct gate_ticket *t = TAILQ_FIRST(&f->line);

	TAILQ_REMOVE(&f->line, t, link_shared);
	g->_shared.n_waiting--;
	t->state_shared = TICKET_GRANTED;
	f->n_granted++;
	for (int i = 0; i < KEY_KINDS; i++)
		if (f->key[i] != NULL)
			f->key[i]->in_use++;
	loop_post(t->loop, t->granted, t->ctx);
}

/* Grants what can be granted; what cannot joins the line that blocks it. */
static void
flow_serve(struct gate *g, struct gate_flow *f, uint64_t now)
{
	while (!TAILQ_EMPTY(&f->line)) {
		struct gate_key *k = flow_blocked_by(f, now);

		if (k != NULL) {
			f->blocked = k;
			TAILQ_INSERT_TAIL(&k->line, f, link);
			key_arm(g, k, now);
			return;
		}
		flow_grant(g, f);
	}
}

static void
key_serve(struct gate *g, struct gate_key *k, uint64_t now)
{
	struct gate_flow *f;

	while (!gate_key_blocks(k, now) &&
	    (f = TAILQ_FIRST(&k->line)) != NULL) {
		TAILQ_REMOVE(&k->line, f, link);
		f->blocked = NULL;
		flow_serve(g, f, now);
	}
	key_arm(g, k, now);
}

/* ---- Rests ---- */

static void
key_begin_rest(struct gate *g, struct gate_key *k, bool troubled, uint64_t now)
{
	if (gate_key_rest(k, &g->config, troubled, now) > 0)
		gate_key_join_due(k, &g->_shared.resting[k->level]);
}

/* Serves the addresses whose rest is over and forgets old trouble. */
static void
serve_due(struct gate *g, uint64_t now)
{
	struct gate_key *k;

	for (unsigned i = 0; i < GATE_LEVELS; i++)
		while ((k = TAILQ_FIRST(&g->_shared.resting[i])) != NULL &&
		    k->rest_until_ms <= now) {
			gate_key_leave_due(k);
			if (k->level > 0)
				gate_key_join_due(k, &g->_shared.troubled);
			key_serve(g, k, now);
			key_drop_if_idle(g, k);
		}
	while ((k = TAILQ_FIRST(&g->_shared.troubled)) != NULL &&
	    k->rest_until_ms + g->config.rest_max_ms <= now) {
		gate_key_leave_due(k);
		key_drop_if_idle(g, k);
	}
}

static uint64_t
lock(struct gate *g)
{
	uint64_t now;

	pthread_mutex_lock(&g->_shared.mutex);
	/* Under the lock, so that rests begin in the order of the clock. */
	now = loop_clock_ms();
	serve_due(g, now);
	return now;
}

static void
unlock(struct gate *g)
{
	pthread_mutex_unlock(&g->_shared.mutex);
}

static void
gate_on_due(void *ctx)
{
	struct gate *g = ctx;

	lock(g);
	unlock(g);
}

/* ---- The gate ---- */

struct gate *
gate_new(const struct gate_config *config)
{
	struct gate *g = xcalloc(1, sizeof(*g));

	g->config = *config;
	if (getrandom(g->secret, sizeof(g->secret), 0) != sizeof(g->secret))
		log_fatal("no random bytes from the system for a hash key");
	pthread_mutex_init(&g->_shared.mutex, NULL);
	for (unsigned i = 0; i < GATE_LEVELS; i++)
		TAILQ_INIT(&g->_shared.resting[i]);
	TAILQ_INIT(&g->_shared.troubled);
	return g;
}

static void
drop_all_due(struct gate *g, struct key_line *due)
{
	struct gate_key *k;

	while ((k = TAILQ_FIRST(due)) != NULL) {
		gate_key_leave_due(k);
		key_drop_if_idle(g, k);
	}
}

void
gate_free(struct gate *g)
{
	if (g == NULL)
		return;
	for (unsigned i = 0; i < GATE_LEVELS; i++)
		drop_all_due(g, &g->_shared.resting[i]);
	drop_all_due(g, &g->_shared.troubled);
	/* A ticket that was neither released nor cancelled keeps its flow. */
	assert(g->_shared.flows.n == 0 && g->_shared.keys.n == 0);
	table_release(&g->_shared.keys);
	table_release(&g->_shared.flows);
	pthread_mutex_destroy(&g->_shared.mutex);
	free(g);
}

struct gate_key *
gate_window_new(struct gate *g, uint32_t limit)
{
	(void)g;
	return gate_key_new(limit);
}

void
gate_window_free(struct gate *g, struct gate_key *window)
{
	(void)g;
	if (window == NULL)
		return;
	assert(window->n_flow == 0);
	free(window);
}

void
gate_ask(struct gate *g, struct gate_ticket *t)
{
	uint64_t now = lock(g);
	struct gate_flow *f = flow_get(g, t);

	assert(t->state_shared == TICKET_IDLE);
	t->state_shared = TICKET_WAITING;
	t->flow_shared = f;
	g->_shared.n_waiting++;
	TAILQ_INSERT_TAIL(&f->line, t, link_shared);
	if (f->blocked == NULL)
		flow_serve(g, f, now);
	unlock(g);
}

static void
release_locked(struct gate *g, struct gate_ticket *t, bool troubled,
    uint64_t now)
{
	struct gate_flow *f = t->flow_shared;

	assert(t->state_shared == TICKET_GRANTED);
	t->state_shared = TICKET_IDLE;
	t->flow_shared = NULL;
	for (int i = 0; i < KEY_KINDS; i++)
		if (f->key[i] != NULL)
			f->key[i]->in_use--;
	key_begin_rest(g, f->key[KEY_ADDRESS], troubled, now);
	/* n_granted still counts: the flow outlives what is served here. */
	for (int i = 0; i < KEY_KINDS; i++)
		if (f->key[i] != NULL)
			key_serve(g, f->key[i], now);
	f->n_granted--;
	flow_drop_if_idle(g, f);
}

void
gate_release(struct gate *g, struct gate_ticket *t, bool troubled)
{
	uint64_t now = lock(g);

	release_locked(g, t, troubled, now);
	unlock(g);
}

static bool
withdraw_locked(struct gate *g, struct gate_ticket *t, uint64_t now)
{
	struct gate_flow *f = t->flow_shared;

	if (t->state_shared != TICKET_WAITING)
		return t->state_shared == TICKET_IDLE;
	t->state_shared = TICKET_IDLE;
	t->flow_shared = NULL;
	TAILQ_REMOVE(&f->line, t, link_shared);
	g->_shared.n_waiting--;
	if (TAILQ_EMPTY(&f->line) && f->blocked != NULL) {
		struct gate_key *k = f->blocked;

		TAILQ_REMOVE(&k->line, f, link);
		f->blocked = NULL;
		key_arm(g, k, now);
	} else if (f->blocked != NULL)
		key_arm(g, f->blocked, now);
	flow_drop_if_idle(g, f);
	return true;
}

bool
gate_withdraw(struct gate *g, struct gate_ticket *t)
{
	uint64_t now = lock(g);
	bool withdrawn = withdraw_locked(g, t, now);

	unlock(g);
	return withdrawn;
}

void
gate_cancel(struct gate *g, struct gate_ticket *t)
{
	uint64_t now = lock(g);
	bool granted = !withdraw_locked(g, t, now);

	if (granted)
		release_locked(g, t, false, now);
	unlock(g);
	if (granted)
		loop_unpost(t->loop, t->granted, t->ctx);
}

size_t
gate_keys(struct gate *g)
{
	size_t n;

	lock(g);
	n = g->_shared.keys.n;
	unlock(g);
	return n;
}

size_t
gate_waiting(struct gate *g)
{
	size_t n;

	lock(g);
	n = g->_shared.n_waiting;
	unlock(g);
	return n;
}
