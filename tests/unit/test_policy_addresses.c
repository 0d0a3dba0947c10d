/* SPDX-License-Identifier: Apache-2.0
 *
 * test_policy_addresses.c: which addresses of a policy host are contacted, in
 * what order and how often; many fetches at once; the end before the end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/policy_rig.h"

#include "scanner/base/banned.h"

/* ---- addresses ---- */

/* .20 good, .21 refuses, .22 silent, .23 garbage, 10.0.0.1 special */
struct address_row {
	const char *name;
	const char *address[4];
	enum outcome outcome;
	enum outcome attempt[8]; /* NONE: no more */
};

#define REFUSED OUTCOME_CONNECT_REFUSED
#define SILENT OUTCOME_CONNECT_TIMEOUT
#define SPECIAL OUTCOME_SPECIAL_ADDRESS
static const struct address_row address_rows[] = {
	{ "none", { NULL }, OUTCOME_NONE, { OUTCOME_NONE } },
	{ "refused", { "127.78.0.21" }, REFUSED, { REFUSED } },
	{ "refused, then good", { "127.78.0.21", "127.78.0.20" }, OUTCOME_OK,
	  { REFUSED, OUTCOME_OK } },
	{ "silent, then good", { "127.78.0.22", "127.78.0.20" }, OUTCOME_OK,
	  { SILENT, OUTCOME_OK } },
	{ "silent: once more", { "127.78.0.22" }, SILENT, { SILENT, SILENT } },
	{ "two silent: both once more", { "127.78.0.22", "127.78.0.24" },
	  SILENT, { SILENT, SILENT, SILENT, SILENT } },
	{ "silent and refused", { "127.78.0.22", "127.78.0.21" }, SILENT,
	  { SILENT, REFUSED } },
	{ "refused and silent", { "127.78.0.21", "127.78.0.22" }, SILENT,
	  { REFUSED, SILENT } },
	{ "special", { "10.0.0.1" }, SPECIAL, { SPECIAL } },
	{ "special, then good", { "10.0.0.1", "127.78.0.20" }, OUTCOME_OK,
	  { SPECIAL, OUTCOME_OK } },
	{ "refused, then special", { "127.78.0.21", "10.0.0.1" }, REFUSED,
	  { REFUSED, SPECIAL } },
	{ "silent and special", { "10.0.0.1", "127.78.0.22" }, SILENT,
	  { SPECIAL, SILENT, SILENT } },
	{ "garbage ends it", { "127.78.0.23", "127.78.0.20" },
	  OUTCOME_TLS_FAILED, { OUTCOME_TLS_FAILED } },
};
#undef REFUSED
#undef SILENT
#undef SPECIAL

static void
walks_the_addresses(void **state)
{
	struct https_made *good = policy_rig_server("127.78.0.20",
	    HTTPS_ANSWER, SLICE_LIT(POLICY_ANSWER));
	struct https_made *silent = policy_rig_server("127.78.0.22",
	    HTTPS_BLACKHOLE, SLICE_EMPTY);
	struct https_made *silent2 = policy_rig_server("127.78.0.24",
	    HTTPS_BLACKHOLE, SLICE_EMPTY);
	struct https_made *bad = policy_rig_server("127.78.0.23",
	    HTTPS_RAW, SLICE_LIT("garbage"));
	struct policy_rig b;

	(void)state;
	policy_rig_init(&b, 8);
	for (size_t i = 0; i < sizeof(address_rows) / sizeof(address_rows[0]);
	    i++) {
		const struct address_row *row = &address_rows[i];
		struct policy_facts *f = policy_rig_fetch(&b, row->address);
		size_t n = 0;

		while (n < 8 && row->attempt[n] != OUTCOME_NONE)
			n++;
		if (f->outcome != row->outcome || f->n_attempt != n)
			fail_msg("%s: %s, %zu attempts", row->name,
			    outcome_word(f->outcome), f->n_attempt);
		for (size_t k = 0; k < n; k++)
			if (f->attempt[k].outcome != row->attempt[k])
				fail_msg("%s: attempt %zu: %s", row->name, k,
				    outcome_word(f->attempt[k].outcome));
	}
	policy_rig_release(&b);
	https_made_stop(good);
	https_made_stop(silent);
	https_made_stop(silent2);
	https_made_stop(bad);
}

static void
speaks_ipv6_after_ipv4(void **state)
{
	struct https_made *six = policy_rig_server("::1",
	    HTTPS_ANSWER, SLICE_LIT(POLICY_ANSWER));
	struct policy_facts *f;
	struct policy_rig b;

	(void)state;
	if (six == NULL)
		skip(); /* no ::1 here */
	policy_rig_init(&b, 8);
	f = policy_rig_fetch(&b, AT("::1", "127.78.0.21"));
	assert_int_equal(f->outcome, OUTCOME_OK);
	assert_int_equal(f->n_attempt, 2);
	assert_int_equal(f->attempt[0].outcome, OUTCOME_CONNECT_REFUSED);
	assert_int_equal(f->attempt[1].address.family, 6);
	policy_rig_assert_text("body", f->body, POLICY_BODY);
	policy_rig_release(&b);
	https_made_stop(six);
}

static void
leaves_excluded_hosts_alone(void **state)
{
	struct https_made *good = policy_rig_server("127.78.0.25",
	    HTTPS_ANSWER, SLICE_LIT(POLICY_ANSWER));
	char path[] = "/tmp/mxcensus-test-exclude-XXXXXX", error[256];
	FILE *file = fdopen(mkstemp(path), "w");
	struct policy_facts *f;
	struct policy_rig b;

	(void)state;
	fputs("a.example\n", file);
	fclose(file);
	policy_rig_init(&b, 8);
	assert_true(reach_exclude_files(b.reach, &(const char *){ path }, 1,
	    error, sizeof(error)));
	f = policy_rig_fetch(&b, AT("127.78.0.25"));
	assert_int_equal(f->outcome, OUTCOME_EXCLUDED);
	assert_int_equal(f->n_attempt, 1);
	assert_int_equal(https_made_connections(good), 0);
	remove(path);
	policy_rig_release(&b);
	https_made_stop(good);
}

static void
refuses_names_that_are_urls(void **state)
{
	struct policy_facts *f;
	struct policy_rig b;

	(void)state;
	policy_rig_init(&b, 8);
	f = policy_rig_begin(&b, AT("127.78.0.21"));
	f->host = SLICE_LIT("a.example/x@127.78.0.1");
	loop_run(b.loop);
	assert_int_equal(f->outcome, OUTCOME_LOCAL);
	assert_int_equal(f->n_attempt, 0);
	policy_rig_release(&b);
}

/* ---- many at once, and the end before the end ---- */

static void
runs_many_at_once(void **state)
{
	struct https_made *s[10];
	char address[10][32];
	struct policy_rig b;

	(void)state;
	policy_rig_init(&b, 3);
	for (int i = 0; i < 10; i++) {
		snprintf(address[i], sizeof(address[i]), "127.78.1.%d",
		    i + 1);
		s[i] = policy_rig_server(address[i],
		    HTTPS_ANSWER, SLICE_LIT(POLICY_ANSWER));
	}
	for (int i = 0; i < 30; i++)
		policy_rig_begin(&b, AT(address[i % 10]));
	loop_run(b.loop);
	for (int i = 0; i < 30; i++)
		assert_int_equal(b.facts[i].outcome, OUTCOME_OK);
	for (int i = 0; i < 10; i++) {
		assert_int_equal(https_made_connections(s[i]), 3);
		https_made_stop(s[i]);
	}
	assert_int_equal(STAT_GET(b.stats.policy_connects), 30);
	policy_rig_release(&b);
}

static void
on_enough(void *ctx)
{
	struct policy_rig *b = ctx;

	loop_stop(b->loop);
}

/* Every stage may be the last: nothing leaks, nothing calls back. */
static void
can_be_freed_at_any_time(void **state)
{
	struct https_made *hang = policy_rig_server("127.78.0.30",
	    HTTPS_HANG, SLICE_EMPTY);
	struct https_made *slow = policy_rig_server("127.78.0.31",
	    HTTPS_TRICKLE, SLICE_LIT(POLICY_ANSWER));
	struct https_made *silent = policy_rig_server("127.78.0.32",
	    HTTPS_BLACKHOLE, SLICE_EMPTY);

	(void)state;
	for (uint64_t ms = 0; ms <= 400; ms += ms < 20 ? 1 : 40) {
		struct policy_rig b;

		policy_rig_init(&b, 4);
		b.n_started = 1; /* on_done() must not come to it */
		for (int i = 0; i < 3; i++) {
			policy_rig_begin(&b, AT("127.78.0.30"));
			policy_rig_begin(&b, AT("127.78.0.31"));
			policy_rig_begin(&b, AT("127.78.0.32"));
			policy_rig_begin(&b, AT("127.78.0.21"));
		}
		loop_post_at(b.loop, loop_clock_ms() + ms, on_enough, &b);
		loop_run(b.loop);
		assert_true(b.n_done < 12);
		if (ms < 20)
			policy_rig_begin(&b, AT("127.78.0.30"));
		policy_rig_release(&b);
	}
	https_made_stop(hang);
	https_made_stop(slow);
	https_made_stop(silent);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(walks_the_addresses),
		cmocka_unit_test(speaks_ipv6_after_ipv4),
		cmocka_unit_test(leaves_excluded_hosts_alone),
		cmocka_unit_test(refuses_names_that_are_urls),
		cmocka_unit_test(runs_many_at_once),
		cmocka_unit_test(can_be_freed_at_any_time),
	};

	return cmocka_run_group_tests(tests, policy_rig_set_up,
	    policy_rig_tear_down);
}
