/* SPDX-License-Identifier: Apache-2.0
 *
 * test_withhold.c: what was posted since a moment goes out of the file again,
 * and few ends of frames are remembered for it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "output/boundary.h"
#include "output/object.h"
#include "output/reader.h"
#include "output/sink.h"
#include "tests/unit/facts_sample.h"
#include "tests/unit/temp_file.h"

#include "scanner/base/banned.h"

static uint64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void
wait_ms(long ms)
{
	const struct timespec t = { .tv_nsec = ms * 1000000 };

	nanosleep(&t, NULL);
}

static struct sink *
open_sink(const char *name)
{
	struct sink_config config = { .path = name, .level = 1, .force = true,
		.frame_ms = 1 };
	char error[256];
	struct sink *s = sink_open(&config, error, sizeof(error));
	struct record *r = sample_scan_record();

	if (s == NULL)
		fail_msg("%s", error);
	sink_post(s, &r, 1, NULL, NULL);
	return s;
}

/* n domains from line `first` on. */
static void
post(struct sink *s, unsigned first, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct arena *a = arena_new();
		struct sample_domain d;
		struct record *r;

		sample_nxdomain(&d, first + i, SLICE_LIT("none.example"));
		r = record_domain(&d.meta, &d.facts, &d.judgement);
		sink_post(s, &r, 1, NULL, NULL);
		arena_free(a);
	}
}

/* A record that stands alone ends the frame before it. */
static uint64_t
frame_ends(struct sink *s)
{
	struct record *r = sample_session_record();
	struct tally t;
	uint64_t at;

	sink_post(s, &r, 1, NULL, NULL);
	sink_drain(s, &t);
	at = now_ms();
	wait_ms(5);
	return at;
}

static uint64_t
domains_in_file(void)
{
	struct reader_report report;
	const msgpack_object *record;
	char error[128];
	struct reader *r = reader_open(temp_path, error, sizeof(error));
	uint64_t n = 0;

	assert_non_null(r);
	while ((record = reader_next(r)) != NULL)
		n += object_is(record, SLICE_LIT("domain"));
	reader_report(r, &report);
	assert_true(reader_is_whole(&report));
	reader_close(r);
	return n;
}

static void
test_withhold(void **state)
{
	struct sink *s = open_sink(temp_path);
	struct tally t = { .domains = 0 }, kept;
	uint64_t at;

	(void)state;
	post(s, 1, 10);
	at = frame_ends(s);
	post(s, 11, 20);
	frame_ends(s);
	post(s, 31, 5); /* perhaps not in a frame yet */
	assert_true(sink_withhold(s, at, &t));
	assert_int_equal(t.domains, 25);
	sink_drain(s, &kept);
	assert_int_equal(kept.domains, 10);
	post(s, 11, 1); /* the file goes on where it was cut */
	assert_true(sink_close(s));
	assert_int_equal(domains_in_file(), 11);
}

/* Trouble before anything else: the first record stays. */
static void
test_everything(void **state)
{
	struct sink *s = open_sink(temp_path);
	struct tally t = { .domains = 0 };

	(void)state;
	post(s, 1, 10);
	frame_ends(s);
	post(s, 11, 10);
	assert_true(sink_withhold(s, 1, &t));
	assert_int_equal(t.domains, 20);
	assert_true(sink_close(s));
	assert_int_equal(domains_in_file(), 0);
}

static void
test_uncuttable(void **state)
{
	struct sink *s = open_sink("/dev/null");
	struct tally t = { .domains = 0 };

	(void)state;
	post(s, 1, 10);
	assert_false(sink_withhold(s, 1, &t));
	assert_int_equal(t.domains, 0);
	assert_true(sink_close(s));
}

static void
test_boundaries(void **state)
{
	struct boundaries b = { .n = 0 };

	(void)state;
	/* One a second for an hour, of which the last minute may matter. */
	for (uint64_t i = 0; i < 3600; i++) {
		boundaries_add(&b, &(struct boundary){ .at_ms = i * 1000,
			.bytes = i }, i < 60 ? 0 : (i - 60) * 1000);
		assert_true(b.n <= BOUNDARIES_MAX);
		for (size_t k = 1; k < b.n; k++)
			assert_true(b.v[k - 1].at_ms < b.v[k].at_ms);
		assert_int_equal(b.v[0].at_ms, 0);
	}
	assert_int_equal(boundaries_find(&b, 4000000)->bytes, 3599);
	/* Never one after the moment, nor one that is very far before. */
	for (uint64_t ms = 3540000; ms < 3600000; ms += 500) {
		const struct boundary *to = boundaries_find(&b, ms);

		assert_true(to->at_ms <= ms);
		assert_true(to->at_ms + 15000 >= ms);
	}
	assert_int_equal(boundaries_find(&b, 0)->bytes, 0);
	/* Nothing settles: what a long stretch needs is kept, if coarsely. */
	b.n = 0;
	for (uint64_t i = 0; i < 10000; i++)
		boundaries_add(&b, &(struct boundary){ .at_ms = i,
			.bytes = i }, 0);
	assert_true(b.n <= BOUNDARIES_MAX);
	for (uint64_t ms = 1000; ms < 10000; ms += 100) {
		uint64_t at = boundaries_find(&b, ms)->at_ms;

		assert_true(at <= ms && at + 2000 >= ms);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_withhold),
		cmocka_unit_test(test_everything),
		cmocka_unit_test(test_uncuttable),
		cmocka_unit_test(test_boundaries),
	};

	return cmocka_run_group_tests(tests, temp_file_set_up,
	    temp_file_tear_down);
}
