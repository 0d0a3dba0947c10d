/* SPDX-License-Identifier: Apache-2.0
 *
 * job.c: from a name to its record.
 *
 * Each stage starts its questions ("legs") and is left when all of them are
 * answered.  A stage that has nothing to ask is left at once.
 */
#include "scanner/job.h"

#include <stdlib.h>

#include "scanner/base/arena.h"
#include "scanner/base/limits.h"
#include "scanner/base/log.h"
#include "scanner/emit.h"
#include "scanner/hostbook.h"
#include "scanner/rules/judge.h"
#include "scanner/rules/name.h"
#include "scanner/rules/provider.h"
#include "scanner/run.h"

#include "scanner/base/banned.h"

#define PROVIDER_ADDRESSES 2

enum stage {
#define STAGE(symbol, word, enter, sentence) STAGE_##symbol,
#include "scanner/stages.def"
#undef STAGE
	STAGE_DONE
};

struct job {
	struct worker *worker;
	struct job *next, *prev; /* of worker->jobs */
	struct arena *arena;
	enum stage stage;
	size_t legs_open;
	uint64_t started_mono_ms;
	struct domain_meta meta;
	struct domain_facts facts;
	struct sts_rrset sts;
	struct judgement judgement;
	struct host_question *question; /* one a host */
};

static void job_advance(struct job *j);

/* ---- life ---- */

static void
job_free(struct job *j)
{
	if (j->prev != NULL)
		j->prev->next = j->next;
	else if (j->worker->jobs == j)
		j->worker->jobs = j->next;
	if (j->next != NULL)
		j->next->prev = j->prev;
	arena_clear(j->arena);
	j->next = j->worker->spare_jobs;
	j->worker->spare_jobs = j;
}

static struct job *
job_new(struct worker *w)
{
	struct job *j = w->spare_jobs;
	struct arena *arena = j == NULL ? arena_new() : j->arena;

	if (j == NULL)
		j = xmalloc(sizeof(*j));
	else
		w->spare_jobs = j->next;
	*j = (struct job){ .worker = w, .arena = arena, .next = w->jobs };
	if (w->jobs != NULL)
		w->jobs->prev = j;
	w->jobs = j;
	return j;
}

void
jobs_free(struct worker *w)
{
	struct job *j;

	while (w->jobs != NULL)
		job_free(w->jobs);
	while ((j = w->spare_jobs) != NULL) {
		w->spare_jobs = j->next;
		arena_free(j->arena);
		free(j);
	}
}

void
job_start(struct worker *w, const struct source_name *name)
{
	struct job *j = job_new(w);

	j->facts.name = arena_slice(j->arena, name->name);
	j->meta.line = name->line;
	j->meta.rank = name->rank;
	j->meta.input = arena_slice(j->arena, name->input);
	j->meta.single_resolver = w->run->dns.n_resolver == 1;
	j->meta.started_ms = clock_wall_ms();
	j->started_mono_ms = clock_mono_ms();
	j->stage = STAGE_DISCOVER;
	j->legs_open = 1;
	job_advance(j);
}

/* ---- legs ---- */

/* One question of the stage was answered. */
static void
on_leg(void *ctx)
{
	struct job *j = ctx;

	if (--j->legs_open == 0) {
		j->legs_open = 1;
		j->stage++;
		job_advance(j);
	}
}

/*
 * A question about <prefix><domain>; where that name would be longer than a
 * name can be, it cannot exist.
 */
static void
ask(struct job *j, struct slice name, enum dns_type type, struct rrset *out)
{
	if (name.n > LIMIT_NAME_BYTES) {
		out->lookup.outcome = OUTCOME_NXDOMAIN;
		return;
	}
	j->legs_open++;
	dns_pool_ask(j->worker->dns, j->arena, name, type, out, on_leg, j);
}

/* ---- stages ---- */

static void
job_discover(struct job *j)
{
	struct domain_facts *f = &j->facts;

	if (reach_name_excluded(j->worker->run->reach, f->name)) {
		j->meta.excluded = true;
		f->mx.lookup.outcome = OUTCOME_EXCLUDED;
		f->sts_txt.lookup.outcome = OUTCOME_EXCLUDED;
		f->tlsrpt_txt.lookup.outcome = OUTCOME_EXCLUDED;
		return;
	}
	ask(j, f->name, DNS_MX, &f->mx);
	ask(j, arena_join(j->arena, SLICE_LIT("_mta-sts."), f->name),
	    DNS_TXT, &f->sts_txt);
	ask(j, arena_join(j->arena, SLICE_LIT("_smtp._tls."), f->name),
	    DNS_TXT, &f->tlsrpt_txt);
}

/*
 * Asked without a record, too, where the user wants to know; but below a name
 * that does not exist there is no policy host (RFC 8020).
 */
static bool
wants_policy(const struct job *j)
{
	const struct run *run = j->worker->run;

	if (!run->wants_policy)
		return false;
	return judge_wants_policy(&j->sts) || (run->probes_policy &&
	    j->sts.status == RECORD_STATUS_ABSENT &&
	    j->facts.mx.lookup.outcome != OUTCOME_NXDOMAIN);
}

static void
job_also(struct job *j)
{
	struct domain_facts *f = &j->facts;
	unsigned asked = j->worker->run->also;

	if (asked == 0)
		return;
	f->also = arena_array(j->arena, ALSO_COUNT, sizeof(*f->also));
	for (size_t i = 0; i < ALSO_COUNT; i++) {
		enum also q = (enum also)i;

		if (also_is_asked(asked, q) &&
		    !also_is_known(&f->mx.lookup, &f->also[q]))
			ask(j, also_owner(j->arena, q, f->name),
			    also_type(q), &f->also[q]);
	}
}

static void
job_locate_policy(struct job *j)
{
	struct policy_facts *p = &j->facts.policy;

	j->sts = sts_rrset_judge(&j->facts.sts_txt);
	if (!wants_policy(j))
		return;
	p->host = arena_join(j->arena, SLICE_LIT("mta-sts."),
	    j->facts.name);
	ask(j, p->host, DNS_A, &p->a);
	ask(j, p->host, DNS_AAAA, &p->aaaa);
}

/*
 * How many addresses of the policy host are asked.  Each is asked once, by
 * itself and rested, so that all of them together see what the first would
 * see alone.  The addresses of a known hosting provider lead to one house and
 * serve thousands of policy hosts: there one other stands for all.  Whoever
 * announced nothing is asked as little as can be.
 */
static size_t
addresses_to_ask(const struct job *j)
{
	size_t n = (size_t)j->worker->run->options->policy_addresses;
	const struct policy_facts *p = &j->facts.policy;
	const struct lookup *l = p->a.lookup.n_cname > 0 ? &p->a.lookup :
	    &p->aaaa.lookup;

	if (!judge_wants_policy(&j->sts))
		return 1;
	if (provider_of_chain(PROVIDER_STS, l->cname, l->n_cname).n > 0 &&
	    n > PROVIDER_ADDRESSES)
		return PROVIDER_ADDRESSES;
	return n;
}

static void
job_fetch(struct job *j)
{
	struct policy_facts *p = &j->facts.policy;

	if (p->host.n == 0 || p->a.n + p->aaaa.n == 0)
		return;
	j->legs_open++;
	policy_pool_fetch(j->worker->policy, j->arena, p,
	    addresses_to_ask(j), on_leg, j);
}

static void
on_host(void *ctx)
{
	struct host_question *q = ctx;
	struct job *j = q->ctx;

	j->facts.host[q - j->question].state = q->state;
	on_leg(j);
}

static void
ask_host(struct job *j, size_t i)
{
	struct run *run = j->worker->run;
	struct domain_host *h = &j->facts.host[i];
	struct host_question *q = &j->question[i];

	/* What is no name, and what names whoever asks: never looked up. */
	if (name_is_address(h->host) || name_is_localhost(h->host)) {
		struct host_facts literal = { .host = h->host,
			.is_literal = true };

		h->state = judge_host(&literal);
		return;
	}
	*q = (struct host_question){ .home = j->worker->loop,
		.answered = on_host, .ctx = j, .host = h->host };
	j->legs_open++;
	hostbook_ask(run_owner(run, h->host)->hosts, q);
}

/* RFC 5321 5.1: MX targets, or the domain itself where there are none. */
static void
job_hosts(struct job *j)
{
	struct domain_facts *f = &j->facts;
	size_t n = f->mx.n > 0 ? f->mx.n : 1;

	f->host = arena_array(j->arena, n, sizeof(*f->host));
	j->question = arena_array(j->arena, n, sizeof(*j->question));
	f->hosts_cut = f->mx.cut;
	for (size_t i = 0; i < f->mx.n; i++) {
		if (slice_eq(f->mx.mx[i].host, SLICE_LIT(".")))
			continue;
		f->host[f->n_host].preference = f->mx.mx[i].preference;
		f->host[f->n_host++].host = f->mx.mx[i].host;
	}
	if (f->mx.lookup.outcome == OUTCOME_NODATA)
		f->host[f->n_host++].host = f->name;
	for (size_t i = 0; i < f->n_host; i++)
		ask_host(j, i);
}

static void
job_judge(struct job *j)
{
	j->facts.now = j->meta.started_ms / 1000;
	judge_domain(j->arena, &j->facts, &j->judgement);
}

/* Did anything that was asked about this domain stay unknown? */
static bool
is_inconclusive(const struct run *run, const struct judgement *v)
{
	if (v->sts.status == RECORD_STATUS_INCONCLUSIVE ||
	    v->tlsrpt.status == RECORD_STATUS_INCONCLUSIVE ||
	    v->mx_status == MX_STATUS_INCONCLUSIVE)
		return true;
	if (run->wants_policy &&
	    v->policy_status == POLICY_STATUS_INCONCLUSIVE)
		return true;
	for (size_t q = 0; q < ALSO_COUNT; q++)
		if (also_is_asked(run->also, (enum also)q) &&
		    v->also[q].status == ALSO_STATUS_UNKNOWN)
			return true;
	if (!run->wants_smtp)
		return false;
	for (size_t i = 0; i < v->n_host; i++)
		if (v->host[i].starttls == STARTTLS_STATUS_INCONCLUSIVE)
			return true;
	return false;
}

static void
job_emit(struct job *j)
{
	struct run *run = j->worker->run;
	struct emission e = emission_begin(run->sink, j->arena);

	j->meta.elapsed_ms = (uint32_t)(clock_mono_ms() - j->started_mono_ms);
	if (is_inconclusive(run, &j->judgement))
		atomic_fetch_add(&run->_shared.inconclusive, 1);
	log_debug("%.*s: %s", SLICE_ARG(j->facts.name),
	    verdict_word(j->judgement.verdict));
	emission_chain(&e, &j->facts.policy.tls);
	for (size_t i = 0; i < j->facts.policy.n_other; i++)
		emission_leaf(&e, &j->facts.policy.other[i]);
	emission_post(&e, record_domain(&j->meta, &j->facts, &j->judgement),
	    run_release, run);
}

/*
 * Enters the stage that j->stage names and goes on while stages end at once.
 * legs_open counts one for the entering itself, so that legs answered early
 * cannot leave a stage that is still being entered.
 */
static void
job_advance(struct job *j)
{
	static void (*const enter[])(struct job *) = {
#define STAGE(symbol, word, enter_, sentence) [STAGE_##symbol] = enter_,
#include "scanner/stages.def"
#undef STAGE
	};

	while (j->stage != STAGE_DONE) {
		enter[j->stage](j);
		if (--j->legs_open > 0)
			return;
		j->legs_open = 1;
		j->stage++;
	}
	job_free(j);
}
