/* SPDX-License-Identifier: Apache-2.0
 *
 * dns_window.h: how many questions one resolver is asked at once.
 *
 * Pure: events with their time go in, a size comes out.  The size follows
 * what the resolver delivers, not what it loses (in the manner of BBR):
 *
 *   size = best rate of answers x (gain x base time + slack)
 *        + even rate of answers x excused loss x time-out
 *
 * - The base time is the least that answers took on average; what they take
 *   far above that is a queue, and the window shrinks.
 * - A lost question holds its place until it has been given up.  What a line
 *   loses at any load must not starve the window, so the time that such
 *   questions hold is granted, up to a cap.
 * - A resolver that drops all beyond some rate never shows a better rate,
 *   whatever the window: what it may be overasked by is bounded by slack and
 *   cap in parts of the time-out.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* The greatest or least of the last one to two spans of time. */
struct dns_extreme {
	double now, before; /* of this span and the one before */
	uint64_t since_ms;
	uint32_t span_ms;
	bool is_least, has_now, has_before;
};

/* Of the time that lost questions hold a place. */
enum dns_grant { DNS_GRANT_ALL, DNS_GRANT_HALF, DNS_GRANT_NONE };

struct dns_window {
	uint32_t size;        /* questions that may be in flight */
	/* The rest is its own business. */
	uint32_t timeout_ms, most;
	uint32_t sharers;     /* windows of one resolver, this one included */
	uint32_t aside;       /* the size while a smaller one is tried; or 0 */
	uint32_t try_rounds;  /* of that, so far */
	uint32_t flat_rounds; /* at the start: that brought no more answers */
	double best_rate;     /* at the start: the last that was much better */
	uint32_t mark_size;   /* before it began to shrink, and the time that */
	double mark_ms;       /* answers took then */
	uint64_t start_ms;    /* of everything; 0: nothing has happened */
	uint64_t round_ms;    /* start of this round */
	uint64_t tried_ms;    /* end of the last try of a smaller window */
	uint64_t changed_ms;  /* the last change of the size */
	uint64_t losses_ms;   /* start of this count of losses */
	uint32_t n_good, n_bad; /* of this round */
	double rtt_ms;        /* their times, added up */
	double mean_ms;       /* of the last round that had answers */
	bool was_full;        /* a question had no place in this round, */
	bool count_full;      /* in this count of losses */
	uint32_t n_kept, n_lost; /* of this count of losses */
	double kept_ms;       /* the times of those kept, added up */
	int grant;            /* enum dns_grant */
	int grant_counts;     /* counts before it is looked at again */
	double granted_rate;  /* what came with all of it */
	double base_ms;       /* the least mean of a settled round; or 0 */
	double evened;        /* answers a millisecond over about a time-out */
	struct dns_extreme rate, even_rate, loss;
};

/*
 * timeout_ms: after which a question is given up; most: cap of the size;
 * sharers: windows of ours that steer by the same resolver, this one included.
 */
void dns_window_init(struct dns_window *w, uint32_t timeout_ms,
    uint32_t most, uint32_t sharers);
/* An answer, good for something, rtt_ms after its question. */
void dns_window_answered(struct dns_window *w, uint64_t now_ms,
    uint64_t rtt_ms);
/* Silence for too long, or an answer that only says that it failed. */
void dns_window_lost(struct dns_window *w, uint64_t now_ms);
/* A question has to wait because the window is full. */
void dns_window_full(struct dns_window *w);
