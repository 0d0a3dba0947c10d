/* SPDX-License-Identifier: Apache-2.0
 *
 * outage.c: a cumulative sum over who votes that nobody answers.
 */
#include "scanner/outage.h"

#include <stdlib.h>

#include "scanner/base/arena.h"

#include "scanner/base/banned.h"

/*
 * The score may rise beyond what is an outage by so many times: answers at
 * less than the rate wanted do not end a stretch at once.
 */
#define SCORE_TIMES 4
/* Without any failure for so many stretches a stretch is over. */
#define STALE_STRETCHES 4

void
outage_init(struct outage *o, const struct outage_config *c)
{
	*o = (struct outage){ .config = *c };
	o->seen = xcalloc(LIMIT_OUTAGE_KEYS, sizeof(*o->seen));
}

void
outage_release(struct outage *o)
{
	free(o->seen);
	o->seen = NULL;
}

bool
outage_is_suspected(const struct outage *o)
{
	return o->score > 0;
}

bool
outage_is_grave(const struct outage *o)
{
	return o->score >= LIMIT_OUTAGE_VOTES * o->config.percent;
}

bool
outage_is_stale(const struct outage *o, uint64_t begun_ms)
{
	return begun_ms > o->last_ms + o->config.stretch_ms * STALE_STRETCHES;
}

void
outage_answered(struct outage *o, uint64_t begun_ms)
{
	uint32_t weight = 100 - o->config.percent;

	if (o->score > 0) {
		/* It may have been answered before the trouble. */
		if (begun_ms < o->since_ms)
			return;
		o->n_answered++;
		o->score = o->score > weight ? o->score - weight : 0;
		if (o->score > 0)
			return;
	}
	if (begun_ms > o->alive_ms)
		o->alive_ms = begun_ms;
}

/* A key that two share a slot with votes more often; so be it. */
static bool
may_vote(struct outage *o, uint64_t key, uint64_t begun_ms)
{
	struct outage_vote *v = &o->seen[key % LIMIT_OUTAGE_KEYS];
	bool is_known = v->last_ms != 0 && v->key == key &&
	    begun_ms < v->last_ms + LIMIT_OUTAGE_KEY_MS;

	if (v->key != key || begun_ms >= v->last_ms)
		*v = (struct outage_vote){ key, begun_ms + 1 };
	return !is_known;
}

static bool
has_group_room(const struct outage *o, uint64_t group)
{
	size_t n = o->n_vote < LIMIT_OUTAGE_VOTES ? o->n_vote :
	    LIMIT_OUTAGE_VOTES;
	unsigned same = 0;

	for (size_t i = 0; i < n && group != 0; i++)
		if (o->group[i] == group)
			same++;
	return same < LIMIT_OUTAGE_GROUP_VOTES;
}

static void
vote(struct outage *o, uint64_t group)
{
	uint32_t most = SCORE_TIMES * LIMIT_OUTAGE_VOTES * o->config.percent;

	o->group[o->n_vote++ % LIMIT_OUTAGE_VOTES] = group;
	o->score += o->config.percent;
	if (o->score > most)
		o->score = most;
}

bool
outage_failed(struct outage *o, uint64_t key, uint64_t group,
    uint64_t begun_ms)
{
	bool votes;

	if (begun_ms <= o->alive_ms)
		return false; /* others were answered that were asked later */
	votes = may_vote(o, key, begun_ms);
	if (o->score == 0 || outage_is_stale(o, begun_ms)) {
		o->score = 0;
		if (!votes)
			return false;
		o->since_ms = o->last_ms = begun_ms;
		o->n_failed = o->n_answered = 0;
		o->n_vote = 0;
	}
	o->n_failed++;
	if (begun_ms < o->since_ms)
		o->since_ms = begun_ms;
	if (begun_ms > o->last_ms)
		o->last_ms = begun_ms;
	if (votes && has_group_room(o, group))
		vote(o, group);
	return outage_is_grave(o) &&
	    o->last_ms - o->since_ms >= o->config.stretch_ms;
}
