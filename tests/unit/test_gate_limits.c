/* SPDX-License-Identifier: Apache-2.0
 *
 * test_gate_limits.c: a property of the gate under three threads: limits are
 * never exceeded, rests are kept, every ticket is granted once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "workers/gate.h"

#include "scanner/base/banned.h"

#define AT_MOST_S 120

#define LOOPS 3
#define TICKETS 500
#define ADDRESSES 24 /* in 6 networks */
#define OPERATORS 5
#define PER_NETWORK 3
#define PER_OPERATOR 4
#define WINDOW 7
#define REST_MS 4

struct worker {
	struct loop *loop;
	struct gate_key *window;
	pthread_t thread;
	atomic_int in_use;
	int left; /* tickets of this loop not yet released */
};

struct world {
	struct gate *gate;
	struct worker worker[LOOPS];
	atomic_int address[ADDRESSES], network[ADDRESSES / 4];
	atomic_int operator[OPERATORS];
	atomic_uint_fast64_t free_at[ADDRESSES];
	atomic_int broken, granted, n_done;
};

struct visit {
	struct gate_ticket ticket;
	struct world *world;
	struct worker *worker;
	unsigned address, operator;
	char op[32];
	uint32_t hold_ms;
	bool troubled;
	int grants;
};

static void
take(struct world *w, atomic_int *n, int limit)
{
	if (atomic_fetch_add(n, 1) >= limit)
		atomic_fetch_add(&w->broken, 1);
}

static void
on_leave(void *ctx)
{
	struct visit *v = ctx;
	struct world *w = v->world;
	uint64_t rest = v->troubled ? 2 * REST_MS : REST_MS;

	atomic_store(&w->free_at[v->address], loop_clock_ms() + rest);
	atomic_fetch_sub(&w->address[v->address], 1);
	atomic_fetch_sub(&w->network[v->address / 4], 1);
	atomic_fetch_sub(&w->operator[v->operator], 1);
	atomic_fetch_sub(&v->worker->in_use, 1);
	gate_release(w->gate, &v->ticket, v->troubled);
	atomic_fetch_add(&w->n_done, 1);
	if (--v->worker->left == 0)
		loop_stop(v->worker->loop);
}

static void
on_granted(void *ctx)
{
	struct visit *v = ctx;
	struct world *w = v->world;

	v->grants++;
	atomic_fetch_add(&w->granted, 1);
	if (loop_clock_ms() < atomic_load(&w->free_at[v->address]))
		atomic_fetch_add(&w->broken, 1000);
	take(w, &w->address[v->address], 1);
	take(w, &w->network[v->address / 4], PER_NETWORK);
	take(w, &w->operator[v->operator], PER_OPERATOR);
	take(w, &v->worker->in_use, WINDOW);
	loop_post_at(v->worker->loop, loop_clock_ms() + v->hold_ms, on_leave,
	    v);
}

static void
on_ask(void *ctx)
{
	struct visit *v = ctx;

	gate_ask(v->world->gate, &v->ticket);
}

static void *
run_worker(void *ctx)
{
	loop_run(((struct worker *)ctx)->loop);
	return NULL;
}

static uint32_t
next_random(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

static void
visit_init(struct visit *v, struct world *w, uint32_t *seed)
{
	v->world = w;
	v->worker = &w->worker[next_random(seed) % LOOPS];
	v->address = next_random(seed) % ADDRESSES;
	v->operator = next_random(seed) % OPERATORS;
	v->hold_ms = next_random(seed) % 4;
	v->troubled = next_random(seed) % 8 == 0;
	snprintf(v->op, sizeof(v->op), "operator%u.example", v->operator);
	v->ticket.loop = v->worker->loop;
	v->ticket.granted = on_granted;
	v->ticket.ctx = v;
	v->ticket.op = slice_of(v->op);
	v->ticket.window = v->worker->window;
	v->ticket.address = (struct address){ 4, { 192, 0,
		(uint8_t)(v->address / 4), (uint8_t)(v->address % 4) } };
	v->worker->left++;
}

static void
world_init(struct world *w)
{
	struct gate_config c = { PER_NETWORK, PER_OPERATOR, REST_MS, 40 };

	memset(w, 0, sizeof(*w));
	w->gate = gate_new(&c);
	for (int i = 0; i < LOOPS; i++) {
		w->worker[i].loop = loop_new();
		w->worker[i].window = gate_window_new(w->gate, WINDOW);
	}
}

static void
world_release(struct world *w)
{
	for (int i = 0; i < LOOPS; i++)
		gate_window_free(w->gate, w->worker[i].window);
	gate_free(w->gate);
	for (int i = 0; i < LOOPS; i++)
		loop_free(w->worker[i].loop);
}

static void
test_limits_hold(void **state)
{
	static struct world w;
	static struct visit visit[TICKETS];
	uint32_t seed = 42;

	(void)state;
	world_init(&w);
	memset(visit, 0, sizeof(visit));
	for (int i = 0; i < TICKETS; i++)
		visit_init(&visit[i], &w, &seed);
	for (int i = 0; i < TICKETS; i++)
		loop_post(visit[i].worker->loop, on_ask, &visit[i]);
	for (int i = 0; i < LOOPS; i++)
		pthread_create(&w.worker[i].thread, NULL, run_worker,
		    &w.worker[i]);
	for (int i = 0; i < LOOPS; i++)
		pthread_join(w.worker[i].thread, NULL);
	for (int i = 0; i < TICKETS; i++)
		if (visit[i].grants != 1)
			fail_msg("ticket %d: %d grants", i, visit[i].grants);
	assert_int_equal(atomic_load(&w.n_done), TICKETS);
	assert_int_equal(atomic_load(&w.broken), 0);
	assert_int_equal(gate_waiting(w.gate), 0);
	world_release(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limits_hold),
	};

	alarm(AT_MOST_S); /* a test that waits for ever fails */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
