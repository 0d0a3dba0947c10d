/* SPDX-License-Identifier: Apache-2.0
 *
 * test_loop.c: messages across threads, their order, times, and the stop.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "workers/loop.h"

#include "scanner/base/banned.h"

#define AT_MOST_S 120

#define POSTERS 4
#define POSTS 5000

struct tally {
	struct loop *loop;
	int last[POSTERS];
	int out_of_order;
	int n;
};

struct note {
	struct tally *tally;
	int poster, number;
};

struct poster {
	struct loop *loop;
	struct note *note;
	pthread_t thread;
};

static void
on_note(void *ctx)
{
	struct note *note = ctx;
	struct tally *t = note->tally;

	if (note->number != t->last[note->poster] + 1)
		t->out_of_order++;
	t->last[note->poster] = note->number;
	t->n++;
}

static void *
post_notes(void *ctx)
{
	struct poster *p = ctx;

	for (int i = 0; i < POSTS; i++)
		loop_post(p->loop, on_note, &p->note[i]);
	return NULL;
}

static void *
run_loop(void *ctx)
{
	loop_run(ctx);
	return NULL;
}

/* Several threads post to a running loop: all arrive, each in its order. */
static void
test_posts_arrive_in_order(void **state)
{
	static struct note notes[POSTERS][POSTS];
	struct poster posters[POSTERS];
	struct tally tally = { .loop = loop_new() };
	pthread_t runner;

	(void)state;
	pthread_create(&runner, NULL, run_loop, tally.loop);
	for (int i = 0; i < POSTERS; i++) {
		posters[i].loop = tally.loop;
		posters[i].note = notes[i];
		for (int j = 0; j < POSTS; j++)
			notes[i][j] = (struct note){ &tally, i, j + 1 };
		pthread_create(&posters[i].thread, NULL, post_notes,
		    &posters[i]);
	}
	for (int i = 0; i < POSTERS; i++)
		pthread_join(posters[i].thread, NULL);
	loop_stop(tally.loop);
	pthread_join(runner, NULL);
	assert_int_equal(tally.n, POSTERS * POSTS);
	assert_int_equal(tally.out_of_order, 0);
	loop_free(tally.loop);
}

static void
count_one(void *ctx)
{
	++*(int *)ctx;
}

/* What was posted before the stop runs, even before the loop began. */
static void
test_stop_runs_what_was_posted(void **state)
{
	struct loop *l = loop_new();
	int n = 0;

	(void)state;
	for (int i = 0; i < 1000; i++)
		loop_post(l, count_one, &n);
	loop_stop(l);
	loop_run(l);
	assert_int_equal(n, 1000);
	/* and the loop can run again */
	loop_post(l, count_one, &n);
	loop_stop(l);
	loop_run(l);
	assert_int_equal(n, 1001);
	loop_free(l);
}

struct timed {
	struct loop *loop;
	uint64_t when_ms;
	int *order;
	int early, expected;
};

static void
on_timed(void *ctx)
{
	struct timed *t = ctx;

	t->early = loop_clock_ms() < t->when_ms;
	if (*t->order == t->expected)
		++*t->order;
}

static void
stop_loop(void *ctx)
{
	loop_stop(ctx);
}

/* Timed messages run in the order of their times and never too early. */
static void
test_timed_messages(void **state)
{
	static const int delay[] = { 40, 5, 25, 0, 60, 15 };
	static const int place[] = { 4, 1, 3, 0, 5, 2 };
	struct timed timed[6];
	struct loop *l = loop_new();
	uint64_t begin = loop_clock_ms();
	int order = 0;

	(void)state;
	for (int i = 0; i < 6; i++) {
		timed[i] = (struct timed){ l, begin + (uint64_t)delay[i],
			&order, -1, place[i] };
		loop_post_at(l, timed[i].when_ms, on_timed, &timed[i]);
	}
	loop_post_at(l, begin + 80, stop_loop, l);
	loop_run(l);
	assert_int_equal(order, 6);
	for (int i = 0; i < 6; i++)
		assert_int_equal(timed[i].early, 0);
	assert_true(loop_clock_ms() - begin >= 80);
	assert_true(loop_clock_ms() - begin < 2000);
	loop_free(l);
}

/* The order among messages of one time is that of their posts. */
static void
test_timed_messages_of_one_time(void **state)
{
	struct note notes[100];
	struct tally tally = { .loop = loop_new() };
	uint64_t when = loop_clock_ms() + 5;

	(void)state;
	for (int i = 0; i < 100; i++) {
		notes[i] = (struct note){ &tally, 0, i + 1 };
		loop_post_at(tally.loop, when, on_note, &notes[i]);
	}
	loop_post_at(tally.loop, when + 1, stop_loop, tally.loop);
	loop_run(tally.loop);
	assert_int_equal(tally.n, 100);
	assert_int_equal(tally.out_of_order, 0);
	loop_free(tally.loop);
}

struct forget {
	struct loop *loop;
	int *victim;
};

static void
forget_victim(void *ctx)
{
	struct forget *f = ctx;

	loop_unpost(f->loop, count_one, f->victim);
}

/* A forgotten message never runs: of this batch, of the next, or timed. */
static void
test_unpost(void **state)
{
	struct loop *l = loop_new();
	int victim = 0, other = 0;
	struct forget f = { l, &victim };

	(void)state;
	loop_post(l, forget_victim, &f);
	loop_post(l, count_one, &victim);
	loop_post_at(l, loop_clock_ms() + 5, count_one, &victim);
	loop_post(l, count_one, &other);
	loop_post_at(l, loop_clock_ms() + 10, stop_loop, l);
	loop_run(l);
	assert_int_equal(victim, 0);
	assert_int_equal(other, 1);
	loop_free(l);
}

/* Messages that never ran are dropped with the loop, without a leak. */
static void
test_free_with_messages(void **state)
{
	struct loop *l = loop_new();
	int n = 0;

	(void)state;
	loop_post(l, count_one, &n);
	loop_post_at(l, loop_clock_ms() + 1000, count_one, &n);
	loop_free(l);
	assert_int_equal(n, 0);
}

struct deadline {
	struct due due;
	struct loop *loop;
	int *order;
	int expected, n, early;
};

static void
on_deadline(void *loop, struct due *due)
{
	struct deadline *d = (struct deadline *)due;

	assert_ptr_equal(loop, d->loop);
	d->n++;
	d->early = loop_now_ms(loop) < due->at_ms;
	if (*d->order == d->expected)
		++*d->order;
	if (d->expected == 3) /* at once, and yet not from within */
		loop_due_set(loop, due, d->n == 1 ? 0 :
		    loop_clock_ms() + 60000);
}

/* Deadlines fire once each, by their times, as last set; cleared ones do not.
 * One that sets itself again is served in another turn. */
static void
test_deadlines(void **state)
{
	static const int delay[] = { 40, 5, 25, 0, 10 };
	static const int place[] = { 2, 1, 3, 0, -1 };
	struct deadline d[5];
	struct loop *l = loop_new();
	uint64_t begin = loop_clock_ms();
	int order = 0;

	(void)state;
	for (int i = 0; i < 5; i++) {
		d[i] = (struct deadline){ { 0, 0, on_deadline }, l, &order,
			place[i], 0, 0 };
		loop_due_set(l, &d[i].due, begin + (uint64_t)delay[i]);
	}
	loop_due_set(l, &d[0].due, begin + 20);
	loop_due_set(l, &d[2].due, begin + 30);
	loop_due_clear(l, &d[4].due);
	loop_due_clear(l, &d[4].due);
	loop_post_at(l, begin + 80, stop_loop, l);
	loop_run(l);
	assert_int_equal(order, 4);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(d[i].n, i == 4 ? 0 : i == 2 ? 2 : 1);
		assert_int_equal(d[i].early, 0);
	}
	loop_due_clear(l, &d[2].due);
	loop_free(l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_deadlines),
		cmocka_unit_test(test_posts_arrive_in_order),
		cmocka_unit_test(test_stop_runs_what_was_posted),
		cmocka_unit_test(test_timed_messages),
		cmocka_unit_test(test_timed_messages_of_one_time),
		cmocka_unit_test(test_unpost),
		cmocka_unit_test(test_free_with_messages),
	};

	alarm(AT_MOST_S); /* a test that waits for ever fails */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
