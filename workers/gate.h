/* SPDX-License-Identifier: Apache-2.0
 *
 * gate.h: who may talk to whom, now.
 *
 * Limits cross workers: sessions to one address (at most one), to one network
 * (/24 or /48) and to one operator (registrable domain of the host name) are
 * granted together, or not at all, by this one object, so that nobody holds
 * one slot while waiting for another.  A pool's own window of sessions can be
 * granted along with them.  After a session its address rests.
 *
 * The gate has no thread: whatever a rest holds back is woken by a timed
 * message to the loop of the first ticket that waits for it.
 */
#pragma once

#include <stdint.h>
#include <sys/queue.h>

#include "scanner/rules/facts.h"
#include "workers/loop.h"

struct gate_config {
	uint32_t per_network;     /* sessions at once to one /24 or /48 */
	uint32_t per_operator;    /* sessions at once to one operator */
	                          /* (0: no such limit) */
	uint32_t rest_ms;         /* between sessions to one address */
	uint32_t rest_max_ms;     /* doubling after trouble ends here */
};

struct gate;
struct gate_key;
struct gate_flow;

struct gate *gate_new(const struct gate_config *config);
/* When no ticket is left and no loop that ever asked runs any more. */
void gate_free(struct gate *g);

/* A window of `limit` slots: tickets that name it are granted one as well. */
struct gate_key *gate_window_new(struct gate *g, uint32_t limit);
/* When no ticket names it any more. */
void gate_window_free(struct gate *g, struct gate_key *window);

/*
 * A request and, later, the slot.  Embedded in the caller's object; the caller
 * fills the first group (the rest is zero), keeps it in place until released,
 * and frees it.  One ticket may ask again after its release.
 */
struct gate_ticket {
	struct loop *loop;        /* where granted() is posted */
	loop_message_fn *granted;
	void *ctx;
	struct address address;
	struct slice op;          /* operator; borrowed for the ticket's life;
	                             empty: no operator limit */
	struct gate_key *window;  /* NULL: none */
	/* the gate's own */
	TAILQ_ENTRY(gate_ticket) link_shared;
	struct gate_flow *flow_shared;
	int state_shared;
};

/* Asks; granted() is posted to the ticket's loop when the slot is there. */
void gate_ask(struct gate *g, struct gate_ticket *t);
/* Gives the slot back.  troubled: 4yz, 421 or reset: the rest doubles. */
void gate_release(struct gate *g, struct gate_ticket *t, bool troubled);
/* Withdraws a request that was not granted yet; false: it was granted (the
 * message is on its way and the slot must be released). */
bool gate_withdraw(struct gate *g, struct gate_ticket *t);
/*
 * Lets go of a ticket in whatever state: asked, granted, or neither.  From
 * the thread of its loop, or while that loop does not run; granted() is not
 * called any more and the ticket may be freed.
 */
void gate_cancel(struct gate *g, struct gate_ticket *t);

/* For tests and gauges: keys, windows not counted, and waiting tickets. */
size_t gate_keys(struct gate *g);
size_t gate_waiting(struct gate *g);
