/* SPDX-License-Identifier: Apache-2.0
 *
 * test_also.c: the questions of --also and what an answer is, by the texts of
 * RFC 7208 (SPF), RFC 7489 (DMARC) and the BIMI draft.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "scanner/rules/also.h"

#include "scanner/base/banned.h"

#define S(word) ALSO_STATUS_##word
#define P(word) ALSO_POLICY_##word

struct row {
	enum also q;
	const char *txt[3];
	enum also_status status;
	enum also_policy policy;
};

static const struct row rows[] = {
	/* RFC 7208 3, 5.1, 6.1, 10.1.2 and appendix A */
	{ ALSO_SPF, { "v=spf1 +mx a:colo.example.com/28 -all" }, S(PRESENT),
	  P(FAIL) },
	{ ALSO_SPF, { "v=spf1 +all" }, S(PRESENT), P(PASS) },
	{ ALSO_SPF, { "v=spf1 a -all" }, S(PRESENT), P(FAIL) },
	{ ALSO_SPF, { "v=spf1 mx all" }, S(PRESENT), P(PASS) },
	{ ALSO_SPF, { "v=spf1 ip4:192.0.2.0/24 ~all" }, S(PRESENT),
	  P(SOFTFAIL) },
	{ ALSO_SPF, { "v=spf1 ?all" }, S(PRESENT), P(NEUTRAL) },
	{ ALSO_SPF, { "v=spf1 redirect=_spf.example.com" }, S(PRESENT),
	  P(REDIRECT) },
	{ ALSO_SPF, { "v=spf1 include:example.com include:example.net" },
	  S(PRESENT), P(NONE) },
	/* 4.5: ended by a space or by the end */
	{ ALSO_SPF, { "v=spf1" }, S(PRESENT), P(NONE) },
	{ ALSO_SPF, { "v=spf10 -all" }, S(ABSENT), P(NULL) },
	{ ALSO_SPF, { "v=spf1\t-all" }, S(ABSENT), P(NULL) },
	{ ALSO_SPF, { " v=spf1 -all" }, S(ABSENT), P(NULL) },
	{ ALSO_SPF, { "v=spf2.0/mfrom -all" }, S(ABSENT), P(NULL) },
	/* 4.6.1, 12: words have no case; several spaces are one */
	{ ALSO_SPF, { "V=SPF1  mx   -ALL " }, S(PRESENT), P(FAIL) },
	/* 5.1: the first `all` ends it; redirect beside it does not count */
	{ ALSO_SPF, { "v=spf1 ~all -all" }, S(PRESENT), P(SOFTFAIL) },
	{ ALSO_SPF, { "v=spf1 redirect=example.net -all" }, S(PRESENT),
	  P(FAIL) },
	{ ALSO_SPF, { "v=spf1 -all redirect=example.net" }, S(PRESENT),
	  P(FAIL) },
	/* no `all`, whatever it looks like */
	{ ALSO_SPF, { "v=spf1 -all:example.com --all all/24 exp=all" },
	  S(PRESENT), P(NONE) },
	{ ALSO_SPF, { "v=spf1 redirect=" }, S(PRESENT), P(NONE) },
	{ ALSO_SPF, { "v=spf1 -" }, S(PRESENT), P(NONE) },
	/* 4.5: others beside it are not looked at, a second one is an error */
	{ ALSO_SPF, { "other=1", "v=spf1 -all" }, S(PRESENT), P(FAIL) },
	{ ALSO_SPF, { "v=spf1 -all", "v=spf1 ~all" }, S(MULTIPLE), P(NULL) },
	{ ALSO_SPF, { "v=DMARC1; p=none" }, S(ABSENT), P(NULL) },
	{ ALSO_SPF, { NULL }, S(ABSENT), P(NULL) },

	/* RFC 7489 B.2, 6.3, 6.4 */
	{ ALSO_DMARC, { "v=DMARC1; p=none; "
	  "rua=mailto:dmarc-feedback@example.com" }, S(PRESENT), P(NONE) },
	{ ALSO_DMARC, { "v=DMARC1; p=quarantine; pct=25" }, S(PRESENT),
	  P(QUARANTINE) },
	{ ALSO_DMARC, { "v=DMARC1;p=reject;sp=none" }, S(PRESENT),
	  P(REJECT) },
	{ ALSO_DMARC, { "v = DMARC1 ; P\t=\tReject" }, S(PRESENT),
	  P(REJECT) },
	{ ALSO_DMARC, { "v=DMARC1" }, S(PRESENT), P(NULL) },
	{ ALSO_DMARC, { "v=DMARC1; sp=reject" }, S(PRESENT), P(NULL) },
	{ ALSO_DMARC, { "v=DMARC1; p=block" }, S(PRESENT), P(NULL) },
	{ ALSO_DMARC, { "v=DMARC1; p=" }, S(PRESENT), P(NULL) },
	{ ALSO_DMARC, { "v=DMARC1; p=none; p=reject" }, S(PRESENT),
	  P(NULL) },
	/* the version has its case, and comes first */
	{ ALSO_DMARC, { "v=dmarc1; p=reject" }, S(ABSENT), P(NULL) },
	{ ALSO_DMARC, { "p=reject; v=DMARC1" }, S(ABSENT), P(NULL) },
	{ ALSO_DMARC, { "v=DMARC1 p=reject" }, S(ABSENT), P(NULL) },
	{ ALSO_DMARC, { "v=DMARC12; p=reject" }, S(ABSENT), P(NULL) },
	{ ALSO_DMARC, { " v=DMARC1; p=reject" }, S(ABSENT), P(NULL) },
	{ ALSO_DMARC, { "" }, S(ABSENT), P(NULL) },
	/* a wildcard's SPF record is none */
	{ ALSO_DMARC, { "v=spf1 -all" }, S(ABSENT), P(NULL) },
	/* 6.6.3: others are discarded, of several none is used */
	{ ALSO_DMARC, { "v=spf1 -all", "v=DMARC1; p=reject" }, S(PRESENT),
	  P(REJECT) },
	{ ALSO_DMARC, { "v=DMARC1; p=none", "v=DMARC1; p=reject" },
	  S(MULTIPLE), P(NULL) },

	{ ALSO_BIMI, { "v=BIMI1; l=https://example.com/logo.svg; a=" },
	  S(PRESENT), P(NULL) },
	{ ALSO_BIMI, { "v=BIMI1; l=;", "v=BIMI1; l=; a=;" }, S(PRESENT),
	  P(NULL) },
	{ ALSO_BIMI, { "v=bimi1; l=;" }, S(ABSENT), P(NULL) },
};

/* An answer of the texts, in any order. */
static struct rrset
answer_of(const char *const *text, struct txt_rr *rr)
{
	struct rrset set = { .lookup.outcome = OUTCOME_OK, .txt = rr };

	while (set.n < 3 && text[set.n] != NULL) {
		rr[set.n].joined = slice_of(text[set.n]);
		set.n++;
	}
	if (set.n == 0)
		set = (struct rrset){ .lookup.outcome = OUTCOME_NODATA };
	return set;
}

static void
test_texts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct row *r = &rows[i];
		struct txt_rr rr[3] = { { .n_part = 0 } };
		struct rrset set = answer_of(r->txt, rr);
		struct also_judgement j = also_judge(r->q, &set);

		if (j.status != r->status || j.policy != r->policy)
			fail_msg("%s: %s, %s", r->txt[0],
			    also_status_word(j.status),
			    also_policy_word(j.policy));
	}
}

/* What failed is unknown, whatever the question. */
static void
test_unknown(void **state)
{
	static const struct {
		enum outcome outcome;
		enum also_status status;
	} of[] = {
		{ OUTCOME_NODATA, S(ABSENT) }, { OUTCOME_NXDOMAIN, S(ABSENT) },
		{ OUTCOME_SERVFAIL, S(UNKNOWN) }, { OUTCOME_BOGUS, S(UNKNOWN) },
		{ OUTCOME_DNS_TIMEOUT, S(UNKNOWN) },
		{ OUTCOME_CNAME_LOOP, S(UNKNOWN) },
		{ OUTCOME_EXCLUDED, S(UNKNOWN) }, { OUTCOME_NONE, S(UNKNOWN) },
	};

	(void)state;
	for (size_t q = 0; q < ALSO_COUNT; q++)
		for (size_t i = 0; i < sizeof(of) / sizeof(*of); i++) {
			struct rrset set = { .lookup.outcome = of[i].outcome };
			struct also_judgement j = also_judge((enum also)q,
			    &set);

			assert_int_equal(j.status, of[i].status);
			assert_int_equal(j.policy, ALSO_POLICY_NULL);
		}
}

/* Records beyond the cap may be SPF, too. */
static void
test_cut(void **state)
{
	struct txt_rr rr[2] = { { .joined = SLICE_LIT("a") },
		{ .joined = SLICE_LIT("v=spf1 -all") } };
	struct rrset set = { .lookup.outcome = OUTCOME_OK, .n = 1, .txt = rr,
		.cut = true };

	(void)state;
	assert_int_equal(also_judge(ALSO_SPF, &set).status, S(UNKNOWN));
	assert_int_equal(also_judge(ALSO_BIMI, &set).status, S(UNKNOWN));
	set.n = 2;
	assert_int_equal(also_judge(ALSO_SPF, &set).status, S(UNKNOWN));
	assert_int_equal(also_judge(ALSO_SPF, &set).policy, P(NULL));
	rr[0].joined = SLICE_LIT("v=spf1 ~all");
	assert_int_equal(also_judge(ALSO_SPF, &set).status, S(MULTIPLE));
	rr[0].joined = SLICE_LIT("v=BIMI1; l=;");
	assert_int_equal(also_judge(ALSO_BIMI, &set).status, S(PRESENT));
	/* of other types one is enough */
	set = (struct rrset){ .lookup.outcome = OUTCOME_OK, .n = 32,
		.cut = true };
	assert_int_equal(also_judge(ALSO_NS, &set).status, S(PRESENT));
}

static void
test_list(void **state)
{
	struct slice bad;
	unsigned asked;

	(void)state;
	assert_true(also_parse(SLICE_LIT("ns, a,ns"), &asked, &bad));
	assert_int_equal(asked, 1u << ALSO_NS | 1u << ALSO_A);
	assert_true(also_is_asked(asked, ALSO_A));
	assert_false(also_is_asked(asked, ALSO_DS));
	assert_true(also_parse(SLICE_LIT("ns,ds,spf,dmarc,caa,bimi,a"),
	    &asked, &bad));
	assert_int_equal(asked, (1u << ALSO_COUNT) - 1);
	assert_false(also_parse(SLICE_LIT("ns,mx"), &asked, &bad));
	assert_true(slice_eq(bad, SLICE_LIT("mx")));
	assert_false(also_parse(SLICE_LIT("ns,,a"), &asked, &bad));
	assert_false(also_parse(SLICE_EMPTY, &asked, &bad));
	assert_false(also_parse(SLICE_LIT("NS"), &asked, &bad));
}

static void
test_owner(void **state)
{
	struct arena *a = arena_new();
	struct slice name = SLICE_LIT("x.example");

	(void)state;
	assert_true(slice_eq(also_owner(a, ALSO_SPF, name), name));
	assert_true(slice_eq(also_owner(a, ALSO_DMARC, name),
	    SLICE_LIT("_dmarc.x.example")));
	assert_true(slice_eq(also_owner(a, ALSO_BIMI, name),
	    SLICE_LIT("default._bimi.x.example")));
	assert_int_equal(also_type(ALSO_CAA), 257);
	assert_int_equal(also_type(ALSO_DS), 43);
	arena_free(a);
}

/* RFC 8020: no name, nothing below it; RFC 6604: whose name it is. */
static void
test_known(void **state)
{
	struct lookup mx = { .outcome = OUTCOME_NXDOMAIN, .secure = TRI_YES };
	struct rrset out = { .n = 0 };

	(void)state;
	assert_true(also_is_known(&mx, &out));
	assert_int_equal(out.lookup.outcome, OUTCOME_NXDOMAIN);
	assert_int_equal(out.lookup.secure, TRI_YES);
	assert_int_equal(out.lookup.attempts, 0);
	mx.n_cname = 1;
	assert_false(also_is_known(&mx, &out));
	mx = (struct lookup){ .outcome = OUTCOME_EXCLUDED };
	assert_true(also_is_known(&mx, &out));
	assert_int_equal(out.lookup.outcome, OUTCOME_EXCLUDED);
	mx.outcome = OUTCOME_NODATA;
	assert_false(also_is_known(&mx, &out));
	mx.outcome = OUTCOME_SERVFAIL;
	assert_false(also_is_known(&mx, &out));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts), cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_cut), cmocka_unit_test(test_list),
		cmocka_unit_test(test_owner), cmocka_unit_test(test_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
