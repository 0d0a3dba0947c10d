/* SPDX-License-Identifier: Apache-2.0
 *
 * test_cases.c: runs tests/cases/ *.case: facts in, judgement out.
 * Run from the project's root, or with MXCENSUS_CASES naming the folder.
 */
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/case_file.h"
#include "tests/unit/case_words.h"

#include "scanner/base/banned.h"

struct score {
	size_t n_wrong;
	struct finding_set raised, near_miss;
};

static const struct host_judgement *
find_host(const struct judgement *j, struct slice name)
{
	for (size_t i = 0; i < j->n_host; i++)
		if (slice_eq(j->host[i].host, name))
			return &j->host[i];
	return NULL;
}

static const char *
host_word(const struct judgement *j, const struct want *w)
{
	const struct host_judgement *h = find_host(j, w->host);

	if (h == NULL)
		return "no such host";
	if (slice_eq(w->what, SLICE_LIT("in-policy")))
		return tri_word(h->in_policy);
	if (slice_eq(w->what, SLICE_LIT("starttls")))
		return starttls_status_word(h->starttls);
	if (slice_eq(w->what, SLICE_LIT("tls")))
		return tls_version_word(h->tls);
	if (slice_eq(w->what, SLICE_LIT("trusted")))
		return tri_word(h->trusted);
	if (slice_eq(w->what, SLICE_LIT("name")))
		return tri_word(h->name_ok);
	if (slice_eq(w->what, SLICE_LIT("time")))
		return tri_word(h->time_ok);
	if (slice_eq(w->what, SLICE_LIT("dane")))
		return dane_status_word(h->dane);
	return "no such key";
}

static const char *
domain_word(struct arena *a, const struct judgement *j, struct slice what)
{
	if (slice_eq(what, SLICE_LIT("verdict")))
		return verdict_word(j->verdict);
	if (slice_eq(what, SLICE_LIT("verdict-dane")))
		return verdict_word(j->verdict_dane);
	if (slice_eq(what, SLICE_LIT("record")))
		return record_status_word(j->sts.status);
	if (slice_eq(what, SLICE_LIT("policy-status")))
		return policy_status_word(j->policy_status);
	if (slice_eq(what, SLICE_LIT("tlsrpt")))
		return record_status_word(j->tlsrpt.status);
	if (slice_eq(what, SLICE_LIT("mx-status")))
		return mx_status_word(j->mx_status);
	if (slice_eq(what, SLICE_LIT("match")))
		return mx_match_word(j->mx_match);
	if (slice_eq(what, SLICE_LIT("class")))
		return mx_class_word(j->mx_class);
	if (slice_eq(what, SLICE_LIT("id-time")))
		return j->has_id_time ?
		    arena_fmt(a, "%lld", (long long)j->id_time).p : "none";
	if (slice_eq(what, SLICE_LIT("record-lenient")))
		return j->sts.valid_lenient ? "yes" : "no";
	if (slice_eq(what, SLICE_LIT("id-lenient")))
		return j->sts.id_lenient.n == 0 ? "none" :
		    arena_slice(a, j->sts.id_lenient).p;
	if (slice_eq(what, SLICE_LIT("tlsrpt-lenient")))
		return j->tlsrpt.valid_lenient ? "yes" : "no";
	if (slice_eq(what, SLICE_LIT("valid")))
		return tri_word(j->policy_valid);
	if (slice_eq(what, SLICE_LIT("lenient")))
		return tri_word(j->policy_valid_lenient);
	if (slice_eq(what, SLICE_LIT("hosts")))
		return arena_fmt(a, "%zu", j->n_host).p;
	return "no such line";
}

static void
complain(struct score *s, const struct test_case *c, int line,
    const char *what, const char *detail)
{
	(void)fprintf(stderr, "%s:%d: case %.*s: %s %s\n", c->file, line,
	    SLICE_ARG(c->name), what, detail);
	s->n_wrong++;
}

static void
check_wants(struct score *s, struct arena *a, const struct test_case *c,
    const struct judgement *j)
{
	const struct want *w = c->want.p;

	for (size_t i = 0; i < c->want.n; i++) {
		const char *got = w[i].host.n > 0 ? host_word(j, &w[i]) :
		    domain_word(a, j, w[i].what);

		if (slice_eq(w[i].value, slice_of(got)))
			continue;
		complain(s, c, w[i].line, arena_fmt(a, "%.*s is",
		    SLICE_ARG(w[i].what)).p, got);
	}
}

static void
check_findings(struct score *s, const struct test_case *c,
    const struct judgement *j)
{
	for (enum finding f = 0; f < FINDING_COUNT; f++) {
		bool is = finding_has(&j->findings, f);
		bool wanted = finding_has(&c->raises, f);

		if (is && finding_has(&c->nots, f))
			complain(s, c, c->line, "near miss raises",
			    finding_row(f)->code);
		else if (is && !wanted)
			complain(s, c, c->line, "raises",
			    finding_row(f)->code);
		else if (!is && wanted)
			complain(s, c, c->line, "does not raise",
			    finding_row(f)->code);
	}
	finding_merge(&s->raised, &c->raises);
	finding_merge(&s->near_miss, &c->nots);
}

static void
run_case(void *ctx, struct arena *a, struct test_case *c)
{
	struct score *s = ctx;
	struct judgement j;

	judge_domain(a, &c->facts, &j);
	check_wants(s, a, c, &j);
	check_findings(s, c, &j);
}

static void
test_all_cases(void **state)
{
	const char *dir = getenv("MXCENSUS_CASES");
	struct score s = { 0 };
	size_t n = 0;
	char pattern[512];
	glob_t found;

	(void)state;
	(void)snprintf(pattern, sizeof(pattern), "%s/*.case",
	    dir == NULL ? "tests/cases" : dir);
	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++)
		n += case_file_run(found.gl_pathv[i], run_case, &s);
	globfree(&found);
	for (enum finding f = 0; f < FINDING_COUNT; f++) {
		if (!finding_has(&s.raised, f))
			(void)fprintf(stderr, "no case raises %s\n",
			    finding_row(f)->code);
		if (!finding_has(&s.near_miss, f))
			(void)fprintf(stderr, "no near miss of %s\n",
			    finding_row(f)->code);
	}
	(void)printf("%zu cases, %zu wrong; %zu of %d findings raised, %zu "
	    "nearly\n", n, s.n_wrong, finding_count(&s.raised), FINDING_COUNT,
	    finding_count(&s.near_miss));
	assert_int_equal(s.n_wrong, 0);
	assert_int_equal(finding_count(&s.raised), FINDING_COUNT);
	assert_int_equal(finding_count(&s.near_miss), FINDING_COUNT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_cases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
