/* SPDX-License-Identifier: Apache-2.0
 *
 * smtp_pool.c: which probe runs when.
 *
 *   ASK -> (gate) -> SESSION -> done
 *    ^                  |
 *    \-- RETRY (wait) <-/  the outcome was temporary
 *
 * With --tls-versions further sessions follow the one that got as far as TLS,
 * each asked for like the first.
 *
 * A job is all that a waiting probe costs: it holds no socket, no slot, and
 * less than 512 bytes.  The window of sessions is one of the gate's keys, so
 * that it is granted together with address, network and operator.  Facts live
 * in the caller's arena; what an earlier attempt left there stays unused.
 */
#include "workers/smtp_pool.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "scanner/rules/name.h"
#include "workers/smtp_probe.h"
#include "workers/smtp_versions.h"

#include "scanner/base/banned.h"

struct smtp_job {
	struct smtp_pool *pool;
	struct smtp_target target;
	smtp_done_fn *done;
	void *ctx;
	struct gate_ticket ticket;
	struct smtp_probe *probe;     /* NULL: no session */
	int64_t started_ms;           /* of the session, since 1970 */
	struct smtp_versions *versions; /* NULL: the probe proper */
	uint64_t due_ms;              /* of the retry; 0: not in that list */
	bool asked;                   /* the gate, and not yet granted */
	TAILQ_ENTRY(smtp_job) link;
	TAILQ_ENTRY(smtp_job) retry_link;
};

TAILQ_HEAD(smtp_jobs, smtp_job);

struct smtp_pool {
	struct smtp_probe_env env;
	struct reach *reach;
	struct gate *gate;
	struct gate_key *window;
	struct smtp_jobs jobs;
	struct smtp_jobs retries;     /* sorted: all wait equally long */
	uv_timer_t timer;             /* until the first of them */
	size_t n_jobs;
};

static void job_ask(struct smtp_job *job);
static void on_granted(void *ctx);
static void on_retry_timer(uv_timer_t *timer);

/* ---- A job ---- */

static void
job_free(struct smtp_job *job)
{
	TAILQ_REMOVE(&job->pool->jobs, job, link);
	job->pool->n_jobs--;
	smtp_versions_free(job->versions);
	free(job);
}

static void
job_finish(struct smtp_job *job)
{
	smtp_done_fn *done = job->done;
	void *ctx = job->ctx;

	job_free(job);
	done(ctx);
}

static void
on_forbidden(void *ctx)
{
	job_finish(ctx);
}

static enum outcome
job_allowed(struct smtp_job *job)
{
	struct reach *r = job->pool->reach;

	if (reach_name_excluded(r, job->target.host))
		return OUTCOME_EXCLUDED;
	return reach_address(r, &job->target.facts->address);
}

/* Facts as before any attempt, but for the list of attempts. */
static void
facts_reset(struct smtp_facts *f)
{
	struct smtp_facts fresh = {
		.address = f->address,
		.attempt = f->attempt,
		.n_attempt = f->n_attempt,
	};

	*f = fresh;
}

static void
note_attempt(struct smtp_job *job)
{
	struct smtp_facts *f = job->target.facts;
	struct smtp_attempt *list = arena_array(job->target.arena,
	    f->n_attempt + 1, sizeof(*list));

	if (f->n_attempt > 0)
		memcpy(list, f->attempt, f->n_attempt * sizeof(*list));
	list[f->n_attempt].outcome = f->outcome;
	list[f->n_attempt].elapsed_ms = f->elapsed_ms;
	list[f->n_attempt].started_ms = job->started_ms;
	f->attempt = list;
	f->n_attempt++;
}

/* ---- Retries ---- */

static void
arm_retries(struct smtp_pool *p)
{
	struct smtp_job *first = TAILQ_FIRST(&p->retries);
	uint64_t now;

	if (first == NULL) {
		uv_timer_stop(&p->timer);
		return;
	}
	uv_update_time(loop_uv(p->env.loop));
	now = loop_now_ms(p->env.loop);
	uv_timer_start(&p->timer, on_retry_timer,
	    first->due_ms > now ? first->due_ms - now : 0, 0);
}

static void
job_retry_later(struct smtp_job *job)
{
	struct smtp_pool *p = job->pool;

	STAT_ADD(p->env.stats->smtp_retries, 1);
	STAT_ADD(p->env.stats->smtp_waiting, 1);
	job->due_ms = loop_clock_ms() + p->env.config.retry_wait_ms;
	TAILQ_INSERT_TAIL(&p->retries, job, retry_link);
	if (TAILQ_FIRST(&p->retries) == job)
		arm_retries(p);
}

static void
job_leave_retries(struct smtp_job *job)
{
	TAILQ_REMOVE(&job->pool->retries, job, retry_link);
	job->due_ms = 0;
	STAT_SUB(job->pool->env.stats->smtp_waiting, 1);
}

static void
on_retry_timer(uv_timer_t *timer)
{
	struct smtp_pool *p = timer->data;
	uint64_t now = loop_clock_ms();
	struct smtp_job *job;

	while ((job = TAILQ_FIRST(&p->retries)) != NULL &&
	    job->due_ms <= now) {
		job_leave_retries(job);
		job_ask(job);
	}
	arm_retries(p);
}

/* ---- Sessions ---- */

static bool
wants_retry(const struct smtp_job *job)
{
	const struct smtp_facts *f = job->target.facts;

	return outcome_class(f->outcome) == CLASS_TEMPORARY &&
	    f->n_attempt <= job->pool->env.config.retries;
}

/* Another session if one is wanted, else the end. */
static void
job_versions(struct smtp_job *job)
{
	struct smtp_pool *p = job->pool;

	if (job->versions == NULL && p->env.config.tls_versions &&
	    smtp_versions_wanted(job->target.facts))
		job->versions = smtp_versions_new(p->env.tls, &job->target);
	if (job->versions != NULL &&
	    smtp_versions_next(job->versions, &job->target))
		job_ask(job);
	else
		job_finish(job);
}

static void
on_session_end(void *ctx, bool troubled)
{
	struct smtp_job *job = ctx;
	const struct smtp_facts *f = job->target.facts;
	const struct smtp_config *c = &job->pool->env.config;

	job->probe = NULL;
	if (c->decided != NULL)
		c->decided(c->decided_ctx, &f->address, f->outcome,
		    loop_clock_ms() - f->elapsed_ms);
	gate_release(job->pool->gate, &job->ticket, troubled);
	if (job->versions != NULL) {
		smtp_versions_note(job->versions, job->started_ms);
		job_versions(job);
		return;
	}
	note_attempt(job);
	if (wants_retry(job))
		job_retry_later(job);
	else
		job_versions(job);
}

static void
on_granted(void *ctx)
{
	struct smtp_job *job = ctx;
	enum outcome o = job_allowed(job); /* it may have waited long */

	STAT_SUB(job->pool->env.stats->smtp_waiting, 1);
	job->asked = false;
	facts_reset(job->target.facts);
	if (o != OUTCOME_OK) {
		gate_release(job->pool->gate, &job->ticket, false);
		job->target.facts->outcome = o;
		job_finish(job);
		return;
	}
	job->started_ms = loop_wall_ms();
	job->probe = smtp_probe_start(&job->pool->env, &job->target,
	    on_session_end, job);
}

static void
job_ask(struct smtp_job *job)
{
	enum outcome o = job_allowed(job);

	if (o != OUTCOME_OK) {
		facts_reset(job->target.facts);
		job->target.facts->outcome = o;
		loop_post(job->pool->env.loop, on_forbidden, job);
		return;
	}
	STAT_ADD(job->pool->env.stats->smtp_waiting, 1);
	job->asked = true;
	gate_ask(job->pool->gate, &job->ticket);
}

/* ---- The pool ---- */

struct smtp_pool *
smtp_pool_new(struct loop *loop, const struct smtp_config *c, struct tls *tls,
    struct reach *reach, struct gate *gate, struct stats *stats)
{
	struct smtp_pool *p;
	BIO_METHOD *bio = wire_bio_method();

	if (bio == NULL)
		return NULL;
	p = xcalloc(1, sizeof(*p));
	p->env = (struct smtp_probe_env){ .loop = loop, .config = *c,
		.tls = tls, .stats = stats, .bio = bio };
	p->env.config.ehlo_name = xstrdup(c->ehlo_name);
	p->env.ehlo_name = slice_of(p->env.config.ehlo_name);
	p->reach = reach;
	p->gate = gate;
	p->window = gate_window_new(gate, c->window);
	TAILQ_INIT(&p->jobs);
	TAILQ_INIT(&p->retries);
	uv_timer_init(loop_uv(loop), &p->timer);
	p->timer.data = p;
	return p;
}

static void
on_pool_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static void
job_drop(struct smtp_job *job)
{
	struct smtp_pool *p = job->pool;

	if (job->due_ms > 0)
		job_leave_retries(job);
	if (job->asked)
		STAT_SUB(p->env.stats->smtp_waiting, 1);
	if (job->probe != NULL)
		smtp_probe_cancel(job->probe);
	gate_cancel(p->gate, &job->ticket);
	loop_unpost(p->env.loop, on_forbidden, job);
	job_free(job);
}

void
smtp_pool_free(struct smtp_pool *p)
{
	struct smtp_job *job;

	if (p == NULL)
		return;
	while ((job = TAILQ_FIRST(&p->jobs)) != NULL)
		job_drop(job);
	gate_window_free(p->gate, p->window);
	BIO_meth_free(p->env.bio);
	free((char *)p->env.config.ehlo_name);
	uv_close((uv_handle_t *)&p->timer, on_pool_closed);
}

void
smtp_pool_probe(struct smtp_pool *p, struct arena *a, struct slice host,
    const struct rrset *tlsa, const struct slice *reference,
    size_t n_reference, struct smtp_facts *facts, smtp_done_fn *done,
    void *ctx)
{
	struct smtp_job *job = xcalloc(1, sizeof(*job));

	job->pool = p;
	job->target = (struct smtp_target){ a, host, tlsa, reference,
		n_reference, facts, TLS_VERSION_NONE };
	job->done = done;
	job->ctx = ctx;
	job->ticket.loop = p->env.loop;
	job->ticket.granted = on_granted;
	job->ticket.ctx = job;
	job->ticket.address = facts->address;
	job->ticket.op = name_registrable(host);
	job->ticket.window = p->window;
	TAILQ_INSERT_TAIL(&p->jobs, job, link);
	p->n_jobs++;
	job_ask(job);
}

size_t
smtp_pool_pending(const struct smtp_pool *p)
{
	return p->n_jobs;
}
