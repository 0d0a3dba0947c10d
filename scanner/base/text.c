/* SPDX-License-Identifier: Apache-2.0
 *
 * text.c: slices, the sticky-error cursor, the capped string builder.
 * No allocation, no locale, no I/O; every module above rests on it.
 */
#include "scanner/base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "scanner/base/banned.h"

struct slice
slice_of(const char *cstr)
{
	if (cstr == NULL)
		return SLICE_EMPTY;
	return (struct slice){ cstr, strlen(cstr) };
}

struct slice
slice_make(const void *p, size_t n)
{
	if (n == 0)
		return SLICE_EMPTY;
	return (struct slice){ p, n };
}

bool
slice_eq(struct slice a, struct slice b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool
slice_eq_nocase(struct slice a, struct slice b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (ascii_lower(a.p[i]) != ascii_lower(b.p[i]))
			return false;
	return true;
}

int
slice_cmp(struct slice a, struct slice b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int r = n == 0 ? 0 : memcmp(a.p, b.p, n);

	if (r != 0)
		return r;
	return (a.n > b.n) - (a.n < b.n);
}

bool
slice_starts(struct slice s, struct slice prefix)
{
	return s.n >= prefix.n && slice_eq(slice_upto(s, prefix.n), prefix);
}

bool
slice_starts_nocase(struct slice s, struct slice prefix)
{
	return s.n >= prefix.n &&
	    slice_eq_nocase(slice_upto(s, prefix.n), prefix);
}

bool
slice_ends(struct slice s, struct slice suffix)
{
	return s.n >= suffix.n &&
	    slice_eq(slice_from(s, s.n - suffix.n), suffix);
}

bool
slice_contains_nocase(struct slice s, struct slice needle)
{
	for (size_t i = 0; i + needle.n <= s.n; i++)
		if (slice_starts_nocase(slice_from(s, i), needle))
			return true;
	return false;
}

struct slice
slice_from(struct slice s, size_t offset)
{
	if (offset > s.n)
		offset = s.n;
	return (struct slice){ s.p + offset, s.n - offset };
}

struct slice
slice_upto(struct slice s, size_t n)
{
	return (struct slice){ s.p, n < s.n ? n : s.n };
}

size_t
slice_find(struct slice s, char c)
{
	const char *hit = s.n == 0 ? NULL : memchr(s.p, c, s.n);

	return hit == NULL ? s.n : (size_t)(hit - s.p);
}

struct slice
slice_trim(struct slice s)
{
	while (s.n > 0 && ascii_is_wsp(s.p[0]))
		s = slice_from(s, 1);
	while (s.n > 0 && ascii_is_wsp(s.p[s.n - 1]))
		s.n--;
	return s;
}

/* Length of the UTF-8 sequence at the start of s, 0 if malformed. */
static size_t
utf8_sequence(struct slice s)
{
	uint8_t b = (uint8_t)s.p[0];
	uint32_t code, least;
	size_t n;

	if (b < 0x80)
		return 1;
	if (b >= 0xc2 && b <= 0xdf)
		n = 2, code = b & 0x1f, least = 0x80;
	else if (b >= 0xe0 && b <= 0xef)
		n = 3, code = b & 0x0f, least = 0x800;
	else if (b >= 0xf0 && b <= 0xf4)
		n = 4, code = b & 0x07, least = 0x10000;
	else
		return 0;
	if (s.n < n)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if (((uint8_t)s.p[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | ((uint8_t)s.p[i] & 0x3f);
	}
	if (code < least || code > 0x10ffff ||
	    (code >= 0xd800 && code <= 0xdfff))
		return 0;
	return n;
}

bool
slice_is_utf8(struct slice s)
{
	while (s.n > 0) {
		size_t n = utf8_sequence(s);

		if (n == 0)
			return false;
		s = slice_from(s, n);
	}
	return true;
}

bool
slice_to_u64(struct slice s, size_t max_digits, uint64_t *out)
{
	uint64_t v = 0;

	if (s.n == 0 || s.n > max_digits)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		uint64_t digit;

		if (!ascii_is_digit(s.p[i]))
			return false;
		digit = (uint64_t)(s.p[i] - '0');
		if (v > (UINT64_MAX - digit) / 10)
			return false;
		v = v * 10 + digit;
	}
	*out = v;
	return true;
}

static uint64_t
rotate_left(uint64_t x, int bits)
{
	return x << bits | x >> (64 - bits);
}

static void
sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = rotate_left(v[1], 13) ^ v[0];
	v[0] = rotate_left(v[0], 32);
	v[2] += v[3];
	v[3] = rotate_left(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotate_left(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotate_left(v[1], 17) ^ v[2];
	v[2] = rotate_left(v[2], 32);
}

/* SipHash-2-4, Aumasson and Bernstein 2012. */
uint64_t
slice_hash(struct slice s, const uint64_t key[2])
{
	uint64_t v[4] = {
		key[0] ^ 0x736f6d6570736575u, key[1] ^ 0x646f72616e646f6du,
		key[0] ^ 0x6c7967656e657261u, key[1] ^ 0x7465646279746573u,
	};
	size_t whole = s.n / 8 * 8;
	uint64_t m;

	for (size_t i = 0; i < whole; i += 8) {
		m = 0;
		for (size_t j = 0; j < 8; j++)
			m |= (uint64_t)(uint8_t)s.p[i + j] << (8 * j);
		v[3] ^= m;
		sip_round(v);
		sip_round(v);
		v[0] ^= m;
	}
	m = (uint64_t)(s.n & 0xff) << 56;
	for (size_t j = whole; j < s.n; j++)
		m |= (uint64_t)(uint8_t)s.p[j] << (8 * (j - whole));
	v[3] ^= m;
	sip_round(v);
	sip_round(v);
	v[0] ^= m;
	v[2] ^= 0xff;
	for (int i = 0; i < 4; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

bool
ascii_is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool
ascii_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool
ascii_is_alnum(char c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c);
}

bool
ascii_is_wsp(char c)
{
	return c == ' ' || c == '\t';
}

char
ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

struct cursor
cursor_of(const void *p, size_t n)
{
	return (struct cursor){ .p = p, .n = n };
}

size_t
cursor_left(const struct cursor *c)
{
	return c->failed ? 0 : c->n - c->at;
}

struct slice
cursor_bytes(struct cursor *c, size_t n)
{
	struct slice s;

	if (cursor_left(c) < n || c->failed) {
		c->failed = true;
		return SLICE_EMPTY;
	}
	s = slice_make(c->p + c->at, n);
	c->at += n;
	return s;
}

static uint32_t
read_big_endian(struct cursor *c, size_t n)
{
	struct slice s = cursor_bytes(c, n);
	uint32_t v = 0;

	for (size_t i = 0; i < s.n; i++)
		v = v << 8 | (uint8_t)s.p[i];
	return v;
}

uint8_t
cursor_u8(struct cursor *c)
{
	return (uint8_t)read_big_endian(c, 1);
}

uint16_t
cursor_u16(struct cursor *c)
{
	return (uint16_t)read_big_endian(c, 2);
}

uint32_t
cursor_u32(struct cursor *c)
{
	return read_big_endian(c, 4);
}

void
cursor_skip(struct cursor *c, size_t n)
{
	(void)cursor_bytes(c, n);
}

void
cursor_seek(struct cursor *c, size_t at)
{
	if (at > c->n)
		c->failed = true;
	else if (!c->failed)
		c->at = at;
}

bool
cursor_lit(struct cursor *c, struct slice lit)
{
	if (cursor_left(c) < lit.n ||
	    !slice_eq(slice_make(c->p + c->at, lit.n), lit))
		return false;
	c->at += lit.n;
	return true;
}

struct slice
cursor_run(struct cursor *c, bool (*accept)(char), size_t max)
{
	size_t left = cursor_left(c), n = 0;

	while (n < left && n < max && accept((char)c->p[c->at + n]))
		n++;
	return cursor_bytes(c, n);
}

struct slice
cursor_until(struct cursor *c, char stop)
{
	size_t left = cursor_left(c);

	if (left == 0)
		return SLICE_EMPTY;
	return cursor_bytes(c,
	    slice_find(slice_make(c->p + c->at, left), stop));
}

int
cursor_peek(const struct cursor *c)
{
	return cursor_left(c) == 0 ? -1 : c->p[c->at];
}

struct strbuf
strbuf_of(char *p, size_t cap)
{
	p[0] = '\0';
	return (struct strbuf){ .p = p, .cap = cap };
}

void
strbuf_add(struct strbuf *b, struct slice s)
{
	size_t room = b->cap - 1 - b->n;
	size_t n = s.n < room ? s.n : room;

	if (n < s.n)
		b->cut = true;
	if (n > 0)
		memcpy(b->p + b->n, s.p, n);
	b->n += n;
	b->p[b->n] = '\0';
}

void
strbuf_char(struct strbuf *b, char c)
{
	strbuf_add(b, (struct slice){ &c, 1 });
}

void
strbuf_fmt(struct strbuf *b, const char *fmt, ...)
{
	size_t room = b->cap - b->n;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(b->p + b->n, room, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	if ((size_t)n >= room) {
		b->cut = true;
		n = (int)room - 1;
	}
	b->n += (size_t)n;
}

struct slice
strbuf_slice(const struct strbuf *b)
{
	return (struct slice){ b->p, b->n };
}

void
hex_encode(const uint8_t *p, size_t n, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		out[2 * i] = digits[p[i] >> 4];
		out[2 * i + 1] = digits[p[i] & 15];
	}
	out[2 * n] = '\0';
}

static int
hex_digit(char c)
{
	if (ascii_is_digit(c))
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool
hex_decode(struct slice s, uint8_t *out, size_t cap, size_t *n)
{
	if (s.n % 2 != 0 || s.n / 2 > cap)
		return false;
	for (size_t i = 0; i < s.n; i += 2) {
		int high = hex_digit(s.p[i]), low = hex_digit(s.p[i + 1]);

		if (high < 0 || low < 0)
			return false;
		out[i / 2] = (uint8_t)(high << 4 | low);
	}
	*n = s.n / 2;
	return true;
}
