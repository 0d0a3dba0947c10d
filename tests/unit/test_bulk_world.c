/* SPDX-License-Identifier: Apache-2.0
 *
 * test_bulk_world.c: the bulk lab's world against draws computed by hand from
 * BULK.md, and the messages that its resolver makes of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "tests/lab/bulk_dns.h"
#include "tests/lab/bulk_world.h"

#include "scanner/base/banned.h"

#define HEADER_BYTES 12
#define AD 0x20
#define TYPE_MX 15
#define TYPE_TXT 16
#define TYPE_TLSA 52

static void
test_draws(void **state)
{
	static const struct {
		const char *what, *name;
		uint64_t draw;
	} row[] = {
		{ "mail", "d0.com", 0x8dddd2238b572f2cu },
		{ "tld", "d0", 0x25d7fb33127b20acu },
		{ "place", "mx1.d1.com", 0x31937cbc2aea967bu },
		{ "x", "", 0x9a83471c4b59f472u },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		assert_int_equal(bulk_draw(row[i].what,
		    slice_of(row[i].name)), row[i].draw);
	assert_int_equal(bulk_share("mail", SLICE_LIT("d3.com")), 942);
}

static struct bulk_node
node(const char *name)
{
	struct bulk_node n;

	bulk_node(slice_of(name), &n);
	return n;
}

static void
test_which_exist(void **state)
{
	static const char *const there[] = { "", "com", "test", "bulk.test",
		"a.bulk.test", "h0.bulk.test", "h4999.bulk.test", "d0.io",
		"d4.org", "mx2.d4.org", "_25._tcp.mx1.a.bulk.test",
		"_tcp.mx2.a.bulk.test", "_tcp.mx1.d75.io", "_tls.d45.com",
		"mta-sts.d45.com", "mx1.d384.io" };
	static const char *const absent[] = { "xyz", "d0.com", "d00.io",
		"d.io", "x.com", "d5.io", "mx1.d5.io", "mta-sts.d5.io",
		"mta-sts.d0.io", "_mta-sts.d0.io", "_smtp._tls.d0.io",
		"mx3.d0.io", "x.mx1.d0.io", "c.bulk.test", "h.bulk.test",
		"h5000.bulk.test", "h01.bulk.test", "mx3.a.bulk.test",
		"_25._tcp.mx1.b.bulk.test", "_25._tcp.a.bulk.test",
		"_25._tcp.d0.io", "_25._tcpx.mx1.a.bulk.test",
		"d99999999999999999999.com", "mta-sts.a.bulk.test" };

	(void)state;
	for (size_t i = 0; i < sizeof(there) / sizeof(there[0]); i++)
		if (!node(there[i]).exists)
			fail_msg("%s does not exist", there[i]);
	for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++)
		if (node(absent[i]).exists)
			fail_msg("%s exists", absent[i]);
}

static void
test_domains(void **state)
{
	(void)state;
	assert_int_equal(node("d0.io").mx.n, 2);
	assert_string_equal(node("d0.io").mx.name[1], "mx2.a.bulk.test");
	assert_string_equal(node("d330.de").mx.name[0], "mx1.b.bulk.test");
	assert_string_equal(node("d8.com").mx.name[0], "mx1.h770.bulk.test");
	assert_int_equal(node("d3.com").mx.n, 1);
	assert_string_equal(node("d3.com").mx.name[0], "mx1.d3.com");
	assert_int_equal(node("d4.org").mx.n, 0);
	assert_true(node("d72.org").null_mx);
	assert_true(node("d357.org").mx_fails);
	assert_int_equal(node("d18.io").a, 0x7f7f0435);
	assert_int_equal(node("d18.io").mx.n, 0);
	assert_int_equal(node("d0.io").a, 0);
	assert_false(node("d0.io").ad);
	assert_true(node("d45.com").ad);
	assert_true(node("nothing.d45.com").ad);
	assert_true(node("mx1.a.bulk.test").ad);
	assert_false(node("a.bulk.test").ad);
	assert_false(node("mx1.b.bulk.test").ad);
	assert_int_equal(node("mx1.d0.io").zone_at, strlen("mx1."));
	assert_int_equal(node("mx1.d5.io").zone_at, strlen("mx1.d5."));
	assert_int_equal(node("foo.xyz").zone_at, strlen("foo.xyz"));
}

static void
test_records(void **state)
{
	struct bulk_node n = node("_mta-sts.d45.com");

	(void)state;
	assert_int_equal(n.n_txt, 1);
	assert_string_equal(n.txt[0], "v=STSv1; id=20240101000000Z;");
	assert_string_equal(node("_mta-sts.d615.com").txt[0], "v=STSv1;");
	n = node("_mta-sts.d248.io");
	assert_int_equal(n.n_txt, 2);
	assert_string_equal(n.txt[0], "v=STSv1; id=1;");
	assert_string_equal(n.txt[1], "v=STSv1; id=2;");
	assert_string_equal(node("_smtp._tls.d45.com").txt[0],
	    "v=TLSRPTv1; rua=mailto:tls@d45.com");
	assert_int_equal(node("_tls.d45.com").n_txt, 0);
	assert_int_equal(node("mta-sts.d45.com").a, 0x7f23b1a2);
	assert_int_equal(node("mx1.d3.com").a, 0x7f7db523);
	assert_int_equal(node("mx1.d384.io").a, 0);
	assert_int_equal(node("mx1.a.bulk.test").a, 0x7f3c2381);
	assert_int_equal(node("mx2.b.bulk.test").a, 0x7f3cf3cc);
	assert_int_equal(node("mx1.h770.bulk.test").a, 0x7f696d7d);
	n = node("_25._tcp.mx1.d75.io");
	assert_true(n.has_tlsa && n.tlsa_right);
	n = node("_25._tcp.mx1.d1515.com");
	assert_true(n.has_tlsa && !n.tlsa_right);
	assert_true(node("_25._tcp.mx2.a.bulk.test").tlsa_right);
	assert_false(node("_tcp.mx1.d75.io").has_tlsa);
}

#define IP(a, b, c, d) ((uint32_t)(a) << 24 | (b) << 16 | (c) << 8 | (d))

static void
test_servers(void **state)
{
	char text[BULK_POLICY_CAP];

	(void)state;
	assert_int_equal(bulk_smtp_way(IP(127, 125, 181, 35)), BULK_TLS13);
	assert_int_equal(bulk_smtp_way(IP(127, 75, 88, 98)), BULK_TLS12);
	assert_int_equal(bulk_smtp_way(IP(127, 127, 48, 18)), BULK_CLOSES);
	assert_int_equal(bulk_smtp_way(IP(127, 126, 249, 240)), BULK_NOT_NOW);
	assert_int_equal(bulk_smtp_way(IP(127, 88, 41, 192)),
	    BULK_NO_STARTTLS);
	assert_int_equal(bulk_smtp_way(IP(127, 103, 186, 174)), BULK_BUSY);
	for (uint32_t i = 0; i < 1000; i++)
		assert_true(bulk_smtp_way(IP(127, 60, 0, 0) + i) >=
		    BULK_TLS12);
	assert_int_equal(bulk_host_leaf(SLICE_LIT("mx1.d3.com")), BULK_GOOD);
	assert_int_equal(bulk_host_leaf(SLICE_LIT("mx1.d11.org")),
	    BULK_SELF_SIGNED);
	assert_int_equal(bulk_host_leaf(SLICE_LIT("mx1.d41.de")),
	    BULK_WRONG_NAME);
	assert_int_equal(bulk_host_leaf(SLICE_LIT("mx1.d6.com")),
	    BULK_EXPIRED);
	assert_int_equal(bulk_host_leaf(SLICE_LIT("mx1.d35.net")),
	    BULK_OTHER_ROOT);
	assert_int_equal(bulk_policy_leaf(SLICE_LIT("mta-sts.d253.net")),
	    BULK_SELF_SIGNED);
	assert_int_equal(bulk_policy_leaf(SLICE_LIT("mta-sts.d212.io")),
	    BULK_WRONG_NAME);
	assert_int_equal(bulk_policy(SLICE_LIT("mta-sts.d206.org"), text), 0);
	assert_int_equal(bulk_policy(SLICE_LIT("mta-sts.d0.io"), text), 0);
	assert_int_equal(bulk_policy(SLICE_LIT("mta-sts.d330.de"), text), 74);
	assert_string_equal(text, "mode: testing\r\nmx: mx1.b.bulk.test\r\n"
	    "mx: mx2.b.bulk.test\r\nmax_age: 604800\r\n");
	bulk_policy(SLICE_LIT("mta-sts.d65.com"), text);
	assert_string_equal(text, "version: STSv1\r\nmode: none\r\n"
	    "mx: mail.elsewhere.example\r\nmax_age: 604800\r\n");
	bulk_policy(SLICE_LIT("mta-sts.d29.org"), text);
	assert_string_equal(text, "version: STSv1\r\nmode: enforce\r\n"
	    "mx: mail.d29.org\r\nmax_age: 604800\r\n");
	bulk_policy(SLICE_LIT("mta-sts.d925.io"), text);
	assert_string_equal(text, "version: STSv1\r\nmode: enforce\r\n"
	    "mx: d925.io\r\nmax_age: 604800\r\n");
}

/* ---- messages ---- */

/* A question with EDNS and RD, as resolvers' clients send them. */
static size_t
question(const char *name, uint8_t type, uint8_t *out)
{
	static const uint8_t opt[] = { 0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0 };
	struct slice rest = slice_of(name);
	size_t n = HEADER_BYTES;

	memset(out, 0, n);
	out[1] = 7;
	out[2] = 1;
	out[5] = out[11] = 1;
	while (rest.n > 0) {
		size_t label = slice_find(rest, '.');

		out[n++] = (uint8_t)label;
		memcpy(out + n, rest.p, label);
		n += label;
		rest = slice_from(rest, label + 1);
	}
	memcpy(out + n, (uint8_t[]){ 0, 0, type, 0, 1 }, 5);
	memcpy(out + n + 5, opt, sizeof(opt));
	return n + 5 + sizeof(opt);
}

/* Asserts the header and that the records end where the message does. */
static size_t
ask(const char *name, uint8_t type, uint8_t flags, unsigned n_answer,
	uint8_t *out)
{
	static const uint8_t key_hash[32] = { 'k', 'e', 'y' };
	uint8_t in[BULK_DNS_BYTES];
	size_t n_in = question(name, type, in);
	size_t n = bulk_dns_answer(in, n_in, key_hash, out);
	struct cursor c = cursor_of(out, n);

	assert_true(n > HEADER_BYTES);
	assert_int_equal(out[1], 7);
	assert_int_equal(out[2], 0x81);
	assert_int_equal(out[3], 0x80 | flags);
	assert_int_equal(out[7], n_answer);
	assert_int_equal(out[11], 1);
	cursor_skip(&c, n_in - 11);
	for (int i = out[7] + out[9]; i > 0; i--) {
		if (cursor_u8(&c) != 0)
			cursor_skip(&c, 1);
		cursor_skip(&c, 8);
		cursor_skip(&c, cursor_u16(&c));
	}
	assert_int_equal(cursor_left(&c), 11);
	assert_false(c.failed);
	return n;
}

static void
test_answers(void **state)
{
	uint8_t out[BULK_DNS_BYTES];
	size_t n;

	(void)state;
	n = ask("D0.io", TYPE_MX, 0, 2, out);
	assert_non_null(memmem(out, n, "\0\24\3mx2\1a\4bulk\4test", 18));
	assert_int_equal(out[HEADER_BYTES + 1], 'D');
	ask("d72.org", TYPE_MX, 0, 1, out);
	ask("d357.org", TYPE_MX, 2, 0, out);
	ask("d5.io", TYPE_MX, 3, 0, out);
	ask("d4.org", TYPE_MX, 0, 0, out);
	ask("", TYPE_MX, 0, 0, out);
	ask("foo.xyz", TYPE_MX, 3, 0, out);
	ask("_mta-sts.d248.io", TYPE_TXT, 0, 2, out);
	ask("mx1.d3.com", 1, 0, 1, out);
	ask("mx1.d3.com", 28, 0, 0, out);
	ask("nothing.d45.com", TYPE_TXT, AD | 3, 0, out);
	n = ask("_25._tcp.mx1.a.bulk.test", TYPE_TLSA, AD, 1, out);
	assert_non_null(memmem(out, n, "\0\43\3\1\1key", 8));
	n = ask("_25._tcp.mx1.d1515.com", TYPE_TLSA, AD, 1, out);
	assert_non_null(memmem(out, n, "\0\43\3\1\1\0\0\0", 8));
}

/* No answer, or one as long as the question allows; nothing is overrun. */
static void
test_odd_questions(void **state)
{
	static const uint8_t key_hash[32];
	uint8_t in[BULK_DNS_BYTES], out[BULK_DNS_BYTES];
	size_t n = question("_25._tcp.mx1.a.bulk.test", TYPE_TLSA, in);
	size_t end = n - 11;

	(void)state;
	for (size_t cut = 0; cut < n; cut++) {
		uint8_t copy[BULK_DNS_BYTES];
		size_t got;

		memcpy(copy, in, cut);
		got = bulk_dns_answer(copy, cut, key_hash, out);
		assert_int_equal(got > 0, cut >= end);
		if (got > 0)
			assert_int_equal(out[11], 0);
	}
	in[HEADER_BYTES] = 0xc0; /* a pointer */
	assert_int_equal(bulk_dns_answer(in, n, key_hash, out), 0);
	memset(in + HEADER_BYTES, 1, sizeof(in) - HEADER_BYTES);
	assert_int_equal(bulk_dns_answer(in, sizeof(in), key_hash, out), 0);
	n = question("d0.io", TYPE_MX, in);
	in[2] = 0x81; /* an answer */
	assert_int_equal(bulk_dns_answer(in, n, key_hash, out), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_draws),
		cmocka_unit_test(test_which_exist),
		cmocka_unit_test(test_domains),
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_servers),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_odd_questions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
