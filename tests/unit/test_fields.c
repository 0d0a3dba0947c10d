/* SPDX-License-Identifier: Apache-2.0
 *
 * test_fields.c: the grammar that MTA-STS and TLS-RPT records share.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "scanner/rules/fields.h"

#include "scanner/base/banned.h"

#define LITERAL SLICE_LIT("v=STSv1")

static void
test_prefix(void **state)
{
	static const struct {
		const char *txt;
		enum fields_prefix prefix;
	} rows[] = {
		{ "v=STSv1;", FIELDS_VERSION },
		{ "v=STSv1; id=1", FIELDS_VERSION },
		{ "v=STSv1 ;", FIELDS_SPACE },
		{ "v=STSv1\t ;id=1", FIELDS_SPACE },
		{ "v=STSv1", FIELDS_UNENDED },
		{ "v=STSv1 id=1", FIELDS_UNENDED },
		{ "v=STSv10;", FIELDS_UNENDED },
		{ "v=stsv1;", FIELDS_OTHER },
		{ " v=STSv1;", FIELDS_OTHER },
		{ "", FIELDS_OTHER },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (fields_prefix(slice_of(rows[i].txt), LITERAL) !=
		    rows[i].prefix)
			fail_msg("%s", rows[i].txt);
}

/* "name|value," for every field, "!" where the grammar is broken. */
static void
walk(const char *txt, char *out, size_t cap)
{
	struct strbuf b = strbuf_of(out, cap);
	struct fields f = fields_begin(slice_of(txt), LITERAL);
	struct slice name, value;

	while (fields_next(&f, &name, &value)) {
		strbuf_add(&b, name);
		strbuf_char(&b, '|');
		strbuf_add(&b, value);
		strbuf_char(&b, ',');
	}
	if (f.malformed)
		strbuf_char(&b, '!');
}

static void
test_walk(void **state)
{
	static const struct {
		const char *txt, *fields;
	} rows[] = {
		{ "v=STSv1; id=1", "id|1," },
		{ "v=STSv1;id=1;", "id|1," },
		{ "v=STSv1 \t; a=1 ;\t b=2 ; ", "a|1,b|2," },
		{ "v=STSv1;", "" },
		{ "v=STSv1;  ", "" },
		{ "v=STSv1; a=b=c", "a|b=c," },
		{ "v=STSv1; a=", "a|," },
		{ "v=STSv1; =a", "|a," },
		{ "v=STSv1; a = 1", "a | 1," },
		{ "v=STSv1; a=1 ", "a|1,!" },
		{ "v=STSv1; a=1;;", "a|1,!" },
		{ "v=STSv1;;a=1", "a|1,!" },
		{ "v=STSv1; ; a=1", "a|1,!" },
		{ "v=STSv1; word; a=1", "a|1,!" },
	};
	char got[128];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		walk(rows[i].txt, got, sizeof(got));
		if (strcmp(got, rows[i].fields) != 0)
			fail_msg("%s: %s", rows[i].txt, got);
	}
}

static void
test_extension(void **state)
{
	static const struct {
		const char *name, *value;
		bool is;
	} rows[] = {
		{ "a", "b", true }, { "1a_-.", "!~:<>", true },
		{ "abcdefghijklmnopqrstuvwxyz012345", "x", true },
		{ "abcdefghijklmnopqrstuvwxyz0123456", "x", false },
		{ "", "x", false }, { "_a", "x", false },
		{ "a b", "x", false }, { "a%", "x", false },
		{ "a", "", false }, { "a", "b c", false },
		{ "a", "b=c", false }, { "a", "b;c", false },
		{ "a", "caf\xc3\xa9", false }, { "a", "b\tc", false },
		{ "a", "b\x7f", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (fields_is_extension(slice_of(rows[i].name),
		    slice_of(rows[i].value)) != rows[i].is)
			fail_msg("%s=%s", rows[i].name, rows[i].value);
}

static void
test_resemble(void **state)
{
	static const struct fields_kind kind = {
		.literal = { "v=STSv1", 7 }, .version = { "stsv1", 5 },
		.word = { "sts", 3 }, .key = { "id=", 3 },
	};
	static const struct {
		const char *txt;
		bool does;
	} rows[] = {
		{ "v=STSv1", true }, { "xx STSV1 xx", true },
		{ "v=sts", true }, { "V = STSfoo", true },
		{ " \"v\t=\tsts", true }, { "ID=20", true },
		{ "v=spf1 -all", false }, { "v=st", false },
		{ "x id=20", false }, { "", false }, { "\"\"", false },
		{ "vsts", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (fields_resemble(slice_of(rows[i].txt), &kind) !=
		    rows[i].does)
			fail_msg("%s", rows[i].txt);
}

static void
test_once(void **state)
{
	struct fields_seen seen = { .n = 0 };
	char name[2 * FIELDS_SEEN][4];

	(void)state;
	assert_true(fields_once(&seen, SLICE_LIT("a")));
	assert_false(fields_once(&seen, SLICE_LIT("a")));
	assert_true(fields_once(&seen, SLICE_LIT("A")));
	for (size_t i = 0; i < 2 * FIELDS_SEEN; i++) {
		(void)snprintf(name[i], sizeof(name[i]), "%zu", i);
		assert_true(fields_once(&seen, slice_of(name[i])));
	}
	assert_int_equal(seen.n, FIELDS_SEEN);
	assert_false(fields_once(&seen, SLICE_LIT("0")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prefix),
		cmocka_unit_test(test_walk),
		cmocka_unit_test(test_extension),
		cmocka_unit_test(test_resemble),
		cmocka_unit_test(test_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
