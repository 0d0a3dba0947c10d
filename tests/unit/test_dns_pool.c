/* SPDX-License-Identifier: Apache-2.0
 *
 * test_dns_pool.c: the DNS pool against resolvers that count and misbehave.
 *
 * All times follow from the time-out of the first attempt, which is short
 * here; lower bounds are exact, upper ones generous.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "scanner/base/limits.h"
#include "tests/unit/dns_made.h"
#include "tests/unit/dns_rig.h"

#include "scanner/base/banned.h"

/* ---- one question, two resolvers ---- */

struct row {
	const char *label;
	enum fake_mode mode[2];
	bool trusted;
	enum outcome outcome;
	enum tri secure;
	int queries[2];
	uint32_t attempts;
	uint32_t least_ms;
	uint64_t dropped;
};

#define LABELS { FAKE_BY_LABEL, FAKE_BY_LABEL }
#define THREE_MS (RIG_T_MS * 21 / 8)
#define SIX_MS (RIG_T_MS * 8)

static const struct row rows[] = {
	{ "ok", LABELS, true, OUTCOME_OK, TRI_YES, { 1, 0 }, 1, 0, 0 },
	{ "ok", LABELS, false, OUTCOME_OK, TRI_UNKNOWN, { 1, 0 }, 1, 0, 0 },
	{ "nx", LABELS, true, OUTCOME_NXDOMAIN, TRI_NO, { 1, 0 }, 1, 0, 0 },
	{ "nx", LABELS, false, OUTCOME_NXDOMAIN, TRI_UNKNOWN, { 1, 0 }, 1, 0,
	  0 },
	{ "nodata", LABELS, true, OUTCOME_NODATA, TRI_YES, { 1, 0 }, 1, 0, 0 },
	{ "servfail", LABELS, true, OUTCOME_SERVFAIL, TRI_UNKNOWN, { 2, 1 }, 3,
	  THREE_MS, 0 },
	{ "refused", LABELS, true, OUTCOME_REFUSED, TRI_UNKNOWN, { 2, 1 }, 3,
	  THREE_MS, 0 },
	{ "formerr", LABELS, true, OUTCOME_DNS_ERROR, TRI_UNKNOWN, { 3, 1 },
	  4, THREE_MS, 0 },
	{ "bogus", LABELS, true, OUTCOME_BOGUS, TRI_UNKNOWN, { 2, 1 }, 3,
	  THREE_MS, 0 },
	{ "garbage", LABELS, true, OUTCOME_DNS_MALFORMED, TRI_UNKNOWN,
	  { 2, 1 }, 3, THREE_MS, 0 },
	{ "noedns", LABELS, true, OUTCOME_OK, TRI_YES, { 2, 0 }, 2, 0, 0 },
	{ "bare", LABELS, true, OUTCOME_OK, TRI_YES, { 2, 0 }, 2, 0, 0 },
	{ "lower", LABELS, true, OUTCOME_NXDOMAIN, TRI_NO, { 1, 0 }, 1, 0, 0 },
	{ "silent", LABELS, true, OUTCOME_DNS_TIMEOUT, TRI_UNKNOWN, { 3, 3 },
	  6, SIX_MS, 0 },
	{ "loop", LABELS, true, OUTCOME_CNAME_LOOP, TRI_NO, { 1, 0 }, 1, 0,
	  0 },
	{ "spoof", LABELS, true, OUTCOME_OK, TRI_YES, { 1, 0 }, 1, 0, 5 },
	{ "ok", { FAKE_SERVFAIL, FAKE_BY_LABEL }, true, OUTCOME_OK, TRI_YES,
	  { 1, 1 }, 2, RIG_T_MS * 7 / 8, 0 },
	{ "ok", { FAKE_SILENT, FAKE_BY_LABEL }, true, OUTCOME_OK, TRI_YES,
	  { 1, 1 }, 2, RIG_T_MS, 0 },
	{ "ok", { FAKE_SILENT, FAKE_SERVFAIL }, true, OUTCOME_SERVFAIL,
	  TRI_UNKNOWN, { 3, 3 }, 6, THREE_MS + 3 * RIG_T_MS, 0 },
};

/*
 * Every query has its outcome, the deciding one that of the question; of two
 * resolvers each has the outcomes of its kind.
 */
static void
check_tried(const struct row *r, const struct lookup *l)
{
	static const enum outcome of_mode[] = {
		[FAKE_SERVFAIL] = OUTCOME_SERVFAIL,
		[FAKE_SILENT] = OUTCOME_DNS_TIMEOUT,
	};
	bool has_final = false;

	assert_int_equal(l->n_tried, r->attempts);
	for (size_t i = 0; i < l->n_tried; i++)
		has_final |= l->tried[i] == r->outcome;
	if (!has_final)
		FAIL_IN(r->label, "no query ended as %s",
		    outcome_word(r->outcome));
	if (r->mode[0] != FAKE_BY_LABEL && l->tried[0] != of_mode[r->mode[0]])
		FAIL_IN(r->label, "the first query ended as %s",
		    outcome_word((enum outcome)l->tried[0]));
	if (r->mode[0] == FAKE_BY_LABEL)
		for (size_t i = 0; i < l->n_tried; i++)
			if (l->tried[i] != r->outcome &&
			    l->tried[i] != OUTCOME_DNS_ERROR)
				FAIL_IN(r->label, "a query ended as %s",
				    outcome_word((enum outcome)l->tried[i]));
}

static void
check_row(const struct row *r)
{
	struct rig b;
	struct rrset set;
	struct lookup *l = &set.lookup;
	char name[64];

	rig_init(&b);
	rig_add(&b, "127.77.1.1", r->mode[0]);
	rig_add(&b, "127.77.1.2", r->mode[1]);
	b.config.trusted[0] = b.config.trusted[1] = r->trusted;
	rig_pool(&b);
	snprintf(name, sizeof(name), "%s.example", r->label);
	rig_ask(&b, name, DNS_A, &set);
	assert_int_equal(l->outcome, OUTCOME_NONE); /* not within the call */
	rig_run(&b);
	if (l->outcome != r->outcome || l->secure != r->secure)
		FAIL_IN(r->label, "%s, secure %d", outcome_word(l->outcome),
		    l->secure);
	if (r->outcome == OUTCOME_OK && set.address[0].bytes[3] != 1)
		FAIL_IN(r->label, "a forged address was taken");
	if (b.fake[0]->queries + b.fake[1]->queries !=
	    r->queries[0] + r->queries[1] || (r->attempts < 6 &&
	    b.fake[0]->queries != r->queries[0]) || l->attempts != r->attempts)
		FAIL_IN(r->label, "%d + %d queries, %u attempts",
		    b.fake[0]->queries, b.fake[1]->queries, l->attempts);
	if (l->elapsed_ms < r->least_ms)
		FAIL_IN(r->label, "after %u ms", l->elapsed_ms);
	if (STAT_GET(b.stats.dns_dropped) != r->dropped)
		FAIL_IN(r->label, "%d dropped",
		    (int)STAT_GET(b.stats.dns_dropped));
	assert_int_equal(STAT_GET(b.stats.dns_queries), r->attempts);
	check_tried(r, l);
	assert_int_equal(STAT_GET(b.stats.dns_bare),
	    strcmp(r->label, "bare") == 0 ? 1 : 0);
	rig_release(&b);
}

static void
test_outcomes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		check_row(&rows[i]);
}

/* The extended error of a bogus answer survives all its retries. */
static void
test_ede_kept(void **state)
{
	struct rig b;
	struct rrset set;

	(void)state;
	rig_init(&b);
	rig_add(&b, "127.77.2.1", FAKE_BY_LABEL);
	rig_add(&b, "127.77.2.2", FAKE_SILENT);
	rig_pool(&b);
	rig_ask(&b, "bogus.example", DNS_A, &set);
	rig_run(&b);
	assert_int_equal(set.lookup.outcome, OUTCOME_BOGUS);
	assert_int_equal(set.lookup.n_ede, 1);
	assert_int_equal(set.lookup.ede[0].code, 6);
	assert_true(slice_eq(set.lookup.ede[0].text, SLICE_LIT("bad")));
	assert_true(slice_starts(set.lookup.resolver,
	    SLICE_LIT("127.77.2.1:")));
	rig_release(&b);
}

/* An answer to the first attempt counts though a second was made. */
static void
test_late_answer(void **state)
{
	struct rig b;
	struct rrset set;

	(void)state;
	rig_init(&b);
	rig_add(&b, "127.77.3.1", FAKE_BY_LABEL);
	b.fake[0]->late_ms = RIG_T_MS * 3 / 2;
	rig_pool(&b);
	rig_ask(&b, "late.example", DNS_A, &set);
	rig_run(&b);
	assert_int_equal(set.lookup.outcome, OUTCOME_OK);
	assert_true(set.lookup.attempts >= 2);
	assert_int_equal(STAT_GET(b.stats.dns_dropped), 0);
	rig_release(&b);
}

/*
 * Asked in random letter case: an answer that repeats it is taken, one in
 * lower case is a forgery, dropped each time that it comes.
 */
static void
test_mixed_case(void **state)
{
	static const char name[] = "a-label-of-very-many-letters.example";
	struct rig b;
	struct rrset set[2];

	(void)state;
	rig_init(&b);
	rig_add(&b, "127.77.3.4", FAKE_BY_LABEL);
	b.config.mix_case = true;
	rig_pool(&b);
	rig_ask(&b, name, DNS_A, &set[0]);
	rig_ask(&b, "lower.another-label-of-very-many-letters.example",
	    DNS_A, &set[1]);
	rig_run(&b);
	assert_int_equal(set[0].lookup.outcome, OUTCOME_NXDOMAIN);
	assert_int_equal(set[0].lookup.attempts, 1);
	assert_int_equal(set[1].lookup.outcome, OUTCOME_DNS_TIMEOUT);
	assert_int_equal(STAT_GET(b.stats.dns_dropped), 6);
	rig_release(&b);
}

/* The right answer on the wrong socket is dropped. */
static void
test_wrong_socket(void **state)
{
	struct rig b;
	struct rrset set[3];

	(void)state;
	rig_init(&b);
	rig_add(&b, "127.77.3.2", FAKE_BY_LABEL);
	rig_add(&b, "127.77.3.3", FAKE_BY_LABEL);
	b.config.timeout_ms = 800;
	b.fake[0]->accomplice = b.fake[1];
	rig_pool(&b);
	rig_ask(&b, "q.example", DNS_A, &set[0]);
	rig_ask(&b, "q.example", DNS_A, &set[1]); /* goes to the accomplice */
	rig_run(&b);
	assert_int_equal(b.fake[1]->queries, 1);
	rig_ask(&b, "cross.example", DNS_A, &set[2]);
	rig_run(&b);
	assert_int_equal(set[2].lookup.outcome, OUTCOME_OK);
	assert_int_equal(set[2].address[0].bytes[3], 1);
	assert_int_equal(STAT_GET(b.stats.dns_dropped), 1);
	rig_release(&b);
}

static void
test_impossible_name(void **state)
{
	struct rig b;
	struct rrset set[2];

	(void)state;
	rig_init(&b);
	rig_add(&b, "127.77.4.1", FAKE_BY_LABEL);
	rig_pool(&b);
	rig_ask(&b, "a..example", DNS_A, &set[0]);
	rig_ask(&b, "ok.example", DNS_A, &set[1]);
	assert_int_equal(b.n_done, 0);
	rig_run(&b);
	assert_int_equal(set[0].lookup.outcome, OUTCOME_NXDOMAIN);
	assert_int_equal(set[0].lookup.attempts, 0);
	assert_int_equal(set[1].lookup.outcome, OUTCOME_OK);
	rig_release(&b);
}

static void
test_ipv6(void **state)
{
	struct rig b;
	struct rrset set;

	(void)state;
	if (access("/proc/net/if_inet6", R_OK) != 0)
		skip();
	rig_init(&b);
	rig_add(&b, "::1", FAKE_BY_LABEL);
	rig_pool(&b);
	rig_ask(&b, "ok.example", DNS_A, &set);
	rig_run(&b);
	assert_int_equal(set.lookup.outcome, OUTCOME_OK);
	assert_true(slice_starts(set.lookup.resolver, SLICE_LIT("[::1]:")));
	rig_release(&b);
}

/* ---- local trouble ---- */

/* From 127.0.0.1 nothing leaves the machine: connect() itself fails. */
static void
unreachable(struct rig *b, size_t i)
{
	struct sockaddr_in *v4 = (void *)&b->config.resolver[i];

	b->config.source = (struct address){ 4, { 127, 0, 0, 1 } };
	*v4 = (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_port = htons(53), .sin_addr = { htonl(0xc0000201) } };
	b->config.n_resolver = i + 1;
}

static void
test_unreachable_resolver(void **state)
{
	struct rig b;
	struct rrset set[50];

	(void)state;
	rig_init(&b);
	unreachable(&b, 0);
	assert_null(dns_pool_new(b.loop, &b.config, &b.stats));
	b.config.n_resolver = 0;
	rig_add(&b, "127.77.5.1", FAKE_BY_LABEL);
	unreachable(&b, 1);
	rig_pool(&b);
	for (int i = 0; i < 50; i++)
		rig_ask(&b, "ok.example", DNS_A, &set[i]);
	rig_run(&b);
	for (int i = 0; i < 50; i++)
		assert_int_equal(set[i].lookup.outcome, OUTCOME_OK);
	assert_int_equal(b.fake[0]->queries, 50);
	rig_release(&b);
}

#define FILES 64

/* No descriptor for the connection that a truncated answer asks for. */
static void
test_no_descriptors(void **state)
{
	struct rlimit old, tight;
	struct rig b;
	struct rrset set;
	int fd[FILES], n = 0;

	(void)state;
	rig_init(&b);
	rig_add(&b, "127.77.6.1", FAKE_BY_LABEL);
	rig_pool(&b);
	getrlimit(RLIMIT_NOFILE, &old);
	tight = (struct rlimit){ FILES, old.rlim_max };
	setrlimit(RLIMIT_NOFILE, &tight);
	while (n < FILES && (fd[n] = dup(b.fake[0]->own.udp)) >= 0)
		n++;
	rig_ask(&b, "tc.example", DNS_TXT, &set);
	rig_run(&b);
	while (n > 0)
		close(fd[--n]);
	setrlimit(RLIMIT_NOFILE, &old);
	assert_int_equal(set.lookup.outcome, OUTCOME_LOCAL);
	assert_int_equal(set.lookup.attempts, 1);
	rig_release(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_outcomes),
		cmocka_unit_test(test_ede_kept),
		cmocka_unit_test(test_late_answer),
		cmocka_unit_test(test_mixed_case),
		cmocka_unit_test(test_wrong_socket),
		cmocka_unit_test(test_impossible_name),
		cmocka_unit_test(test_ipv6),
		cmocka_unit_test(test_unreachable_resolver),
		cmocka_unit_test(test_no_descriptors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
