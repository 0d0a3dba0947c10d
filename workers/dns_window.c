/* SPDX-License-Identifier: Apache-2.0
 *
 * dns_window.c: the window of one resolver as arithmetic.
 *
 * Pure: no clock, no memory of its own.  Each resolver of the DNS pool holds
 * one; it is told of every answer and every loss and looks at its figures
 * once a round.
 */
#include "workers/dns_window.h"

#include <string.h>

#include "scanner/base/banned.h"

#define SIZE_FIRST 64 /* shared by those that share the resolver */
#define SIZE_LEAST 32
/* A round lasts for this long, an answer's time, and enough answers. */
#define ROUND_MS 40
#define START_ROUND_MS 15 /* while each round may double the window */
#define ROUND_ANSWERS 50
#define ROUND_MOST_MS 1000
/*
 * What a resolver may always have in hand: a turn of a busy machine.  Windows
 * that share the resolver share it.
 */
#define SLACK_MS 5.0
#define BASE_GAIN 2.2
#define QUEUE_MOST_MS 20
/* The first rounds are over when several bring less than this again. */
#define BETTER 1.2
#define FLAT_ROUNDS 3
#define STUCK_PART 4
#define EXCUSED_FIRST 0
/* Counts vary: more is granted than the least that was seen. */
#define EXCUSED_MARGIN 2.5
#define EXCUSED_MOST 0.1
#define NO_EXCUSE 0.25 /* no line loses as much; a server in distress does */
#define LOSS_ANSWERS 500
/* A full window of losses comes and goes in one time-out: count over two. */
#define LOSS_TIMEOUTS 2
/* Waits are lengthened by up to a quarter: then all times are over. */
#define FIRST_LOSSES 1.25
/* Half a grant is tried where more than this is lost; see look_at_grant(). */
#define LOSS_SUSPECT 0.01
#define GRANT_COUNTS 10
#define LESS 0.9
#define GROWTH 2.0
#define SHRINKAGE 0.5
#define RATE_SPAN_MS 1600
#define LOSS_SPAN_MS 4000
/*
 * Where answers take longer than they once did, a small window shows every so
 * often whether it is a queue or the names.
 */
#define QUEUE_GAIN 1.25
#define TRY_EVERY_MS 10000
#define TRY_PART 4
#define TRY_ROUNDS 2 /* the first still sees the queue */
/* Half the window and hardly less time: it is the line, not a queue. */
#define NO_RELIEF 0.75

/* ---- extremes over sliding time ---- */

static void
extreme_add(struct dns_extreme *e, uint64_t now_ms, double v)
{
	if (!e->has_now || now_ms - e->since_ms >= e->span_ms) {
		e->before = e->now;
		e->has_before = e->has_now;
		e->has_now = true;
		e->now = v;
		e->since_ms = now_ms;
	} else if (e->is_least ? v < e->now : v > e->now) {
		e->now = v;
	}
}

static double
extreme_of(const struct dns_extreme *e)
{
	bool older = e->has_before &&
	    (e->is_least ? e->before < e->now : e->before > e->now);

	return older ? e->before : e->now;
}

/* ---- the size ---- */

static bool
is_starting(const struct dns_window *w)
{
	return w->flat_rounds < FLAT_ROUNDS;
}

/* The part of all questions whose loss is put down to the line. */
static double
excused(const struct dns_window *w)
{
	double part = EXCUSED_MARGIN * extreme_of(&w->loss);

	if (extreme_of(&w->loss) > NO_EXCUSE || w->grant == DNS_GRANT_NONE)
		return 0;
	if (part > EXCUSED_MOST)
		part = EXCUSED_MOST;
	return w->grant == DNS_GRANT_HALF ? part / 2 : part;
}

/* What may stand in a queue: the windows of one resolver share it. */
static double
queue_ms(const struct dns_window *w, double base)
{
	return ((BASE_GAIN - 1) * base + SLACK_MS) / w->sharers;
}

static double
target(const struct dns_window *w)
{
	double base = w->base_ms > 0 ? w->base_ms : w->mean_ms;

	return extreme_of(&w->rate) * (base + queue_ms(w, base)) +
	    extreme_of(&w->even_rate) * excused(w) * w->timeout_ms;
}

static uint32_t
within(const struct dns_window *w, double size)
{
	if (size < SIZE_LEAST)
		size = SIZE_LEAST;
	return size > w->most ? w->most : (uint32_t)size;
}

/* Of questions just sent the quick answers come first: no fair mean. */
static bool
is_settled(const struct dns_window *w, double times)
{
	return (double)(w->round_ms - w->changed_ms) >= times * w->mean_ms;
}

static void
mark(struct dns_window *w)
{
	w->mark_size = w->size;
	w->mark_ms = w->mean_ms;
}

/* Names may take longer than those before: then no window is too large. */
static void
look_for_relief(struct dns_window *w)
{
	if (w->size > w->mark_size / 2)
		return;
	if (w->mean_ms > w->mark_ms * NO_RELIEF)
		w->base_ms = w->mean_ms;
	mark(w);
}

static void
resize(struct dns_window *w, uint64_t now_ms)
{
	double want;

	if (is_settled(w, 1))
		look_for_relief(w);
	want = target(w);
	if (want < w->size && !is_settled(w, 1))
		return; /* what the last change did is not yet seen */
	if (want >= w->size)
		mark(w);
	if (want > w->size * GROWTH)
		want = w->size * GROWTH;
	/* What was lost at once must not be sent again at once. */
	if (want < w->size * SHRINKAGE && w->n_bad <= w->n_good)
		want = w->size * SHRINKAGE;
	if (within(w, want) != w->size)
		w->changed_ms = now_ms;
	w->size = within(w, want);
}

/* Places that lost questions hold come free in their own time. */
static void
begin_try(struct dns_window *w)
{
	double alive = extreme_of(&w->rate) * w->mean_ms;

	if (alive > w->size)
		alive = w->size;
	w->aside = w->size;
	w->size = within(w, w->size - alive * (TRY_PART - 1) / TRY_PART);
	w->try_rounds = 0;
}

static void
end_try(struct dns_window *w, uint64_t now_ms)
{
	if (++w->try_rounds < TRY_ROUNDS)
		return;
	w->size = w->aside;
	w->aside = 0;
	w->tried_ms = now_ms;
	if (w->n_good > 0)
		w->base_ms = w->mean_ms;
}

/*
 * Would more questions only wait?  Where answers take milliseconds; what takes
 * longer may be names that take longer.
 */
static bool
stands_in_a_queue(const struct dns_window *w)
{
	return w->base_ms > 0 && w->mean_ms < QUEUE_MOST_MS &&
	    w->mean_ms > w->base_ms + queue_ms(w, w->base_ms);
}

/* The first rounds: twice the window as long as that is good for more. */
static void
start_up(struct dns_window *w, uint64_t now_ms, double rate)
{
	if (w->changed_ms > 0 && !is_settled(w, 2))
		return;
	/* Places that no answer accounts for: they are held by lost ones. */
	if (w->n_bad > w->n_good || rate * w->mean_ms < w->size / STUCK_PART) {
		w->flat_rounds = FLAT_ROUNDS;
	} else if (stands_in_a_queue(w)) {
		w->flat_rounds = FLAT_ROUNDS;
		mark(w);
	} else if (rate > w->best_rate * BETTER) {
		w->best_rate = rate;
		w->flat_rounds = 0;
		w->size = within(w, w->size * GROWTH);
		w->changed_ms = now_ms;
	} else if (++w->flat_rounds == FLAT_ROUNDS) {
		mark(w);
		if (w->mean_ms > SLACK_MS)
			begin_try(w); /* part of it may stand in a queue */
	}
}

static void
adapt(struct dns_window *w, uint64_t now_ms, double rate)
{
	if (is_starting(w))
		start_up(w, now_ms, rate);
	else if (w->mean_ms > QUEUE_GAIN * w->base_ms + SLACK_MS &&
	    now_ms - w->tried_ms >= TRY_EVERY_MS)
		begin_try(w);
	else if (extreme_of(&w->rate) > 0)
		resize(w, now_ms);
}

/*
 * Lost questions hold their places for a time-out: it is the rate over as long
 * that says how many there are.  That of a single round may be a burst.
 */
static void
even_out(struct dns_window *w, uint64_t now_ms, double rate)
{
	double part = (double)(now_ms - w->round_ms) / w->timeout_ms;

	w->evened += (rate - w->evened) * (part < 1 ? part : 1);
	extreme_add(&w->even_rate, now_ms, w->evened);
}

static void
end_round(struct dns_window *w, uint64_t now_ms)
{
	double rate = (double)w->n_good / (double)(now_ms - w->round_ms);

	even_out(w, now_ms, rate);
	if (w->n_good > 0)
		w->mean_ms = w->rtt_ms / w->n_good;
	if (w->n_good > 0 && is_settled(w, 2) &&
	    (w->base_ms == 0 || w->mean_ms < w->base_ms))
		w->base_ms = w->mean_ms;
	/* A round with room to spare says what was asked, not what could be. */
	if (w->was_full || rate > extreme_of(&w->rate))
		extreme_add(&w->rate, now_ms, rate);
	if (w->aside != 0)
		end_try(w, now_ms);
	else if (w->was_full)
		adapt(w, now_ms, rate);
	w->round_ms = now_ms;
	w->n_good = w->n_bad = 0;
	w->rtt_ms = 0;
	w->was_full = false;
}

static void
set_grant(struct dns_window *w, enum dns_grant grant)
{
	w->grant = grant;
	w->grant_counts = GRANT_COUNTS;
}

/*
 * Where losses meet a queue, is it the queue that loses?  With half of the
 * grant a window on a bad line gets less; one that overruns a queue does not.
 */
static void
look_at_grant(struct dns_window *w, double rate, double part)
{
	double mean_ms = w->n_kept == 0 ? 0 : w->kept_ms / w->n_kept;
	bool queues = mean_ms > w->base_ms + (SLACK_MS + w->base_ms) / 4;

	w->grant_counts--;
	if (w->grant == DNS_GRANT_HALF) {
		set_grant(w, rate < w->granted_rate * LESS ? DNS_GRANT_ALL :
		    DNS_GRANT_NONE);
	} else if (w->grant == DNS_GRANT_NONE) {
		if (w->grant_counts <= 0 || rate < w->granted_rate * LESS)
			w->grant = DNS_GRANT_ALL;
	} else {
		w->granted_rate = rate;
		if (queues && part > LOSS_SUSPECT && w->grant_counts <= 0)
			set_grant(w, DNS_GRANT_HALF);
	}
}

static void
begin_count(struct dns_window *w, uint64_t now_ms)
{
	w->losses_ms = now_ms;
	w->n_kept = w->n_lost = 0;
	w->kept_ms = 0;
	w->count_full = false;
}

/*
 * Losses show only when their time is over: the first ones come late, and a
 * short count of them is better than none.
 */
static void
count_losses(struct dns_window *w, uint64_t now_ms)
{
	uint32_t n = w->n_kept + w->n_lost;
	uint64_t age = now_ms - w->losses_ms;
	uint64_t least = w->loss.has_now ?
	    (uint64_t)w->timeout_ms * LOSS_TIMEOUTS : w->timeout_ms / 2;
	double part;

	if (w->losses_ms == w->start_ms) {
		if (age >= w->timeout_ms * FIRST_LOSSES)
			begin_count(w, now_ms);
		return;
	}
	if (age < least || n < LOSS_ANSWERS)
		return;
	part = (double)w->n_lost / n;
	extreme_add(&w->loss, now_ms, part);
	if (w->count_full)
		look_at_grant(w, w->n_kept / (double)age, part);
	begin_count(w, now_ms);
}

static void
advance(struct dns_window *w, uint64_t now_ms)
{
	uint64_t age, least = is_starting(w) ? START_ROUND_MS : ROUND_MS;

	if (w->start_ms == 0) {
		w->start_ms = now_ms;
		w->round_ms = w->losses_ms = w->tried_ms = now_ms;
	}
	age = now_ms - w->round_ms;
	if (age >= ROUND_MOST_MS || (age >= least &&
	    age >= (uint64_t)w->mean_ms &&
	    w->n_good + w->n_bad >= ROUND_ANSWERS))
		end_round(w, now_ms);
	count_losses(w, now_ms);
}

/* ---- from outside ---- */

void
dns_window_init(struct dns_window *w, uint32_t timeout_ms, uint32_t most,
    uint32_t sharers)
{
	memset(w, 0, sizeof(*w));
	w->timeout_ms = timeout_ms;
	w->most = most;
	w->sharers = sharers > 1 ? sharers : 1;
	w->size = within(w, SIZE_FIRST / w->sharers);
	w->rate.span_ms = w->even_rate.span_ms = RATE_SPAN_MS;
	w->loss.span_ms = LOSS_SPAN_MS;
	w->loss.is_least = true;
	/* Until there is a count: a line that loses must not starve at once. */
	w->loss.now = EXCUSED_FIRST;
}

void
dns_window_answered(struct dns_window *w, uint64_t now_ms, uint64_t rtt_ms)
{
	w->n_good++;
	w->n_kept++;
	w->rtt_ms += (double)rtt_ms;
	w->kept_ms += (double)rtt_ms;
	advance(w, now_ms);
}

void
dns_window_lost(struct dns_window *w, uint64_t now_ms)
{
	w->n_bad++;
	w->n_lost++;
	advance(w, now_ms);
}

void
dns_window_full(struct dns_window *w)
{
	w->was_full = w->count_full = true;
}
