/* SPDX-License-Identifier: Apache-2.0
 *
 * dns_task.h: the questions of a DNS pool, from asked to done.
 *
 * The book knows who waits, who is in the window, which id belongs to whom
 * and when to try again; it touches no socket.  dns_pool.c moves the bytes.
 *
 *   WAITING --+                +--> RESTING --> AGAIN --+
 *             v                |   (an error)           |
 *           QUEUED --> FLYING -+                        |
 *             ^                +--> AGAIN (silence) ----+
 *             +-----------------------------------------+
 *   READY: nothing to ask; QUEUED and FLYING hold a place in the window.
 *   From every state an answer leads to the end.
 */
#pragma once

#include "workers/dns_message.h"
#include "workers/dns_tcp.h"
#include "workers/dns_upstream.h"
#include "workers/due.h"

#define DNS_IDS 65536
#define DNS_ATTEMPTS_MAX LIMIT_DNS_ATTEMPTS

enum dns_task_state {
	DNS_TASK_WAITING, /* in line for its first query */
	DNS_TASK_AGAIN,   /* in line for another one */
	DNS_TASK_QUEUED,  /* admitted, in its resolver's list */
	DNS_TASK_FLYING,  /* on the wire; due when silence is long enough */
	DNS_TASK_RESTING, /* due when it may be asked again */
	DNS_TASK_READY,   /* decided without a query */
};

/* One query sent.  It stays answerable until the question is done. */
struct dns_attempt {
	struct dns_channel *channel; /* NULL: over */
	uint32_t sent_ms;            /* the clock's lower bits */
	uint16_t id;
	uint8_t outcome;             /* an enum outcome; silence until told */
};

struct dns_task {
	struct due due; /* first */
	TAILQ_ENTRY(dns_task) link;
	struct dns_task_list *list; /* the one it is in, or NULL */
	struct arena *arena;
	struct rrset *out;          /* holds the best failure meanwhile */
	dns_done_fn *done;
	void *ctx;
	uint64_t number;            /* in order of asking */
	uint64_t first_ms;          /* when the first query left */
	struct dns_upstream *last;  /* resolver of the last attempt */
	struct dns_upstream *place; /* in whose window it is, or NULL */
	enum dns_type type;
	enum dns_task_state state;
	uint8_t n_attempt, n_failed, n_silent;
	bool by_tcp;                /* an answer was truncated */
	bool same_resolver;         /* the next attempt stays with `last` */
	bool plain;                 /* without EDNS: it was not understood */
	bool is_usual;              /* its memory has room for other queries */
	struct dns_attempt attempt[DNS_ATTEMPTS_MAX];
	uint16_t query_n;
	uint8_t query[];
};

/*
 * Who waits for a first query, by the length of it: those of one length leave
 * together (workers/dns_out.h).  The line of whoever has waited longest is
 * served first, a piece at a time.
 */
struct dns_line {
	struct dns_task_list by_length[DNS_QUERY_BYTES_MAX + 1];
	size_t n;
	size_t length; /* of the line that is served */
	unsigned left; /* of its piece */
	uint64_t n_ever;
};

void dns_line_init(struct dns_line *w);
void dns_line_add(struct dns_line *w, struct dns_task *t);
/* Who is served next; NULL: nobody waits. */
struct dns_task *dns_line_next(struct dns_line *w);
/* Whoever was named by dns_line_next() has left. */
void dns_line_took(struct dns_line *w);
/*
 * Up to DNS_OUT_BATCH of them, by the length of their queries; equal ones keep
 * their order.
 */
void dns_tasks_sort(struct dns_task **task, unsigned n);

struct dns_book {
	struct loop *loop;
	struct stats *stats;
	struct dns_random *random;
	const struct dns_tcp_events *tcp_events;
	uint32_t timeout_ms;
	uint32_t window;            /* queries on the wire at once */
	bool mix_case;
	void (*decided)(void *ctx, struct slice wire, enum outcome outcome,
	    uint64_t begun_ms); /* or NULL */
	void *decided_ctx;
	uint32_t in_window;
	size_t n_pending;
	size_t n_id;                /* in use */
	struct dns_line waiting;
	struct dns_task_list again, ready;
	struct dns_task_list spare; /* memory of questions that are done */
	struct due_heap due;        /* tasks and idle connections */
	bool closed;                /* freed while a callback was running */
	struct dns_task *by_id[DNS_IDS];
};

void dns_book_init(struct dns_book *b);
void dns_book_release(struct dns_book *b);

/* Enters a question; a name that cannot exist becomes READY, NXDOMAIN. */
void dns_book_add(struct dns_book *b, struct arena *a, struct slice name,
    enum dns_type type, struct rrset *out, dns_done_fn *done, void *ctx);
/* Who is to be sent next; NULL: nobody, or the window is full. */
struct dns_task *dns_book_next(struct dns_book *b);
/* The first in line that was not asked before; NULL: nobody, or no room. */
struct dns_task *dns_book_fresh(struct dns_book *b);
/* A random id that no live query bears, noted as t's. */
uint16_t dns_book_take_id(struct dns_book *b, struct dns_task *t);
void dns_book_drop_id(struct dns_book *b, uint16_t id);

void dns_task_move(struct dns_task *t, struct dns_task_list *to);
/* Takes a place in the window of t->last. */
void dns_task_admit(struct dns_book *b, struct dns_task *t);
/* A query left over `channel`. */
void dns_task_sent(struct dns_book *b, struct dns_task *t,
    struct dns_channel *channel, uint16_t id);
/* The live attempt with this id on this channel, or NULL. */
struct dns_attempt *dns_task_attempt(struct dns_task *t, uint16_t id,
    const struct dns_channel *channel);
void dns_task_end_attempt(struct dns_book *b, struct dns_attempt *attempt);
/* Is nothing heard on it although queries wait? */
bool dns_tcp_is_stuck(const struct dns_book *b, const struct dns_tcp *tcp);

/*
 * What became of it.  Each may end the question and run done(), in which the
 * pool may be freed: look at b->closed afterwards.
 */
void dns_task_answered(struct dns_book *b, struct dns_task *t,
    const struct dns_answer *answer, const struct dns_upstream *up);
/* An attempt failed; with `how` LOCAL or DNS_TIMEOUT nobody answered. */
void dns_task_failed(struct dns_book *b, struct dns_task *t,
    enum outcome how);
/* The next attempt goes at once, by TCP, to the same resolver. */
void dns_task_truncated(struct dns_book *b, struct dns_task *t);
/* The next attempt goes at once, without EDNS, to the same resolver. */
void dns_task_without_edns(struct dns_book *b, struct dns_task *t);
/* The connection ended early after it had served others. */
void dns_task_again(struct dns_book *b, struct dns_task *t);
/* Nothing came in time. */
void dns_task_silent(struct dns_book *b, struct dns_task *t);
void dns_task_finish(struct dns_book *b, struct dns_task *t);

/* Over TCP (dns_task_tcp.c); in each done() may run as well. */
void dns_book_send_tcp(struct dns_book *b, struct dns_task *t);
void dns_book_tcp_ended(struct dns_book *b, struct dns_tcp *tcp);
/* Without looking at the questions on it. */
void dns_book_tcp_close(struct dns_book *b, struct dns_tcp *tcp);
