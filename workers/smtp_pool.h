/* SPDX-License-Identifier: Apache-2.0
 *
 * smtp_pool.h: STARTTLS probes of one worker: one session to one address of
 * one MX host, granted by the gate, tried again once later where it ended
 * temporarily.
 */
#pragma once

#include "scanner/base/arena.h"
#include "scanner/rules/facts.h"
#include "workers/gate.h"
#include "workers/loop.h"
#include "workers/reach.h"
#include "workers/stats.h"
#include "workers/tls.h"

struct smtp_config {
	uint16_t port;
	uint32_t window;              /* sessions at once */
	uint32_t connect_timeout_ms;
	uint32_t greeting_timeout_ms; /* postscreen delays: 30 s are wanted */
	uint32_t session_timeout_ms;  /* from connect to the end */
	uint32_t retry_wait_ms;       /* before the retry of a temporary end */
	uint32_t retries;             /* 1: two attempts in all */
	bool tls_versions;            /* each alone, after the probe */
	const char *ehlo_name;
	struct address source;        /* family 0: any */
	/*
	 * NULL, or told of each session as it ends: the address, how, and when
	 * it began to connect (loop_clock_ms()).
	 */
	void (*decided)(void *ctx, const struct address *a,
	    enum outcome outcome, uint64_t begun_ms);
	void *decided_ctx;
};

struct smtp_pool;

/* NULL: no memory for OpenSSL. */
struct smtp_pool *smtp_pool_new(struct loop *loop, const struct smtp_config *c,
    struct tls *tls, struct reach *reach, struct gate *gate,
    struct stats *stats);
/*
 * From the loop's thread, or while the loop does not run, and before
 * loop_free().  Probes under way hang up and are dropped without a call.
 */
void smtp_pool_free(struct smtp_pool *p);

typedef void smtp_done_fn(void *ctx);

/*
 * facts: address is filled.  reference: names that a DANE-TA match may carry
 * (the host first); tlsa: NULL or the host's secure set.  An address that
 * reach forbids is not contacted and ends with that outcome.  Calls done
 * exactly once, never from within this call.
 */
void smtp_pool_probe(struct smtp_pool *p, struct arena *a, struct slice host,
    const struct rrset *tlsa, const struct slice *reference,
    size_t n_reference, struct smtp_facts *facts, smtp_done_fn *done,
    void *ctx);
/* Probes asked for and not yet done, waiting ones included. */
size_t smtp_pool_pending(const struct smtp_pool *p);
