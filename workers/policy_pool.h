/* SPDX-License-Identifier: Apache-2.0
 *
 * policy_pool.h: policy fetches of one worker (RFC 8461 3.3), libcurl multi
 * on the worker's loop.
 *
 * The addresses come from our DNS stage; proxies, netrc, cookies and redirects
 * are off; the body is capped; a bad certificate is recorded and does not end
 * the transfer.
 */
#pragma once

#include "scanner/base/arena.h"
#include "scanner/rules/facts.h"
#include "workers/gate.h"
#include "workers/loop.h"
#include "workers/reach.h"
#include "workers/stats.h"
#include "workers/tls.h"

struct policy_config {
	uint16_t port;
	uint32_t window;             /* transfers at once */
	uint32_t connect_timeout_ms; /* per address */
	uint32_t timeout_ms;         /* the whole fetch */
	uint32_t retry_wait_ms;      /* before the one retry of a time-out */
	const char *user_agent;
	const char *source_ip;       /* NULL: any */
};

struct policy_pool;

struct policy_pool *policy_pool_new(struct loop *loop,
    const struct policy_config *c, struct tls *tls, struct reach *reach,
    struct gate *gate, struct stats *stats);
void policy_pool_free(struct policy_pool *p);

typedef void policy_done_fn(void *ctx);

/*
 * facts: host, a and aaaa are filled; addresses that reach forbids are
 * recorded as attempts and not contacted; the others are tried in order,
 * IPv6 after IPv4, until one connects.  If all end in a connect time-out, all
 * are tried once more after retry_wait_ms.  Calls done exactly once, never
 * from within this call.
 *
 * An address where several connects in a row timed out a short while ago is
 * not contacted: its attempt is told as such a time-out, without a start.
 *
 * Once one has connected, up to `addresses` - 1 of the others are asked as
 * well, into facts->other, without a retry; every connection made is among
 * facts->attempt.  1: only what is needed.
 *
 * facts->outcome: of the address that connected; where none did, of that of
 * which least is known (time-out before local before unreachable before
 * refused), whatever the order; NONE where there was no address.  Waiting
 * for the gate or the retry counts neither towards timeout_ms, which each of
 * the two rounds and each other address has for itself, nor in elapsed_ms,
 * which ends where the fetch is decided.
 *
 * A response other than 200 ends with OK and its http_status; its body is not
 * read.  The body counts (has_body) when it is complete or was cut by us.
 * The program must ignore SIGPIPE.
 */
void policy_pool_fetch(struct policy_pool *p, struct arena *a,
    struct policy_facts *facts, size_t addresses, policy_done_fn *done,
    void *ctx);
