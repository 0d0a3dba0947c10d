/* SPDX-License-Identifier: Apache-2.0
 *
 * job_stages.c: what each stage of a journey asks, and what becomes of it.
 */
#include <stdlib.h>
#include <string.h>

#include "scanner/base/arena.h"
#include "scanner/base/limits.h"
#include "scanner/base/log.h"
#include "scanner/emit.h"
#include "scanner/job_parts.h"
#include "scanner/rules/name.h"
#include "scanner/rules/provider.h"

#include "scanner/base/banned.h"

/* Of a policy host at a known hosting provider; see addresses_to_ask(). */
#define PROVIDER_ADDRESSES 2

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
	dns_pool_ask(j->worker->dns, j->work->arena, name, type, out,
	    job_on_leg, j);
}

void
job_discover(struct job *j)
{
	struct domain_facts *f = &j->work->facts;
	struct arena *a = j->work->arena;

	if (reach_name_excluded(j->worker->run->reach, f->name)) {
		j->work->meta.excluded = true;
		f->mx.lookup.outcome = OUTCOME_EXCLUDED;
		f->sts_txt.lookup.outcome = OUTCOME_EXCLUDED;
		f->tlsrpt_txt.lookup.outcome = OUTCOME_EXCLUDED;
		return;
	}
	ask(j, f->name, DNS_MX, &f->mx);
	ask(j, arena_join(a, SLICE_LIT("_mta-sts."), f->name),
	    DNS_TXT, &f->sts_txt);
	ask(j, arena_join(a, SLICE_LIT("_smtp._tls."), f->name),
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
	return judge_wants_policy(&j->work->sts) || (run->probes_policy &&
	    j->work->sts.status == RECORD_STATUS_ABSENT &&
	    j->work->facts.mx.lookup.outcome != OUTCOME_NXDOMAIN);
}

void
job_also(struct job *j)
{
	struct domain_facts *f = &j->work->facts;
	unsigned asked = j->worker->run->also;

	if (asked == 0)
		return;
	f->also = arena_array(j->work->arena, ALSO_COUNT, sizeof(*f->also));
	for (size_t i = 0; i < ALSO_COUNT; i++) {
		enum also q = (enum also)i;

		if (also_is_asked(asked, q) &&
		    !also_is_known(&f->mx.lookup, &f->also[q]))
			ask(j, also_owner(j->work->arena, q, f->name),
			    also_type(q), &f->also[q]);
	}
}

void
job_locate_policy(struct job *j)
{
	struct policy_facts *p = &j->work->facts.policy;

	j->work->sts = sts_rrset_judge(&j->work->facts.sts_txt);
	if (!wants_policy(j))
		return;
	p->host = arena_join(j->work->arena, SLICE_LIT("mta-sts."),
	    j->work->facts.name);
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
	const struct policy_facts *p = &j->work->facts.policy;
	const struct lookup *l = p->a.lookup.n_cname > 0 ? &p->a.lookup :
	    &p->aaaa.lookup;

	if (!judge_wants_policy(&j->work->sts))
		return 1;
	if (provider_of_chain(PROVIDER_STS, l->cname, l->n_cname).n > 0 &&
	    n > PROVIDER_ADDRESSES)
		return PROVIDER_ADDRESSES;
	return n;
}

void
job_fetch(struct job *j)
{
	struct policy_facts *p = &j->work->facts.policy;

	if (p->host.n == 0 || p->a.n + p->aaaa.n == 0)
		return;
	j->legs_open++;
	policy_pool_fetch(j->worker->policy, j->work->arena, p,
	    addresses_to_ask(j), job_on_leg, j);
}

static void
on_host(void *ctx)
{
	struct host_question *q = ctx;

	job_on_leg(q->ctx);
}

/* Room for the questions, and behind them for the names, which outlive
 * the facts while the job is parked. */
static void
make_questions(struct job *j)
{
	const struct domain_facts *f = &j->work->facts;
	size_t n_byte = 0;
	char *p;

	for (size_t i = 0; i < f->n_host; i++)
		n_byte += f->host[i].host.n;
	j->question = xcalloc(1,
	    f->n_host * sizeof(*j->question) + n_byte);
	p = (char *)&j->question[f->n_host];
	for (size_t i = 0; i < f->n_host; i++) {
		struct slice name = f->host[i].host;

		memcpy(p, name.p, name.n);
		j->question[i].host = slice_make(p, name.n);
		p += name.n;
	}
}

/* What is no name, and what names whoever asks: never looked up. */
static bool
is_literal(struct slice host)
{
	return name_is_address(host) || name_is_localhost(host);
}

static void
ask_host(struct job *j, struct host_question *q)
{
	struct run *run = j->worker->run;

	if (is_literal(q->host))
		return;
	q->home = j->worker->loop;
	q->answered = on_host;
	q->ctx = j;
	q->wants_own = j->work->sts.status != RECORD_STATUS_ABSENT;
	j->legs_open++;
	hostbook_ask(run_owner(run, q->host)->hosts, q);
}

/* RFC 5321 5.1: MX targets, or the domain itself where there are none. */
void
job_hosts(struct job *j)
{
	struct domain_facts *f = &j->work->facts;
	size_t n = f->mx.n > 0 ? f->mx.n : 1;

	f->host = arena_array(j->work->arena, n, sizeof(*f->host));
	f->hosts_cut = f->mx.cut;
	for (size_t i = 0; i < f->mx.n; i++) {
		if (slice_eq(f->mx.mx[i].host, SLICE_LIT(".")))
			continue;
		f->host[f->n_host].preference = f->mx.mx[i].preference;
		f->host[f->n_host++].host = f->mx.mx[i].host;
	}
	if (f->mx.lookup.outcome == OUTCOME_NODATA)
		f->host[f->n_host++].host = f->name;
	if (f->n_host == 0)
		return;
	make_questions(j);
	for (size_t i = 0; i < f->n_host; i++)
		ask_host(j, &j->question[i]);
	if (j->legs_open > 1)
		job_wait(j);
}

static void
take_states(struct job *j)
{
	struct domain_facts *f = &j->work->facts;

	for (size_t i = 0; i < f->n_host; i++) {
		const struct host_question *q = &j->question[i];
		struct host_facts literal = { .host = q->host,
			.is_literal = true };

		f->host[i].state = q->state != NULL ? *q->state :
		    judge_host(&literal);
	}
}

void
job_judge(struct job *j)
{
	struct work *k = j->work;

	take_states(j);
	k->facts.now = k->meta.started_ms / 1000;
	judge_domain(k->arena, &k->facts, &k->judgement);
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

void
job_emit(struct job *j)
{
	struct run *run = j->worker->run;
	struct work *k = j->work;
	struct emission e = emission_begin(run->sink, k->arena);

	k->meta.elapsed_ms = (uint32_t)(clock_mono_ms() - j->started_mono_ms);
	if (is_inconclusive(run, &k->judgement))
		atomic_fetch_add(&run->_shared.inconclusive, 1);
	log_debug("%.*s: %s", SLICE_ARG(k->facts.name),
	    verdict_word(k->judgement.verdict));
	emission_policy(&e, &k->facts.policy);
	emission_post(&e, record_domain(&k->meta, &k->facts, &k->judgement),
	    j->has_place ? run_release : run_release_parked, run);
}
