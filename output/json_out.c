/* SPDX-License-Identifier: Apache-2.0
 *
 * json_out.c: JSON tokens (RFC 8259), base64 (RFC 4648 section 4).
 */
#include "output/json_out.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scanner/base/arena.h"

#include "scanner/base/banned.h"

/* Room for n bytes more, and where they go. */
static char *
room(struct json_out *o, size_t n)
{
	if (o->cap - o->n < n) {
		o->cap = (o->n + n) * 2;
		o->p = xrealloc(o->p, o->cap);
	}
	return o->p + o->n;
}

void
json_out_release(struct json_out *o)
{
	free(o->p);
	*o = (struct json_out){ .p = NULL };
}

void
json_raw(struct json_out *o, const char *p, size_t n)
{
	memcpy(room(o, n + 1), p, n);
	o->n += n;
}

void
json_char(struct json_out *o, char c)
{
	*room(o, 1) = c;
	o->n++;
}

void
json_uint(struct json_out *o, uint64_t v)
{
	char digits[20];
	size_t at = sizeof(digits);

	do
		digits[--at] = (char)('0' + v % 10);
	while ((v /= 10) != 0);
	json_raw(o, digits + at, sizeof(digits) - at);
}

void
json_int(struct json_out *o, int64_t v)
{
	if (v < 0) {
		json_char(o, '-');
		json_uint(o, -(uint64_t)v);
	} else {
		json_uint(o, (uint64_t)v);
	}
}

void
json_double(struct json_out *o, double v)
{
	char text[40];
	int n = snprintf(text, sizeof(text), "%.17g", v);

	if (isfinite(v))
		json_raw(o, text, (size_t)n);
	else
		json_raw(o, "null", 4);
}

static void
escape(struct json_out *o, unsigned char c)
{
	static const char named[] = "\"\"\\\\\bb\ff\nn\rr\tt";
	char text[8];

	for (size_t i = 0; i + 1 < sizeof(named); i += 2) {
		if ((unsigned char)named[i] == c) {
			json_char(o, '\\');
			json_char(o, named[i + 1]);
			return;
		}
	}
	snprintf(text, sizeof(text), "\\u%04x", c);
	json_raw(o, text, 6);
}

static bool
is_plain(unsigned char c)
{
	return c >= 0x20 && c != '"' && c != '\\';
}

static void
quoted(struct json_out *o, struct slice s)
{
	size_t start = 0;

	json_char(o, '"');
	for (size_t i = 0; i < s.n; i++) {
		if (is_plain((unsigned char)s.p[i]))
			continue;
		json_raw(o, s.p + start, i - start);
		escape(o, (unsigned char)s.p[i]);
		start = i + 1;
	}
	json_raw(o, s.p + start, s.n - start);
	json_char(o, '"');
}

static bool
is_ascii(struct slice s)
{
	unsigned char all = 0;

	for (size_t i = 0; i < s.n; i++)
		all |= (unsigned char)s.p[i];
	return all < 0x80;
}

void
json_text(struct json_out *o, struct slice s)
{
	if (is_ascii(s) || slice_is_utf8(s))
		quoted(o, s);
	else
		json_wrapped(o, s);
}

void
json_hex(struct json_out *o, struct slice s)
{
	json_char(o, '"');
	hex_encode((const uint8_t *)s.p, s.n, room(o, 2 * s.n + 1));
	o->n += 2 * s.n;
	json_char(o, '"');
}

void
json_base64(struct json_out *o, struct slice s)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789+/";
	const uint8_t *p = (const uint8_t *)s.p;

	json_char(o, '"');
	for (size_t i = 0; i < s.n; i += 3) {
		size_t have = s.n - i < 3 ? s.n - i : 3;
		uint32_t v = (uint32_t)p[i] << 16;
		char four[4];

		if (have > 1)
			v |= (uint32_t)p[i + 1] << 8;
		if (have > 2)
			v |= p[i + 2];
		four[0] = digits[v >> 18];
		four[1] = digits[v >> 12 & 63];
		four[2] = have > 1 ? digits[v >> 6 & 63] : '=';
		four[3] = have > 2 ? digits[v & 63] : '=';
		json_raw(o, four, sizeof(four));
	}
	json_char(o, '"');
}

void
json_wrapped(struct json_out *o, struct slice s)
{
	json_raw(o, "{\"b64\":", 7);
	json_base64(o, s);
	json_char(o, '}');
}
