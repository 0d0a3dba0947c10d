/* SPDX-License-Identifier: Apache-2.0
 *
 * dns_pool.c: the sockets' side of the DNS pool.
 *
 * Questions come from the jobs, go into the book (dns_task.c), and leave in
 * batches once per turn of the loop; datagrams and TCP messages come back,
 * are matched to their question and read (dns_message.c).  One thread.  The
 * pool's memory goes with the closing of its timer and its prepare handle.
 */
#include "workers/dns_pool.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "scanner/base/limits.h"
#include "workers/dns_in.h"
#include "workers/dns_out.h"
#include "workers/dns_task.h"
#include "workers/pace.h"

#include "scanner/base/banned.h"

#define BATCHES_PER_EVENT 4
#define WINDOW_MAX 16384 /* ids must stay easy to find */
#define PACE_BURST_MS 20
#define NS_PER_MS 1000000u
/* Questions that wait in line: fewer, and more names are begun with. */
#define LINE_SHORT 512
/*
 * After a turn with so many answers more are on their way, and are let gather:
 * being woken for a few at a time costs us, and a resolver on the same
 * machine, more than they do.
 */
#define ANSWERS_POUR 16
#define GATHER_NS 200000

struct dns_pool {
	struct dns_upstreams upstreams;
	struct pace pace;
	struct dns_tcp_events tcp_events;
	bool (*refill)(void *ctx); /* or NULL */
	void *refill_ctx;
	bool filling;      /* its line: what is asked is sent in this turn */
	uv_prepare_t prepare;
	uv_timer_t timer;
	uint64_t armed_ms; /* 0: not armed */
	int handles;       /* of our own, still open */
	uint32_t heard;    /* answers of this turn */
	struct dns_in in;
	struct dns_out out;
	struct dns_book book;
};

static void on_timer(uv_timer_t *timer);

static void
arm(struct dns_pool *p, uint64_t at_ms)
{
	uint64_t now = loop_now_ms(p->book.loop);

	if (p->armed_ms != 0 && p->armed_ms <= at_ms)
		return;
	p->armed_ms = at_ms;
	uv_timer_start(&p->timer, on_timer, at_ms > now ? at_ms - now : 0, 0);
}

/* ---- answers ---- */

/* What the resolver's health and window make of it. */
static void
note_answer(struct dns_book *b, struct dns_channel *channel,
    const struct dns_attempt *attempt, enum outcome outcome)
{
	struct dns_upstream *up = channel->up;
	uint64_t now = loop_now_ms(b->loop);

	dns_upstream_answered(up, now);
	if (channel->is_tcp)
		return;
	if (outcome == OUTCOME_SERVFAIL || outcome == OUTCOME_REFUSED)
		dns_window_lost(&up->window, now);
	else
		dns_window_answered(&up->window, now,
		    (uint32_t)now - attempt->sent_ms);
}

static void
take_message(struct dns_pool *p, struct dns_channel *channel,
    struct slice message, bool cut)
{
	struct dns_book *b = &p->book;
	struct dns_attempt *attempt = NULL;
	struct dns_task *t = NULL;
	struct dns_answer answer;
	uint16_t id;

	if (dns_message_id(message, &id))
		t = b->by_id[id];
	if (t != NULL)
		attempt = dns_task_attempt(t, id, channel);
	if (attempt == NULL || !dns_answer_fits(slice_make(t->query,
	    t->query_n), message, b->mix_case)) {
		STAT_ADD(b->stats->dns_dropped, 1);
		return;
	}
	STAT_ADD(b->stats->dns_answers, 1);
	p->heard++;
	if (dns_message_is_bare(message))
		STAT_ADD(b->stats->dns_bare, 1);
	dns_answer_read(t->arena, message, t->type, &answer);
	note_answer(b, channel, attempt, answer.set.lookup.outcome);
	dns_task_end_attempt(b, attempt);
	attempt->outcome = (uint8_t)answer.set.lookup.outcome;
	if ((answer.truncated || cut) && !channel->is_tcp) {
		attempt->outcome = OUTCOME_TRUNCATED;
		t->last = channel->up;
		dns_task_truncated(b, t);
		return;
	}
	if (answer.edns_failed && !t->plain) {
		t->last = channel->up;
		dns_task_without_edns(b, t);
		return;
	}
	if (answer.truncated) {
		answer.set.lookup.outcome = OUTCOME_DNS_MALFORMED;
		attempt->outcome = OUTCOME_DNS_MALFORMED;
	}
	dns_task_answered(b, t, &answer, channel->up);
}

static void
on_socket(void *ctx, struct dns_socket *s)
{
	struct dns_pool *p = ctx;
	int fd = s->fd, n;

	for (int round = 0; round < BATCHES_PER_EVENT; round++) {
		n = dns_in_receive(&p->in, fd);
		for (unsigned i = 0; n > 0 && i < (unsigned)n; i++) {
			take_message(p, &s->channel,
			    dns_in_datagram(&p->in, i),
			    dns_in_is_cut(&p->in, i));
			if (p->book.closed)
				return;
			/* Replaced, and this was its last answer. */
			if (s->retired && s->channel.live == 0)
				return;
		}
		if (n < DNS_IN_BATCH)
			return;
	}
}

static void
on_tcp_message(void *ctx, struct dns_tcp *tcp, struct slice message)
{
	take_message(ctx, &tcp->channel, message, false);
}

static void
on_tcp_end(void *ctx, struct dns_tcp *tcp)
{
	struct dns_pool *p = ctx;

	dns_book_tcp_ended(&p->book, tcp);
}

/* ---- datagrams ---- */

/* Questions of this resolver into the batch, each with a fresh id. */
static unsigned
load(struct dns_pool *p, struct dns_upstream *up, struct dns_task **task,
    uint16_t *id)
{
	struct dns_task *t;
	unsigned n = 0;

	TAILQ_FOREACH(t, &up->out, link) {
		if (n == DNS_OUT_BATCH)
			break;
		task[n++] = t;
	}
	dns_tasks_sort(task, n);
	dns_out_clear(&p->out);
	for (unsigned i = 0; i < n; i++) {
		id[i] = dns_book_take_id(&p->book, task[i]);
		dns_query_set_id(task[i]->query, id[i]);
		dns_out_add(&p->out, task[i]->query, task[i]->query_n);
	}
	return n;
}

/* One batch over one socket; how many went out, or -1 with errno. */
static int
send_batch(struct dns_pool *p, struct dns_upstream *up, struct dns_socket *s)
{
	struct dns_task *task[DNS_OUT_BATCH];
	uint16_t id[DNS_OUT_BATCH];
	unsigned n = load(p, up, task, id);
	int sent = dns_out_send(&p->out, s->fd);
	int error = errno;

	for (unsigned i = 0; i < n; i++) {
		if ((int)i < sent)
			dns_task_sent(&p->book, task[i], &s->channel, id[i]);
		else
			dns_book_drop_id(&p->book, id[i]);
	}
	if (sent > 0)
		dns_socket_used(s, (uint32_t)sent);
	errno = error;
	return sent;
}

/* Our own trouble: the first in line, or all, must try again later. */
static void
fail_local(struct dns_pool *p, struct dns_upstream *up, bool all)
{
	dns_upstream_rest(up, loop_now_ms(p->book.loop));
	do
		dns_task_failed(&p->book, TAILQ_FIRST(&up->out),
		    OUTCOME_LOCAL);
	while (all && !p->book.closed && !TAILQ_EMPTY(&up->out));
}

static void
send_datagrams(struct dns_pool *p, struct dns_upstream *up)
{
	int refusals = 0;

	while (!p->book.closed && !TAILQ_EMPTY(&up->out)) {
		struct dns_socket *s = dns_socket_pick(up);

		if (s == NULL) {
			if (errno != EAGAIN)
				fail_local(p, up, true);
			return;
		}
		if (send_batch(p, up, s) >= 0)
			continue;
		if (errno == EAGAIN || errno == ENOBUFS)
			dns_socket_block(s);
		/* An earlier datagram was refused; this one was not sent. */
		else if (errno == ECONNREFUSED && refusals++ < DNS_IN_BATCH)
			dns_upstream_silent(up, loop_now_ms(p->book.loop));
		else
			fail_local(p, up, false);
	}
}

/* ---- the turn of the loop ---- */

/* False: no resolver has room for it. */
static bool
dispatch(struct dns_pool *p, struct dns_task *t)
{
	struct dns_upstream *up = t->last;

	if (!t->same_resolver)
		up = dns_upstream_choose(&p->upstreams, t->last,
		    loop_now_ms(p->book.loop));
	if (up == NULL)
		return false;
	t->last = up;
	t->same_resolver = false;
	dns_task_admit(&p->book, t);
	dns_task_move(t, &t->last->out);
	if (t->by_tcp)
		dns_book_send_tcp(&p->book, t);
	return true;
}

/*
 * One that waits for the others' room does not hold up those that are asked
 * for the first time.  False: nothing can be sent.
 */
static bool
dispatch_next(struct dns_pool *p)
{
	struct dns_task *t = dns_book_next(&p->book), *fresh;

	if (t == NULL)
		return false;
	if (dispatch(p, t))
		return true;
	fresh = dns_book_fresh(&p->book);
	return fresh != NULL && fresh != t && dispatch(p, fresh);
}

/* Questions decided without a query; those that come up meanwhile wait. */
static void
deliver(struct dns_pool *p)
{
	struct dns_book *b = &p->book;
	struct dns_task *last = TAILQ_LAST(&b->ready, dns_task_list);
	bool more = last != NULL;

	while (more && !b->closed) {
		struct dns_task *t = TAILQ_FIRST(&b->ready);

		more = t != last;
		dns_task_finish(b, t);
	}
}

/* What is asked meanwhile, by whoever is answered too, is sent in this turn. */
static void
fill_line(struct dns_pool *p)
{
	struct dns_book *b = &p->book;

	p->filling = true;
	deliver(p);
	while (p->refill != NULL && !b->closed &&
	    b->waiting.n < LINE_SHORT && p->refill(p->refill_ctx))
		continue;
	p->filling = false;
	if (!b->closed && !TAILQ_EMPTY(&b->ready))
		arm(p, loop_now_ms(b->loop));
}

static void
flush(struct dns_pool *p)
{
	struct dns_book *b = &p->book;
	uint64_t now = loop_now_ms(b->loop);

	fill_line(p);
	p->upstreams.wait_ms = 0;
	while (!b->closed && dns_book_next(b) != NULL) {
		uint64_t wait_ns = pace_wait(&p->pace, now * NS_PER_MS);

		if (wait_ns > 0) {
			arm(p, now + wait_ns / NS_PER_MS + 1);
			break;
		}
		if (!dispatch_next(p)) {
			if (p->upstreams.wait_ms > 0)
				arm(p, now + p->upstreams.wait_ms);
			break;
		}
		pace_take(&p->pace, now * NS_PER_MS);
	}
	for (size_t i = 0; i < p->upstreams.n && !b->closed; i++)
		send_datagrams(p, &p->upstreams.v[i]);
	if (!b->closed && due_first(&b->due) != NULL)
		arm(p, due_first(&b->due)->at_ms);
}

static void
let_gather(struct dns_pool *p)
{
	const struct timespec gather = { .tv_nsec = GATHER_NS };

	if (p->heard >= ANSWERS_POUR && p->book.in_window > p->heard)
		nanosleep(&gather, NULL);
	p->heard = 0;
}

static void
on_prepare(uv_prepare_t *prepare)
{
	struct dns_pool *p = prepare->data;

	flush(p);
	let_gather(p);
}

/* What it makes ready to be sent leaves with on_prepare(), this same turn. */
static void
on_timer(uv_timer_t *timer)
{
	struct dns_pool *p = timer->data;
	uint64_t now = loop_now_ms(p->book.loop);
	struct due *d;

	p->armed_ms = 0;
	while (!p->book.closed && (d = due_first(&p->book.due)) != NULL &&
	    d->at_ms <= now) {
		due_clear(&p->book.due, d);
		d->fire(&p->book, d);
	}
}

/* ---- from outside ---- */

static void
book_configure(struct dns_pool *p, struct loop *loop,
    const struct dns_config *c, struct stats *stats)
{
	struct dns_book *b = &p->book;

	dns_book_init(b);
	b->loop = loop;
	b->stats = stats;
	b->random = &p->upstreams.random;
	b->timeout_ms = c->timeout_ms == 0 ? 1 : c->timeout_ms;
	b->window = c->window == 0 || c->window > WINDOW_MAX ? WINDOW_MAX :
	    c->window;
	b->mix_case = c->mix_case;
	b->decided = c->decided;
	b->decided_ctx = c->decided_ctx;
}

struct dns_pool *
dns_pool_new(struct loop *loop, const struct dns_config *c,
    struct stats *stats)
{
	struct dns_pool *p = xcalloc(1, sizeof(*p));
	uv_loop_t *uv = loop_uv(loop);

	book_configure(p, loop, c, stats);
	p->upstreams.on_event = on_socket;
	p->upstreams.ctx = p;
	if (!dns_upstreams_init(&p->upstreams, uv, c)) {
		int saved = errno;

		free(p);
		errno = saved;
		return NULL;
	}
	p->refill = c->refill;
	p->refill_ctx = c->refill_ctx;
	pace_init(&p->pace, c->rate, PACE_BURST_MS);
	p->tcp_events = (struct dns_tcp_events){ on_tcp_message, on_tcp_end,
		p };
	p->book.tcp_events = &p->tcp_events;
	uv_prepare_init(uv, &p->prepare);
	p->prepare.data = p;
	uv_prepare_start(&p->prepare, on_prepare);
	uv_timer_init(uv, &p->timer);
	p->timer.data = p;
	p->handles = 2;
	return p;
}

static void
on_closed(uv_handle_t *handle)
{
	struct dns_pool *p = handle->data;

	if (--p->handles == 0)
		free(p);
}

void
dns_pool_free(struct dns_pool *p)
{
	if (p == NULL)
		return;
	for (size_t i = 0; i < p->upstreams.n; i++) {
		struct dns_upstream *up = &p->upstreams.v[i];

		while (!TAILQ_EMPTY(&up->out)) {
			struct dns_task *t = TAILQ_FIRST(&up->out);

			dns_task_move(t, NULL);
			free(t);
		}
		if (up->tcp != NULL)
			dns_book_tcp_close(&p->book, up->tcp);
	}
	dns_book_release(&p->book);
	dns_upstreams_release(&p->upstreams);
	uv_close((uv_handle_t *)&p->prepare, on_closed);
	uv_close((uv_handle_t *)&p->timer, on_closed);
}

void
dns_pool_ask(struct dns_pool *p, struct arena *a, struct slice name,
    enum dns_type type, struct rrset *out, dns_done_fn *done, void *ctx)
{
	dns_book_add(&p->book, a, name, type, out, done, ctx);
	/* The loop may be past its prepare handles: it must not fall asleep. */
	if (!p->filling)
		arm(p, loop_now_ms(p->book.loop));
}

size_t
dns_pool_pending(const struct dns_pool *p)
{
	return p->book.n_pending;
}
