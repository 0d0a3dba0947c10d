/* SPDX-License-Identifier: Apache-2.0
 *
 * test_smtp_pool.c: the pool's manners: nobody there, our own trouble,
 * spacing, the window, exclusions, and the end with work pending.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/smtp_rig.h"

#include "scanner/base/banned.h"

#define AT_MOST_S 120

SCRIPT(polite, GREET, OFFER, READY, IN_TLS, BYE);
SCRIPT(busy, SEND("421 busy\r\n"), BYE);
SCRIPT(hang_at_ehlo, GREET, DO(HANG));
SCRIPT(hang_in_tls, GREET, OFFER, READY, DO(HANG));

/* ---- No server at all ---- */

/* Fills the queue of a listener that never accepts. */
static int
stuff(const char *address)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_port = htons(fake_smtp_port()) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	inet_pton(AF_INET, address, &in.sin_addr);
	(void)!connect(fd, (struct sockaddr *)&in, sizeof(in));
	return fd;
}

static void
test_no_session(void **state)
{
	static const struct {
		const char *address;
		enum outcome outcome;
		size_t attempts;
	} row[] = {
		{ "127.79.3.1", OUTCOME_CONNECT_TIMEOUT, 2 }, /* blackhole */
		{ "127.79.3.2", OUTCOME_CONNECT_REFUSED, 1 },
		{ "127.80.3.2", OUTCOME_SPECIAL_ADDRESS, 0 },
		{ "10.1.1.1", OUTCOME_SPECIAL_ADDRESS, 0 },
		{ "::1", OUTCOME_SPECIAL_ADDRESS, 0 },
	};
	struct fake_smtp hole = { .address = "127.79.3.1",
		.never_accepts = true };
	struct smtp_rig_probe p[5];
	struct smtp_rig w;
	int filler[3];

	(void)state;
	smtp_rig_init(&w, &smtp_rig_brisk);
	fake_smtp_start(&hole);
	for (int i = 0; i < 3; i++)
		filler[i] = stuff(hole.address);
	for (int i = 0; i < 5; i++)
		smtp_rig_probe(&p[i], &w, row[i].address);
	smtp_rig_run(&w, 5, 10000);
	for (int i = 0; i < 5; i++) {
		if (p[i].facts.outcome != row[i].outcome ||
		    p[i].facts.n_attempt != row[i].attempts ||
		    p[i].n_done != 1)
			fail_msg("%s: %s, %zu attempts", row[i].address,
			    outcome_word(p[i].facts.outcome),
			    p[i].facts.n_attempt);
		arena_free(p[i].arena);
	}
	for (int i = 0; i < 3; i++)
		close(filler[i]);
	fake_smtp_stop(&hole);
	smtp_rig_release(&w);
}

/* Our own trouble is `local` and not tried again. */
static void
test_local_trouble(void **state)
{
	struct fake_smtp s = { .address = "127.79.2.3", .script = { polite } };
	struct smtp_config c = smtp_rig_brisk;
	struct rlimit old, none = { 0, 0 };
	struct smtp_rig_probe p[2];
	struct smtp_rig w;

	(void)state;
	address_parse(SLICE_LIT("192.0.2.1"), &c.source); /* not ours */
	smtp_rig_init(&w, &c);
	s.ctx = w.server;
	fake_smtp_start(&s);
	smtp_rig_probe(&p[0], &w, s.address);
	smtp_rig_run(&w, 1, 5000);
	getrlimit(RLIMIT_NOFILE, &old);
	none.rlim_max = old.rlim_max;
	setrlimit(RLIMIT_NOFILE, &none);
	smtp_rig_probe(&p[1], &w, s.address);
	smtp_rig_run(&w, 2, 5000);
	setrlimit(RLIMIT_NOFILE, &old);
	fake_smtp_stop(&s);
	assert_int_equal(s.n_connections, 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(p[i].facts.outcome, OUTCOME_LOCAL);
		assert_int_equal(p[i].facts.n_attempt, 1);
		arena_free(p[i].arena);
	}
	smtp_rig_release(&w);
}

static void
test_source_address(void **state)
{
	struct fake_smtp s = { .address = "127.79.2.4", .script = { polite } };
	struct smtp_config c = smtp_rig_brisk;
	struct smtp_rig_probe p;
	struct smtp_rig w;

	(void)state;
	address_parse(SLICE_LIT("127.79.200.1"), &c.source);
	smtp_rig_init(&w, &c);
	s.ctx = w.server;
	fake_smtp_start(&s);
	smtp_rig_probe(&p, &w, s.address);
	smtp_rig_run(&w, 1, 5000);
	fake_smtp_stop(&s);
	assert_int_equal(p.facts.outcome, OUTCOME_OK);
	assert_string_equal(s.peer, "127.79.200.1");
	arena_free(p.arena);
	smtp_rig_release(&w);
}

/* ---- Manners ---- */

#define SAME 12

/* Many names on one address: one after the other, spaced. */
static void
test_one_address(void **state)
{
	atomic_int at_once = 0, most = 0;
	struct fake_smtp s = { .address = "127.79.2.5", .script = { polite },
		.at_once = &at_once, .most = &most };
	struct smtp_rig_probe p[SAME];
	struct smtp_rig w;
	uint64_t begin;

	(void)state;
	smtp_rig_init(&w, &smtp_rig_brisk);
	s.ctx = w.server;
	fake_smtp_start(&s);
	begin = loop_clock_ms();
	for (int i = 0; i < SAME; i++)
		smtp_rig_probe(&p[i], &w, s.address);
	smtp_rig_run(&w, SAME, 20000);
	assert_true(loop_clock_ms() - begin >= (SAME - 1) * REST_MS);
	fake_smtp_stop(&s);
	assert_int_equal(s.n_connections, SAME);
	assert_int_equal(atomic_load(&most), 1);
	for (int i = 0; i < SAME; i++) {
		assert_int_equal(p[i].facts.outcome, OUTCOME_OK);
		arena_free(p[i].arena);
	}
	smtp_rig_release(&w);
}

SCRIPT(slow, WAIT(40), GREET, OFFER, READY, IN_TLS, BYE);

static void
test_window(void **state)
{
	atomic_int at_once = 0, most = 0;
	struct smtp_config c = smtp_rig_brisk;
	struct fake_smtp s[SAME];
	char address[SAME][32];
	struct smtp_rig_probe p[SAME];
	struct smtp_rig w;

	(void)state;
	c.window = 3;
	smtp_rig_init(&w, &c);
	for (int i = 0; i < SAME; i++) {
		snprintf(address[i], sizeof(address[i]), "127.79.4.%d", i + 1);
		s[i] = (struct fake_smtp){ .address = address[i],
			.script = { slow }, .ctx = w.server,
			.at_once = &at_once, .most = &most };
		fake_smtp_start(&s[i]);
	}
	for (int i = 0; i < SAME; i++)
		smtp_rig_probe(&p[i], &w, address[i]);
	assert_int_equal(smtp_pool_pending(w.pool), SAME);
	smtp_rig_run(&w, SAME, 20000);
	assert_int_equal(smtp_pool_pending(w.pool), 0);
	for (int i = 0; i < SAME; i++) {
		fake_smtp_stop(&s[i]);
		assert_int_equal(p[i].facts.outcome, OUTCOME_OK);
		arena_free(p[i].arena);
	}
	/* A server learns late that we left: one or two may overlap. */
	assert_in_range(atomic_load(&most), 2, 5);
	smtp_rig_release(&w);
}

/* An exclusion that comes while a probe waits for its retry wins. */
static void
test_excluded_meanwhile(void **state)
{
	struct fake_smtp s = { .address = "127.79.2.6", .script = { busy } };
	char path[] = "/tmp/test_smtp_pool.XXXXXX", error[256];
	struct smtp_config c = smtp_rig_brisk;
	struct smtp_rig_probe p;
	struct smtp_rig w;
	int fd = mkstemp(path);

	(void)state;
	c.retry_wait_ms = 400;
	smtp_rig_init(&w, &c);
	s.ctx = w.server;
	fake_smtp_start(&s);
	smtp_rig_probe(&p, &w, s.address);
	smtp_rig_run(&w, 1, 200);
	assert_int_equal(p.facts.n_attempt, 1);
	assert_int_equal(p.n_done, 0);
	assert_int_equal(write(fd, "a.example\n", 10), 10);
	close(fd);
	assert_true(reach_exclude_files(w.reach, &(const char *){ path }, 1,
	    error, sizeof(error)));
	unlink(path);
	smtp_rig_run(&w, 1, 5000);
	fake_smtp_stop(&s);
	assert_int_equal(p.facts.outcome, OUTCOME_EXCLUDED);
	assert_int_equal(p.facts.n_attempt, 1);
	assert_int_equal(s.n_connections, 1);
	arena_free(p.arena);
	smtp_rig_release(&w);
}

/* ---- Freed with work pending ---- */

static void
test_free_pending(void **state)
{
	struct fake_smtp s[3] = {
		{ .address = "127.79.2.7", .script = { hang_at_ehlo } },
		{ .address = "127.79.2.8", .script = { hang_in_tls } },
		{ .address = "127.79.2.9", .script = { busy } },
	};
	struct smtp_rig_probe p[40];
	struct smtp_rig w;

	(void)state;
	smtp_rig_init(&w, &smtp_rig_brisk);
	for (int i = 0; i < 3; i++) {
		s[i].ctx = w.server;
		fake_smtp_start(&s[i]);
	}
	for (int i = 0; i < 36; i++)
		smtp_rig_probe(&p[i], &w, s[i % 3].address);
	smtp_rig_run(&w, 1000, 150);
	/* and some that the gate or the loop has not told yet */
	smtp_rig_probe(&p[36], &w, "10.0.0.1");
	smtp_rig_probe(&p[37], &w, "127.79.2.10");
	smtp_rig_probe(&p[38], &w, "127.79.2.11");
	smtp_rig_probe(&p[39], &w, s[0].address);
	assert_true(STAT_GET(w.stats.smtp_in_flight) > 0);
	smtp_rig_release(&w);
	for (int i = 0; i < 3; i++)
		fake_smtp_stop(&s[i]);
	for (int i = 0; i < 40; i++) {
		assert_int_equal(p[i].n_done, 0);
		arena_free(p[i].arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_session),
		cmocka_unit_test(test_local_trouble),
		cmocka_unit_test(test_source_address),
		cmocka_unit_test(test_one_address),
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_excluded_meanwhile),
		cmocka_unit_test(test_free_pending),
	};

	alarm(AT_MOST_S); /* a test that waits for ever fails */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
