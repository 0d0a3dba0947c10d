/* SPDX-License-Identifier: Apache-2.0
 *
 * gate_key.h: one limit of the gate: an address, a network, an operator or a
 * window of a pool; who waits for it, and how long an address rests.
 *
 * Used by workers/gate.c alone, under its lock.  Pure bookkeeping: the time
 * is a parameter.
 */
#pragma once

#include <sys/queue.h>

#include "workers/gate.h"
#include "workers/table.h"

#define GATE_LEVELS 32 /* of a doubling rest */

enum key_kind {
	KEY_ADDRESS,
	KEY_NETWORK,
	KEY_OPERATOR,
	KEY_WINDOW,
	KEY_KINDS
};

TAILQ_HEAD(flow_line, gate_flow);
TAILQ_HEAD(key_line, gate_key);

struct gate_key {
	struct table_node node; /* first; not used by windows */
	uint32_t limit, in_use;
	uint32_t n_flow;        /* flows that have this key */
	struct flow_line line;  /* flows that wait for it */
	/* addresses only */
	unsigned level;         /* doublings of the rest */
	uint64_t rest_until_ms;
	struct key_line *due;   /* the list it is on, or NULL */
	TAILQ_ENTRY(gate_key) link;
	struct loop *armed;     /* who wakes us at rest_until_ms */
	uint64_t armed_ms;
};

/* limit 0: none */
struct gate_key *gate_key_new(uint32_t limit);
/* May nobody take it now? */
bool gate_key_blocks(const struct gate_key *k, uint64_t now);
/* A session with an address ended: its rest begins; 0: there is none. */
uint64_t gate_key_rest(struct gate_key *k, const struct gate_config *c,
    bool troubled, uint64_t now);
/* Membership in one list of keys that wait for their time. */
void gate_key_join_due(struct gate_key *k, struct key_line *due);
void gate_key_leave_due(struct gate_key *k);
