/* SPDX-License-Identifier: Apache-2.0
 *
 * test_dns_window.c: the window in a simulated network with virtual time.
 *
 * A link has a time, random loss, and at its end a server with a rate and a
 * queue, or one that drops all beyond its rate.  A sender keeps the window
 * full; what is answered, once the first seconds are over, is held against
 * the best fixed window on the same link.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "scanner/base/arena.h"
#include "workers/dns_window.h"

#include "scanner/base/banned.h"

#define TIMEOUT_MS 800
#define US_PER_MS 1000
#define WARM_S 8
#define SIM_S 12
#define MOST 16384

struct link {
	const char *name;
	double rtt_ms;      /* without any queue */
	double spread_ms;   /* uniform, on top */
	double rate;        /* answers a second */
	unsigned queue;     /* longer ones lose their end; 0: none at all */
	double loss;
};

/* A question in flight: when its verdict comes, and which. */
struct flight {
	uint64_t at_us, sent_us;
	bool answered;
	uint8_t of; /* the window it has a place in */
};

#define WINDOWS_MAX 4

struct sim {
	const struct link *link;
	struct dns_window w[WINDOWS_MAX]; /* that share the server */
	uint32_t in_flight[WINDOWS_MAX];
	unsigned n_windows;
	uint32_t fixed;       /* 0: the windows decide */
	uint64_t left;        /* questions still to be asked */
	uint64_t now_us, free_us; /* free_us: the server's next idle moment */
	double tokens;        /* of a server without a queue */
	uint64_t tokens_us;
	struct flight *heap;
	size_t n, cap;
	uint64_t seed;
	uint64_t sent, answered, lost;
};

static double
chance(struct sim *s)
{
	s->seed = s->seed * 6364136223846793005u + 1442695040888963407u;
	return (double)(s->seed >> 33) / (double)(1u << 31);
}

static void
push(struct sim *s, struct flight f)
{
	size_t i = s->n++;

	if (s->n > s->cap) {
		s->cap = s->cap == 0 ? 64 : s->cap * 2;
		s->heap = xrealloc(s->heap, s->cap * sizeof(*s->heap));
	}
	while (i > 0 && s->heap[(i - 1) / 2].at_us > f.at_us) {
		s->heap[i] = s->heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	s->heap[i] = f;
}

static struct flight
pop(struct sim *s)
{
	struct flight first = s->heap[0], last = s->heap[--s->n];
	size_t i = 0, child;

	while ((child = 2 * i + 1) < s->n) {
		if (child + 1 < s->n &&
		    s->heap[child + 1].at_us < s->heap[child].at_us)
			child++;
		if (s->heap[child].at_us >= last.at_us)
			break;
		s->heap[i] = s->heap[child];
		i = child;
	}
	s->heap[i] = last;
	return first;
}

/* A server that drops: a bucket of 20 ms of its rate, refilled in time. */
static bool
has_token(struct sim *s)
{
	double most = s->link->rate / 50;

	s->tokens += (double)(s->now_us - s->tokens_us) / 1e6 * s->link->rate;
	s->tokens_us = s->now_us;
	if (s->tokens > most)
		s->tokens = most;
	if (s->tokens < 1)
		return false;
	s->tokens -= 1;
	return true;
}

static void
send_one(struct sim *s, unsigned of)
{
	const struct link *l = s->link;
	double service_us = 1e6 / l->rate;
	struct flight f = { .sent_us = s->now_us, .of = (uint8_t)of };
	uint64_t done = s->now_us;

	f.at_us = s->now_us + (uint64_t)(TIMEOUT_MS * US_PER_MS *
	    (1 + chance(s) / 4));

	s->sent++;
	s->left--;
	s->in_flight[of]++;
	if (chance(s) >= l->loss && l->queue == 0) {
		f.answered = has_token(s);
	} else if (l->queue > 0 && s->free_us <=
	    s->now_us + (uint64_t)(l->queue * service_us)) {
		if (s->free_us < s->now_us)
			s->free_us = s->now_us;
		s->free_us += (uint64_t)service_us;
		done = s->free_us;
		f.answered = chance(s) >= l->loss;
	}
	if (f.answered)
		f.at_us = done + (uint64_t)((l->rtt_ms +
		    l->spread_ms * chance(s)) * US_PER_MS);
	push(s, f);
}

/* Milliseconds as a loop has them: cut off, from an odd start. */
static uint64_t
ms(uint64_t us)
{
	return 12345 + us / US_PER_MS;
}

static void
verdict(struct sim *s, struct flight f)
{
	s->now_us = f.at_us;
	s->in_flight[f.of]--;
	if (f.answered) {
		s->answered++;
		dns_window_answered(&s->w[f.of], ms(f.at_us),
		    ms(f.at_us) - ms(f.sent_us));
	} else {
		s->lost++;
		s->left++; /* asked again */
		dns_window_lost(&s->w[f.of], ms(f.at_us));
	}
}

static void
sim_init(struct sim *s, const struct link *l, uint32_t fixed)
{
	*s = (struct sim){ .link = l, .fixed = fixed, .seed = 7,
		.tokens = l->rate, .n_windows = 1, .left = UINT64_MAX / 2 };
	dns_window_init(&s->w[0], TIMEOUT_MS, MOST, 1);
}

static bool
has_room(const struct sim *s, unsigned of)
{
	return s->in_flight[of] < (s->fixed != 0 ? s->fixed : s->w[of].size);
}

/* In turns, as workers are. */
static void
fill(struct sim *s)
{
	bool any = true;

	while (any && s->left > 0) {
		any = false;
		for (unsigned i = 0; i < s->n_windows && s->left > 0; i++) {
			if (!has_room(s, i))
				continue;
			send_one(s, i);
			any = true;
		}
	}
	for (unsigned i = 0; i < s->n_windows && s->left > 0; i++)
		dns_window_full(&s->w[i]);
}

static void
sim_run(struct sim *s, uint64_t until_us)
{
	while (s->now_us < until_us) {
		fill(s);
		if (s->n == 0)
			return; /* all is answered */
		verdict(s, pop(s));
	}
}

/* Workers, each with a window, and so many questions. */
static void
sim_list(struct sim *s, const struct link *l, unsigned workers, uint64_t seed,
    uint64_t questions)
{
	sim_init(s, l, 0);
	s->seed = seed;
	s->left = questions;
	s->n_windows = workers;
	for (unsigned i = 0; i < workers; i++)
		dns_window_init(&s->w[i], TIMEOUT_MS, MOST, workers);
	sim_run(s, UINT64_MAX);
	assert_int_equal(s->answered, questions);
	free(s->heap);
}

/* Answers a second, and queries an answer, once the first time is over. */
static double
rate_of(const struct link *l, uint32_t fixed, double *overask)
{
	struct sim s;
	uint64_t answered, sent;

	sim_init(&s, l, fixed);
	sim_run(&s, (uint64_t)WARM_S * 1000000);
	answered = s.answered;
	sent = s.sent;
	sim_run(&s, (uint64_t)(WARM_S + SIM_S) * 1000000);
	if (overask != NULL)
		*overask = (double)(s.sent - sent) /
		    (double)(s.answered - answered);
	free(s.heap);
	return (double)(s.answered - answered) / SIM_S;
}

static double
best_fixed(const struct link *l, uint32_t *window)
{
	double best = 0;

	for (uint32_t fixed = 4; fixed <= MOST; fixed *= 2) {
		double rate = rate_of(l, fixed, NULL);

		if (rate > best) {
			best = rate;
			*window = fixed;
		}
	}
	return best;
}

static const struct {
	struct link link;
	double least_share;  /* of what the best fixed window brings */
	double most_queries; /* an answer */
} rows[] = {
	{ { "clean loopback", 0.1, 0.1, 60000, 1000, 0 }, 0.9, 1.01 },
	{ { "loopback, short queue", 0.1, 0.1, 60000, 500, 0 }, 0.9, 1.05 },
	{ { "loopback, 5 % lost", 0.1, 0.1, 60000, 1000, 0.05 }, 0.9, 1.08 },
	{ { "clean, 30 ms away", 30, 5, 20000, 4000, 0 }, 0.9, 1.01 },
	{ { "30 ms, 5 % lost", 30, 5, 20000, 4000, 0.05 }, 0.9, 1.08 },
	{ { "10 ms, 5 % lost", 10, 10, 20000, 4000, 0.05 }, 0.9, 1.08 },
	{ { "10 ms, 3 % lost", 10, 10, 20000, 4000, 0.03 }, 0.9, 1.08 },
	{ { "recursion: 1 to 300 ms", 1, 300, 20000, 4000, 0 }, 0.9, 1.02 },
	{ { "slow: 500/s", 20, 5, 500, 1000, 0 }, 0.9, 1.02 },
	{ { "drops above 5,000/s", 0.2, 0.1, 5000, 0, 0 }, 0.9, 1.2 },
	{ { "drops above 5,000/s, 20 ms", 20, 5, 5000, 0, 0 }, 0.9, 1.2 },
	/* The least window is more than it takes: --resolver-rate is for it. */
	{ { "drops above 300/s", 1, 1, 300, 0, 0 }, 0.4, 1.5 },
};

static void
test_against_best(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct link *l = &rows[i].link;
		uint32_t window = 0;
		double best = best_fixed(l, &window), queries;
		double ours = rate_of(l, 0, &queries);

		print_message("%-27s %6.0f/s, best %6.0f/s at %5u, "
		    "%.3f queries an answer\n", l->name, ours, best, window,
		    queries);
		assert_true(ours >= best * rows[i].least_share);
		assert_true(queries <= rows[i].most_queries);
	}
}

/* What a line loses is known soon after the first loss can be. */
static void
test_lossy_start(void **state)
{
	static const struct link l = { "", 0.1, 0.1, 60000, 1000, 0.05 };
	struct sim s;
	uint64_t answered;

	(void)state;
	sim_init(&s, &l, 0);
	sim_run(&s, 2500000);
	answered = s.answered;
	sim_run(&s, 3000000);
	assert_true(s.answered - answered > 0.8 * 0.5 * 60000);
	free(s.heap);
}

/* Seldom is a list so long that what its start costs does not count. */
static void
test_short_list(void **state)
{
	static const struct link drops = { "", 0.5, 0.5, 5000, 0, 0 };
	static const struct link wide = { "", 1, 300, 20000, 4000, 0 };
	struct sim s;

	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		for (unsigned workers = 2; workers <= WINDOWS_MAX; workers++) {
			sim_list(&s, &drops, workers, seed * 77, 6000);
			assert_true(s.sent < 1.07 * 6000);
		}
		sim_list(&s, &wide, 2, seed * 77, 100000);
		/* twice as long as at full speed, and the slowest name */
		assert_true(s.now_us < 10600000);
	}
}

/* One supply of questions, two resolvers: each takes what it has room for. */
static void
test_two_speeds(void **state)
{
	static const struct link fast = { "fast", 0.2, 0.1, 40000, 1000, 0 };
	static const struct link slow = { "slow", 40, 20, 2000, 1000, 0 };
	struct sim s[2];

	(void)state;
	sim_init(&s[0], &fast, 0);
	sim_init(&s[1], &slow, 0);
	for (uint64_t at = 1; at <= 8000; at++)
		for (int i = 0; i < 2; i++)
			sim_run(&s[i], at * US_PER_MS);
	assert_true(s[0].answered + s[1].answered > 0.9 * 8 * 42000);
	/* The slow one's questions do not stand in a long queue. */
	assert_true(s[1].w[0].mean_ms < 200);
	free(s[0].heap);
	free(s[1].heap);
}

/* Names that take longer than those before are no overload. */
static void
test_harder_names(void **state)
{
	static const struct link easy = { "easy", 10, 10, 20000, 4000, 0 };
	static const struct link hard = { "hard", 100, 200, 20000, 4000, 0 };
	struct sim s;
	uint64_t answered;

	(void)state;
	sim_init(&s, &easy, 0);
	sim_run(&s, 8000000);
	s.link = &hard;
	sim_run(&s, 16000000);
	answered = s.answered;
	sim_run(&s, 24000000);
	assert_true(s.answered - answered > 0.9 * 8 * 20000);
	free(s.heap);
}

/* What grew while all was well shrinks when the server slows down. */
static void
test_slows_down(void **state)
{
	static const struct link quick = { "quick", 5, 5, 40000, 4000, 0 };
	static const struct link tired = { "tired", 5, 5, 1000, 4000, 0 };
	struct sim s;
	uint64_t lost;

	(void)state;
	sim_init(&s, &quick, 0);
	sim_run(&s, 6000000);
	s.link = &tired;
	sim_run(&s, 28000000);
	assert_true(s.w[0].size < 200);
	lost = s.lost;
	sim_run(&s, 36000000);
	assert_int_equal(s.lost, lost);
	free(s.heap);
}

/* Silence says nothing about the window: it stays within its bounds. */
static void
test_silence(void **state)
{
	struct dns_window w;

	(void)state;
	dns_window_init(&w, TIMEOUT_MS, MOST, 1);
	for (uint64_t at = 1; at < 100000; at += 7) {
		dns_window_full(&w);
		dns_window_lost(&w, at);
		assert_in_range(w.size, 32, MOST);
	}
	dns_window_init(&w, 1, 10, 1); /* a cap below the least */
	for (uint64_t at = 1; at < 10000; at++) {
		dns_window_full(&w);
		dns_window_answered(&w, at, 0);
		assert_int_equal(w.size, 10);
	}
}

/* Few questions do not prove that no more could be asked. */
static void
test_idle(void **state)
{
	static const struct link l = { "", 20, 5, 20000, 4000, 0 };
	struct sim s;
	uint32_t size;

	(void)state;
	sim_init(&s, &l, 0);
	sim_run(&s, 6000000);
	size = s.w[0].size;
	for (uint64_t at = ms(6000000); at < ms(36000000); at += 10)
		dns_window_answered(&s.w[0], at, 20);
	assert_int_equal(s.w[0].size, size);
	free(s.heap);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_best),
		cmocka_unit_test(test_lossy_start),
		cmocka_unit_test(test_short_list),
		cmocka_unit_test(test_two_speeds),
		cmocka_unit_test(test_harder_names),
		cmocka_unit_test(test_slows_down),
		cmocka_unit_test(test_silence),
		cmocka_unit_test(test_idle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
