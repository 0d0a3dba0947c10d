/* SPDX-License-Identifier: Apache-2.0
 *
 * policy_pool.c: the way of a fetch over its addresses.
 *
 *   begin -> (gate -> dial -> transfer) per address -> decided -> finish
 *                          \-> all timed out: wait, once more
 *   decided -> (gate -> dial -> transfer) per other address -> finish
 *
 * A connection that does not come about leads on to the next address; once
 * one stands, TLS and HTTP decide.  The other addresses are asked after that,
 * one at a time and without a retry: they change nothing that was decided, so
 * silence of LIMIT_POLICY_OTHER_SILENT of them ends the asking, by number and
 * not by time, so that equal scans stay equal.  Time spent waiting for the
 * gate or for the retry counts towards no deadline.  A fetch frees itself when
 * it has called back; its facts live in the caller's arena.
 */
#include "workers/policy_pool.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "scanner/base/limits.h"
#include "workers/curl_loop.h"
#include "workers/dial.h"
#include "workers/policy_attempts.h"
#include "workers/policy_fetch.h"
#include "workers/policy_others.h"

#include "scanner/base/banned.h"

#define ROUNDS 2 /* the second only where all connects timed out */

struct fetch {
	TAILQ_ENTRY(fetch) link;
	struct policy_pool *pool;
	struct arena *arena;
	struct policy_facts *facts;
	policy_done_fn *done;
	void *ctx;
	size_t addresses;         /* to ask in all, the deciding one too */
	struct vec attempts;      /* struct policy_attempt */
	int round;
	size_t round_from;        /* its first attempt */
	size_t next;              /* address to try, IPv4 ones first */
	uint64_t begun_ms;        /* the attempt under way */
	int64_t started_ms;       /* the same on the wall clock; 0: none */
	uint64_t round_ms;        /* spent on attempts of this round */
	uint64_t total_ms;
	bool connected;           /* counted as in flight */
	struct gate_ticket ticket;
	struct dial *dial;
	struct policy_fetch *transfer;
	bool is_decided;          /* from here on the other addresses */
	size_t other;             /* the one under way */
	size_t n_silent;
	struct arena *scratch;    /* what `found` names; NULL: not needed */
	struct policy_facts found;
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
	struct silent_book *silent;
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
	arena_free(f->scratch);
	free(f);
}

static void
finish(struct fetch *f)
{
	policy_done_fn *done = f->done;
	void *ctx = f->ctx;

	fetch_free(f);
	done(ctx);
}

static void
set_outcome(struct fetch *f, enum outcome outcome)
{
	f->facts->outcome = outcome;
	f->facts->elapsed_ms = (uint32_t)f->total_ms;
}

/* ---- attempts ---- */

static void
record(struct fetch *f, const struct address *address, enum outcome outcome)
{
	struct policy_attempt *attempt = vec_push(f->arena, &f->attempts);

	attempt->address = *address;
	attempt->outcome = outcome;
	attempt->started_ms = f->started_ms;
	f->started_ms = 0;
	f->facts->attempt = f->attempts.p;
	f->facts->n_attempt = f->attempts.n;
}

static const struct policy_attempt *
of_round(const struct fetch *f)
{
	const struct policy_attempt *attempt = f->attempts.p;

	return attempt == NULL ? NULL : attempt + f->round_from;
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

	if (f->round + 1 < ROUNDS && policy_all_timed_out(p->reach,
	    of_round(f), f->attempts.n - f->round_from)) {
		loop_post_at(p->loop,
		    loop_clock_ms() + p->config.retry_wait_ms, on_retry, f);
		return;
	}
	set_outcome(f, policy_round_outcome(of_round(f),
	    f->attempts.n - f->round_from));
	finish(f);
}

/* ---- the other addresses ---- */

/*
 * One dead address must not make thousands of policy hosts wait for its
 * time-outs one after the other: where it has just been silent several times
 * they are told so.  A session that stood still may be the matter of one host,
 * so of what decides only silence at the door counts.  NONE: not known.
 */
static enum outcome
known_silence(const struct fetch *f, const struct address *a)
{
	enum outcome o = silent_book_find(f->pool->silent, a,
	    loop_clock_ms());

	return f->is_decided || o == OUTCOME_CONNECT_TIMEOUT ? o :
	    OUTCOME_NONE;
}

static void
next_other(struct fetch *f)
{
	struct policy_pool *p = f->pool;
	struct policy_facts *facts = f->facts;

	for (; f->other < facts->n_other; f->other++) {
		struct policy_other *o = &facts->other[f->other];

		if (o->outcome != OUTCOME_NONE)
			continue; /* attempted before one connected */
		if (f->n_silent == LIMIT_POLICY_OTHER_SILENT) {
			facts->n_other = f->other;
			facts->others_cut = true;
			break;
		}
		o->outcome = reach_address(p->reach, &o->address);
		if (o->outcome != OUTCOME_OK)
			continue;
		o->outcome = known_silence(f, &o->address);
		if (o->outcome != OUTCOME_NONE) {
			f->n_silent++;
			continue;
		}
		f->round_ms = 0;
		f->ticket.address = o->address;
		gate_ask(p->gate, &f->ticket);
		return;
	}
	finish(f);
}

static void
other_over(struct fetch *f, enum outcome outcome)
{
	policy_others_keep(f->arena, f->facts, f->other, outcome, &f->found);
	f->n_silent += policy_is_silence(outcome);
	f->other++;
	next_other(f);
}

/* The address of the last attempt speaks for the host. */
static void
decided(struct fetch *f, enum outcome outcome)
{
	set_outcome(f, outcome);
	policy_others_list(f->arena, f->facts, &f->ticket.address,
	    f->addresses);
	f->is_decided = true;
	next_other(f);
}

/* Where what is fetched goes. */
static struct policy_facts *
target_facts(struct fetch *f)
{
	return f->is_decided ? &f->found : f->facts;
}

static struct arena *
target_arena(struct fetch *f)
{
	return f->is_decided ? f->scratch : f->arena;
}

static void
clear_target(struct fetch *f)
{
	if (!f->is_decided)
		return;
	if (f->scratch == NULL)
		f->scratch = arena_new();
	arena_clear(f->scratch);
	f->found = (struct policy_facts){ .host = f->facts->host };
}

/* ---- one attempt ---- */

/*
 * Does the address rest for longer?  A broken handshake may be a limit that we
 * met; yet where it is how an address of many policy hosts is, hundreds that
 * come for comparison would wait for each other's minute.
 */
static bool
is_troubled(const struct fetch *f, enum outcome outcome)
{
	return f->is_decided ? policy_is_silence(outcome) :
	    policy_is_trouble(outcome);
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
	gate_release(p->gate, &f->ticket, is_troubled(f, outcome));
	silent_book_note(p->silent, &f->ticket.address, outcome,
	    loop_clock_ms());
	if (f->is_decided)
		other_over(f, outcome);
	else if (policy_leads_on(outcome))
		next_address(f);
	else
		decided(f, outcome);
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
		.tls = p->tls, .arena = target_arena(f),
		.facts = target_facts(f),
		.address = f->ticket.address, .port = p->config.port,
		.fd = fd, .timeout_ms = left_ms(f),
		.user_agent = p->config.user_agent, .ctx = f,
	};

	f->dial = NULL;
	if (outcome == OUTCOME_RESET) {
		/* A moment later it would have been the handshake's end. */
		tls_watch_failure(params.arena, &TLS_WATCH_NONE,
		    SLICE_EMPTY, &params.facts->tls);
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
	enum outcome silence;

	clear_target(f);
	f->begun_ms = loop_clock_ms();
	silence = known_silence(f, &target.address);
	if (silence != OUTCOME_NONE) {
		/* It fell silent while we waited for the gate. */
		gate_release(p->gate, &f->ticket, false);
		if (f->is_decided) {
			other_over(f, silence);
		} else {
			record(f, &target.address, silence);
			next_address(f);
		}
		return;
	}
	f->started_ms = loop_wall_ms();
	f->connected = true;
	target.timeout_ms = left_ms(f);
	if (target.timeout_ms > p->config.connect_timeout_ms)
		target.timeout_ms = p->config.connect_timeout_ms;
	STAT_ADD(p->stats->policy_connects, 1);
	STAT_ADD(p->stats->policy_in_flight, 1);
	f->dial = dial_start(p->loop, &target, on_dialed, f);
}

/* Asks the gate for the next address that may be contacted. */
static void
next_address(struct fetch *f)
{
	struct policy_pool *p = f->pool;
	const struct address *address;

	while (f->round_ms < p->config.timeout_ms &&
	    (address = policy_address_at(f->facts, f->next)) != NULL) {
		enum outcome o = reach_address(p->reach, address);
		enum outcome silence = known_silence(f, address);

		f->next++;
		if (o == OUTCOME_OK && silence == OUTCOME_NONE) {
			f->ticket.address = *address;
			gate_ask(p->gate, &f->ticket);
			return;
		}
		if (o == OUTCOME_OK || f->round == 0)
			record(f, address, o == OUTCOME_OK ? silence : o);
	}
	round_over(f);
}

/* ---- begin of a fetch ---- */

static void
exclude_all(struct fetch *f)
{
	const struct address *a;

	for (size_t i = 0; (a = policy_address_at(f->facts, i)) != NULL; i++)
		record(f, a, OUTCOME_EXCLUDED);
}

static void
on_begin(void *ctx)
{
	struct fetch *f = ctx;

	if (!policy_fetch_takes(f->facts->host)) {
		set_outcome(f, OUTCOME_LOCAL);
		finish(f);
	} else if (reach_name_excluded(f->pool->reach, f->facts->host)) {
		exclude_all(f);
		set_outcome(f, policy_round_outcome(of_round(f),
		    f->attempts.n));
		finish(f);
	} else {
		next_address(f);
	}
}

void
policy_pool_fetch(struct policy_pool *p, struct arena *a,
    struct policy_facts *facts, size_t addresses, policy_done_fn *done,
    void *ctx)
{
	struct fetch *f = xcalloc(1, sizeof(*f));

	f->pool = p;
	f->arena = a;
	f->facts = facts;
	f->addresses = addresses;
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
	p->silent = silent_book_new();
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
	silent_book_free(p->silent);
	free(p);
}
