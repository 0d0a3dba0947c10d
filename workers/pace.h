/* SPDX-License-Identifier: Apache-2.0
 *
 * pace.h: a rate limit as arithmetic.
 *
 * The token bucket in its virtual scheduling form (GCRA): one time stamp says
 * when the next unit is due.  Time is a parameter, so that a test needs no
 * clock.
 */
#pragma once

#include <stdint.h>

struct pace {
	uint64_t interval_ns; /* between units; 0: no limit */
	uint64_t burst_ns;    /* how far ahead of the schedule we may run */
	uint64_t due_ns;      /* of the next unit */
};

/* burst_ms: what may be caught up after a pause; per_second 0: no limit. */
void pace_init(struct pace *p, uint32_t per_second, uint32_t burst_ms);
/* The ns until a unit may be taken; 0: at once. */
uint64_t pace_wait(const struct pace *p, uint64_t now_ns);
/* Takes one unit and returns 0, or takes nothing and returns the ns to wait. */
uint64_t pace_take(struct pace *p, uint64_t now_ns);
