/* SPDX-License-Identifier: Apache-2.0
 *
 * test_unpack_facts.c: facts that a record tells by what it leaves out, and
 * alias chains from the wire to the record and back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "output/blob.h"
#include "output/pack.h"
#include "output/plain.h"
#include "output/unpack.h"
#include "tests/unit/facts_sample.h"
#include "workers/dns_message.h"

#include "scanner/base/banned.h"

static const msgpack_object *
open_record(struct plain *p, const struct record *r)
{
	struct slice bytes = slice_make(r->bytes, r->n);

	assert_true(plain_is_sound(bytes));
	plain_init(p, bytes);
	return plain_next(p);
}

static void
assert_same(struct record *a, struct record *b)
{
	assert_int_equal(a->n, b->n);
	assert_memory_equal(a->bytes, b->bytes, a->n);
	record_free(a);
	record_free(b);
}

/* The one kind of match that is not written is told by its dates. */
static void
test_name_by(void **state)
{
	static const struct {
		enum name_by in;
		enum tri name_ok;
		int64_t not_after;
		enum name_by out;
	} rows[] = {
		{ NAME_BY_EXACT, TRI_YES, 5, NAME_BY_EXACT },
		{ NAME_BY_WILDCARD, TRI_YES, 5, NAME_BY_WILDCARD },
		{ NAME_BY_WILDCARD_SUFFIX, TRI_YES, 5,
		  NAME_BY_WILDCARD_SUFFIX },
		{ NAME_BY_COMMON_NAME, TRI_NO, 5, NAME_BY_COMMON_NAME },
		{ NAME_BY_NONE, TRI_NO, 5, NAME_BY_NONE },
		/* a file of before these fields: nothing is known */
		{ NAME_BY_NONE, TRI_YES, 0, NAME_BY_NONE },
	};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct host_facts facts;
		struct sample_host h;
		struct tls_facts *tls;
		struct mx_meta meta;
		struct record *r;
		struct plain p;

		sample_host_full(a, &h);
		tls = &h.facts.address[1].tls;
		*tls = (struct tls_facts){ .outcome = OUTCOME_OK,
			.name_ok = rows[i].name_ok, .name_by = rows[i].in,
			.not_after = rows[i].not_after };
		r = record_mx(&h.meta, &h.facts, &h.state);
		assert_true(unpack_mx(a, open_record(&p, r), &meta, &facts));
		tls = &facts.address[0].tls;
		if (tls->name_by != rows[i].out || tls->incomplete ||
		    tls->not_before != 0 ||
		    tls->not_after != rows[i].not_after)
			fail_msg("row %zu: %s", i, name_by_word(tls->name_by));
		assert_same(record_mx(&meta, &facts, &h.state), r);
		plain_release(&p);
	}
	arena_free(a);
}

/* ---- alias chains ---- */

/* A response: a.example is an alias of b.example, of which there is no more. */
static struct rrset
dangling(struct arena *a, enum dns_type type, bool nxdomain)
{
	static const char question[] = "\1a\7example\0\0\0\0\1";
	static const char alias[] =
	    "\xc0\x0c\0\5\0\1\0\0\0\x3c\0\4\1b\xc0\x0e";
	char bytes[12 + sizeof(question) - 1 + sizeof(alias) - 1] = {
		[2] = '\x81', [3] = (char)(nxdomain ? 0x83 : 0x80),
		[5] = 1, [7] = 1 };
	struct dns_answer answer;

	memcpy(bytes + 12, question, sizeof(question) - 1);
	bytes[12 + 12] = (char)type;
	memcpy(bytes + 12 + sizeof(question) - 1, alias, sizeof(alias) - 1);
	dns_answer_read(a, slice_make(bytes, sizeof(bytes)), type, &answer);
	return answer.set;
}

static void
assert_dangles(const struct rrset *set, enum outcome outcome)
{
	assert_int_equal(set->lookup.outcome, outcome);
	assert_int_equal(set->lookup.n_cname, 1);
	assert_true(slice_eq(set->lookup.cname[0], SLICE_LIT("b.example")));
	assert_int_equal(set->n, 0);
}

/* From the wire to the facts again: where an alias leads to nothing. */
static void
test_dangling_aliases(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	for (int nxdomain = 0; nxdomain < 2; nxdomain++) {
		enum outcome outcome = nxdomain ? OUTCOME_NXDOMAIN :
		    OUTCOME_NODATA;
		struct domain_meta meta;
		struct sample_domain d;
		struct domain_facts f;
		struct record *r;
		struct plain p;

		sample_full(a, &d);
		d.facts.sts_txt = dangling(a, DNS_TXT, nxdomain);
		d.facts.tlsrpt_txt = d.facts.sts_txt;
		d.facts.policy.a = dangling(a, DNS_A, nxdomain);
		d.facts.policy.aaaa = dangling(a, DNS_AAAA, nxdomain);
		r = record_domain(&d.meta, &d.facts, &d.judgement);
		assert_true(unpack_domain(a, open_record(&p, r), &meta, &f));
		assert_dangles(&f.sts_txt, outcome);
		assert_dangles(&f.tlsrpt_txt, outcome);
		assert_dangles(&f.policy.a, outcome);
		assert_dangles(&f.policy.aaaa, outcome);
		plain_release(&p);
		record_free(r);
	}
	arena_free(a);
}

/* ---- answers of --also ---- */

/* Texts of every kind where a question has but one. */
static void
pack_mixed(struct packer *p, enum field f)
{
	const struct slice text[] = { SLICE_LIT("v=spf1 -all"),
		SLICE_LIT("192.0.2.1") };

	pack_map_open(p, f, OBJECT_also_answer);
	pack_strs(p, FIELD_also_answer_rr, text, 2);
	pack_strs(p, FIELD_also_answer_txt, text, 1);
	pack_map_open(p, FIELD_also_answer_lookup, OBJECT_lookup);
	pack_outcome(p, FIELD_lookup_outcome, OUTCOME_OK);
	pack_strs(p, FIELD_lookup_addresses, &text[1], 1);
	pack_map_close(p);
	pack_map_close(p);
}

/* A file may hold anything: what is judged again fits its question. */
static void
test_also_mixed(void **state)
{
	struct arena *a = arena_new();
	struct domain_meta meta;
	struct domain_facts f;
	struct judgement j;
	struct record *r;
	struct packer p;
	struct plain plain;

	(void)state;
	pack_begin(&p, OBJECT_domain);
	pack_str(&p, FIELD_domain_name, SLICE_LIT("a.example"));
	pack_map_open(&p, FIELD_domain_also, OBJECT_also);
	pack_mixed(&p, FIELD_also_ns);
	pack_mixed(&p, FIELD_also_spf);
	pack_mixed(&p, FIELD_also_a);
	pack_map_close(&p);
	r = pack_finish(&p, RECORD_DOMAIN);
	assert_true(unpack_domain(a, open_record(&plain, r), &meta, &f));
	assert_int_equal(f.also[ALSO_NS].n, 2);
	assert_null(f.also[ALSO_NS].address);
	assert_int_equal(f.also[ALSO_SPF].n, 1);
	assert_null(f.also[ALSO_SPF].text);
	assert_int_equal(f.also[ALSO_A].n, 1);
	assert_null(f.also[ALSO_A].txt);
	assert_int_equal(f.also[ALSO_DS].lookup.outcome, OUTCOME_NONE);
	judge_domain(a, &f, &j);
	assert_int_equal(j.also[ALSO_SPF].policy, ALSO_POLICY_FAIL);
	assert_int_equal(j.also[ALSO_A].status, ALSO_STATUS_PRESENT);
	plain_release(&plain);
	record_free(r);
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_name_by),
		cmocka_unit_test(test_dangling_aliases),
		cmocka_unit_test(test_also_mixed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
