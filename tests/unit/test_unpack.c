/* SPDX-License-Identifier: Apache-2.0
 *
 * test_unpack.c: facts written down and read again are the same facts.
 *
 * Full ones pack to the same bytes; the facts of every case of tests/cases,
 * judged, written, read and judged again, too.
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
#include "output/object.h"
#include "output/pack.h"
#include "output/plain.h"
#include "output/unpack.h"
#include "tests/unit/case_file.h"
#include "tests/unit/facts_sample.h"

#include "scanner/base/banned.h"

static const msgpack_object *
open_record(struct plain *p, const struct record *r)
{
	struct slice bytes = slice_make(r->bytes, r->n);

	assert_true(plain_is_sound(bytes));
	plain_init(p, bytes);
	return plain_next(p);
}

static bool
same_bytes(const struct record *a, const struct record *b)
{
	return a->n == b->n && memcmp(a->bytes, b->bytes, a->n) == 0 &&
	    memcmp(&a->tally, &b->tally, sizeof(a->tally)) == 0;
}

static void
assert_same(struct record *a, struct record *b)
{
	assert_int_equal(a->n, b->n);
	assert_memory_equal(a->bytes, b->bytes, a->n);
	record_free(a);
	record_free(b);
}

static void
test_full_domain(void **state)
{
	struct arena *a = arena_new();
	struct sample_domain d;
	struct domain_meta meta;
	struct domain_facts facts;
	struct record *r;
	struct plain p;

	(void)state;
	sample_full(a, &d);
	r = record_domain(&d.meta, &d.facts, &d.judgement);
	assert_true(unpack_domain(a, open_record(&p, r), &meta, &facts));
	assert_int_equal(facts.n_host, 2);
	assert_int_equal(facts.mx.n, 3); /* the root and both */
	assert_int_equal(facts.sts_txt.txt[0].n_part, 2);
	assert_true(slice_eq(facts.policy.body, d.facts.policy.body));
	assert_int_equal(facts.now, 1700000000);
	assert_int_equal(facts.mx.lookup.n_tried, 3);
	assert_int_equal(facts.mx.lookup.tried[1], OUTCOME_SERVFAIL);
	assert_int_equal(facts.also[ALSO_NS].n, 2);
	assert_int_equal(facts.also[ALSO_A].n, 1);
	assert_int_equal(facts.also[ALSO_DMARC].lookup.outcome,
	    OUTCOME_SERVFAIL);
	assert_true(facts.policy.tls.incomplete);
	assert_int_equal(facts.policy.tls.name_by, NAME_BY_WILDCARD_SUFFIX);
	assert_int_equal(facts.policy.attempt[0].started_ms, 1700000000123);
	assert_int_equal(facts.policy.n_other, 3);
	assert_true(slice_eq(facts.policy.other[1].body,
	    d.facts.policy.other[0].body));
	assert_true(facts.policy.other[1].body_cut);
	assert_int_equal(facts.policy.size, 70000);
	assert_int_equal(facts.policy.tls.not_before, -86400);
	assert_int_equal(facts.policy.tls.not_after, 1800000000);
	assert_same(record_domain(&meta, &facts, &d.judgement), r);
	plain_release(&p);
	arena_free(a);
}

static void
test_full_host(void **state)
{
	struct arena *a = arena_new();
	struct sample_host h;
	struct mx_meta meta;
	struct host_facts facts;
	struct record *r;
	struct plain p;

	(void)state;
	sample_host_full(a, &h);
	r = record_mx(&h.meta, &h.facts, &h.state);
	assert_true(unpack_mx(a, open_record(&p, r), &meta, &facts));
	assert_int_equal(facts.n_address, 2);
	assert_int_equal(facts.address[0].n_attempt, 2);
	assert_true(facts.address[0].attempt[1].started_ms -
	    facts.address[0].attempt[0].started_ms == 60030);
	assert_int_equal(facts.address[0].attempt[1].elapsed_ms, 210);
	assert_true(facts.address[0].dane.checked);
	assert_int_equal(facts.address[0].tls.n_chain, 2);
	assert_int_equal(facts.tlsa.n, 1);
	assert_int_equal(facts.tlsrpt_txt.n, 1);
	assert_true(facts.address[0].dane.ta_not_sent);
	assert_true(facts.address[0].dane.has_alternative);
	assert_int_equal(facts.address[0].dane.alternative.usage, 2);
	assert_int_equal(facts.address[0].dane.alternative.selector, 0);
	assert_int_equal(facts.address[0].dane.alternative.mtype, 1);
	assert_int_equal(facts.address[0].tls.n_verify_errors, 2);
	assert_int_equal(facts.address[0].tls.bytes_read, 2345);
	assert_int_equal(facts.address[0].n_tls_try, 3);
	assert_int_equal(facts.address[0].tls_try[1].outcome, OUTCOME_LOCAL);
	assert_same(record_mx(&meta, &facts, &h.state), r);
	plain_release(&p);
	arena_free(a);
}

static void
test_end(void **state)
{
	struct tally tally = { .domains = 3, .verdict = { 1, 2 } };
	struct arena *a = arena_new();
	struct record *r = sample_end_record(&tally);
	struct end_meta meta;
	struct plain p;

	(void)state;
	assert_true(unpack_end(a, open_record(&p, r), &meta));
	meta.tally = tally;
	assert_same(record_end(&meta), r);
	plain_release(&p);
	arena_free(a);
}

static void
test_cert(void **state)
{
	struct arena *a = arena_new();
	struct cert_facts c, names;
	struct record *r, *again;
	struct plain p;

	(void)state;
	sample_cert(a, &c, 7);
	r = record_cert(&c);
	again = record_cert_again(open_record(&p, r));
	assert_int_equal(again->type, RECORD_CERT);
	assert_memory_equal(again->sha256, c.sha256, 32);
	assert_true(unpack_cert_names(a, &p.unpacked.data, &names));
	assert_int_equal(names.n_dns_name, 2);
	assert_true(slice_eq(names.dns_name[1], c.dns_name[1]));
	assert_same(again, r);
	plain_release(&p);
	arena_free(a);
}

/* Both versions; judged twice, the last judge counts. */
static void
test_scan(void **state)
{
	struct record *r = sample_scan_record(), *once, *twice;
	struct plain p, q, last;
	const msgpack_object *o;
	uint64_t ms = 0;

	(void)state;
	once = record_scan_judged(open_record(&p, r), SLICE_LIT("9.1"), 5);
	twice = record_scan_judged(open_record(&q, once), SLICE_LIT("9.2"),
	    UINT32_MAX);
	o = open_record(&last, twice);
	assert_int_equal(o->via.map.size, p.unpacked.data.via.map.size + 2);
	assert_true(slice_eq(object_text(o, "version"), SLICE_LIT("0.1.0")));
	assert_true(slice_eq(object_text(o, "judged_version"),
	    SLICE_LIT("9.2")));
	assert_true(object_uint(o, "judged", &ms));
	assert_int_equal(ms, UINT32_MAX);
	plain_release(&p);
	plain_release(&q);
	plain_release(&last);
	record_free(r);
	record_free(once);
	record_free(twice);
}

/* ---- every case, judged from what was written ---- */

struct score {
	size_t n_domain, n_host, n_wrong;
};

static void
compare(struct score *s, const struct test_case *c, const char *what,
    struct record *first, struct record *second)
{
	if (!same_bytes(first, second)) {
		(void)fprintf(stderr, "%s:%d: case %.*s: another %s record\n",
		    c->file, c->line, SLICE_ARG(c->name), what);
		s->n_wrong++;
	}
	record_free(first);
	record_free(second);
}

/* Cases count addresses and aliases without naming them. */
static void
complete(struct arena *a, struct rrset *set)
{
	struct lookup *l = &set->lookup;

	if (l->cname == NULL && l->n_cname > 0) {
		l->cname = arena_array(a, l->n_cname, sizeof(*l->cname));
		for (size_t i = 0; i < l->n_cname; i++)
			l->cname[i] = SLICE_LIT("alias.example");
	}
	if (set->address != NULL || set->n == 0)
		return;
	set->address = arena_array(a, set->n, sizeof(*set->address));
	for (size_t i = 0; i < set->n; i++)
		set->address[i] = (struct address){ 4,
			{ 192, 0, 2, (uint8_t)i } };
}

/* A state made by hand stays; one that was judged is judged again. */
static void
host_again(struct score *s, struct arena *a, const struct test_case *c,
    struct case_host *h, struct host_state *state)
{
	struct mx_meta meta = { .started_ms = 1 };
	struct host_facts facts;
	struct record *r;
	struct plain p;

	if (!h->probed || h->facts.is_literal)
		return;
	complete(a, &h->facts.a);
	complete(a, &h->facts.aaaa);
	r = record_mx(&meta, &h->facts, state);
	if (unpack_mx(a, open_record(&p, r), &meta, &facts)) {
		const struct slice *names = state->ta_name;
		size_t n = state->n_ta_name;

		*state = judge_host(&facts);
		state->ta_name = names; /* of the certificate */
		state->n_ta_name = n;
		compare(s, c, "mx", record_mx(&meta, &facts, state), r);
		s->n_host++;
	} else {
		s->n_wrong++;
		record_free(r);
	}
	plain_release(&p);
}

static struct host_state
state_again(struct score *s, struct arena *a, struct test_case *c,
    struct slice host, const struct host_state *otherwise)
{
	struct host_state state = *otherwise;

	for (size_t i = 0; i < c->n_host; i++)
		if (slice_eq(c->host[i].name, host))
			host_again(s, a, c, &c->host[i], &state);
	return state;
}

static const struct host_state *
state_of(const struct test_case *c, struct slice host)
{
	for (size_t i = 0; i < c->facts.n_host; i++)
		if (slice_eq(c->facts.host[i].host, host))
			return &c->facts.host[i].state;
	return NULL;
}

static void
run_case(void *ctx, struct arena *a, struct test_case *c)
{
	struct domain_meta meta = { .line = 1,
		.started_ms = 1000 * c->facts.now };
	struct score *s = ctx;
	struct domain_facts facts;
	struct judgement j;
	struct record *r;
	struct plain p;

	complete(a, &c->facts.policy.a);
	complete(a, &c->facts.policy.aaaa);
	judge_domain(a, &c->facts, &j);
	r = record_domain(&meta, &c->facts, &j);
	if (!unpack_domain(a, open_record(&p, r), &meta, &facts)) {
		s->n_wrong++;
		record_free(r);
		plain_release(&p);
		return;
	}
	for (size_t i = 0; i < facts.n_host; i++) {
		const struct host_state *was = state_of(c, facts.host[i].host);

		if (was != NULL)
			facts.host[i].state = state_again(s, a, c,
			    facts.host[i].host, was);
	}
	judge_domain(a, &facts, &j);
	compare(s, c, "domain", record_domain(&meta, &facts, &j), r);
	plain_release(&p);
	s->n_domain++;
}

static void
test_all_cases(void **state)
{
	const char *dir = getenv("MXCENSUS_CASES");
	struct score s = { 0 };
	char pattern[512];
	glob_t found;

	(void)state;
	(void)snprintf(pattern, sizeof(pattern), "%s/*.case",
	    dir == NULL ? "tests/cases" : dir);
	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++)
		case_file_run(found.gl_pathv[i], run_case, &s);
	globfree(&found);
	(void)printf("%zu domains and %zu hosts judged again\n", s.n_domain,
	    s.n_host);
	assert_int_equal(s.n_wrong, 0);
	assert_true(s.n_domain > 100);
	assert_true(s.n_host > 20);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_full_domain),
		cmocka_unit_test(test_full_host),
		cmocka_unit_test(test_end),
		cmocka_unit_test(test_cert),
		cmocka_unit_test(test_scan),
		cmocka_unit_test(test_all_cases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
