/* SPDX-License-Identifier: Apache-2.0
 *
 * dns_upstream.h: the resolvers of one DNS pool, their sockets and health.
 *
 * Each resolver has several connected UDP sockets on random ports, replaced
 * after a number of queries, and at most one TCP connection.  One that stays
 * silent is rested and tried again with a single query.  All of it belongs to
 * the loop's thread.
 */
#pragma once

#include <stdbool.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <uv.h>

#include "workers/dns_pool.h"
#include "workers/dns_window.h"
#include "workers/pace.h"

#define DNS_SOCKETS 4 /* per resolver, in use at once */

struct dns_task; /* dns_task.h */
TAILQ_HEAD(dns_task_list, dns_task);

/* What a query went out on: a UDP socket or a TCP connection. */
struct dns_channel {
	struct dns_upstream *up;
	bool is_tcp;
	uint32_t live;  /* queries that may still be answered on it */
};

struct dns_socket {
	struct dns_channel channel; /* first */
	TAILQ_ENTRY(dns_socket) link;
	uv_poll_t poll;
	int fd;
	uint32_t uses;  /* queries sent */
	bool blocked;   /* the send buffer is full */
	bool retired;   /* replaced; closes with its last live query */
};

struct dns_upstream {
	struct dns_upstreams *set;
	struct sockaddr_storage addr;
	struct slice text;      /* "127.0.0.1", "[::1]:5300" */
	char text_bytes[64];
	bool trusted;           /* its AD bit is believed */
	struct dns_socket *socket[DNS_SOCKETS]; /* NULL: could not be opened */
	struct dns_tcp *tcp;    /* NULL: none open */
	struct dns_task_list out; /* admitted, not yet sent */
	struct dns_window window;
	uint32_t in_flight;     /* questions that hold a place in it */
	struct pace pace;
	uint64_t heard_ms;      /* the last answer; 0: none yet */
	uint32_t silent;        /* attempts unanswered since the last answer */
	uint32_t rest_ms;       /* length of the present or last rest */
	uint64_t rest_until_ms; /* 0: healthy */
};

struct dns_random {
	uint8_t bytes[1024];
	size_t left;
};

struct dns_upstreams {
	struct dns_upstream v[DNS_RESOLVERS_MAX];
	size_t n;
	size_t next;            /* whose turn it is */
	struct address source;
	uint32_t timeout_ms;
	bool adapts;            /* each resolver's window limits it */
	uint64_t wait_ms;       /* till a resolver's rate allows a query */
	struct dns_random random;
	uv_loop_t *uv;
	/* Something to read, or sending works again. */
	void (*on_event)(void *ctx, struct dns_socket *s);
	void *ctx;
	TAILQ_HEAD(, dns_socket) sockets; /* all, retired ones included */
};

/* False: not one socket could be opened; errno is set. */
bool dns_upstreams_init(struct dns_upstreams *set, uv_loop_t *uv,
    const struct dns_config *c);
/* Closes the sockets; their memory goes with the loop's next turn. */
void dns_upstreams_release(struct dns_upstreams *set);

/*
 * The resolver for the next attempt: another than `last` (NULL: none yet).
 * NULL: none of them has room; where a rate is the reason set->wait_ms says
 * for how long, else it is 0.
 */
struct dns_upstream *dns_upstream_choose(struct dns_upstreams *set,
    const struct dns_upstream *last, uint64_t now_ms);
void dns_upstream_answered(struct dns_upstream *up, uint64_t now_ms);
void dns_upstream_silent(struct dns_upstream *up, uint64_t now_ms);
/* It cannot be reached from here: rests at once. */
void dns_upstream_rest(struct dns_upstream *up, uint64_t now_ms);

/*
 * A random socket of this resolver that is not blocked.  NULL: all are
 * blocked (errno EAGAIN) or none could be opened (errno says why).
 */
struct dns_socket *dns_socket_pick(struct dns_upstream *up);
/* n queries went out: a socket used enough gives way to a fresh one. */
void dns_socket_used(struct dns_socket *s, uint32_t n);
/* One query less may be answered on it. */
void dns_socket_unlive(struct dns_socket *s);
/* The send buffer is full: an event will say that sending works again. */
void dns_socket_block(struct dns_socket *s);

/* A connected, non-blocking socket; -1: errno is set. */
int dns_connect(const struct sockaddr_storage *addr,
    const struct address *source, int type);

uint16_t dns_random_u16(struct dns_random *r);
