/* SPDX-License-Identifier: Apache-2.0
 *
 * dns_task.c: questions in flight: ids, the window, and when to ask again.
 *
 * Time comes from the loop, chance from the set of resolvers.  A question
 * keeps all its attempts answerable, so that a slow resolver's answer counts
 * even after another one has been asked.  The book owns the tasks; facts go
 * to the asker's arena.
 */
#include "workers/dns_task.h"

#include <stdlib.h>
#include <string.h>

#include "scanner/base/banned.h"

/* Room for the query of nearly every name; such tasks are used again. */
#define QUERY_BYTES_USUAL 96
#define FAILED_MAX 3 /* attempts that end in SERVFAIL, REFUSED and the like */
/* Above this, earlier attempts give up their ids when another is made. */
#define IDS_PLENTY (DNS_IDS / 2)
/*
 * A wait is lengthened by up to 1/4: places that questions lost together hold
 * come free one by one, not in a burst that is lost again.
 */
#define JITTER_PARTS 4
#define TCP_TIMEOUTS 4
#define TCP_IDLE_TIMEOUTS 6

/*
 * Waits in eighths of the first attempt's time-out.  At 800 ms six silent
 * attempts take at least 6.4 s, three failed ones at least 2.1 s.
 */
static const uint8_t silence_eighths[] = { 8, 8, 8, 12, 12, 16 };
static const uint8_t failure_eighths[FAILED_MAX - 1] = { 7, 14 };
#define SILENT_MAX (sizeof(silence_eighths))

/* Of several failures the one that says most is kept: the latest here. */
static const enum outcome failures[] = {
	OUTCOME_NONE, OUTCOME_DNS_TIMEOUT, OUTCOME_LOCAL,
	OUTCOME_DNS_MALFORMED, OUTCOME_DNS_ERROR, OUTCOME_REFUSED,
	OUTCOME_SERVFAIL, OUTCOME_BOGUS,
};

static size_t
telling(enum outcome o)
{
	size_t n = sizeof(failures) / sizeof(*failures);

	for (size_t i = 0; i < n; i++)
		if (failures[i] == o)
			return i;
	return n;
}

static uint64_t
spread(struct dns_book *b, uint64_t ms)
{
	uint64_t most = ms / JITTER_PARTS + 1;

	return ms + dns_random_u16(b->random) % most;
}

static uint64_t
eighths(const struct dns_book *b, uint8_t n)
{
	return ((uint64_t)b->timeout_ms * n + 7) / 8;
}

/* The memory of a question whose query has n bytes. */
static struct dns_task *
task_new(struct dns_book *b, size_t n)
{
	struct dns_task *t = TAILQ_FIRST(&b->spare);

	if (n > QUERY_BYTES_USUAL)
		return xmalloc(sizeof(*t) + n);
	if (t == NULL)
		return xmalloc(sizeof(*t) + QUERY_BYTES_USUAL);
	TAILQ_REMOVE(&b->spare, t, link);
	return t;
}

static void
task_free(struct dns_book *b, struct dns_task *t)
{
	if (t->is_usual)
		TAILQ_INSERT_HEAD(&b->spare, t, link);
	else
		free(t);
}

void
dns_book_init(struct dns_book *b)
{
	dns_line_init(&b->waiting);
	TAILQ_INIT(&b->again);
	TAILQ_INIT(&b->ready);
	TAILQ_INIT(&b->spare);
}

static void
free_list(struct dns_task_list *list)
{
	struct dns_task *t;

	while ((t = TAILQ_FIRST(list)) != NULL) {
		TAILQ_REMOVE(list, t, link);
		free(t);
	}
}

static void
on_due(void *ctx, struct due *d)
{
	struct dns_book *b = ctx;
	struct dns_task *t = (struct dns_task *)d;

	if (t->state == DNS_TASK_RESTING)
		dns_task_again(b, t);
	else
		dns_task_silent(b, t);
}

/* Resolvers' lists and connections are the pool's to empty before. */
void
dns_book_release(struct dns_book *b)
{
	b->closed = true;
	for (size_t i = 0; i < b->due.n; i++)
		free(b->due.v[i]);
	for (size_t i = 0; i <= DNS_QUERY_BYTES_MAX; i++)
		free_list(&b->waiting.by_length[i]);
	free_list(&b->again);
	free_list(&b->ready);
	free_list(&b->spare);
	due_release(&b->due);
	STAT_SUB(b->stats->dns_in_flight, b->in_window);
	b->in_window = 0;
	b->n_pending = 0;
}

/* "0x20": who does not see the question cannot repeat its letters. */
static void
mix_case(struct dns_book *b, struct dns_task *t)
{
	struct slice name = dns_query_name(slice_make(t->query, t->query_n));
	uint8_t *p = t->query + (name.p - (const char *)t->query);
	unsigned bits = 0;

	for (size_t i = 0; i < name.n; i++, bits >>= 1) {
		if (i % 16 == 0)
			bits = dns_random_u16(b->random);
		if (p[i] >= 'a' && p[i] <= 'z' && (bits & 1))
			p[i] = (uint8_t)(p[i] - 'a' + 'A');
	}
}

void
dns_book_add(struct dns_book *b, struct arena *a, struct slice name,
    enum dns_type type, struct rrset *out, dns_done_fn *done, void *ctx)
{
	uint8_t query[DNS_QUERY_BYTES_MAX];
	size_t n = dns_query_write(name, type, query);
	struct dns_task *t = task_new(b, n);

	*t = (struct dns_task){ .due.fire = on_due, .arena = a, .out = out,
		.done = done, .ctx = ctx, .type = type,
		.query_n = (uint16_t)n, .is_usual = n <= QUERY_BYTES_USUAL };
	memcpy(t->query, query, n);
	if (b->mix_case && n > 0)
		mix_case(b, t);
	b->n_pending++;
	if (n > 0) {
		t->state = DNS_TASK_WAITING;
		dns_line_add(&b->waiting, t);
		return;
	}
	out->lookup.outcome = OUTCOME_NXDOMAIN;
	t->state = DNS_TASK_READY;
	dns_task_move(t, &b->ready);
}

struct dns_task *
dns_book_next(struct dns_book *b)
{
	if (b->in_window >= b->window)
		return NULL;
	return !TAILQ_EMPTY(&b->again) ? TAILQ_FIRST(&b->again) :
	    dns_line_next(&b->waiting);
}

struct dns_task *
dns_book_fresh(struct dns_book *b)
{
	return b->in_window >= b->window ? NULL : dns_line_next(&b->waiting);
}

uint16_t
dns_book_take_id(struct dns_book *b, struct dns_task *t)
{
	uint16_t id;

	/* Never full: see IDS_PLENTY and the cap on the window. */
	do
		id = dns_random_u16(b->random);
	while (b->by_id[id] != NULL);
	b->by_id[id] = t;
	b->n_id++;
	return id;
}

void
dns_book_drop_id(struct dns_book *b, uint16_t id)
{
	b->by_id[id] = NULL;
	b->n_id--;
}

void
dns_task_move(struct dns_task *t, struct dns_task_list *to)
{
	if (t->list != NULL)
		TAILQ_REMOVE(t->list, t, link);
	t->list = to;
	if (to != NULL)
		TAILQ_INSERT_TAIL(to, t, link);
}

static void
leave_window(struct dns_book *b, struct dns_task *t)
{
	if (t->place == NULL)
		return;
	t->place->in_flight--;
	t->place = NULL;
	b->in_window--;
	STAT_SUB(b->stats->dns_in_flight, 1);
}

void
dns_task_admit(struct dns_book *b, struct dns_task *t)
{
	if (t->state == DNS_TASK_WAITING)
		dns_line_took(&b->waiting);
	t->place = t->last;
	t->place->in_flight++;
	b->in_window++;
	STAT_ADD(b->stats->dns_in_flight, 1);
	t->state = DNS_TASK_QUEUED;
}

void
dns_task_sent(struct dns_book *b, struct dns_task *t,
    struct dns_channel *channel, uint16_t id)
{
	uint64_t now = loop_now_ms(b->loop);
	uint64_t wait = channel->is_tcp ?
	    (uint64_t)b->timeout_ms * TCP_TIMEOUTS :
	    eighths(b, silence_eighths[t->n_silent]);

	if (t->n_attempt == 0)
		t->first_ms = now;
	else
		STAT_ADD(b->stats->dns_retries, 1);
	STAT_ADD(b->stats->dns_queries, 1);
	if (channel->is_tcp)
		STAT_ADD(b->stats->dns_tcp, 1);
	t->attempt[t->n_attempt++] = (struct dns_attempt){ channel,
		(uint32_t)now, id, OUTCOME_DNS_TIMEOUT };
	channel->live++;
	t->state = DNS_TASK_FLYING;
	dns_task_move(t, NULL);
	due_set(&b->due, &t->due, now + spread(b, wait));
}

struct dns_attempt *
dns_task_attempt(struct dns_task *t, uint16_t id,
    const struct dns_channel *channel)
{
	for (size_t i = 0; i < t->n_attempt; i++)
		if (t->attempt[i].id == id && t->attempt[i].channel == channel)
			return &t->attempt[i];
	return NULL;
}

/* Idle ones live on for a while, those that stand still do not. */
static void
tcp_unlive(struct dns_book *b, struct dns_tcp *tcp)
{
	uint64_t now = loop_now_ms(b->loop);

	if (--tcp->channel.live == 0)
		due_set(&b->due, &tcp->idle, dns_tcp_is_stuck(b, tcp) ? now :
		    now + (uint64_t)b->timeout_ms * TCP_IDLE_TIMEOUTS);
}

bool
dns_tcp_is_stuck(const struct dns_book *b, const struct dns_tcp *tcp)
{
	return loop_now_ms(b->loop) - tcp->heard_ms >=
	    (uint64_t)b->timeout_ms * TCP_TIMEOUTS;
}

void
dns_task_end_attempt(struct dns_book *b, struct dns_attempt *attempt)
{
	struct dns_channel *channel = attempt->channel;

	if (channel == NULL)
		return;
	attempt->channel = NULL;
	dns_book_drop_id(b, attempt->id);
	if (channel->is_tcp)
		tcp_unlive(b, (struct dns_tcp *)channel);
	else
		dns_socket_unlive((struct dns_socket *)channel);
}

static void
end_attempts(struct dns_book *b, struct dns_task *t)
{
	for (size_t i = 0; i < t->n_attempt; i++)
		dns_task_end_attempt(b, &t->attempt[i]);
}

static bool
has_live(const struct dns_task *t)
{
	for (size_t i = 0; i < t->n_attempt; i++)
		if (t->attempt[i].channel != NULL)
			return true;
	return false;
}

static void
tell(struct dns_book *b, struct dns_task *t)
{
	if (b->decided == NULL || t->query_n == 0)
		return; /* never asked: it could not exist */
	b->decided(b->decided_ctx,
	    dns_query_name(slice_make(t->query, t->query_n)),
	    t->out->lookup.outcome,
	    t->n_attempt > 0 ? t->first_ms : loop_now_ms(b->loop));
}

void
dns_task_finish(struct dns_book *b, struct dns_task *t)
{
	struct lookup *l = &t->out->lookup;
	dns_done_fn *done = t->done;
	void *ctx = t->ctx;

	l->attempts = t->n_attempt;
	l->n_tried = t->n_attempt;
	for (size_t i = 0; i < t->n_attempt; i++)
		l->tried[i] = t->attempt[i].outcome;
	if (t->n_attempt > 0)
		l->elapsed_ms = (uint32_t)(loop_now_ms(b->loop) - t->first_ms);
	tell(b, t);
	end_attempts(b, t);
	leave_window(b, t);
	dns_task_move(t, NULL);
	due_clear(&b->due, &t->due);
	b->n_pending--;
	task_free(b, t);
	done(ctx);
}

/* Asks again as soon as there is a place. */
void
dns_task_again(struct dns_book *b, struct dns_task *t)
{
	if (t->n_attempt == DNS_ATTEMPTS_MAX) {
		dns_task_failed(b, t, OUTCOME_DNS_TIMEOUT);
		return;
	}
	leave_window(b, t);
	due_clear(&b->due, &t->due);
	t->state = DNS_TASK_AGAIN;
	dns_task_move(t, &b->again);
}

void
dns_task_failed(struct dns_book *b, struct dns_task *t, enum outcome how)
{
	struct lookup *l = &t->out->lookup;

	if (telling(how) > telling(l->outcome))
		l->outcome = how;
	t->n_failed++;
	if (t->n_failed >= FAILED_MAX || t->n_attempt == DNS_ATTEMPTS_MAX) {
		dns_task_finish(b, t);
		return;
	}
	/* In line for another attempt, or another is still on its way. */
	if (t->state == DNS_TASK_AGAIN ||
	    (t->state == DNS_TASK_QUEUED && how != OUTCOME_LOCAL) ||
	    (t->state == DNS_TASK_FLYING && has_live(t)))
		return;
	leave_window(b, t);
	dns_task_move(t, NULL);
	t->state = DNS_TASK_RESTING;
	due_set(&b->due, &t->due, loop_now_ms(b->loop) +
	    spread(b, eighths(b, failure_eighths[t->n_failed - 1])));
}

static enum tri
believed(const struct dns_answer *answer, const struct dns_upstream *up)
{
	if (!up->trusted)
		return TRI_UNKNOWN;
	return answer->authentic ? TRI_YES : TRI_NO;
}

void
dns_task_answered(struct dns_book *b, struct dns_task *t,
    const struct dns_answer *answer, const struct dns_upstream *up)
{
	struct slice resolver = up->text; /* lives as long as the pool */
	enum outcome outcome = answer->set.lookup.outcome;

	if (outcome_class(outcome) == CLASS_ANSWER ||
	    outcome == OUTCOME_CNAME_LOOP) {
		*t->out = answer->set;
		t->out->lookup.resolver = resolver;
		t->out->lookup.secure = believed(answer, up);
		dns_task_finish(b, t);
		return;
	}
	if (telling(outcome) >= telling(t->out->lookup.outcome)) {
		*t->out = answer->set;
		t->out->lookup.resolver = resolver;
	}
	dns_task_failed(b, t, outcome);
}

void
dns_task_truncated(struct dns_book *b, struct dns_task *t)
{
	t->by_tcp = true;
	t->same_resolver = true;
	dns_task_again(b, t);
}

void
dns_task_without_edns(struct dns_book *b, struct dns_task *t)
{
	t->plain = true;
	t->same_resolver = true;
	t->query_n = (uint16_t)dns_query_without_edns(t->query, t->query_n);
	dns_task_again(b, t);
}

void
dns_task_silent(struct dns_book *b, struct dns_task *t)
{
	struct dns_attempt *attempt = &t->attempt[t->n_attempt - 1];
	struct dns_channel *channel = attempt->channel;

	if (channel != NULL && channel->is_tcp) {
		dns_task_end_attempt(b, attempt);
		dns_task_failed(b, t, OUTCOME_DNS_TIMEOUT);
		return;
	}
	if (channel != NULL) {
		dns_window_lost(&channel->up->window, loop_now_ms(b->loop));
		dns_upstream_silent(channel->up, loop_now_ms(b->loop));
	}
	if (b->n_id > IDS_PLENTY)
		end_attempts(b, t);
	if (++t->n_silent < SILENT_MAX && t->n_attempt < DNS_ATTEMPTS_MAX) {
		dns_task_again(b, t);
		return;
	}
	if (t->out->lookup.outcome == OUTCOME_NONE)
		t->out->lookup.outcome = OUTCOME_DNS_TIMEOUT;
	dns_task_finish(b, t);
}
