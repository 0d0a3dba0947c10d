/* SPDX-License-Identifier: Apache-2.0
 *
 * test_dns_query.c: queries as ldns reads them, names that exist and names
 * that cannot, and which responses belong to a query.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <ldns/ldns.h>
#include <stdlib.h>
#include <string.h>

#include "scanner/base/limits.h"
#include "tests/unit/dns_made.h"
#include "workers/dns_message.h"

#include "scanner/base/banned.h"

static struct made made;

static void
test_query(void **state)
{
	uint8_t query[DNS_QUERY_BYTES_MAX];
	ldns_pkt *pkt = NULL;
	char *text;
	size_t n = dns_query_write(SLICE_LIT("_MTA-STS.a\\.b.example"),
	    DNS_TXT, query);

	(void)state;
	dns_query_set_id(query, 0xbeef);
	assert_int_equal(ldns_wire2pkt(&pkt, query, n), LDNS_STATUS_OK);
	assert_int_equal(ldns_pkt_id(pkt), 0xbeef);
	assert_true(ldns_pkt_rd(pkt));
	assert_true(ldns_pkt_ad(pkt));
	assert_false(ldns_pkt_cd(pkt));
	assert_false(ldns_pkt_edns_do(pkt));
	assert_int_equal(ldns_pkt_edns_udp_size(pkt), LIMIT_DNS_UDP_BYTES);
	text = ldns_rr2str(ldns_rr_list_rr(ldns_pkt_question(pkt), 0));
	assert_string_equal(text, "_mta-sts.a\\.b.example.\tIN\tTXT\n");
	free(text);
	ldns_pkt_free(pkt);
}

static void
test_names(void **state)
{
	static const struct {
		const char *name;
		size_t label, labels; /* so many labels of so many bytes */
		const char *text;
		bool exists;
	} names[] = {
		{ "root", 0, 0, ".", true },
		{ "plain", 0, 0, "a.example", true },
		{ "root dot", 0, 0, "a.example.", true },
		{ "escaped byte", 0, 0, "\\000\\255.example", true },
		{ "empty", 0, 0, "", false },
		{ "empty label", 0, 0, "a..example", false },
		{ "leading dot", 0, 0, ".example", false },
		{ "label of 63", 63, 1, NULL, true },
		{ "label of 64", 64, 1, NULL, false },
		{ "253 bytes", 1, 127, NULL, true },
		{ "255 bytes", 1, 128, NULL, false },
	};
	uint8_t query[DNS_QUERY_BYTES_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char text[512];
		struct strbuf b = strbuf_of(text, sizeof(text));

		if (names[i].text != NULL)
			strbuf_add(&b, slice_of(names[i].text));
		for (size_t k = 0; k < names[i].labels; k++) {
			if (k > 0)
				strbuf_char(&b, '.');
			for (size_t j = 0; j < names[i].label; j++)
				strbuf_char(&b, 'a');
		}
		if ((dns_query_write(strbuf_slice(&b), DNS_A, query) > 0) !=
		    names[i].exists)
			FAIL_IN(names[i].name, "exists: %d", !names[i].exists);
	}
}

static void
test_fits(void **state)
{
	static const struct {
		const char *name, *question;
		size_t at;   /* byte of the response to change */
		uint8_t xor; /* with this; 0: none */
		bool fits;
	} changes[] = {
		{ "as asked", "a.example. IN A", 0, 0, true },
		{ "other case", "A.exAmple. IN A", 0, 0, true },
		{ "other name", "b.example. IN A", 0, 0, false },
		{ "longer name", "aa.example. IN A", 0, 0, false },
		{ "other type", "a.example. IN AAAA", 0, 0, false },
		{ "other class", "a.example. CH A", 0, 0, false },
		{ "no response", "a.example. IN A", 2, 0x80, false },
		{ "other opcode", "a.example. IN A", 2, 0x08, false },
		{ "no question", "a.example. IN A", 5, 1, false },
		{ "three questions", "a.example. IN A", 5, 2, false },
		{ "type bytes are no letters", "a.example. IN A", 24, 0x20,
		  false },
	};
	uint8_t query[DNS_QUERY_BYTES_MAX];
	struct slice asked = slice_make(query, dns_query_write(
	    SLICE_LIT("a.example"), DNS_A, query));

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
		made_response(&made, changes[i].question, "r", 0, "", "");
		made.bytes[changes[i].at] ^= changes[i].xor;
		if (dns_answer_fits(asked, made_message(&made), false) !=
		    changes[i].fits)
			FAIL_IN(changes[i].name, "fits: %d", !changes[i].fits);
	}
	made_response(&made, "A.exAmple. IN A", "r", 0, "", "");
	assert_false(dns_answer_fits(asked, made_message(&made), true));
	/* Without EDNS the question is the same. */
	asked.n = dns_query_without_edns(query, asked.n);
	assert_int_equal(asked.n, 12 + 11 + 4);
	assert_int_equal(query[11], 0);
	assert_int_equal(dns_query_without_edns(query, asked.n), asked.n);
	assert_true(dns_answer_fits(asked, made_message(&made), false));
	made.n = 11;
	assert_false(dns_answer_fits(asked, made_message(&made), false));
}

/* A header alone that says what a header can say (RFC 6891 7). */
static void
test_bare(void **state)
{
	static const struct {
		const char *name;
		int rcode;
		size_t n, at; /* bytes in all; the byte to change */
		uint8_t xor;
		enum outcome outcome; /* NONE: it does not fit */
	} rows[] = {
		{ "FORMERR", 1, 12, 0, 0, OUTCOME_DNS_ERROR },
		{ "NOTIMP", 4, 12, 0, 0, OUTCOME_DNS_ERROR },
		{ "REFUSED", 5, 12, 0, 0, OUTCOME_REFUSED },
		{ "NOERROR", 0, 12, 0, 0, OUTCOME_NONE },
		{ "NXDOMAIN", 3, 12, 0, 0, OUTCOME_NONE },
		{ "SERVFAIL", 2, 12, 0, 0, OUTCOME_NONE },
		{ "a byte less", 1, 11, 0, 0, OUTCOME_NONE },
		{ "a byte more", 1, 13, 0, 0, OUTCOME_NONE },
		{ "no response", 1, 12, 2, 0x80, OUTCOME_NONE },
		{ "other opcode", 1, 12, 2, 0x08, OUTCOME_NONE },
		{ "truncated", 1, 12, 2, 0x02, OUTCOME_NONE },
		{ "a question, not there", 1, 12, 5, 1, OUTCOME_NONE },
		{ "an answer, not there", 1, 12, 7, 1, OUTCOME_NONE },
		{ "EDNS, not there", 1, 12, 11, 1, OUTCOME_NONE },
	};
	uint8_t query[DNS_QUERY_BYTES_MAX];
	struct slice asked = slice_make(query, dns_query_write(
	    SLICE_LIT("a.example"), DNS_A, query));
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		bool fits = rows[i].outcome != OUTCOME_NONE;
		struct dns_answer answer;

		made_response(&made, "a.example. IN A", "r", rows[i].rcode,
		    "", "");
		made_count(&made, 4, 0);
		made.bytes[rows[i].at] ^= rows[i].xor;
		made.n = rows[i].n;
		if (dns_answer_fits(asked, made_message(&made), true) != fits)
			FAIL_IN(rows[i].name, "fits: %d", !fits);
		if (!fits)
			continue;
		dns_answer_read(a, made_message(&made), DNS_A, &answer);
		if (answer.set.lookup.outcome != rows[i].outcome)
			FAIL_IN(rows[i].name, "%s",
			    outcome_word(answer.set.lookup.outcome));
		assert_int_equal(answer.edns_failed, rows[i].rcode == 1);
	}
	arena_free(a);
}

static void
test_flags(void **state)
{
	struct arena *a = arena_new();
	struct dns_answer answer;

	(void)state;
	made_response(&made, "a.example. IN A", "rd", 3, "", "");
	dns_answer_read(a, made_message(&made), DNS_A, &answer);
	assert_true(answer.authentic);
	made_response(&made, "a.example. IN A", "rt", 0, "", "");
	dns_answer_read(a, made_message(&made), DNS_A, &answer);
	assert_true(answer.truncated);
	assert_false(answer.authentic);
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_query),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_fits),
		cmocka_unit_test(test_bare),
		cmocka_unit_test(test_flags),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
