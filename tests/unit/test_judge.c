/* SPDX-License-Identifier: Apache-2.0
 *
 * test_judge.c: properties of the judge that no single case shows.  What it
 * makes of given facts stands in tests/cases/.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "scanner/rules/judge.h"

#include "scanner/base/banned.h"

#define POLICY "version: STSv1\nmode: enforce\nmx: *.a.example\n" \
	"max_age: 604800\n"

/* A domain that does everything right, with two hosts. */
struct world {
	struct arena *arena;
	struct domain_facts facts;
	struct mx_rr mx[2];
	struct txt_rr sts, rpt;
	struct domain_host host[2];
};

static struct host_state
good_state(void)
{
	return (struct host_state){
		.starttls = STARTTLS_STATUS_OK,
		.tls = TLS_VERSION_1_3,
		.trusted = TRI_YES,
		.name_ok = TRI_YES,
		.time_ok = TRI_YES,
		.has_address = TRI_YES,
	};
}

static void
build_policy(struct policy_facts *p)
{
	p->host = SLICE_LIT("mta-sts.a.example");
	p->a.lookup.outcome = OUTCOME_OK;
	p->a.n = 1;
	p->aaaa.lookup.outcome = OUTCOME_NODATA;
	p->outcome = OUTCOME_OK;
	p->tls = (struct tls_facts){ .outcome = OUTCOME_OK,
		.version = TLS_VERSION_1_3, .trusted = TRI_YES,
		.name_ok = TRI_YES, .time_ok = TRI_YES, .n_chain = 1 };
	p->http_status = 200;
	p->content_type = SLICE_LIT("text/plain");
	p->has_body = true;
	p->body = SLICE_LIT(POLICY);
}

static void
build(struct world *w)
{
	struct domain_facts *f = &w->facts;

	*w = (struct world){ .arena = w->arena };
	arena_clear(w->arena);
	w->sts.joined = SLICE_LIT("v=STSv1; id=1");
	w->rpt.joined = SLICE_LIT("v=TLSRPTv1; rua=mailto:a@a.example");
	f->name = SLICE_LIT("a.example");
	f->sts_txt = (struct rrset){ .lookup.outcome = OUTCOME_OK, .n = 1,
		.txt = &w->sts };
	f->tlsrpt_txt = (struct rrset){ .lookup.outcome = OUTCOME_OK, .n = 1,
		.txt = &w->rpt };
	f->mx = (struct rrset){ .lookup = { .outcome = OUTCOME_OK,
		.secure = TRI_YES }, .n = 2, .mx = w->mx };
	build_policy(&f->policy);
	f->host = w->host;
	f->n_host = 2;
	for (size_t i = 0; i < 2; i++) {
		w->mx[i].preference = (uint16_t)(10 * (i + 1));
		w->mx[i].host = i == 0 ? SLICE_LIT("mx1.a.example") :
		    SLICE_LIT("mx2.a.example");
		w->host[i].preference = w->mx[i].preference;
		w->host[i].host = w->mx[i].host;
		w->host[i].state = good_state();
	}
}

static int
setup(void **state)
{
	static struct world w;

	w.arena = arena_new();
	build(&w);
	*state = &w;
	return 0;
}

static int
teardown(void **state)
{
	arena_free(((struct world *)*state)->arena);
	return 0;
}

static void
test_good(void **state)
{
	struct world *w = *state;
	struct judgement j;

	build(w);
	judge_domain(w->arena, &w->facts, &j);
	assert_int_equal(j.verdict, VERDICT_ENFORCE_OK);
	assert_int_equal(j.verdict_dane, VERDICT_NONE);
	assert_int_equal(finding_count(&j.findings), 0);
	assert_int_equal(j.n_host, 2);
	assert_int_equal(j.host[1].preference, 20);
	assert_true(slice_eq(j.sts.id, SLICE_LIT("1")));
	assert_int_equal(j.policy.max_age, 604800);
	assert_int_equal(j.mx_match, MX_MATCH_ALL);
	assert_int_equal(j.mx_class, MX_CLASS_NULL);
	assert_false(j.has_id_time);
	assert_int_equal(j.tlsrpt.n_rua, 1);
}

/* Nothing asked, nothing known: nothing concluded. */
static void
test_nothing(void **state)
{
	struct world *w = *state;
	struct domain_facts none = { .name = SLICE_LIT("a.example") };
	struct judgement j;

	judge_domain(w->arena, &none, &j);
	assert_int_equal(j.verdict, VERDICT_INCONCLUSIVE);
	assert_int_equal(j.verdict_dane, VERDICT_INCONCLUSIVE);
	assert_int_equal(j.sts.status, RECORD_STATUS_INCONCLUSIVE);
	assert_int_equal(j.tlsrpt.status, RECORD_STATUS_INCONCLUSIVE);
	assert_int_equal(j.mx_status, MX_STATUS_INCONCLUSIVE);
	assert_int_equal(j.policy_status, POLICY_STATUS_NONE_TRIED);
	assert_int_equal(finding_count(&j.findings), 0);
}

/* "All fail" cannot be said of hosts that were cut off. */
static void
test_hosts_cut(void **state)
{
	struct world *w = *state;
	struct judgement j;

	build(w);
	w->host[0].state.name_ok = TRI_NO;
	w->host[1].state.name_ok = TRI_NO;
	judge_domain(w->arena, &w->facts, &j);
	assert_int_equal(j.verdict, VERDICT_ENFORCE_FAIL);
	w->facts.hosts_cut = true;
	judge_domain(w->arena, &w->facts, &j);
	assert_int_equal(j.verdict, VERDICT_INCONCLUSIVE);
}

/* A stage that was left out leaves its question open. */
static void
test_stage_left_out(void **state)
{
	struct world *w = *state;
	struct judgement j;

	build(w);
	w->facts.policy = (struct policy_facts){ .host = SLICE_EMPTY };
	judge_domain(w->arena, &w->facts, &j);
	assert_int_equal(j.policy_status, POLICY_STATUS_NONE_TRIED);
	assert_int_equal(j.verdict, VERDICT_INCONCLUSIVE);
	build(w);
	w->facts.n_host = 0;
	judge_domain(w->arena, &w->facts, &j);
	assert_int_equal(j.verdict, VERDICT_INCONCLUSIVE);
}

static bool
is_known_failure(enum starttls_status s)
{
	return s == STARTTLS_STATUS_NOT_OFFERED ||
	    s == STARTTLS_STATUS_REFUSED || s == STARTTLS_STATUS_TLS_FAILED;
}

/* Only an answer counts as "no"; a time-out or our own trouble does not. */
static void
test_address_outcomes(void **state)
{
	(void)state;
	for (enum outcome o = 0; o < OUTCOME_COUNT; o++) {
		struct smtp_facts s = { .outcome = o };
		struct host_facts f = { .address = &s, .n_address = 1 };
		struct host_state h;

		f.a.lookup.outcome = OUTCOME_OK;
		f.a.n = 1;
		h = judge_host(&f);
		if (is_known_failure(h.starttls) &&
		    outcome_class(o) != CLASS_ANSWER)
			fail_msg("%s: %s", outcome_word(o),
			    starttls_status_word(h.starttls));
		if (outcome_class(o) == CLASS_BLOCKED)
			assert_int_equal(h.starttls, STARTTLS_STATUS_BLOCKED);
	}
}

/* Is the name of a DANE-TA leaf all that stands in the way? */
static void
test_only_ta_names(void **state)
{
	static const struct {
		const char *name;
		enum outcome outcome[2];
		bool matched[2], ta_name[2];
		bool only;
	} rows[] = {
		{ "one", { OUTCOME_OK, OUTCOME_OK }, { true, false },
		    { false, true }, true },
		{ "both", { OUTCOME_OK, OUTCOME_OK }, { false, false },
		    { true, true }, true },
		{ "other is silent", { OUTCOME_OK, OUTCOME_CONNECT_TIMEOUT },
		    { false, false }, { true, false }, true },
		{ "other fails", { OUTCOME_OK, OUTCOME_OK },
		    { false, false }, { true, false }, false },
		{ "none", { OUTCOME_OK, OUTCOME_OK }, { false, false },
		    { false, false }, false },
	};
	struct tlsa_rr rr = { 2, 1, 1, { "0123456789abcdef0123456789abcdef",
		32 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct smtp_facts s[2] = { { .injection = false } };
		struct host_facts f = { .address = s, .n_address = 2 };
		struct host_state h;

		f.a.n = 2;
		f.a.lookup = (struct lookup){ .outcome = OUTCOME_OK,
			.secure = TRI_YES };
		f.tlsa = (struct rrset){ .lookup = f.a.lookup, .n = 1,
			.tlsa = &rr };
		for (size_t k = 0; k < 2; k++) {
			s[k].outcome = rows[i].outcome[k];
			s[k].tls.outcome = s[k].outcome;
			s[k].dane.matched = rows[i].matched[k];
			s[k].dane.ta_name_failed = rows[i].ta_name[k];
		}
		h = judge_host(&f);
		assert_int_equal(h.dane, DANE_STATUS_MISMATCH);
		if (h.dane_ta_only != rows[i].only)
			fail_msg("%s", rows[i].name);
	}
}

static void
test_fetch_outcomes(void **state)
{
	struct world *w = *state;

	for (enum outcome o = 0; o < OUTCOME_COUNT; o++) {
		struct judgement j;

		build(w);
		w->facts.policy.outcome = o;
		w->facts.policy.tls.outcome = OUTCOME_NONE;
		w->facts.policy.http_status = 0;
		judge_domain(w->arena, &w->facts, &j);
		if (j.verdict == VERDICT_INVALID &&
		    outcome_class(o) != CLASS_ANSWER &&
		    o != OUTCOME_RESET && o != OUTCOME_CLOSED)
			fail_msg("%s: invalid", outcome_word(o));
		assert_int_equal(j.policy_valid, TRI_UNKNOWN);
	}
}

/*
 * Of all findings only three look at the clock; none of them without knowing
 * the time.
 */
static void
test_time_unknown(void **state)
{
	const int64_t day = 86400, now = 1767225600;
	struct world *w = *state;
	struct judgement j;

	build(w);
	w->sts.joined = SLICE_LIT("v=STSv1; id=20990101");
	w->facts.policy.tls.not_before = now - 90 * day;
	w->facts.policy.tls.not_after = now + day;
	w->host[0].state.not_before = now - 90 * day;
	w->host[0].state.not_after = now + day;
	w->facts.now = now;
	judge_domain(w->arena, &w->facts, &j);
	assert_int_equal(finding_count(&j.findings), 3);
	assert_true(finding_has(&j.findings,
	    FINDING_STS_RECORD_ID_IN_FUTURE));
	assert_true(finding_has(&j.findings,
	    FINDING_STS_POLICY_CERT_EXPIRES_SOON));
	assert_true(finding_has(&j.findings, FINDING_CERT_EXPIRES_SOON));
	w->facts.now = 0;
	judge_domain(w->arena, &w->facts, &j);
	assert_int_equal(finding_count(&j.findings), 0);
	assert_int_equal(j.id_time, 4070908800);
}

/* Dates from a file may be anything: no overflow, and the rule still holds. */
static void
test_odd_dates(void **state)
{
	static const struct {
		int64_t now, not_before, not_after;
		bool soon;
	} rows[] = {
		{ 1, INT64_MIN, INT64_MAX, false },
		{ INT64_MAX, INT64_MIN, INT64_MAX, false },
		{ INT64_MAX - 1, INT64_MIN, INT64_MAX, true },
		{ INT64_MIN, INT64_MIN, INT64_MAX, false },
		{ INT64_MAX, 0, INT64_MIN, false },
		{ 1000, INT64_MIN, 1001, true },
		{ 1000, 998, 1001, false }, /* a third */
		{ 1000, 997, 1001, true },
		{ 1000, INT64_MAX, 1001, false },
		{ 1000, 0, 1000, false },
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct judgement j;

		build(w);
		w->facts.now = rows[i].now;
		w->host[1].state.not_before = rows[i].not_before;
		w->host[1].state.not_after = rows[i].not_after;
		judge_domain(w->arena, &w->facts, &j);
		if (finding_has(&j.findings, FINDING_CERT_EXPIRES_SOON) !=
		    rows[i].soon)
			fail_msg("row %zu", i);
	}
}

/* The leaf that ends first, with its own beginning; no leaf counts as none. */
static void
test_first_end(void **state)
{
	static const int64_t ends[][3] = {
		{ 300, 200, 0 }, { 200, 300, 0 }, { 0, 300, 200 },
		{ 200, 0, 300 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		struct smtp_facts s[3] = { { .injection = false } };
		struct host_facts f = { .address = s, .n_address = 3 };
		struct cert_der leaf = { .der = SLICE_EMPTY };
		struct host_state h;

		for (size_t k = 0; k < 3; k++) {
			s[k].tls.outcome = OUTCOME_OK;
			s[k].tls.chain = &leaf;
			s[k].tls.n_chain = 1;
			s[k].tls.not_after = ends[i][k];
			s[k].tls.not_before = -ends[i][k];
		}
		h = judge_host(&f);
		assert_int_equal(h.not_after, 200);
		assert_int_equal(h.not_before, -200);
	}
}

static void
test_wants_policy(void **state)
{
	(void)state;
	for (enum record_status s = 0; s < RECORD_STATUS_COUNT; s++) {
		struct sts_rrset sts = { .status = s };
		bool wants = s == RECORD_STATUS_OK ||
		    s == RECORD_STATUS_INVALID || s == RECORD_STATUS_MULTIPLE;

		assert_int_equal(judge_wants_policy(&sts), wants);
	}
}

static uint32_t
next_random(uint32_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 17;
	*x ^= *x << 5;
	return *x;
}

static enum tri
random_tri(uint32_t *x)
{
	return (enum tri)(next_random(x) % 3);
}

static void
random_host(uint32_t *x, struct host_state *s)
{
	*s = good_state();
	if (next_random(x) % 2 == 0)
		return;
	s->starttls = next_random(x) % STARTTLS_STATUS_COUNT;
	s->tls = next_random(x) % TLS_VERSION_COUNT;
	s->trusted = random_tri(x);
	s->name_ok = random_tri(x);
	s->time_ok = random_tri(x);
	s->dane = next_random(x) % DANE_STATUS_COUNT;
	s->tlsa_published = next_random(x) % 2 == 0;
}

/* Knowing less never turns "unknown" into another verdict's opposite. */
static void
check_forgetting(struct world *w, size_t i, const struct judgement *before)
{
	struct judgement j;

	w->host[i].state = (struct host_state){
		.starttls = STARTTLS_STATUS_INCONCLUSIVE,
		.dane = DANE_STATUS_INCONCLUSIVE,
	};
	judge_domain(w->arena, &w->facts, &j);
	if (before->verdict == VERDICT_ENFORCE_OK)
		assert_true(j.verdict == VERDICT_ENFORCE_OK ||
		    j.verdict == VERDICT_INCONCLUSIVE);
	if (before->verdict == VERDICT_ENFORCE_FAIL)
		assert_true(j.verdict == VERDICT_INCONCLUSIVE);
	if (before->verdict_dane == VERDICT_ENFORCE_FAIL)
		assert_int_equal(j.verdict_dane, VERDICT_INCONCLUSIVE);
}

static void
test_forgetting(void **state)
{
	struct world *w = *state;
	uint32_t x = 2463534242u;
	size_t n_fail = 0, n_ok = 0;

	for (int round = 0; round < 20000; round++) {
		struct judgement j;

		build(w);
		random_host(&x, &w->host[0].state);
		random_host(&x, &w->host[1].state);
		judge_domain(w->arena, &w->facts, &j);
		n_ok += j.verdict == VERDICT_ENFORCE_OK;
		n_fail += j.verdict == VERDICT_ENFORCE_FAIL;
		check_forgetting(w, next_random(&x) % 2, &j);
	}
	assert_true(n_ok > 100 && n_fail > 100);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_hosts_cut),
		cmocka_unit_test(test_stage_left_out),
		cmocka_unit_test(test_address_outcomes),
		cmocka_unit_test(test_only_ta_names),
		cmocka_unit_test(test_fetch_outcomes),
		cmocka_unit_test(test_time_unknown),
		cmocka_unit_test(test_odd_dates),
		cmocka_unit_test(test_first_end),
		cmocka_unit_test(test_wants_policy),
		cmocka_unit_test(test_forgetting),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
