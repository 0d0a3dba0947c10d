/* SPDX-License-Identifier: Apache-2.0
 *
 * test_gate.c: order, rests, withdrawal, and nobody held up by a key that he
 * does not need, on one loop.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "workers/gate.h"

#include "scanner/base/banned.h"

#define AT_MOST_S 120

/* ---- One loop: order, rests, withdrawal ---- */

#define MAX_GUESTS 4096

struct party {
	struct loop *loop;
	struct gate *gate;
	size_t n_seated, n_due; /* stop when n_due were seated */
	struct guest *seated[MAX_GUESTS];
	uint64_t begin_ms;
};

struct guest {
	struct gate_ticket ticket;
	struct party *party;
	uint64_t seated_ms; /* since the beginning */
	bool leaves, troubled;
	char op[32];
};

static void
on_seated(void *ctx)
{
	struct guest *g = ctx;
	struct party *p = g->party;

	p->seated[p->n_seated++] = g;
	g->seated_ms = loop_clock_ms() - p->begin_ms;
	if (g->leaves)
		gate_release(p->gate, &g->ticket, g->troubled);
	if (p->n_seated == p->n_due)
		loop_stop(p->loop);
}

static void
party_init(struct party *p, const struct gate_config *c)
{
	memset(p, 0, sizeof(*p));
	p->loop = loop_new();
	p->gate = gate_new(c);
	p->begin_ms = loop_clock_ms();
}

static void
party_release(struct party *p)
{
	gate_free(p->gate);
	loop_free(p->loop);
}

static void
guest_init(struct guest *g, struct party *p, uint8_t net, uint8_t host,
    const char *op)
{
	memset(g, 0, sizeof(*g));
	g->party = p;
	g->leaves = true;
	snprintf(g->op, sizeof(g->op), "%s", op);
	g->ticket.loop = p->loop;
	g->ticket.granted = on_seated;
	g->ticket.ctx = g;
	g->ticket.address = (struct address){ 4, { 192, 0, net, host } };
	g->ticket.op = slice_of(g->op);
}

static void
stop_party(void *ctx)
{
	loop_stop(ctx);
}

static void
run_for(struct party *p, size_t n_due, uint32_t at_most_ms)
{
	p->n_due = n_due;
	loop_post_at(p->loop, loop_clock_ms() + at_most_ms, stop_party,
	    p->loop);
	loop_run(p->loop);
	loop_unpost(p->loop, stop_party, p->loop);
}

/* FIFO on one address, and the rest between two sessions. */
static void
test_rest_and_order(void **state)
{
	struct gate_config c = { 10, 10, 20, 100 };
	struct party p;
	struct guest g[4];

	(void)state;
	party_init(&p, &c);
	for (int i = 0; i < 4; i++) {
		guest_init(&g[i], &p, 2, 1, "o.example");
		gate_ask(p.gate, &g[i].ticket);
	}
	run_for(&p, 4, 3000);
	assert_int_equal(p.n_seated, 4);
	for (size_t i = 0; i < 4; i++)
		assert_ptr_equal(p.seated[i], &g[i]);
	for (int i = 1; i < 4; i++)
		assert_true(g[i].seated_ms - g[i - 1].seated_ms >= 20);
	assert_true(g[3].seated_ms < 1000);
	party_release(&p);
}

/* Trouble doubles the rest up to its maximum; a clean session resets it. */
static void
test_doubling(void **state)
{
	static const bool troubled[] = { false, true, true, true, true, false,
		false };
	static const uint64_t rest[] = { 10, 20, 40, 50, 50, 10, 10 };
	struct gate_config c = { 10, 10, 10, 50 };
	struct party p;
	struct guest g[8];

	(void)state;
	party_init(&p, &c);
	for (int i = 0; i < 8; i++) {
		guest_init(&g[i], &p, 2, 1, "o.example");
		g[i].troubled = i < 7 && troubled[i];
		gate_ask(p.gate, &g[i].ticket);
	}
	run_for(&p, 8, 5000);
	assert_int_equal(p.n_seated, 8);
	for (int i = 0; i < 7; i++) {
		uint64_t gap = g[i + 1].seated_ms - g[i].seated_ms;

		if (gap < rest[i] || gap > rest[i] + 60)
			fail_msg("rest %d: %d ms", i, (int)gap);
	}
	party_release(&p);
}

/* Trouble is remembered beyond the rest, and forgotten in the end. */
static void
test_memory_of_trouble(void **state)
{
	struct gate_config c = { 10, 10, 10, 40 };
	struct party p;
	struct guest g;

	(void)state;
	party_init(&p, &c);
	guest_init(&g, &p, 2, 1, "o.example");
	g.troubled = true;
	gate_ask(p.gate, &g.ticket);
	run_for(&p, 1, 1000);
	assert_int_equal(gate_keys(p.gate), 1);
	run_for(&p, 99, 30); /* rested 20 ms, remembered 40 more */
	assert_int_equal(gate_keys(p.gate), 1);
	run_for(&p, 99, 60);
	assert_int_equal(gate_keys(p.gate), 0);
	party_release(&p);
}

/* A full operator holds up only its own; per network likewise. */
static void
test_no_head_of_line_blocking(void **state)
{
	struct gate_config c = { 2, 3, 0, 0 };
	static struct guest a[10], b[10], other;
	struct party p;
	size_t n_a = 0, n_b = 0;

	(void)state;
	party_init(&p, &c);
	for (uint8_t i = 0; i < 10; i++) {
		/* ten networks of one operator; one network of ten */
		char op[16];

		guest_init(&a[i], &p, (uint8_t)(10 + i), 1, "big.example");
		snprintf(op, sizeof(op), "o%u.example", i);
		guest_init(&b[i], &p, 99, i, op);
		a[i].leaves = b[i].leaves = false;
		gate_ask(p.gate, &a[i].ticket);
		gate_ask(p.gate, &b[i].ticket);
	}
	guest_init(&other, &p, 200, 1, "small.example");
	gate_ask(p.gate, &other.ticket);
	run_for(&p, 99, 50);
	for (int i = 0; i < 10; i++) {
		n_a += a[i].seated_ms > 0 || !gate_withdraw(p.gate,
		    &a[i].ticket);
		n_b += b[i].seated_ms > 0 || !gate_withdraw(p.gate,
		    &b[i].ticket);
	}
	assert_int_equal(n_a, 3);
	assert_int_equal(n_b, 2);
	assert_int_equal(p.n_seated, 6);
	for (int i = 0; i < 10; i++) {
		gate_cancel(p.gate, &a[i].ticket);
		gate_cancel(p.gate, &b[i].ticket);
	}
	assert_int_equal(gate_keys(p.gate), 0);
	party_release(&p);
}

/* The same address in both spellings of a family is two addresses. */
static void
test_ipv6_network(void **state)
{
	struct gate_config c = { 1, 0, 0, 0 };
	struct party p;
	struct guest g[3];

	(void)state;
	party_init(&p, &c);
	for (int i = 0; i < 3; i++) {
		guest_init(&g[i], &p, 1, 1, "");
		g[i].leaves = false;
		g[i].ticket.address = (struct address){ 6, { 0x20, 1, 0xd,
			0xb8, 0, (uint8_t)(i == 2), [15] = (uint8_t)i } };
		gate_ask(p.gate, &g[i].ticket);
	}
	run_for(&p, 99, 20);
	assert_int_equal(p.n_seated, 2); /* the third is in another /48 */
	assert_ptr_equal(p.seated[1], &g[2]);
	gate_release(p.gate, &g[0].ticket, false);
	run_for(&p, 3, 1000);
	assert_int_equal(p.n_seated, 3);
	gate_release(p.gate, &g[1].ticket, false);
	gate_release(p.gate, &g[2].ticket, false);
	party_release(&p);
}

/* A ticket withdrawn while its address rests must not take the alarm along. */
static void
test_withdraw_keeps_the_alarm(void **state)
{
	struct gate_config c = { 10, 10, 30, 100 };
	struct party p;
	struct guest g[3];

	(void)state;
	party_init(&p, &c);
	for (int i = 0; i < 3; i++)
		guest_init(&g[i], &p, 2, 1, "o.example");
	/* the second ticket is of another loop, which never runs */
	g[1].ticket.loop = loop_new();
	for (int i = 0; i < 3; i++)
		gate_ask(p.gate, &g[i].ticket);
	run_for(&p, 1, 1000);
	assert_int_equal(p.n_seated, 1);
	assert_true(gate_withdraw(p.gate, &g[1].ticket));
	loop_free(g[1].ticket.loop);
	run_for(&p, 2, 3000);
	assert_int_equal(p.n_seated, 2);
	assert_ptr_equal(p.seated[1], &g[2]);
	assert_true(gate_withdraw(p.gate, &g[2].ticket)); /* idle: fine */
	party_release(&p);
}

/* Cancelled tickets: asked, granted but not told, granted and told. */
static void
test_cancel(void **state)
{
	struct gate_config c = { 10, 10, 0, 0 };
	struct party p;
	struct guest g[3];

	(void)state;
	party_init(&p, &c);
	for (int i = 0; i < 3; i++) {
		guest_init(&g[i], &p, 2, 1, "o.example");
		g[i].leaves = false;
	}
	gate_ask(p.gate, &g[0].ticket); /* granted, message on its way */
	gate_ask(p.gate, &g[1].ticket); /* waits */
	gate_cancel(p.gate, &g[1].ticket);
	gate_cancel(p.gate, &g[0].ticket);
	gate_ask(p.gate, &g[2].ticket);
	run_for(&p, 1, 1000);
	assert_int_equal(p.n_seated, 1);
	assert_ptr_equal(p.seated[0], &g[2]);
	gate_cancel(p.gate, &g[2].ticket);
	assert_int_equal(gate_keys(p.gate), 0);
	party_release(&p);
}

/*
 * Thousands that wait for few addresses of one operator, and one address
 * with thousands of operators: the cost of a grant must not grow with them.
 */
static void
test_many_waiting(void **state)
{
	struct gate_config c = { 8, 4, 0, 0 };
	struct party p;
	struct guest *g = calloc(MAX_GUESTS, sizeof(*g));
	uint64_t begin;

	(void)state;
	party_init(&p, &c);
	for (unsigned i = 0; i < MAX_GUESTS; i++) {
		char op[32];

		if (i % 2)
			snprintf(op, sizeof(op), "o%u.example", i);
		else
			snprintf(op, sizeof(op), "big.example");
		guest_init(&g[i], &p, i % 2 ? 7 : (uint8_t)(10 + i % 16),
		    1, op);
	}
	begin = loop_clock_ms();
	for (unsigned i = 0; i < MAX_GUESTS; i++)
		gate_ask(p.gate, &g[i].ticket);
	run_for(&p, MAX_GUESTS, 20000);
	assert_int_equal(p.n_seated, MAX_GUESTS);
	print_message("%d grants in %d ms\n", MAX_GUESTS,
	    (int)(loop_clock_ms() - begin));
	assert_int_equal(gate_keys(p.gate), 0);
	party_release(&p);
	free(g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rest_and_order),
		cmocka_unit_test(test_doubling),
		cmocka_unit_test(test_memory_of_trouble),
		cmocka_unit_test(test_no_head_of_line_blocking),
		cmocka_unit_test(test_ipv6_network),
		cmocka_unit_test(test_withdraw_keeps_the_alarm),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_many_waiting),
	};

	alarm(AT_MOST_S); /* a test that waits for ever fails */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
