/* SPDX-License-Identifier: Apache-2.0
 *
 * test_outage.c: made scans, attempt by attempt: failures by chance, dead
 * operators and long queues are no outage; a cut uplink is one, soon.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "scanner/outage.h"

#include "scanner/base/banned.h"

#define STRETCH_MS 30000

static uint64_t seed;

/* xorshift64* */
static uint32_t
chance(uint32_t below)
{
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return (uint32_t)((seed * 0x2545f4914f6cdd1du) >> 33) % below;
}

static void
begin(struct outage *o, uint32_t percent)
{
	struct outage_config c = { percent, STRETCH_MS };

	seed = 88172645463325252u;
	outage_init(o, &c);
}

/* Every attempt has a key of its own, a millisecond after the last. */
static bool
fires_by_chance(uint32_t percent, uint32_t failing, uint64_t n)
{
	struct outage o;
	bool fired = false;

	begin(&o, percent);
	for (uint64_t i = 1; i <= n && !fired; i++)
		if (chance(100) < failing)
			fired = outage_failed(&o, i, 0, i * 10);
		else
			outage_answered(&o, i * 10);
	outage_release(&o);
	return fired;
}

static void
test_chance(void **state)
{
	(void)state;
	assert_false(fires_by_chance(10, 0, 1000000));
	assert_false(fires_by_chance(10, 30, 1000000));
	assert_false(fires_by_chance(10, 70, 1000000));
	/* fewer than so many are answered: that is the rule */
	assert_true(fires_by_chance(10, 95, 100000));
	assert_true(fires_by_chance(10, 100, 100000));
	assert_false(fires_by_chance(1, 95, 1000000));
	assert_true(fires_by_chance(50, 70, 100000));
}

/* When, after the cut at cut_ms; attempts are 10 ms apart and fail late. */
static uint64_t
fires_after(uint64_t cut_ms, uint64_t late_ms, struct outage *o)
{
	begin(o, 10);
	for (uint64_t t = 10;; t += 10) {
		assert_true(t < cut_ms + 10 * STRETCH_MS);
		if (t < cut_ms && chance(100) >= 5)
			outage_answered(o, t);
		else if (t >= cut_ms && t - cut_ms >= late_ms &&
		    outage_failed(o, t - late_ms, 0, t - late_ms))
			return t - cut_ms;
	}
}

static void
test_cut(void **state)
{
	static const uint64_t late[] = { 0, 6400, 15000 };
	struct outage o;

	(void)state;
	for (size_t i = 0; i < sizeof(late) / sizeof(late[0]); i++) {
		uint64_t after = fires_after(100000, late[i], &o);

		assert_true(after >= STRETCH_MS + late[i]);
		assert_true(after <= STRETCH_MS + late[i] + 400);
		/* not a moment of the good time, and all of the bad one */
		assert_true(o.since_ms >= 99900 && o.since_ms <= 100000);
		assert_true(o.n_answered == 0);
		outage_release(&o);
	}
	/* from the beginning on: nothing was ever answered */
	assert_true(fires_after(10, 15000, &o) <= STRETCH_MS + 15400);
	outage_release(&o);
}

static void
test_blip(void **state)
{
	struct outage o;

	(void)state;
	begin(&o, 10);
	for (uint64_t t = 10; t < 1000000; t += 10)
		/* every 100 s nothing is answered for 25 s */
		if (t % 100000 < 25000)
			assert_false(outage_failed(&o, t, 0, t));
		else
			outage_answered(&o, t);
	assert_false(outage_is_suspected(&o));
	outage_release(&o);
}

/* 256 networks of one /16, one after the other, an hour long. */
static void
test_black_hole(void **state)
{
	struct outage o;

	(void)state;
	begin(&o, 10);
	for (uint64_t t = 10; t <= 3600000; t += 100)
		assert_false(outage_failed(&o, t / 100 % 256, 77, t));
	/* without groups they were many, and no outage could be told */
	assert_true(o.n_vote <= LIMIT_OUTAGE_GROUP_VOTES);
	outage_release(&o);
	begin(&o, 10);
	for (uint64_t t = 10; t <= 3600000; t += 100)
		if (outage_failed(&o, t / 100 % 256, 0, t))
			break;
	assert_true(o.n_failed * 100 < 2 * STRETCH_MS);
	outage_release(&o);
}

/*
 * A scan's end: thousands of dead networks, found on the way, have long lines
 * before them, and nobody else is left.
 */
static void
test_queues(void **state)
{
	struct outage o;
	uint64_t t = 10;

	(void)state;
	begin(&o, 10);
	for (uint64_t i = 0; i < 5000; i++, t += 10) {
		assert_false(outage_failed(&o, i % 1000, i % 1000 + 1, t));
		outage_answered(&o, t + 1);
	}
	for (uint64_t i = 0; i < 100000; i++, t += 100)
		assert_false(outage_failed(&o, i % 1000, i % 1000 + 1, t));
	outage_release(&o);
}

/* Sessions that began at the same time: answers come at once, silence late. */
static void
test_last_ones(void **state)
{
	struct outage o;

	(void)state;
	begin(&o, 10);
	for (uint64_t t = 10; t <= 60000; t += 10)
		outage_answered(&o, t);
	for (uint64_t t = 10; t <= 60000; t += 10)
		assert_false(outage_failed(&o, t, t, t - 5));
	assert_false(outage_is_suspected(&o));
	/* what was asked before the trouble does not end it */
	for (uint64_t t = 61000; t <= 90000; t += 10)
		outage_failed(&o, t, t, t);
	for (uint64_t i = 0; i < 1000; i++)
		outage_answered(&o, 60500);
	assert_true(outage_is_grave(&o));
	/* what was asked in it does */
	for (uint64_t i = 0; i < 20; i++)
		outage_answered(&o, 62000 + i);
	assert_false(outage_is_suspected(&o));
	outage_release(&o);
}

/* Three of them fail now and then, hours apart: they are no stretch. */
static void
test_stale(void **state)
{
	struct outage o;

	(void)state;
	begin(&o, 10);
	for (uint64_t i = 1; i < 1000; i++)
		assert_false(outage_failed(&o, i, 0, i * 7200000));
	assert_false(outage_is_grave(&o));
	outage_release(&o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_chance),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_blip),
		cmocka_unit_test(test_black_hole),
		cmocka_unit_test(test_queues),
		cmocka_unit_test(test_last_ones),
		cmocka_unit_test(test_stale),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
