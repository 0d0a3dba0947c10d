/* SPDX-License-Identifier: Apache-2.0
 *
 * text.h: slices of bytes, the sticky-error cursor that walks them, and a
 * capped string builder.  The only code in the tree that walks raw bytes from
 * the network.
 *
 * A slice borrows: it never owns what it points to and need not end in NUL.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct slice {
	const char *p;
	size_t n; /* bytes */
};

#define SLICE_EMPTY ((struct slice){ "", 0 })
#define SLICE_LIT(s) ((struct slice){ "" s, sizeof(s) - 1 })
/* for printf("%.*s", SLICE_ARG(s)) */
#define SLICE_ARG(s) (int)(s).n, (s).p

struct slice slice_of(const char *cstr); /* NULL gives the empty slice */
struct slice slice_make(const void *p, size_t n);
bool slice_eq(struct slice a, struct slice b);
/* ASCII letters compare without case, all other bytes as they are. */
bool slice_eq_nocase(struct slice a, struct slice b);
/* memcmp order, shorter first: for sorting. */
int slice_cmp(struct slice a, struct slice b);
bool slice_starts(struct slice s, struct slice prefix);
bool slice_starts_nocase(struct slice s, struct slice prefix);
bool slice_ends(struct slice s, struct slice suffix);
bool slice_contains_nocase(struct slice s, struct slice needle);
/* The rest of s from offset (clamped to s.n). */
struct slice slice_from(struct slice s, size_t offset);
struct slice slice_upto(struct slice s, size_t n);
/* Index of the first byte c, or s.n where there is none. */
size_t slice_find(struct slice s, char c);
/* Without leading and trailing spaces and tabs. */
struct slice slice_trim(struct slice s);
/* Is every byte valid UTF-8 (RFC 3629)? */
bool slice_is_utf8(struct slice s);
/* A decimal number of digits only, 1..max_digits of them; false otherwise. */
bool slice_to_u64(struct slice s, size_t max_digits, uint64_t *out);
/* 64-bit keyed hash (SipHash-2-4) for tables and sharding. */
uint64_t slice_hash(struct slice s, const uint64_t key[2]);

/* ASCII classes without locale. */
bool ascii_is_alpha(char c);
bool ascii_is_digit(char c);
bool ascii_is_alnum(char c);
bool ascii_is_wsp(char c); /* SP or HTAB */
char ascii_lower(char c);

/*
 * The cursor: after the first failed read it stays failed, every later read
 * yields zero or the empty slice, and nothing is read beyond the end.
 * Callers check `failed` once.
 */
struct cursor {
	const uint8_t *p;
	size_t n;   /* bytes in all */
	size_t at;  /* offset of the next byte */
	bool failed;
};

struct cursor cursor_of(const void *p, size_t n);
size_t cursor_left(const struct cursor *c);
uint8_t cursor_u8(struct cursor *c);
uint16_t cursor_u16(struct cursor *c); /* network byte order */
uint32_t cursor_u32(struct cursor *c);
struct slice cursor_bytes(struct cursor *c, size_t n);
void cursor_skip(struct cursor *c, size_t n);
void cursor_seek(struct cursor *c, size_t at);

/*
 * A text lexer over the same cursor: each call consumes what it accepts.
 */
/* Consumes `lit` exactly; false (and nothing consumed) where it is absent. */
bool cursor_lit(struct cursor *c, struct slice lit);
/* The longest run of bytes for which accept() holds, at most max of them. */
struct slice cursor_run(struct cursor *c, bool (*accept)(char), size_t max);
/* Bytes up to, not including, the first `stop` byte or the end. */
struct slice cursor_until(struct cursor *c, char stop);
/* The next byte without consuming it, or -1 at the end. */
int cursor_peek(const struct cursor *c);

/*
 * A string builder over a caller's buffer; it never overruns, keeps a NUL at
 * the end and remembers that it was cut.
 */
struct strbuf {
	char *p;
	size_t cap; /* bytes, NUL included */
	size_t n;
	bool cut;
};

struct strbuf strbuf_of(char *p, size_t cap);
void strbuf_add(struct strbuf *b, struct slice s);
void strbuf_char(struct strbuf *b, char c);
void strbuf_fmt(struct strbuf *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
struct slice strbuf_slice(const struct strbuf *b);

/* Lower-case hexadecimal of n bytes into out (2 * n + 1 bytes). */
void hex_encode(const uint8_t *p, size_t n, char *out);
/* False unless s is an even number of hexadecimal digits, at most 2 * cap. */
bool hex_decode(struct slice s, uint8_t *out, size_t cap, size_t *n);
