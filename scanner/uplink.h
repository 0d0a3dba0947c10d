/* SPDX-License-Identifier: Apache-2.0
 *
 * uplink.h: do resolvers and port 25 answer at all?  (--min-success)
 *
 * Workers tell how each DNS question and each SMTP session was decided; one
 * rule (outage.h) tells an outage of ours from the failures of others.  From
 * any thread; a lock of its own is taken for failures, and for answers only
 * while an outage is suspected.
 */
#pragma once

#include "workers/dns_pool.h"
#include "workers/smtp_pool.h"

struct uplink;

struct uplink_config {
	uint32_t percent;            /* of --min-success; not 0 */
	uint32_t dns_timeout_ms;     /* of the first attempt of a question */
	uint32_t connect_timeout_ms;
	/* Called once, from a worker's thread. */
	void (*failed)(void *ctx);
	void *ctx;
};

/* What failed, of `asked`; times as of loop_clock_ms(). */
struct uplink_story {
	bool is_dns;                 /* else port 25 */
	uint64_t since_ms;
	uint64_t withhold_ms;        /* records posted from here on */
	uint64_t asked, answered;
};

struct uplink *uplink_new(const struct uplink_config *c);
/* NULL is fine here and below, and watches nothing. */
void uplink_free(struct uplink *u);

/* Lets the pools that are made from these tell. */
void uplink_watch(struct uplink *u, struct dns_config *dns,
    struct smtp_config *smtp);
/*
 * Records posted before this moment will not be taken back, whatever comes:
 * nothing that they hold began in a stretch of failures.
 */
uint64_t uplink_settled_ms(struct uplink *u, uint64_t now_ms);
/* Does an outage of DNS lack nothing but time? */
bool uplink_doubts_dns(struct uplink *u);
/* It is one: for who knows more.  Nothing is called. */
void uplink_confirm_dns(struct uplink *u);
/* False: nothing failed. */
bool uplink_story(struct uplink *u, struct uplink_story *out);
