/* SPDX-License-Identifier: Apache-2.0
 *
 * policy_pool.c: the way of a fetch over its addresses.
 *
 *   begin -> (gate -> dial -> transfer) per address -> finish
 *                          \-> all timed out: wait, once more
 *
 * A connection that does not come about leads on to the next address; once
 * one stands, TLS and HTTP decide.  Time spent waiting for the gate or for
 * the retry counts towards no deadline.  A fetch frees itself when it has
 * called back; its facts live in the caller's arena.
 */
#include "workers/policy_pool.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "scanner/base/limits.h"
#include "workers/curl_loop.h"
#include "workers/dial.h"
#include "workers/policy_fetch.h"

#include "scanner/base/banned.h"

#define ROUNDS 2 /* the second only where all connects timed out */

struct fetch {
	TAILQ_ENTRY(fetch) link;
	struct policy_pool *pool;
	struct arena *arena;
	struct policy_facts *facts;
	policy_done_fn *done;
	void *ctx;
	struct vec attempts;      /* struct policy_attempt */
	int round;
	size_t round_from;        /* its first attempt */
	size_t next;              /* address to try, IPv4 ones first */
	uint64_t begun_ms;        /* the attempt under way */
	uint64_t round_ms;        /* spent on attempts of this round */
	uint64_t total_ms;
	bool connected;           /* counted as in flight */
	struct gate_ticket ticket;
	struct dial *dial;
	struct policy_fetch *transfer;
};

struct policy_pool {
	struct loop *loop;
	struct policy_config config;
	struct address source;
	struct tls *tls;
	struct reach *reach;
	struct gate *gate;
	struct gate_key *window;
	struct stats *stats;
	struct curl_loop *curl;
	TAILQ_HEAD(, fetch) fetches;
};

static void next_address(struct fetch *f);

/* ---- end of a fetch ---- */

static void
fetch_free(struct fetch *f)
{
	struct policy_pool *p = f->pool;

	TAILQ_REMOVE(&p->fetches, f, link);
	if (f->connected)
		STAT_SUB(p->stats->policy_in_flight, 1);
	policy_fetch_free(f->transfer);
	free(f);
}

static void
finish(struct fetch *f, enum outcome outcome)
{
	policy_done_fn *done = f->done;
	void *ctx = f->ctx;

	f->facts->outcome = outcome;
	f->facts->elapsed_ms = (uint32_t)f->total_ms;
	fetch_free(f);
	done(ctx);
}

/* ---- attempts ---- */

static void
record(struct fetch *f, const struct address *address, enum outcome outcome)
{
	struct policy_attempt *attempt = vec_push(f->arena, &f->attempts);

	attempt->address = *address;
	attempt->outcome = outcome;
	f->facts->attempt = f->attempts.p;
	f->facts->n_attempt = f->attempts.n;
}

/*
 * What several addresses that all failed amount to: that of which least is
 * known, so that one refusal beside a silence is no proof.
 */
static int
doubt_of(enum outcome o)
{
	if (o == OUTCOME_CONNECT_TIMEOUT)
		return 4;
	if (o == OUTCOME_LOCAL)
		return 3;
	if (o == OUTCOME_CONNECT_REFUSED)
		return 1;
	if (o == OUTCOME_SPECIAL_ADDRESS || o == OUTCOME_EXCLUDED)
		return 0;
	return 2;
}

static enum outcome
round_outcome(const struct fetch *f)
{
	const struct policy_attempt *attempt = f->attempts.p;
	enum outcome o = OUTCOME_NONE;

	for (size_t i = f->round_from; i < f->attempts.n; i++)
		if (o == OUTCOME_NONE ||
		    doubt_of(attempt[i].outcome) >= doubt_of(o))
			o = attempt[i].outcome;
	return o;
}

/* Was anything contacted, and did all of it end in silence? */
static bool
all_timed_out(const struct fetch *f)
{
	const struct policy_attempt *attempt = f->attempts.p;
	size_t n = 0;

	for (size_t i = f->round_from; i < f->attempts.n; i++) {
		if (reach_address(f->pool->reach, &attempt[i].address) !=
		    OUTCOME_OK)
			continue;
		if (attempt[i].outcome != OUTCOME_CONNECT_TIMEOUT)
			return false;
		n++;
	}
	return n > 0;
}

static void
on_retry(void *ctx)
{
	struct fetch *f = ctx;

	f->round++;
	f->round_from = f->attempts.n;
	f->round_ms = 0;
	f->next = 0;
	next_address(f);
}

static void
round_over(struct fetch *f)
{
	struct policy_pool *p = f->pool;

	if (f->round + 1 < ROUNDS && all_timed_out(f)) {
		loop_post_at(p->loop,
		    loop_clock_ms() + p->config.retry_wait_ms, on_retry, f);
		return;
	}
	finish(f, round_outcome(f));
}

/* Did the connection itself not come about?  Then another address may do. */
static bool
leads_on(enum outcome o)
{
	return o == OUTCOME_CONNECT_REFUSED || o == OUTCOME_CONNECT_TIMEOUT ||
	    o == OUTCOME_UNREACHABLE || o == OUTCOME_LOCAL;
}

static bool
is_trouble(enum outcome o)
{
	return o == OUTCOME_TLS_FAILED || o == OUTCOME_CONNECT_TIMEOUT ||
	    o == OUTCOME_TLS_TIMEOUT || o == OUTCOME_TIMEOUT;
}

static void
attempt_over(struct fetch *f, enum outcome outcome)
{
	struct policy_pool *p = f->pool;
	uint64_t spent = loop_clock_ms() - f->begun_ms;

	f->round_ms += spent;
	f->total_ms += spent;
	f->connected = false;
	STAT_SUB(p->stats->policy_in_flight, 1);
	policy_fetch_free(f->transfer);
	f->transfer = NULL;
	record(f, &f->ticket.address, outcome);
	gate_release(p->gate, &f->ticket, is_trouble(outcome));
	if (leads_on(outcome))
		next_address(f);
	else
		finish(f, outcome);
}

static void
on_transfer_done(void *ctx, CURLcode code)
{
	struct fetch *f = ctx;

	attempt_over(f, policy_fetch_end(f->transfer, code));
}

/* What the fetch may still spend in this round; at least a moment. */
static uint32_t
left_ms(const struct fetch *f)
{
	uint64_t timeout = f->pool->config.timeout_ms;
	uint64_t spent = f->round_ms + (loop_clock_ms() - f->begun_ms);

	return spent < timeout ? (uint32_t)(timeout - spent) : 1;
}

static void
on_dialed(void *ctx, int fd, enum outcome outcome)
{
	struct fetch *f = ctx;
	struct policy_pool *p = f->pool;
	struct policy_fetch_params params = {
		.tls = p->tls, .arena = f->arena, .facts = f->facts,
		.address = f->ticket.address, .port = p->config.port,
		.fd = fd, .timeout_ms = left_ms(f),
		.user_agent = p->config.user_agent, .ctx = f,
	};

	f->dial = NULL;
	if (outcome == OUTCOME_RESET) {
		/* A moment later it would have been the handshake's end. */
		tls_watch_failure(f->arena, &TLS_WATCH_NONE,
		    SLICE_EMPTY, &f->facts->tls);
		outcome = OUTCOME_TLS_FAILED;
	}
	if (outcome != OUTCOME_OK) {
		attempt_over(f, outcome);
		return;
	}
	f->transfer = policy_fetch_new(&params);
	if (f->transfer == NULL ||
	    !curl_loop_add(p->curl, policy_fetch_easy(f->transfer)))
		attempt_over(f, OUTCOME_LOCAL);
}

static void
on_granted(void *ctx)
{
	struct fetch *f = ctx;
	struct policy_pool *p = f->pool;
	struct dial_target target = {
		.address = f->ticket.address, .port = p->config.port,
		.source = p->source,
	};

	f->begun_ms = loop_clock_ms();
	f->connected = true;
	target.timeout_ms = left_ms(f);
	if (target.timeout_ms > p->config.connect_timeout_ms)
		target.timeout_ms = p->config.connect_timeout_ms;
	STAT_ADD(p->stats->policy_connects, 1);
	STAT_ADD(p->stats->policy_in_flight, 1);
	f->dial = dial_start(p->loop, &target, on_dialed, f);
}

static const struct address *
address_at(const struct policy_facts *facts, size_t i)
{
	if (i < facts->a.n)
		return &facts->a.address[i];
	i -= facts->a.n;
	return i < facts->aaaa.n ? &facts->aaaa.address[i] : NULL;
}

/* Asks the gate for the next address that may be contacted. */
static void
next_address(struct fetch *f)
{
	struct policy_pool *p = f->pool;
	const struct address *address;

	while (f->round_ms < p->config.timeout_ms &&
	    (address = address_at(f->facts, f->next)) != NULL) {
		enum outcome o = reach_address(p->reach, address);

		f->next++;
		if (o == OUTCOME_OK) {
			f->ticket.address = *address;
			gate_ask(p->gate, &f->ticket);
			return;
		}
		if (f->round == 0)
			record(f, address, o);
	}
	round_over(f);
}

/* ---- begin of a fetch ---- */

/* Names go into a URL: nothing may stand in them that means something there. */
static bool
is_plain_host(struct slice host)
{
	for (size_t i = 0; i < host.n; i++)
		if (!ascii_is_alnum(host.p[i]) && host.p[i] != '-' &&
		    host.p[i] != '.' && host.p[i] != '_')
			return false;
	return host.n > 0 && host.n <= LIMIT_NAME_BYTES;
}

static void
exclude_all(struct fetch *f)
{
	const struct address *address;

	for (size_t i = 0; (address = address_at(f->facts, i)) != NULL; i++)
		record(f, address, OUTCOME_EXCLUDED);
}

static void
on_begin(void *ctx)
{
	struct fetch *f = ctx;

	if (!is_plain_host(f->facts->host)) {
		finish(f, OUTCOME_LOCAL);
	} else if (reach_name_excluded(f->pool->reach, f->facts->host)) {
		exclude_all(f);
		finish(f, round_outcome(f));
	} else {
		next_address(f);
	}
}

void
policy_pool_fetch(struct policy_pool *p, struct arena *a,
    struct policy_facts *facts, policy_done_fn *done, void *ctx)
{
	struct fetch *f = xcalloc(1, sizeof(*f));

	f->pool = p;
	f->arena = a;
	f->facts = facts;
	f->done = done;
	f->ctx = ctx;
	f->attempts = VEC_OF(struct policy_attempt);
	f->ticket.loop = p->loop;
	f->ticket.granted = on_granted;
	f->ticket.ctx = f;
	f->ticket.op = SLICE_EMPTY;
	f->ticket.window = p->window;
	TAILQ_INSERT_TAIL(&p->fetches, f, link);
	loop_post(p->loop, on_begin, f);
}

/* ---- the pool ---- */

struct policy_pool *
policy_pool_new(struct loop *loop, const struct policy_config *c,
    struct tls *tls, struct reach *reach, struct gate *gate,
    struct stats *stats)
{
	struct policy_pool *p = xcalloc(1, sizeof(*p));

	p->loop = loop;
	p->config = *c;
	p->tls = tls;
	p->reach = reach;
	p->gate = gate;
	p->stats = stats;
	TAILQ_INIT(&p->fetches);
	if (c->source_ip != NULL)
		address_parse(slice_of(c->source_ip), &p->source);
	p->curl = curl_loop_new(loop, on_transfer_done);
	if (p->curl == NULL) {
		free(p);
		return NULL;
	}
	p->window = gate_window_new(gate, c->window);
	return p;
}

void
policy_pool_free(struct policy_pool *p)
{
	struct fetch *f;

	if (p == NULL)
		return;
	while ((f = TAILQ_FIRST(&p->fetches)) != NULL) {
		loop_unpost(p->loop, on_begin, f);
		loop_unpost(p->loop, on_retry, f);
		dial_cancel(f->dial);
		if (f->transfer != NULL)
			curl_loop_remove(p->curl,
			    policy_fetch_easy(f->transfer));
		gate_cancel(p->gate, &f->ticket);
		fetch_free(f);
	}
	curl_loop_free(p->curl);
	gate_window_free(p->gate, p->window);
	free(p);
}
