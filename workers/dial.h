/* SPDX-License-Identifier: Apache-2.0
 *
 * dial.h: one TCP connection on the loop, and why it did not come about.
 *
 * Tells the other side's refusals from our own trouble by where the error
 * number came from: what the kernel says at once is about this machine, what
 * it says later came back from the network.
 */
#pragma once

#include "scanner/rules/facts.h"
#include "workers/loop.h"

struct dial;

struct dial_target {
	struct address address;
	uint16_t port;
	struct address source; /* family 0, or another one's: any */
	uint32_t timeout_ms;
};

/*
 * OUTCOME_OK and a non-blocking socket that the callee owns; or -1 with
 * CONNECT_REFUSED, UNREACHABLE, CONNECT_TIMEOUT, LOCAL, or RESET: it stood and
 * was reset before anything was said.
 */
typedef void dial_done_fn(void *ctx, int fd, enum outcome outcome);

/* Calls done exactly once, never from within this call. */
struct dial *dial_start(struct loop *loop, const struct dial_target *target,
    dial_done_fn *done, void *ctx);
/* Before done was called: it will not be. */
void dial_cancel(struct dial *d);
