/* SPDX-License-Identifier: Apache-2.0
 *
 * test_reach.c: addresses, blocks, what is special, what is excluded.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "workers/reach.h"

#include "scanner/base/banned.h"

static struct address
addr(const char *text)
{
	struct address a;

	if (!address_parse(slice_of(text), &a))
		fail_msg("no address: %s", text);
	return a;
}

static struct netrange
range(const char *text)
{
	struct netrange r;

	if (!netrange_parse(slice_of(text), &r))
		fail_msg("no block: %s", text);
	return r;
}

static const struct {
	const char *in;
	const char *out; /* NULL: refused */
} parse_rows[] = {
	{ "192.0.2.1", "192.0.2.1" },
	{ "2001:DB8::1", "2001:db8::1" },
	{ "::", "::" },
	{ "::ffff:192.0.2.1", "::ffff:192.0.2.1" },
	{ "1.2.3", NULL },
	{ "1.2.3.4.5", NULL },
	{ "256.1.1.1", NULL },
	{ "01.2.3.4", NULL },
	{ "1.2.3.4 ", NULL },
	{ "", NULL },
	{ "mx.example", NULL },
	{ "2001:db8::1%lo", NULL },
	{ "[::1]", NULL },
	{ "1111:2222:3333:4444:5555:6666:7777:8888:9999:0000:1111", NULL },
};

static void
test_parse(void **state)
{
	char text[64];

	(void)state;
	for (size_t i = 0; i < sizeof(parse_rows) / sizeof(parse_rows[0]);
	    i++) {
		struct address a;
		bool ok = address_parse(slice_of(parse_rows[i].in), &a);

		if (ok != (parse_rows[i].out != NULL))
			fail_msg("row %s: %d", parse_rows[i].in, ok);
		if (!ok)
			continue;
		address_format(&a, text, sizeof(text));
		if (strcmp(text, parse_rows[i].out) != 0)
			fail_msg("row %s: %s", parse_rows[i].in, text);
	}
	assert_false(address_parse(slice_make("1.2.3.4\0", 8), &(struct
	    address){ 0 }));
}

static const struct {
	const char *range; /* NULL member of the next: must be refused */
	const char *inside, *outside;
} range_rows[] = {
	{ "192.0.2.0/24", "192.0.2.255", "192.0.3.0" },
	{ "192.0.2.77/24", "192.0.2.0", "192.0.1.255" },
	{ "10.0.0.0/8", "10.255.255.255", "11.0.0.0" },
	{ "172.16.0.0/12", "172.31.255.255", "172.32.0.0" },
	{ "192.0.2.1", "192.0.2.1", "192.0.2.0" },
	{ "0.0.0.0/0", "255.1.2.3", "::1" },
	{ "128.0.0.0/1", "128.0.0.0", "127.255.255.255" },
	{ "2001:db8::/32", "2001:db8:ffff::1", "2001:db9::" },
	{ "2001:db8::/33", "2001:db8:7fff::", "2001:db8:8000::" },
	{ "::1", "::1", "::2" },
	{ "::/0", "ffff::1", "1.2.3.4" },
	{ "192.0.2.0/33", NULL, NULL },
	{ "192.0.2.0/", NULL, NULL },
	{ "192.0.2.0/-1", NULL, NULL },
	{ "192.0.2.0/24/1", NULL, NULL },
	{ "192.0.2.0/1000", NULL, NULL },
	{ "::/129", NULL, NULL },
	{ "/24", NULL, NULL },
	{ "example.com/24", NULL, NULL },
};

static void
test_ranges(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(range_rows) / sizeof(range_rows[0]);
	    i++) {
		const char *name = range_rows[i].range;
		struct netrange r;
		struct address in, out;

		if (netrange_parse(slice_of(name), &r) !=
		    (range_rows[i].inside != NULL))
			fail_msg("row %s: parsed or not", name);
		if (range_rows[i].inside == NULL)
			continue;
		in = addr(range_rows[i].inside);
		out = addr(range_rows[i].outside);
		if (!netrange_has(&r, &in) || netrange_has(&r, &out))
			fail_msg("row %s: membership", name);
	}
}

static void
test_order(void **state)
{
	static const char *const sorted[] = { "1.2.3.4", "1.2.3.5", "2.0.0.0",
		"200.0.0.1", "::", "1::", "2001:db8::1", "ff00::" };

	(void)state;
	for (size_t i = 0; i < 8; i++)
		for (size_t j = 0; j < 8; j++) {
			struct address a = addr(sorted[i]);
			struct address b = addr(sorted[j]);
			int c = address_cmp(&a, &b);

			assert_int_equal((c > 0) - (c < 0),
			    (i > j) - (i < j));
		}
}

static const struct {
	const char *address;
	bool special;
} special_rows[] = {
	{ "0.0.0.0", true }, { "10.1.2.3", true }, { "100.64.0.1", true },
	{ "100.63.255.255", false }, { "100.128.0.0", false },
	{ "127.0.0.1", true }, { "169.254.1.1", true },
	{ "172.15.255.255", false }, { "172.16.0.1", true },
	{ "172.32.0.0", false }, { "192.0.0.9", true },
	{ "192.0.2.1", true }, { "192.0.3.1", false },
	{ "192.167.255.255", false }, { "192.168.0.1", true },
	{ "198.17.255.255", false }, { "198.19.255.255", true },
	{ "203.0.113.7", true }, { "223.255.255.255", false },
	{ "224.0.0.1", true }, { "255.255.255.255", true },
	{ "8.8.8.8", false }, { "::", true }, { "::1", true },
	{ "::2", true }, { "::ffff:8.8.8.8", true },
	{ "::fffe:8.8.8.8", false }, { "64:ff9b::808:808", true },
	{ "64:ff9b:1::1", true }, { "100::1", true },
	{ "2001::1", true }, { "2001:1ff:ffff::", true },
	{ "2001:200::1", false }, { "2001:db8::1", true },
	{ "2001:4860:4860::8888", false }, { "2002:808:808::1", true },
	{ "2003::1", false }, { "3fff:fff::1", true },
	{ "3fff:1000::1", false }, { "2606:4700::1111", false },
	{ "fc00::1", true }, { "fdff::1", true }, { "fe80::1", true },
	{ "fec0::1", true }, { "ff02::1", true },
};

static void
test_special(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(special_rows) / sizeof(special_rows[0]);
	    i++) {
		struct address a = addr(special_rows[i].address);

		if (address_is_special(&a) != special_rows[i].special)
			fail_msg("row %s", special_rows[i].address);
	}
}

static enum outcome
ask(struct reach *r, const char *text)
{
	struct address a = addr(text);

	return reach_address(r, &a);
}

static void
write_file(char *path, const char *text)
{
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

/* One file. */
static bool
exclude_file(struct reach *r, const char *path, char *error, size_t cap)
{
	return reach_exclude_files(r, &path, 1, error, cap);
}

/* Which rule wins: the file, special-purpose, --only-net, the family. */
static void
test_rules(void **state)
{
	struct netrange allow = range("127.79.0.0/16");
	struct netrange only[] = { range("127.0.0.0/8"), range("8.0.0.0/8") };
	struct reach_config c = { &allow, 1, only, 2, true, false };
	char path[] = "/tmp/test_reach.XXXXXX", error[256];
	struct reach *r = reach_new(&c);

	(void)state;
	write_file(path, "127.79.9.0/24\n9.0.0.0/8\n");
	assert_true(exclude_file(r, path, error, sizeof(error)));
	unlink(path);
	assert_int_equal(ask(r, "127.79.1.1"), OUTCOME_OK);
	assert_int_equal(ask(r, "127.80.1.1"), OUTCOME_SPECIAL_ADDRESS);
	assert_int_equal(ask(r, "10.0.0.1"), OUTCOME_SPECIAL_ADDRESS);
	assert_int_equal(ask(r, "8.8.8.8"), OUTCOME_OK);
	assert_int_equal(ask(r, "7.7.7.7"), OUTCOME_EXCLUDED);
	assert_int_equal(ask(r, "127.79.9.1"), OUTCOME_EXCLUDED);
	assert_int_equal(ask(r, "9.1.1.1"), OUTCOME_EXCLUDED);
	assert_int_equal(ask(r, "::1"), OUTCOME_SPECIAL_ADDRESS);
	reach_free(r);

	c = (struct reach_config){ NULL, 0, NULL, 0, true, false };
	r = reach_new(&c);
	assert_int_equal(ask(r, "2606:4700::1"), OUTCOME_LOCAL);
	assert_int_equal(ask(r, "8.8.8.8"), OUTCOME_OK);
	reach_free(r);
}

static void
test_is_private(void **state)
{
	struct netrange nets[] = { range("127.64.0.0/10"), range("::1") };
	struct netrange wide[] = { range("127.0.0.0/8"), range("126.0.0.0/7") };
	struct reach_config c = { nets, 2, nets, 2, true, true };
	struct reach *r = reach_new(&c);

	(void)state;
	assert_true(reach_is_private(r));
	reach_free(r);
	c.only = wide;
	r = reach_new(&c);
	assert_false(reach_is_private(r));
	reach_free(r);
	c.n_only = 0;
	r = reach_new(&c);
	assert_false(reach_is_private(r));
	reach_free(r);
}

static const char exclusions[] =
    "# who asked to be left alone\n"
    "\n"
    "Example.COM.\n"
    "mx.other.example  # one host\r\n"
    "mil\n"
    "b\303\274cher.example\n"
    "192.0.2.0/24\n"
    "198.51.100.7\n"
    "2001:db8:1::/48\n";

static const struct {
	const char *name;
	bool excluded;
} name_rows[] = {
	{ "example.com", true }, { "a.b.example.com", true },
	{ "anexample.com", false }, { "com", false },
	{ "example.com.org", false }, { "mx.other.example", true },
	{ "other.example", false }, { "x.mx.other.example", true },
	{ "army.mil", true }, { "mil", true }, { "notmil", false },
	{ "xn--bcher-kva.example", true }, { "", false },
};

static void
test_exclusions(void **state)
{
	struct reach_config c = { NULL, 0, NULL, 0, true, true };
	char path[] = "/tmp/test_reach.XXXXXX", error[256] = "";
	struct reach *r = reach_new(&c);

	(void)state;
	assert_false(reach_name_excluded(r, SLICE_LIT("example.com")));
	write_file(path, exclusions);
	if (!exclude_file(r, path, error, sizeof(error)))
		fail_msg("%s", error);
	unlink(path);
	for (size_t i = 0; i < sizeof(name_rows) / sizeof(name_rows[0]); i++)
		if (reach_name_excluded(r, slice_of(name_rows[i].name)) !=
		    name_rows[i].excluded)
			fail_msg("row %s", name_rows[i].name);
	assert_int_equal(ask(r, "192.0.2.200"), OUTCOME_EXCLUDED);
	assert_int_equal(ask(r, "198.51.100.7"), OUTCOME_EXCLUDED);
	assert_int_equal(ask(r, "198.51.100.8"), OUTCOME_SPECIAL_ADDRESS);
	assert_int_equal(ask(r, "2001:db8:1:ffff::"), OUTCOME_EXCLUDED);
	assert_int_equal(ask(r, "8.8.8.8"), OUTCOME_OK);
	reach_free(r);
}

static const struct {
	const char *text;
	const char *says; /* part of the message */
} bad_rows[] = {
	{ "a.example\nb..example\n", ":2: " },
	{ "192.0.2.0/40\n", "CIDR" },
	{ "\n\nwhat is this\n", ":3: " },
	{ "1.2.3.4.5\n", ":1: neither" },
};

/* Several files hold together, and all go where they are read again. */
static void
test_several_files(void **state)
{
	struct reach_config c = { NULL, 0, NULL, 0, true, true };
	struct reach *r = reach_new(&c);
	char first[] = "/tmp/test_reach.XXXXXX", error[256];
	char second[] = "/tmp/test_reach.XXXXXX";
	const char *both[] = { first, second };
	struct address a;

	(void)state;
	write_file(first, "a.example\n192.0.2.0/24\n");
	write_file(second, "b.example\n");
	assert_true(reach_exclude_files(r, both, 2, error, sizeof(error)));
	address_parse(SLICE_LIT("192.0.2.7"), &a);
	assert_true(reach_name_excluded(r, SLICE_LIT("a.example")));
	assert_true(reach_name_excluded(r, SLICE_LIT("b.example")));
	assert_int_equal(reach_address(r, &a), OUTCOME_EXCLUDED);
	assert_true(reach_exclude_files(r, both + 1, 1, error, sizeof(error)));
	assert_false(reach_name_excluded(r, SLICE_LIT("a.example")));
	unlink(second);
	assert_false(reach_exclude_files(r, both, 2, error, sizeof(error)));
	assert_true(reach_name_excluded(r, SLICE_LIT("b.example")));
	unlink(first);
	reach_free(r);
}

/* A bad list is refused with its line; the old one stays. */
static void
test_bad_exclusions(void **state)
{
	struct reach_config c = { NULL, 0, NULL, 0, true, true };
	struct reach *r = reach_new(&c);
	char path[] = "/tmp/test_reach.XXXXXX", error[256];

	(void)state;
	write_file(path, "kept.example\n");
	assert_true(exclude_file(r, path, error, sizeof(error)));
	unlink(path);
	for (size_t i = 0; i < sizeof(bad_rows) / sizeof(bad_rows[0]); i++) {
		char bad[] = "/tmp/test_reach.XXXXXX";
		bool taken;

		error[0] = '\0';
		write_file(bad, bad_rows[i].text);
		taken = exclude_file(r, bad, error, sizeof(error));
		unlink(bad);
		if (taken || strstr(error, bad_rows[i].says) == NULL)
			fail_msg("row %zu: %d %s", i, taken, error);
	}
	assert_false(exclude_file(r, "/tmp/there/is/no/such", error,
	    sizeof(error)));
	assert_non_null(strstr(error, "/tmp/there/is/no/such"));
	assert_true(reach_name_excluded(r, SLICE_LIT("kept.example")));
	reach_free(r);
}

struct reader {
	struct reach *reach;
	atomic_bool stop;
	int wrong;
};

static void *
read_on(void *ctx)
{
	struct reader *r = ctx;

	while (!atomic_load(&r->stop))
		if (!reach_name_excluded(r->reach, SLICE_LIT("a.example")))
			r->wrong++;
	return NULL;
}

/* A reload under readers: no moment at which the list is not there. */
static void
test_reload(void **state)
{
	struct reach_config c = { NULL, 0, NULL, 0, true, true };
	char path[] = "/tmp/test_reach.XXXXXX", error[256];
	struct reader reader = { .reach = reach_new(&c) };
	pthread_t thread;

	(void)state;
	write_file(path, "a.example\n");
	assert_true(exclude_file(reader.reach, path, error,
		    sizeof(error)));
	pthread_create(&thread, NULL, read_on, &reader);
	for (int i = 0; i < 200; i++)
		assert_true(exclude_file(reader.reach, path, error,
		    sizeof(error)));
	atomic_store(&reader.stop, true);
	pthread_join(thread, NULL);
	unlink(path);
	assert_int_equal(reader.wrong, 0);
	reach_free(reader.reach);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_special),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_is_private),
		cmocka_unit_test(test_exclusions),
		cmocka_unit_test(test_several_files),
		cmocka_unit_test(test_bad_exclusions),
		cmocka_unit_test(test_reload),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
