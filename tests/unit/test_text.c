/* SPDX-License-Identifier: Apache-2.0
 *
 * test_text.c: slices, the cursor, the builder, the arena.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "scanner/base/arena.h"
#include "scanner/base/text.h"

static void
test_compare(void **state)
{
	struct slice s = SLICE_LIT("Mail.Example");

	(void)state;
	assert_true(slice_eq(s, SLICE_LIT("Mail.Example")));
	assert_false(slice_eq(s, SLICE_LIT("mail.example")));
	assert_true(slice_eq_nocase(s, SLICE_LIT("mAIL.eXAMPLE")));
	assert_false(slice_eq_nocase(SLICE_LIT("@"), SLICE_LIT("`")));
	assert_true(slice_starts(s, SLICE_LIT("Mail")));
	assert_false(slice_starts(SLICE_LIT("Ma"), SLICE_LIT("Mail")));
	assert_true(slice_ends(s, SLICE_LIT(".Example")));
	assert_true(slice_contains_nocase(s, SLICE_LIT("L.EX")));
	assert_false(slice_contains_nocase(s, SLICE_LIT("examples")));
	assert_true(slice_cmp(SLICE_LIT("a"), SLICE_LIT("ab")) < 0);
	assert_true(slice_cmp(SLICE_LIT("b"), SLICE_LIT("ab")) > 0);
	assert_int_equal(slice_cmp(SLICE_EMPTY, SLICE_EMPTY), 0);
	assert_int_equal(slice_find(s, '.'), 4);
	assert_int_equal(slice_find(s, '!'), s.n);
	assert_true(slice_eq(slice_trim(SLICE_LIT(" \t a b \t")),
	    SLICE_LIT("a b")));
	assert_int_equal(slice_from(s, 99).n, 0);
}

static void
test_utf8(void **state)
{
	static const struct {
		const char *name;
		struct slice s;
		bool ok;
	} rows[] = {
		{ "empty", { "", 0 }, true },
		{ "ASCII with NUL", { "a\0b", 3 }, true },
		{ "two bytes", { "\xc3\xbc", 2 }, true },
		{ "four bytes", { "\xf0\x9f\x98\x80", 4 }, true },
		{ "overlong", { "\xc0\x80", 2 }, false },
		{ "overlong, three bytes", { "\xe0\x80\x80", 3 }, false },
		{ "surrogate", { "\xed\xa0\x80", 3 }, false },
		{ "beyond 10ffff", { "\xf4\x90\x80\x80", 4 }, false },
		{ "cut", { "\xe2\x82", 2 }, false },
		{ "bare continuation", { "a\x80", 2 }, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (slice_is_utf8(rows[i].s) != rows[i].ok)
			fail_msg("%s", rows[i].name);
}

static void
test_numbers(void **state)
{
	uint64_t v = 7;
	uint8_t bytes[4];
	char hex[9];
	size_t n;

	(void)state;
	assert_true(slice_to_u64(SLICE_LIT("18446744073709551615"), 20, &v));
	assert_true(v == UINT64_MAX);
	assert_false(slice_to_u64(SLICE_LIT("18446744073709551616"), 20, &v));
	assert_false(slice_to_u64(SLICE_LIT(""), 20, &v));
	assert_false(slice_to_u64(SLICE_LIT("-1"), 20, &v));
	assert_false(slice_to_u64(SLICE_LIT("123"), 2, &v));
	hex_encode((const uint8_t *)"\x00\xff\x10", 3, hex);
	assert_string_equal(hex, "00ff10");
	assert_true(hex_decode(SLICE_LIT("00FF1a"), bytes, 4, &n));
	assert_int_equal(n, 3);
	assert_int_equal(bytes[2], 0x1a);
	assert_false(hex_decode(SLICE_LIT("0"), bytes, 4, &n));
	assert_false(hex_decode(SLICE_LIT("0g"), bytes, 4, &n));
	assert_false(hex_decode(SLICE_LIT("0011223344"), bytes, 4, &n));
}

/* The first vectors of the SipHash paper's appendix. */
static void
test_siphash(void **state)
{
	static const uint64_t key[2] = { 0x0706050403020100u,
		0x0f0e0d0c0b0a0908u };
	char in[15];

	(void)state;
	for (int i = 0; i < 15; i++)
		in[i] = (char)i;
	assert_true(slice_hash(slice_make(in, 15), key) ==
	    0xa129ca6149be45e5u);
	assert_true(slice_hash(SLICE_EMPTY, key) == 0x726fdb47dd0e0e31u);
}

static bool
is_digit(char c)
{
	return ascii_is_digit(c);
}

static void
test_cursor(void **state)
{
	struct cursor c = cursor_of("\x01\x02\x03\x04\x05", 5);

	(void)state;
	assert_int_equal(cursor_u8(&c), 1);
	assert_int_equal(cursor_u16(&c), 0x0203);
	assert_int_equal(cursor_left(&c), 2);
	assert_int_equal(cursor_u32(&c), 0);
	assert_true(c.failed);
	/* Failed once, failed for good: nothing is read any more. */
	assert_int_equal(cursor_u8(&c), 0);
	assert_int_equal(cursor_bytes(&c, 1).n, 0);
	assert_int_equal(cursor_peek(&c), -1);

	c = cursor_of("v=12;x", 6);
	assert_true(cursor_lit(&c, SLICE_LIT("v=")));
	assert_false(cursor_lit(&c, SLICE_LIT("v=")));
	assert_true(slice_eq(cursor_run(&c, is_digit, 1), SLICE_LIT("1")));
	assert_true(slice_eq(cursor_until(&c, ';'), SLICE_LIT("2")));
	assert_int_equal(cursor_peek(&c), ';');
	cursor_seek(&c, 7);
	assert_true(c.failed);
}

static void
test_builder(void **state)
{
	char room[8];
	struct strbuf b = strbuf_of(room, sizeof(room));

	(void)state;
	strbuf_add(&b, SLICE_LIT("abc"));
	strbuf_fmt(&b, "%d", 12);
	assert_string_equal(room, "abc12");
	assert_false(b.cut);
	strbuf_fmt(&b, "%s", "too long");
	assert_true(b.cut);
	assert_string_equal(room, "abc12to");
	strbuf_char(&b, '!');
	assert_string_equal(room, "abc12to");
}

static void
test_arena(void **state)
{
	struct arena *a = arena_new();
	struct vec v = VEC_OF(uint64_t);

	(void)state;
	for (uint64_t i = 0; i < 10000; i++) {
		uint64_t *slot = vec_push(a, &v);

		assert_true(*slot == 0);
		*slot = i;
	}
	for (uint64_t i = 0; i < 10000; i++)
		assert_true(((uint64_t *)v.p)[i] == i);
	assert_true((uintptr_t)arena_alloc(a, 1) % 16 == 0);
	assert_string_equal(arena_fmt(a, "%s-%d", "x", 5).p, "x-5");
	assert_string_equal(arena_slice(a, SLICE_LIT("text")).p, "text");
	arena_clear(a);
	assert_int_equal(arena_bytes(a), 0);
	memset(arena_alloc(a, 200000), 1, 200000);
	arena_free(a);
	arena_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_compare),
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_siphash),
		cmocka_unit_test(test_cursor),
		cmocka_unit_test(test_builder),
		cmocka_unit_test(test_arena),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
