/* SPDX-License-Identifier: Apache-2.0
 *
 * test_parking.c: a domain that was parked is judged and written like one
 * that was not.
 */
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "output/blob.h"
#include "scanner/parking.h"
#include "tests/unit/case_file.h"
#include "tests/unit/facts_sample.h"

#include "scanner/base/banned.h"

/* A plain domain with one MX host: the arena it stands for takes > 2 KB. */
#define PLAIN_BYTES_MAX 512

static struct record *
judged(struct arena *a, const struct domain_meta *meta,
    const struct domain_facts *facts)
{
	struct judgement j;

	judge_domain(a, facts, &j);
	return record_domain(meta, facts, &j);
}

/* Parked with blank states, opened, and the states given back. */
static void
park(struct arena *a, struct domain_meta *meta, struct domain_facts *facts)
{
	size_t n = facts->n_host;
	struct host_question *q = arena_array(a, n, sizeof(*q));
	struct host_state *state = arena_array(a, n, sizeof(*state));
	struct parked *p;

	for (size_t i = 0; i < n; i++) {
		q[i].host = facts->host[i].host;
		state[i] = facts->host[i].state;
		facts->host[i].state = (struct host_state){
			.starttls = STARTTLS_STATUS_OK };
	}
	p = parked_new(meta, facts);
	*facts = (struct domain_facts){ .now = 0 };
	*meta = (struct domain_meta){ .line = 0 };
	parked_open(p, a, q, meta, facts);
	parked_free(p);
	assert_int_equal(facts->n_host, n);
	for (size_t i = 0; i < n; i++)
		facts->host[i].state = state[i];
}

static void
complete(struct arena *a, struct rrset *set)
{
	if (set->address == NULL && set->n > 0)
		set->address = arena_array(a, set->n, sizeof(*set->address));
	for (size_t i = 0; i < set->n; i++)
		set->address[i].family = 4;
}

static void
run_case(void *ctx, struct arena *a, struct test_case *c)
{
	struct domain_meta meta = { .line = 7, .rank = 9, .elapsed_ms = 3,
		.started_ms = 1000 * c->facts.now };
	size_t *n_case = ctx;
	struct record *first, *second;

	complete(a, &c->facts.policy.a);
	complete(a, &c->facts.policy.aaaa);
	first = judged(a, &meta, &c->facts);
	park(a, &meta, &c->facts);
	second = judged(a, &meta, &c->facts);
	if (first->n != second->n ||
	    memcmp(first->bytes, second->bytes, first->n) != 0)
		fail_msg("%s:%d: case %.*s: another record", c->file, c->line,
		    SLICE_ARG(c->name));
	record_free(first);
	record_free(second);
	++*n_case;
}

static void
test_all_cases(void **state)
{
	const char *dir = getenv("MXCENSUS_CASES");
	char pattern[512];
	size_t n_case = 0;
	glob_t found;

	(void)state;
	(void)snprintf(pattern, sizeof(pattern), "%s/*.case",
	    dir == NULL ? "tests/cases" : dir);
	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++)
		case_file_run(found.gl_pathv[i], run_case, &n_case);
	globfree(&found);
	assert_true(n_case > 100);
}

/* Every field that a record can hold, and a null MX among the others. */
static void
test_full(void **state)
{
	struct arena *a = arena_new();
	struct sample_domain d;
	struct record *first, *second;

	(void)state;
	sample_full(a, &d);
	first = record_domain(&d.meta, &d.facts, &d.judgement);
	park(a, &d.meta, &d.facts);
	second = record_domain(&d.meta, &d.facts, &d.judgement);
	assert_int_equal(first->n, second->n);
	assert_memory_equal(first->bytes, second->bytes, first->n);
	record_free(first);
	record_free(second);
	arena_free(a);
}

static void
test_size(void **state)
{
	struct mx_rr mx = { 10, SLICE_LIT("mx.a.example") };
	struct domain_host host = { .preference = 10, .host = mx.host };
	struct domain_meta meta = { .line = 1, .rank = 1, .started_ms = 1,
		.single_resolver = true };
	struct domain_facts f = { .name = SLICE_LIT("a.example"),
		.mx = { .lookup = { .outcome = OUTCOME_OK,
		    .secure = TRI_NO, .ttl = 300 }, .n = 1, .mx = &mx },
		.sts_txt.lookup = { .outcome = OUTCOME_NXDOMAIN,
		    .secure = TRI_NO },
		.tlsrpt_txt.lookup = { .outcome = OUTCOME_NXDOMAIN,
		    .secure = TRI_NO },
		.host = &host, .n_host = 1 };
	struct parked *p;

	(void)state;
	p = parked_new(&meta, &f);
	printf("%zu bytes\n", parked_bytes(p));
	assert_true(parked_bytes(p) < PLAIN_BYTES_MAX);
	parked_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_cases),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
