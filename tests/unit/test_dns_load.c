/* SPDX-License-Identifier: Apache-2.0
 *
 * test_dns_load.c: the DNS pool with many questions, dead resolvers, TCP, and
 * the end of a pool that has work.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "scanner/base/limits.h"
#include "tests/unit/dns_rig.h"

#include "scanner/base/banned.h"

/* n questions for <label><i>.example, or all for <label>.example. */
static struct rrset *
ask_many(struct rig *b, int n, const char *label, bool numbered,
    enum dns_type type)
{
	struct rrset *sets = calloc((size_t)n, sizeof(*sets));
	char name[64];

	for (int i = 0; i < n; i++) {
		if (numbered)
			snprintf(name, sizeof(name), "%s%d.example", label, i);
		else
			snprintf(name, sizeof(name), "%s.example", label);
		rig_ask(b, name, type, &sets[i]);
	}
	return sets;
}

static void
assert_all(const struct rrset *sets, int n, enum outcome want)
{
	for (int i = 0; i < n; i++)
		if (sets[i].lookup.outcome != want)
			fail_msg("question %d: %s", i,
			    outcome_word(sets[i].lookup.outcome));
}

/* More ports than sockets are used up on the way: they rotate. */
static void
test_twenty_thousand(void **state)
{
	enum { N = 20000, WINDOW = 500 };
	struct rrset *sets;
	struct rig b;

	(void)state;
	rig_init(&b);
	rig_add(&b, "127.77.10.1", FAKE_BY_LABEL);
	b.config.window = WINDOW;
	b.config.timeout_ms = 800;
	rig_pool(&b);
	sets = ask_many(&b, N, "q", true, DNS_TXT);
	assert_int_equal(dns_pool_pending(b.pool), N);
	rig_run(&b);
	assert_all(sets, N, OUTCOME_NXDOMAIN);
	assert_true(b.most_in_flight <= WINDOW);
	assert_true(b.most_in_flight > WINDOW / 2);
	assert_int_equal(STAT_GET(b.stats.dns_queries),
	    N + STAT_GET(b.stats.dns_retries));
	assert_true(b.fake[0]->queries <= N + N / 20);
	assert_int_equal(STAT_GET(b.stats.dns_dropped), 0);
	free(sets);
	rig_release(&b);
}

static void
test_rate(void **state)
{
	enum { N = 200, RATE = 500 };
	struct rrset *sets;
	struct rig b;
	uint64_t start;

	(void)state;
	rig_init(&b);
	rig_add(&b, "127.77.10.2", FAKE_BY_LABEL);
	b.config.rate = RATE;
	b.config.timeout_ms = 800;
	rig_pool(&b);
	start = loop_clock_ms();
	sets = ask_many(&b, N, "q", true, DNS_A);
	rig_run(&b);
	/* 20 ms worth of them may go out at once. */
	assert_true(loop_clock_ms() - start >= N * 1000 / RATE - 30);
	assert_all(sets, N, OUTCOME_NXDOMAIN);
	free(sets);
	rig_release(&b);
}

/* After a while the dead one is asked no more than now and then. */
static void
dead_resolver(struct rig *b)
{
	enum { N = 2000 };
	struct rrset *sets;

	b->config.window = 50;
	rig_pool(b);
	sets = ask_many(b, N, "q", true, DNS_A);
	rig_run(b);
	assert_all(sets, N, OUTCOME_NXDOMAIN);
	assert_true(STAT_GET(b->stats.dns_retries) < N / 10);
	free(sets);
	rig_release(b);
}

/* Adaptive windows: one dead resolver does not fill those of the others. */
static void
test_dead_among_three(void **state)
{
	enum { N = 20000 };
	struct rrset *sets;
	struct rig b;

	(void)state;
	rig_init(&b);
	rig_add(&b, "127.77.11.10", FAKE_BY_LABEL);
	rig_add(&b, "127.77.11.11", FAKE_SILENT);
	rig_add(&b, "127.77.11.12", FAKE_BY_LABEL);
	b.config.window = 0;
	b.config.timeout_ms = 800;
	rig_pool(&b);
	sets = ask_many(&b, N, "q", true, DNS_A);
	rig_run(&b);
	assert_all(sets, N, OUTCOME_NXDOMAIN);
	assert_true(b.fake[1]->queries < N / 20);
	free(sets);
	rig_release(&b);
}

/* The limit to each of two resolvers allows twice as much together. */
static void
test_resolver_rate(void **state)
{
	enum { N = 400, RATE = 500 };
	struct rrset *sets;
	struct rig b;
	uint64_t start, took;

	(void)state;
	rig_init(&b);
	rig_add(&b, "127.77.10.3", FAKE_BY_LABEL);
	rig_add(&b, "127.77.10.4", FAKE_BY_LABEL);
	b.config.resolver_rate = RATE;
	b.config.window = 0;
	b.config.timeout_ms = 800;
	rig_pool(&b);
	start = loop_clock_ms();
	sets = ask_many(&b, N, "q", true, DNS_A);
	rig_run(&b);
	took = loop_clock_ms() - start;
	assert_true(took >= N / 2 * 1000 / RATE - 30);
	assert_true(took < N * 1000 / RATE);
	assert_all(sets, N, OUTCOME_NXDOMAIN);
	assert_true(b.fake[0]->queries > N / 4 && b.fake[1]->queries > N / 4);
	free(sets);
	rig_release(&b);
}

static void
test_silent_resolver(void **state)
{
	struct rig b;

	(void)state;
	rig_init(&b);
	rig_add(&b, "127.77.11.1", FAKE_SILENT);
	rig_add(&b, "127.77.11.2", FAKE_BY_LABEL);
	dead_resolver(&b);
}

/* Nobody listens there: the kernel reports it on the connected socket. */
static void
test_closed_port(void **state)
{
	struct rig b;

	(void)state;
	rig_init(&b);
	rig_add(&b, "127.77.11.3", FAKE_SILENT);
	fake_free(b.fake[0]);
	b.fake[0] = NULL;
	rig_add(&b, "127.77.11.4", FAKE_BY_LABEL);
	dead_resolver(&b);
}

/* Refused by the only resolver: it stays silent, the trouble is not ours. */
static void
test_closed_port_alone(void **state)
{
	struct rrset *sets;
	struct rig b;

	(void)state;
	rig_init(&b);
	rig_add(&b, "127.77.11.7", FAKE_SILENT);
	fake_free(b.fake[0]);
	b.fake[0] = NULL;
	rig_pool(&b);
	sets = ask_many(&b, 200, "q", true, DNS_A);
	rig_run(&b);
	assert_all(sets, 200, OUTCOME_DNS_TIMEOUT);
	free(sets);
	rig_release(&b);
}

static void
stop_loop(void *ctx)
{
	loop_stop(((struct rig *)ctx)->loop);
}

static void
wait_ms(struct rig *b, uint32_t ms)
{
	loop_post_at(b->loop, loop_clock_ms() + ms, stop_loop, b);
	loop_run(b->loop);
}

/* A resolver that rests is tried again, and then bears its share. */
static void
test_resolver_returns(void **state)
{
	enum { N = 400, ROUNDS = 12 };
	struct rrset *sets;
	struct rig b;
	int before, share = 0;

	(void)state;
	rig_init(&b);
	rig_add(&b, "127.77.11.8", FAKE_SILENT);
	rig_add(&b, "127.77.11.9", FAKE_BY_LABEL);
	b.config.window = 50;
	rig_pool(&b);
	sets = ask_many(&b, N, "q", true, DNS_A);
	rig_run(&b);
	free(sets);
	assert_true(b.fake[0]->queries < N / 4);
	b.fake[0]->mode = FAKE_BY_LABEL;
	/* The longer it was silent, the longer the rest. */
	for (int i = 0; i < ROUNDS && share <= N / 4; i++) {
		wait_ms(&b, 10 * RIG_T_MS);
		before = b.fake[0]->queries;
		sets = ask_many(&b, N, "r", true, DNS_A);
		rig_run(&b);
		assert_all(sets, N, OUTCOME_NXDOMAIN);
		free(sets);
		share = b.fake[0]->queries - before;
	}
	assert_true(share > N / 4);
	rig_release(&b);
}

/* All dead: every question ends, none as an answer. */
static void
test_all_dead(void **state)
{
	struct rrset *sets;
	struct rig b;

	(void)state;
	rig_init(&b);
	rig_add(&b, "127.77.11.5", FAKE_SILENT);
	rig_add(&b, "127.77.11.6", FAKE_SILENT);
	rig_pool(&b);
	sets = ask_many(&b, 300, "q", true, DNS_A);
	rig_run(&b);
	assert_all(sets, 300, OUTCOME_DNS_TIMEOUT);
	assert_int_equal(b.fake[0]->queries + b.fake[1]->queries, 6 * 300);
	free(sets);
	rig_release(&b);
}

/* ---- TCP ---- */

struct tcp_row {
	const char *name;
	enum fake_mode mode;
	int questions;
	uint32_t timeout_ms;
	enum outcome outcome;
	int least_connections, most_connections;
	int most_tcp_queries;
};

static const struct tcp_row tcp_rows[] = {
	{ "one answer", FAKE_BY_LABEL, 1, 800, OUTCOME_OK, 1, 1, 1 },
	{ "one connection for many", FAKE_BY_LABEL, 80, 800, OUTCOME_OK, 1, 1,
	  80 },
	{ "server closes after each", FAKE_TCP_ONCE, 4, 800, OUTCOME_OK, 2, 10,
	  20 },
	{ "refused", FAKE_NO_TCP, 3, RIG_T_MS, OUTCOME_DNS_TIMEOUT, 0, 0, 0 },
	{ "accepted and mute", FAKE_TCP_MUTE, 2, RIG_T_MS, OUTCOME_DNS_TIMEOUT,
	  2, 3, 6 },
};

static void
check_tcp(const struct tcp_row *r)
{
	struct rrset *sets;
	struct rig b;

	rig_init(&b);
	rig_add(&b, "127.77.12.1", r->mode);
	b.config.timeout_ms = r->timeout_ms;
	rig_pool(&b);
	sets = ask_many(&b, r->questions, "tc", false, DNS_TXT);
	rig_run(&b);
	for (int i = 0; i < r->questions; i++) {
		if (sets[i].lookup.outcome != r->outcome ||
		    (r->outcome == OUTCOME_OK && sets[i].n != 60))
			fail_msg("%s: question %d: %s, %zu records", r->name,
			    i, outcome_word(sets[i].lookup.outcome),
			    sets[i].n);
	}
	if (b.fake[0]->connections < r->least_connections ||
	    b.fake[0]->connections > r->most_connections ||
	    b.fake[0]->tcp_queries > r->most_tcp_queries)
		fail_msg("%s: %d connections, %d queries", r->name,
		    b.fake[0]->connections, b.fake[0]->tcp_queries);
	assert_int_equal(b.fake[0]->queries, r->questions);
	free(sets);
	rig_release(&b);
}

static void
test_tcp(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(tcp_rows) / sizeof(*tcp_rows); i++)
		check_tcp(&tcp_rows[i]);
}

/* An unused connection closes, and the next truncation opens another. */
static void
test_tcp_idle(void **state)
{
	struct rrset sets[2];
	struct rig b;

	(void)state;
	rig_init(&b);
	rig_add(&b, "127.77.12.2", FAKE_BY_LABEL);
	b.config.timeout_ms = 100;
	rig_pool(&b);
	rig_ask(&b, "tc.example", DNS_TXT, &sets[0]);
	rig_run(&b);
	wait_ms(&b, 800);
	rig_ask(&b, "tc.example", DNS_TXT, &sets[1]);
	rig_run(&b);
	assert_all(sets, 2, OUTCOME_OK);
	assert_int_equal(b.fake[0]->connections, 2);
	rig_release(&b);
}

/* ---- the end ---- */

/* In line, on the wire, resting and on TCP: all dropped without a call. */
static void
test_free_with_work(void **state)
{
	struct rrset sets[40];
	struct rig b;

	(void)state;
	rig_init(&b);
	rig_add(&b, "127.77.13.1", FAKE_TCP_MUTE);
	b.config.window = 20;
	rig_pool(&b);
	for (int i = 0; i < 40; i++)
		rig_ask(&b, i % 4 == 0 ? "tc.example" : i % 4 == 1 ?
		    "servfail.example" : i % 4 == 2 ? "silent.example" :
		    "a..b", DNS_TXT, &sets[i]);
	wait_ms(&b, RIG_T_MS / 2);
	assert_int_equal(b.n_done, 10); /* the impossible names */
	assert_int_equal(dns_pool_pending(b.pool), 30);
	rig_release(&b);
	assert_int_equal(b.n_done, 10);
}

static void
test_free_before_start(void **state)
{
	struct rrset sets[2];
	struct rig b;

	(void)state;
	rig_init(&b);
	rig_add(&b, "127.77.13.2", FAKE_BY_LABEL);
	rig_pool(&b);
	rig_ask(&b, "q.example", DNS_A, &sets[0]);
	rig_ask(&b, "a..b", DNS_A, &sets[1]);
	rig_release(&b);
	assert_int_equal(b.n_done, 0);
}

/* From within an answer's callback, by UDP, by TCP and without a query. */
static void
test_free_in_done(void **state)
{
	static const char *const names[] = { "q.example", "tc.example",
		"a..b" };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct rrset sets[10];
		struct rig b;

		rig_init(&b);
		rig_add(&b, "127.77.13.3", FAKE_BY_LABEL);
		rig_pool(&b);
		for (int k = 0; k < 10; k++)
			rig_ask(&b, names[i], DNS_TXT, &sets[k]);
		b.n_wanted = 1;
		b.free_in_done = true;
		rig_run(&b);
		assert_null(b.pool);
		rig_release(&b);
		assert_int_equal(b.n_done, 1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_twenty_thousand),
		cmocka_unit_test(test_rate),
		cmocka_unit_test(test_resolver_rate),
		cmocka_unit_test(test_dead_among_three),
		cmocka_unit_test(test_silent_resolver),
		cmocka_unit_test(test_closed_port),
		cmocka_unit_test(test_closed_port_alone),
		cmocka_unit_test(test_resolver_returns),
		cmocka_unit_test(test_all_dead),
		cmocka_unit_test(test_tcp),
		cmocka_unit_test(test_tcp_idle),
		cmocka_unit_test(test_free_with_work),
		cmocka_unit_test(test_free_before_start),
		cmocka_unit_test(test_free_in_done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
