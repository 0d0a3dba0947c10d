/* SPDX-License-Identifier: Apache-2.0
 *
 * dns_tcp.h: one TCP connection to a resolver, several queries on it at once
 * (RFC 7766 6.2.1.1), for answers too large for a datagram.
 *
 * Belongs to the DNS pool and its loop's thread.  Which query an answer
 * belongs to, and when to give up, is the pool's business.
 */
#pragma once

#include "workers/dns_upstream.h"
#include "workers/due.h"

struct dns_tcp;

struct dns_tcp_events {
	/* Each complete message; the bytes are gone after the call. */
	void (*on_message)(void *ctx, struct dns_tcp *t, struct slice message);
	/* Refused, reset or closed; the pool calls dns_tcp_close(). */
	void (*on_end)(void *ctx, struct dns_tcp *t);
	void *ctx;
};

struct dns_tcp {
	struct dns_channel channel; /* first */
	struct due idle;            /* the pool's: closes an unused one */
	const struct dns_tcp_events *events;
	uv_poll_t poll;
	int fd;
	bool connected, closed;
	uint32_t answered;          /* messages received */
	uint64_t heard_ms;          /* last byte, or the start */
	uint8_t *out;               /* frames not yet written */
	size_t out_n, out_cap;
	size_t in_n;
	uint8_t in[2 + 65535];      /* one frame, RFC 1035 4.2.2 */
};

/* Begins to connect.  NULL: errno is set. */
struct dns_tcp *dns_tcp_new(struct dns_upstream *up,
    const struct dns_tcp_events *events, uint64_t now_ms);
/* No call follows; the memory goes with the loop's next turn. */
void dns_tcp_close(struct dns_tcp *t);
/* Queues a query; it is written as soon as the connection takes it. */
void dns_tcp_send(struct dns_tcp *t, struct slice query);
