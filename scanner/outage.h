/* SPDX-License-Identifier: Apache-2.0
 *
 * outage.h: when have so many attempts failed for so long that the trouble is
 * ours?  One rule for DNS questions and for connects to port 25.  Pure: no
 * clock, no lock; times are milliseconds of any one clock.
 *
 * A score rises by `percent` with each failed vote and falls by 100 - percent
 * with each answer, never below 0: it goes up where fewer than percent in 100
 * are answered.  The stretch begins where the score left 0 and ends where it
 * is back.  It is an outage once LIMIT_OUTAGE_VOTES more votes failed than
 * answers make up for, by attempts begun over stretch_ms at least.
 *
 * What keeps it from being fooled:
 *  - an attempt counts at the time when it began, since failing takes longer
 *    than being answered: what is still open when a list ends has not all
 *    failed lately;
 *  - a key (registrable domain; network /24, /48) votes once, and again only
 *    when it was left alone for a while: neither one dead operator nor the
 *    long queues before dead networks at a scan's end are an outage;
 *  - a group of keys (/16, /32) has few votes in a stretch.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scanner/base/limits.h"

struct outage_config {
	uint32_t percent;     /* of 100 */
	uint64_t stretch_ms;
};

struct outage_vote {
	uint64_t key;
	uint64_t last_ms;     /* when the key's last failure began, + 1 */
};

struct outage {
	struct outage_config config;
	uint32_t score;
	uint64_t alive_ms;    /* begin of the latest answered before it */
	uint64_t since_ms;    /* begin of the stretch; of the first failure */
	uint64_t last_ms;     /* begin of its latest failure */
	uint64_t n_failed, n_answered; /* of those begun in the stretch */
	size_t n_vote;
	uint64_t group[LIMIT_OUTAGE_VOTES]; /* of the latest votes */
	struct outage_vote *seen; /* LIMIT_OUTAGE_KEYS slots, by key */
};

void outage_init(struct outage *o, const struct outage_config *c);
void outage_release(struct outage *o);

/* Is there a stretch, long or short? */
bool outage_is_suspected(const struct outage *o);
/* Have enough votes failed?  All that an outage lacks is time. */
bool outage_is_grave(const struct outage *o);
/* Is its last failure so long before that another begins a new stretch? */
bool outage_is_stale(const struct outage *o, uint64_t begun_ms);
/* An attempt that began at begun_ms was answered. */
void outage_answered(struct outage *o, uint64_t begun_ms);
/* Likewise, and nobody answered; group 0: none.  True: it is an outage. */
bool outage_failed(struct outage *o, uint64_t key, uint64_t group,
    uint64_t begun_ms);
