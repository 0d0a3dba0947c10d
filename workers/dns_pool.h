/* SPDX-License-Identifier: Apache-2.0
 *
 * dns_pool.h: the DNS questions of one worker.
 *
 * Non-blocking UDP sockets on random ports, batches of datagrams per system
 * call, TCP on truncation, EDNS(0) with 1232 bytes and the AD bit.  An answer
 * is taken only from the resolver asked, on the socket used, with the right
 * id and question.  Questions beyond the window wait in line.
 */
#pragma once

#include <sys/socket.h>

#include "scanner/base/arena.h"
#include "scanner/rules/facts.h"
#include "workers/loop.h"
#include "workers/stats.h"

#define DNS_RESOLVERS_MAX 8

struct dns_config {
	struct sockaddr_storage resolver[DNS_RESOLVERS_MAX]; /* port set */
	size_t n_resolver;
	/* Believe AD of resolver i: loopback, or --trust-ad. */
	bool trusted[DNS_RESOLVERS_MAX];
	uint32_t window;      /* questions in flight, this worker; 0: each
	                         resolver's adapts; at most 16,384 are */
	uint32_t sharers;     /* pools that ask these resolvers, this one
	                         included; 0: it alone */
	uint32_t rate;        /* queries a second, this worker; 0: no limit */
	uint32_t resolver_rate; /* likewise, to each resolver */
	uint32_t timeout_ms;  /* of the first attempt of a silent question */
	struct address source; /* family 0: any */
	bool mix_case;        /* letters of the question in random case, and
	                         an answer must repeat them ("0x20") */
	/*
	 * NULL, or told of each question as it is done: its name on the wire,
	 * how it ended, when its first query left (loop_clock_ms()).
	 */
	void (*decided)(void *ctx, struct slice wire, enum outcome outcome,
	    uint64_t begun_ms);
	void *decided_ctx;
	/*
	 * NULL, or called while few questions wait in line, to ask more.
	 * False: nothing more waits to be asked.
	 */
	bool (*refill)(void *ctx);
	void *refill_ctx;
};

struct dns_pool;

/* NULL: no socket could be made; errno is set. */
struct dns_pool *dns_pool_new(struct loop *loop, const struct dns_config *c,
    struct stats *stats);
/* Pending questions are dropped without a call. */
void dns_pool_free(struct dns_pool *p);

typedef void dns_done_fn(void *ctx);

/*
 * Asks for (name, type), fills *out (which the caller keeps in place, zeroed)
 * and its memory from `a`, then calls done exactly once, never from within
 * this call.  NXDOMAIN and NODATA: one query.  SERVFAIL and REFUSED: at most
 * 3 over at least 2 s, another resolver first.  Silence: at most 6 over at
 * least 6 s.  (At 800 ms; all times follow from timeout_ms.)  A name that
 * cannot exist (too long, an empty label) is NXDOMAIN without a query.  done()
 * may ask again and may free the pool.
 */
void dns_pool_ask(struct dns_pool *p, struct arena *a, struct slice name,
    enum dns_type type, struct rrset *out, dns_done_fn *done, void *ctx);
/* Questions asked and not yet done, waiting ones included. */
size_t dns_pool_pending(const struct dns_pool *p);
