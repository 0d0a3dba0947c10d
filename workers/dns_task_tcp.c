/* SPDX-License-Identifier: Apache-2.0
 *
 * dns_task_tcp.c: questions that go over TCP, and what becomes of them when
 * their connection ends.
 *
 * One connection a resolver, opened by the first truncated answer and kept
 * for a while.  The book owns the questions, dns_tcp.c moves the bytes.
 */
#include "workers/dns_task.h"

#include <stdlib.h>

#include "scanner/base/arena.h"

#include "scanner/base/banned.h"

void
dns_book_tcp_close(struct dns_book *b, struct dns_tcp *tcp)
{
	tcp->channel.up->tcp = NULL;
	due_clear(&b->due, &tcp->idle);
	dns_tcp_close(tcp);
}

static void on_tcp_idle(void *ctx, struct due *d);

/* The attempt that is on this connection: always the last one. */
static struct dns_attempt *
attempt_on(struct due *d, const struct dns_tcp *tcp)
{
	struct dns_task *t = (struct dns_task *)d;
	struct dns_attempt *attempt;

	if (d->fire == on_tcp_idle || t->n_attempt == 0)
		return NULL;
	attempt = &t->attempt[t->n_attempt - 1];
	return attempt->channel == &tcp->channel ? attempt : NULL;
}

/*
 * Questions on it are asked again: at once where the connection had served
 * others (RFC 7766 6.2.4: servers may close at any time), else after a rest.
 */
void
dns_book_tcp_ended(struct dns_book *b, struct dns_tcp *tcp)
{
	struct due_heap *heap = &b->due;
	bool served = tcp->answered > 0;
	struct dns_task **left = xcalloc(heap->n + 1, sizeof(*left));
	size_t n = 0;

	for (size_t i = 0; i < heap->n; i++)
		if (attempt_on(heap->v[i], tcp) != NULL)
			left[n++] = (struct dns_task *)heap->v[i];
	for (size_t i = 0; i < n; i++)
		dns_task_end_attempt(b, attempt_on(&left[i]->due, tcp));
	dns_book_tcp_close(b, tcp);
	for (size_t i = 0; i < n && !b->closed; i++) {
		if (served)
			dns_task_again(b, left[i]);
		else
			dns_task_failed(b, left[i],
			    OUTCOME_DNS_TIMEOUT);
	}
	free(left);
}

static void
on_tcp_idle(void *ctx, struct due *d)
{
	struct dns_tcp *tcp = (struct dns_tcp *)((char *)d -
	    offsetof(struct dns_tcp, idle));

	dns_book_tcp_close(ctx, tcp);
}

/* The connection to this resolver, made where there is none that works. */
static struct dns_tcp *
tcp_get(struct dns_book *b, struct dns_upstream *up)
{
	uint64_t now = loop_now_ms(b->loop);

	if (up->tcp != NULL && up->tcp->channel.live > 0 &&
	    dns_tcp_is_stuck(b, up->tcp))
		dns_book_tcp_ended(b, up->tcp);
	if (b->closed)
		return NULL;
	if (up->tcp == NULL) {
		up->tcp = dns_tcp_new(up, b->tcp_events, now);
		if (up->tcp != NULL)
			up->tcp->idle.fire = on_tcp_idle;
	} else if (up->tcp->channel.live == 0) {
		up->tcp->heard_ms = now; /* its time starts over */
	}
	return up->tcp;
}

void
dns_book_send_tcp(struct dns_book *b, struct dns_task *t)
{
	struct dns_tcp *tcp = tcp_get(b, t->last);
	uint16_t id;

	if (b->closed)
		return;
	if (tcp == NULL) {
		dns_task_failed(b, t, OUTCOME_LOCAL);
		return;
	}
	due_clear(&b->due, &tcp->idle);
	id = dns_book_take_id(b, t);
	dns_query_set_id(t->query, id);
	dns_tcp_send(tcp, slice_make(t->query, t->query_n));
	dns_task_sent(b, t, &tcp->channel, id);
}
