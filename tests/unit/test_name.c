/* SPDX-License-Identifier: Apache-2.0
 *
 * test_name.c: names as people write them, as policies have them, registrable.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "scanner/rules/name.h"

#include "scanner/base/banned.h"

#define L63 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz01234567890"
#define L50 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwx"

struct row {
	const char *name, *in, *out;
	enum name_error error;
};

static const struct row rows[] = {
	{ "plain", "a.example", "a.example", NAME_OK },
	{ "upper case", "MX.Example", "mx.example", NAME_OK },
	{ "root dot", "a.example.", "a.example", NAME_OK },
	{ "white space around", " a.example\t", "a.example", NAME_OK },
	{ "underscore", "_dmarc.a.example", "_dmarc.a.example", NAME_OK },
	{ "digits", "123.example", "123.example", NAME_OK },
	{ "U-label", "m\xc3\xbcnchen.example", "xn--mnchen-3ya.example",
	    NAME_OK },
	{ "U-label in upper case", "M\xc3\x9cNCHEN.example",
	    "xn--mnchen-3ya.example", NAME_OK },
	{ "sharp s is kept", "stra\xc3\x9f" "e.example",
	    "xn--strae-oqa.example", NAME_OK },
	{ "A-label", "xn--mnchen-3ya.example", "xn--mnchen-3ya.example",
	    NAME_OK },
	{ "ideographic full stop", "\xe4\xbe\x8b\xe3\x80\x82" "example",
	    "xn--fsq.example", NAME_OK },
	{ "63 bytes", L63 ".example", L63 ".example", NAME_OK },
	{ "empty", "", NULL, NAME_EMPTY },
	{ "blank", "  ", NULL, NAME_EMPTY },
	{ "root", ".", NULL, NAME_EMPTY },
	{ "64 bytes", L63 "x.example", NULL, NAME_LABEL_TOO_LONG },
	{ "254 bytes", L50 "." L50 "." L50 "." L50 "." L50, NULL,
	    NAME_TOO_LONG },
	{ "two dots", "a..example", NULL, NAME_EMPTY_LABEL },
	{ "dot in front", ".example", NULL, NAME_EMPTY_LABEL },
	{ "two root dots", "a.example..", NULL, NAME_EMPTY_LABEL },
	{ "space inside", "a b.example", NULL, NAME_BAD_BYTE },
	{ "URL", "https://a.example/", NULL, NAME_BAD_BYTE },
	{ "port", "a.example:25", NULL, NAME_BAD_BYTE },
	{ "wildcard", "*.example", NULL, NAME_BAD_BYTE },
	{ "no UTF-8", "a\xff.example", NULL, NAME_BAD_BYTE },
	{ "IPv4", "192.0.2.1", NULL, NAME_IS_ADDRESS },
	{ "IPv4 with root dot", "192.0.2.1.", NULL, NAME_IS_ADDRESS },
	{ "five numbers", "192.0.2.1.5", "192.0.2.1.5", NAME_OK },
	{ "number above 255", "192.0.2.256", "192.0.2.256", NAME_OK },
	{ "IPv6", "2001:db8::1", NULL, NAME_IS_ADDRESS },
	{ "IPv6 in brackets", "[2001:db8::1]", NULL, NAME_IS_ADDRESS },
	{ "hyphen in front", "-a.example", NULL, NAME_HYPHEN },
	{ "hyphen at the end", "a-.example", NULL, NAME_HYPHEN },
	{ "single label", "localhost", NULL, NAME_SINGLE_LABEL },
	{ "unassigned letters", "a\xef\xbf\xbd.example", NULL, NAME_BAD_IDN },
};

static void
test_normalize(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct slice out;
		enum name_error e = name_normalize(a, slice_of(rows[i].in),
		    &out);

		if (e != rows[i].error || !slice_eq(out,
		    slice_of(rows[i].out)))
			fail_msg("%s: %s \"%.*s\"", rows[i].name,
			    name_error_word(e), SLICE_ARG(out));
	}
	arena_free(a);
}

static void
test_nul(void **state)
{
	struct arena *a = arena_new();
	struct slice out;

	(void)state;
	assert_int_equal(name_normalize(a, slice_make("a\0b.example", 11),
	    &out), NAME_BAD_BYTE);
	assert_int_equal(name_normalize(a, slice_make("\xc3\xbc\0.example",
	    11), &out), NAME_BAD_BYTE);
	arena_free(a);
}

static void
test_very_long(void **state)
{
	struct arena *a = arena_new();
	char big[5000];
	struct slice out;

	(void)state;
	memset(big, 'a', sizeof(big));
	assert_int_equal(name_normalize(a, slice_make(big, sizeof(big)),
	    &out), NAME_TOO_LONG);
	arena_free(a);
}

static void
test_domain(void **state)
{
	static const struct {
		const char *name;
		bool is;
	} domains[] = {
		{ "a.example", true }, { "A.EXAMPLE", true }, { "a", true },
		{ "127.0.0.1", true }, { "x-y.example", true },
		{ "xn--mnchen-3ya.example", true }, { L63 ".example", true },
		{ "", false }, { ".", false }, { "a.example.", false },
		{ "a..b", false }, { ".a", false }, { "a_b.example", false },
		{ "-a.example", false }, { "a-.example", false },
		{ "*.example", false }, { "a b", false },
		{ "m\xc3\xbc.example", false }, { L63 "x.example", false },
		{ L50 "." L50 "." L50 "." L50 "." L50, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(domains) / sizeof(domains[0]); i++)
		if (name_is_domain(slice_of(domains[i].name)) !=
		    domains[i].is)
			fail_msg("%s", domains[i].name);
}

static void
test_address(void **state)
{
	static const struct {
		const char *name;
		bool is;
	} names[] = {
		{ "192.0.2.1", true }, { "255.255.255.255", true },
		{ "::1", true }, { "[192.0.2.1]", true },
		{ "a.example", false }, { "192.0.2", false },
		{ "192.0.2.1.example", false }, { "192.0.2.999", false },
		{ "", false }, { ".", false }, { "1.2.3.", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (name_is_address(slice_of(names[i].name)) != names[i].is)
			fail_msg("%s", names[i].name);
}

static void
test_registrable(void **state)
{
	static const struct {
		const char *name, *registrable;
	} names[] = {
		{ "mx1.mail.example.com", "example.com" },
		{ "example.com", "example.com" },
		{ "a.b.example.co.uk", "example.co.uk" },
		{ "co.uk", "co.uk" },
		{ "com", "com" },
		{ "mx.a.example", "a.example" },
		{ "x.xn--mnchen-3ya.de", "xn--mnchen-3ya.de" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct slice got = name_registrable(slice_of(names[i].name));

		if (!slice_eq(got, slice_of(names[i].registrable)))
			fail_msg("%s: %.*s", names[i].name, SLICE_ARG(got));
	}
}

static void
test_words(void **state)
{
	(void)state;
	for (int e = NAME_OK; e <= NAME_SINGLE_LABEL; e++) {
		assert_string_not_equal(name_error_word(e), "unknown");
		assert_string_not_equal(name_error_text(e), "unknown");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_normalize),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_very_long),
		cmocka_unit_test(test_domain),
		cmocka_unit_test(test_address),
		cmocka_unit_test(test_registrable),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
