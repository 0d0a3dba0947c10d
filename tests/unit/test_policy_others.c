/* SPDX-License-Identifier: Apache-2.0
 *
 * test_policy_others.c: the addresses of a policy host beside the one that
 * decides: which are asked, what is kept, when the asking ends.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scanner/base/limits.h"
#include "tests/unit/policy_rig.h"
#include "workers/policy_others.h"

#include "scanner/base/banned.h"

#define OTHER_BODY "version: STSv1\nmode: none\nmax_age: 9\n"

static struct policy_facts *
fetch(struct policy_rig *b, size_t addresses, const char *const at[4])
{
	struct policy_facts *f;

	policy_rig_init(b, 8);
	b->addresses = addresses;
	f = policy_rig_fetch(b, at);
	assert_int_equal(f->outcome, OUTCOME_OK);
	return f;
}

/* Connections that were made, by their own mark. */
static size_t
contacts(const struct policy_facts *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n_attempt; i++)
		n += f->attempt[i].started_ms != 0;
	return n;
}

static void
asks_every_address(void **state)
{
	struct https_made *first = policy_rig_server("127.78.2.1",
	    HTTPS_ANSWER, SLICE_LIT(POLICY_ANSWER));
	struct https_made *same = policy_rig_server("127.78.2.2",
	    HTTPS_ANSWER, SLICE_LIT(POLICY_ANSWER));
	struct https_made *other = policy_rig_server("127.78.2.3",
	    HTTPS_ANSWER, SLICE_LIT(POLICY_OK POLICY_END OTHER_BODY));
	struct https_made *gone = policy_rig_server("127.78.2.4",
	    HTTPS_ANSWER, SLICE_LIT("HTTP/1.1 404 No\r\n" POLICY_END));
	struct policy_facts *f;
	struct policy_rig b;

	(void)state;
	f = fetch(&b, 16, AT("127.78.2.1", "127.78.2.2", "127.78.2.3",
	    "127.78.2.4"));
	policy_rig_assert_text("body", f->body, POLICY_BODY);
	assert_int_equal(f->size, sizeof(POLICY_BODY) - 1);
	assert_int_equal(f->n_attempt, 4);
	assert_int_equal(contacts(f), 4);
	assert_int_equal(f->n_other, 3);
	assert_false(f->others_cut);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(f->other[i].outcome, OUTCOME_OK);
		assert_int_equal(f->other[i].tls, OUTCOME_OK);
		assert_int_equal(f->other[i].trusted, TRI_YES);
		assert_int_equal(f->other[i].name_ok, TRI_YES);
		assert_true(f->other[i].has_leaf);
		assert_memory_equal(f->other[i].leaf.sha256,
		    f->tls.chain[0].sha256, 32);
	}
	assert_int_equal(f->other[0].same, TRI_YES);
	assert_false(f->other[0].has_body);
	assert_int_equal(f->other[1].same, TRI_NO);
	policy_rig_assert_text("other", f->other[1].body, OTHER_BODY);
	assert_int_equal(f->other[2].http_status, 404);
	assert_int_equal(f->other[2].same, TRI_UNKNOWN);
	assert_int_equal(STAT_GET(b.stats.policy_connects), 4);
	assert_int_equal(https_made_connections(first), 1);
	assert_int_equal(https_made_connections(gone), 1);
	policy_rig_release(&b);
	https_made_stop(first);
	https_made_stop(same);
	https_made_stop(other);
	https_made_stop(gone);
}

static void
asks_no_more_than_told(void **state)
{
	struct https_made *one = policy_rig_server("127.78.2.5",
	    HTTPS_ANSWER, SLICE_LIT(POLICY_ANSWER));
	struct https_made *two = policy_rig_server("127.78.2.6",
	    HTTPS_ANSWER, SLICE_LIT(POLICY_ANSWER));
	struct policy_facts *f;
	struct policy_rig b;

	(void)state;
	f = fetch(&b, 1, AT("127.78.2.5", "127.78.2.6"));
	assert_int_equal(f->n_other, 0);
	assert_true(f->others_cut);
	assert_int_equal(https_made_connections(two), 0);
	policy_rig_release(&b);
	/* One that was attempted before is not asked twice. */
	f = fetch(&b, 16, AT("127.78.0.21", "10.0.0.1", "127.78.2.6"));
	assert_int_equal(f->n_other, 2);
	assert_int_equal(f->other[0].outcome, OUTCOME_CONNECT_REFUSED);
	assert_int_equal(f->other[1].outcome, OUTCOME_SPECIAL_ADDRESS);
	assert_int_equal(contacts(f), 2);
	assert_int_equal(f->attempt[1].started_ms, 0); /* special */
	assert_int_equal(https_made_connections(two), 1);
	policy_rig_release(&b);
	https_made_stop(one);
	https_made_stop(two);
}

static void
gives_up_on_silence(void **state)
{
	struct https_made *good = policy_rig_server("127.78.2.10",
	    HTTPS_ANSWER, SLICE_LIT(POLICY_ANSWER));
	struct https_made *hang = policy_rig_server("127.78.2.11",
	    HTTPS_HANG, SLICE_EMPTY);
	struct https_made *silent = policy_rig_server("127.78.2.12",
	    HTTPS_BLACKHOLE, SLICE_EMPTY);
	struct https_made *last = policy_rig_server("127.78.2.13",
	    HTTPS_ANSWER, SLICE_LIT(POLICY_ANSWER));
	struct policy_facts *f;
	struct policy_rig b;

	(void)state;
	f = fetch(&b, 16, AT("127.78.2.10", "127.78.2.11", "127.78.2.12",
	    "127.78.2.13"));
	assert_int_equal(f->n_other, 2);
	assert_true(f->others_cut);
	assert_int_equal(f->other[0].outcome, OUTCOME_TLS_TIMEOUT);
	assert_int_equal(f->other[1].outcome, OUTCOME_CONNECT_TIMEOUT);
	assert_int_equal(https_made_connections(last), 0);
	policy_rig_release(&b);
	https_made_stop(good);
	https_made_stop(hang);
	https_made_stop(silent);
	https_made_stop(last);
}

/* A dead address of many hosts is tried a few times, and told of all. */
static void
remembers_silent_addresses(void **state)
{
	struct https_made *good = policy_rig_server("127.78.2.20",
	    HTTPS_ANSWER, SLICE_LIT(POLICY_ANSWER));
	struct https_made *silent = policy_rig_server("127.78.2.21",
	    HTTPS_BLACKHOLE, SLICE_EMPTY);
	size_t n = 0;
	struct policy_rig b;

	(void)state;
	policy_rig_init(&b, 8);
	b.addresses = 16;
	for (int i = 0; i < 8; i++)
		policy_rig_begin(&b, AT("127.78.2.20", "127.78.2.21"));
	loop_run(b.loop);
	for (int i = 0; i < 8; i++) {
		assert_int_equal(b.facts[i].outcome, OUTCOME_OK);
		assert_int_equal(b.facts[i].n_other, 1);
		assert_int_equal(b.facts[i].other[0].outcome,
		    OUTCOME_CONNECT_TIMEOUT);
		n += b.facts[i].n_attempt - 1;
	}
	assert_int_equal(n, LIMIT_POLICY_SILENT_IN_ROW);
	assert_int_equal(https_made_connections(good), 8);
	policy_rig_release(&b);
	https_made_stop(good);
	https_made_stop(silent);
}

/* The same where no other address is there to decide. */
static void
leaves_a_dead_house_alone(void **state)
{
	struct https_made *silent = policy_rig_server("127.78.2.22",
	    HTTPS_BLACKHOLE, SLICE_EMPTY);
	size_t n = 0;
	struct policy_rig b;

	(void)state;
	policy_rig_init(&b, 8);
	for (int i = 0; i < 8; i++)
		policy_rig_begin(&b, AT("127.78.2.22"));
	loop_run(b.loop);
	for (int i = 0; i < 8; i++) {
		assert_int_equal(b.facts[i].outcome, OUTCOME_CONNECT_TIMEOUT);
		assert_int_equal(b.facts[i].n_attempt, 2); /* both rounds */
		n += contacts(&b.facts[i]);
	}
	assert_int_equal(n, LIMIT_POLICY_SILENT_IN_ROW);
	policy_rig_release(&b);
	https_made_stop(silent);
}

static void
caps_what_it_keeps(void **state)
{
	static char answer[LIMIT_POLICY_OTHER_BYTES + 256];
	struct https_made *good = policy_rig_server("127.78.2.30",
	    HTTPS_ANSWER, SLICE_LIT(POLICY_ANSWER));
	struct https_made *large, *endless = policy_rig_server("127.78.2.32",
	    HTTPS_ENDLESS, SLICE_LIT(POLICY_OK POLICY_END "x: y\n"));
	struct policy_facts *f;
	struct policy_rig b;
	size_t n = strlen(POLICY_OK POLICY_END);

	(void)state;
	memset(answer, 'a', sizeof(answer));
	memcpy(answer, POLICY_OK POLICY_END, n);
	large = policy_rig_server("127.78.2.31", HTTPS_ANSWER,
	    slice_make(answer, sizeof(answer)));
	f = fetch(&b, 16, AT("127.78.2.30", "127.78.2.31", "127.78.2.32"));
	assert_int_equal(f->n_other, 2);
	assert_int_equal(f->other[0].same, TRI_NO);
	assert_int_equal(f->other[1].same, TRI_UNKNOWN);
	assert_int_equal(f->other[1].outcome, OUTCOME_TOO_LARGE);
	for (int i = 0; i < 2; i++) {
		assert_true(f->other[i].body_cut);
		assert_int_equal(f->other[i].body.n,
		    LIMIT_POLICY_OTHER_BYTES);
	}
	policy_rig_release(&b);
	https_made_stop(good);
	https_made_stop(large);
	https_made_stop(endless);
}

/* Families by turns; a small limit sees both. */
static void
lists_by_turns(void **state)
{
	struct address four[3] = { { 4, { 127, 0, 0, 1 } },
		{ 4, { 127, 0, 0, 2 } }, { 4, { 127, 0, 0, 3 } } };
	struct address six[2] = { { 6, { 1 } }, { 6, { 2 } } };
	struct policy_facts f = { .a = { .n = 3, .address = four },
		.aaaa = { .n = 2, .address = six } };
	struct arena *a = arena_new();

	(void)state;
	policy_others_list(a, &f, &four[0], 16);
	assert_int_equal(f.n_other, 4);
	assert_true(address_same(&f.other[0].address, &six[0]));
	assert_true(address_same(&f.other[1].address, &four[1]));
	assert_true(address_same(&f.other[2].address, &six[1]));
	assert_true(address_same(&f.other[3].address, &four[2]));
	assert_false(f.others_cut);
	policy_others_list(a, &f, &four[1], 2);
	assert_int_equal(f.n_other, 1);
	assert_true(address_same(&f.other[0].address, &four[0]));
	assert_true(f.others_cut);
	arena_free(a);
}

static void
on_enough(void *ctx)
{
	struct policy_rig *b = ctx;

	loop_stop(b->loop);
}

/* The pool may end while another address is asked. */
static void
can_be_freed_in_between(void **state)
{
	struct https_made *good = policy_rig_server("127.78.2.40",
	    HTTPS_ANSWER, SLICE_LIT(POLICY_ANSWER));
	struct https_made *slow = policy_rig_server("127.78.2.41",
	    HTTPS_TRICKLE, SLICE_LIT(POLICY_ANSWER));

	(void)state;
	for (uint64_t ms = 0; ms <= 300; ms += ms < 30 ? 2 : 45) {
		struct policy_rig b;

		policy_rig_init(&b, 4);
		b.addresses = 16;
		b.n_started = 1; /* on_done() must not come to it */
		for (int i = 0; i < 4; i++)
			policy_rig_begin(&b, AT("127.78.2.40",
			    "127.78.2.41"));
		loop_post_at(b.loop, loop_clock_ms() + ms, on_enough, &b);
		loop_run(b.loop);
		policy_rig_release(&b);
	}
	https_made_stop(good);
	https_made_stop(slow);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(asks_every_address),
		cmocka_unit_test(asks_no_more_than_told),
		cmocka_unit_test(gives_up_on_silence),
		cmocka_unit_test(remembers_silent_addresses),
		cmocka_unit_test(leaves_a_dead_house_alone),
		cmocka_unit_test(caps_what_it_keeps),
		cmocka_unit_test(lists_by_turns),
		cmocka_unit_test(can_be_freed_in_between),
	};

	return cmocka_run_group_tests(tests, policy_rig_set_up,
	    policy_rig_tear_down);
}
