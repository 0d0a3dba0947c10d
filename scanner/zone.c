/* SPDX-License-Identifier: Apache-2.0
 *
 * zone.c: a reader of zone files that wants nothing but delegations.
 */
#include "scanner/zone.h"

#include <string.h>

#include "scanner/base/banned.h"

#define MAX_TOKENS 8

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

void
zone_init(struct zone *z)
{
	memset(z, 0, sizeof(*z));
	z->origin[0] = '.';
}

/* Absolute name of a token; false where it would be too long. */
static bool
absolute(const struct zone *z, struct slice token, char *out, size_t cap)
{
	struct strbuf b = strbuf_of(out, cap);

	if (slice_eq(token, SLICE_LIT("@"))) {
		strbuf_add(&b, slice_of(z->origin));
	} else {
		for (size_t i = 0; i < token.n; i++)
			strbuf_char(&b, ascii_lower(token.p[i]));
		if (token.n == 0 || token.p[token.n - 1] != '.') {
			strbuf_char(&b, '.');
			if (strcmp(z->origin, ".") != 0)
				strbuf_add(&b, slice_of(z->origin));
		}
	}
	return !b.cut;
}

/*
 * Splits a line into at most MAX_TOKENS tokens and follows parentheses and
 * quotes beyond them, so that the next line is read in the right state.
 */
static size_t
tokens(struct zone *z, struct slice line, struct slice token[MAX_TOKENS])
{
	size_t n = 0, start = 0;
	bool inside = false;

	for (size_t i = 0; i <= line.n; i++) {
		char c = i < line.n ? line.p[i] : ' ';
		bool end = !z->quoted && (is_blank(c) || c == ';' ||
		    c == '(' || c == ')');

		if (i < line.n && c == '"')
			z->quoted = !z->quoted;
		if (inside && end) {
			if (n < MAX_TOKENS)
				token[n++] = slice_make(line.p + start,
				    i - start);
			inside = false;
		} else if (!inside && !end) {
			inside = true;
			start = i;
		}
		if (z->quoted && c == '\\')
			i++;
		if (!end)
			continue;
		if (c == ';')
			break;
		if (c == '(')
			z->depth++;
		if (c == ')' && z->depth > 0)
			z->depth--;
	}
	return n;
}

static bool
is_class(struct slice t)
{
	return slice_eq_nocase(t, SLICE_LIT("IN")) ||
	    slice_eq_nocase(t, SLICE_LIT("CH")) ||
	    slice_eq_nocase(t, SLICE_LIT("HS"));
}

/* 300, 1d, 1h30m */
static bool
is_ttl(struct slice t)
{
	if (t.n == 0 || !ascii_is_digit(t.p[0]))
		return false;
	for (size_t i = 0; i < t.n; i++)
		if (!ascii_is_digit(t.p[i]) &&
		    strchr("smhdwSMHDW", t.p[i]) == NULL)
			return false;
	return true;
}

bool
zone_looks_like(struct slice line)
{
	struct zone z;
	struct slice token[MAX_TOKENS];
	size_t n;
	bool has_class = false;

	if (slice_starts_nocase(line, SLICE_LIT("$ORIGIN")) ||
	    slice_starts_nocase(line, SLICE_LIT("$TTL")))
		return true;
	zone_init(&z);
	n = tokens(&z, line, token);
	for (size_t i = 1; i < n && i < 4; i++) {
		if (is_class(token[i]))
			has_class = true;
		else if (slice_eq_nocase(token[i], SLICE_LIT("SOA")))
			return true;
		else if (has_class ||
		    slice_eq_nocase(token[i], SLICE_LIT("NS")))
			return n > i + 1;
	}
	return false;
}

static bool
directive(struct zone *z, const struct slice *token, size_t n)
{
	char name[sizeof(z->origin)];

	if (n == 0 || token[0].n == 0 || token[0].p[0] != '$')
		return false;
	if (n >= 2 && slice_eq_nocase(token[0], SLICE_LIT("$ORIGIN")) &&
	    absolute(z, token[1], name, sizeof(name)))
		memcpy(z->origin, name, sizeof(name));
	return true;
}

bool
zone_line(struct zone *z, struct slice line, struct slice *name)
{
	bool continued = z->depth > 0 || z->quoted;
	bool same_owner = line.n > 0 && is_blank(line.p[0]);
	struct slice token[MAX_TOKENS];
	size_t n = tokens(z, line, token), i = 0;

	if (continued || n == 0 || directive(z, token, n))
		return false;
	if (!same_owner &&
	    !absolute(z, token[i++], z->owner, sizeof(z->owner)))
		return false;
	while (i < n && (is_class(token[i]) || is_ttl(token[i])))
		i++;
	if (i == n)
		return false;
	if (slice_eq_nocase(token[i], SLICE_LIT("SOA")))
		memcpy(z->apex, z->owner, sizeof(z->apex));
	if (!slice_eq_nocase(token[i], SLICE_LIT("NS")) ||
	    strcmp(z->owner, z->apex) == 0 ||
	    strcmp(z->owner, z->last) == 0 || strcmp(z->owner, ".") == 0)
		return false;
	memcpy(z->last, z->owner, sizeof(z->last));
	*name = slice_of(z->last);
	return true;
}
