/* SPDX-License-Identifier: Apache-2.0
 *
 * gate_key.c: capacity and rest of one limit of the gate.
 */
#include "workers/gate_key.h"

#include "scanner/base/arena.h"

#include "scanner/base/banned.h"

struct gate_key *
gate_key_new(uint32_t limit)
{
	struct gate_key *k = xcalloc(1, sizeof(*k));

	k->limit = limit > 0 ? limit : UINT32_MAX;
	TAILQ_INIT(&k->line);
	return k;
}

bool
gate_key_blocks(const struct gate_key *k, uint64_t now)
{
	return k->in_use >= k->limit || now < k->rest_until_ms;
}

static uint64_t
rest_of_level(const struct gate_config *c, unsigned level)
{
	uint64_t ms = (uint64_t)c->rest_ms << level;

	return ms < c->rest_max_ms ? ms : c->rest_max_ms;
}

void
gate_key_leave_due(struct gate_key *k)
{
	if (k->due != NULL)
		TAILQ_REMOVE(k->due, k, link);
	k->due = NULL;
}

void
gate_key_join_due(struct gate_key *k, struct key_line *due)
{
	gate_key_leave_due(k);
	k->due = due;
	TAILQ_INSERT_TAIL(due, k, link);
}

uint64_t
gate_key_rest(struct gate_key *k, const struct gate_config *c, bool troubled,
    uint64_t now)
{
	uint64_t rest;

	if (!troubled)
		k->level = 0;
	else if (k->level + 1 < GATE_LEVELS &&
	    rest_of_level(c, k->level) < c->rest_max_ms)
		k->level++;
	rest = rest_of_level(c, k->level);
	k->rest_until_ms = now + rest;
	return rest;
}
