/* SPDX-License-Identifier: Apache-2.0
 *
 * exclude.c: the exclusion list as one hash set of 64-bit keyed hashes.
 *
 * A name is looked up with each of its parents, an address with each prefix
 * length that the list uses, so that the cost does not depend on the list's
 * length.  Two keys that share a SipHash of a random key are one in 2^64.
 */
#include "workers/exclude.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "scanner/base/arena.h"
#include "scanner/base/limits.h"
#include "scanner/rules/name.h"

#include "scanner/base/banned.h"

#define PREFIXES 129 /* 0..128 bits */

struct exclude {
	uint64_t key[2];
	uint64_t *slot; /* 0: free */
	size_t n, cap;  /* cap is a power of two, never more than half full */
	bool uses4[PREFIXES], uses6[PREFIXES];
};

static uint64_t
hash_of(const struct exclude *x, const void *p, size_t n)
{
	uint64_t h = slice_hash(slice_make(p, n), x->key);

	return h ? h : 1;
}

static uint64_t
hash_of_range(const struct exclude *x, const struct netrange *r)
{
	uint8_t b[2 + sizeof(r->network.bytes)];

	b[0] = r->network.family;
	b[1] = r->prefix;
	memcpy(b + 2, r->network.bytes, sizeof(r->network.bytes));
	return hash_of(x, b, sizeof(b));
}

static uint64_t *
slot_of(const struct exclude *x, uint64_t h)
{
	size_t i = (size_t)h & (x->cap - 1);

	while (x->slot[i] != 0 && x->slot[i] != h)
		i = (i + 1) & (x->cap - 1);
	return &x->slot[i];
}

static void
grow(struct exclude *x)
{
	uint64_t *old = x->slot;
	size_t old_cap = x->cap;

	x->cap = old_cap ? old_cap * 2 : 64;
	x->slot = xcalloc(x->cap, sizeof(*x->slot));
	for (size_t i = 0; i < old_cap; i++)
		if (old[i] != 0)
			*slot_of(x, old[i]) = old[i];
	free(old);
}

static void
insert(struct exclude *x, uint64_t h)
{
	uint64_t *slot;

	if (2 * (x->n + 1) > x->cap)
		grow(x);
	slot = slot_of(x, h);
	x->n += *slot == 0;
	*slot = h;
}

static bool
has(const struct exclude *x, uint64_t h)
{
	return x->n > 0 && *slot_of(x, h) == h;
}

/*
 * One name.  A label of its own is taken as well (a whole TLD may be
 * excluded), which name_normalize() refuses: so it sees the name below "x.".
 */
static enum name_error
insert_name(struct exclude *x, struct arena *a, struct slice text)
{
	struct slice name = SLICE_EMPTY;
	enum name_error e = name_normalize(a, text, &name);

	if (e == NAME_SINGLE_LABEL) {
		e = name_normalize(a, arena_fmt(a, "x.%.*s",
		    SLICE_ARG(text)), &name);
		name = slice_from(name, 2);
	}
	if (e == NAME_OK)
		insert(x, hash_of(x, name.p, name.n));
	return e;
}

/* A mistyped address must not pass for a name that excludes nobody. */
static bool
ends_in_digit(struct slice line)
{
	return line.n > 0 && ascii_is_digit(line.p[line.n - 1]);
}

/* NULL: taken; else why not. */
static const char *
insert_line(struct exclude *x, struct arena *a, struct slice line)
{
	struct netrange r;
	enum name_error e;

	line = slice_upto(line, slice_find(line, '#'));
	line = slice_trim(slice_upto(line, slice_find(line, '\r')));
	if (line.n == 0)
		return NULL;
	if (netrange_parse(line, &r)) {
		insert(x, hash_of_range(x, &r));
		if (r.network.family == 4)
			x->uses4[r.prefix] = true;
		else
			x->uses6[r.prefix] = true;
		return NULL;
	}
	if (slice_find(line, '/') < line.n)
		return "not a network in CIDR form";
	if (!slice_contains_nocase(line, SLICE_LIT("xn--")) &&
	    ends_in_digit(line))
		return "neither an address nor a name";
	e = insert_name(x, a, line);
	return e == NAME_OK ? NULL : name_error_text(e);
}

static bool
read_lines(struct exclude *x, FILE *f, const char *path, char *error,
    size_t cap)
{
	struct arena *a = arena_new();
	const char *why = NULL;
	unsigned long number = 0;
	char *line = NULL;
	size_t line_cap = 0;
	ssize_t n;

	while (why == NULL && (n = getline(&line, &line_cap, f)) >= 0) {
		number++;
		if (n > 0 && line[n - 1] == '\n')
			n--;
		why = n > LIMIT_LIST_LINE_BYTES ? "the line is too long" :
		    insert_line(x, a, slice_make(line, (size_t)n));
		arena_clear(a);
	}
	free(line);
	arena_free(a);
	if (why != NULL)
		snprintf(error, cap, "%s:%lu: %s; write a domain, host name, "
		    "address or CIDR", path, number, why);
	else if (ferror(f))
		snprintf(error, cap, "%s: cannot be read: %s", path,
		    strerror(errno));
	return why == NULL && !ferror(f);
}

static bool
read_file(struct exclude *x, const char *path, char *error, size_t cap)
{
	FILE *f = fopen(path, "re");
	bool ok;

	if (f == NULL) {
		snprintf(error, cap, "%s: cannot be opened: %s", path,
		    strerror(errno));
		return false;
	}
	ok = read_lines(x, f, path, error, cap);
	fclose(f);
	return ok;
}

struct exclude *
exclude_load(const char *const *path, size_t n, char *error, size_t cap)
{
	struct exclude *x = xcalloc(1, sizeof(*x));
	bool ok = getrandom(x->key, sizeof(x->key), 0) == sizeof(x->key);

	if (!ok)
		snprintf(error, cap, "no random bytes for the exclusions");
	for (size_t i = 0; ok && i < n; i++)
		ok = read_file(x, path[i], error, cap);
	if (!ok) {
		exclude_free(x);
		return NULL;
	}
	return x;
}

void
exclude_free(struct exclude *x)
{
	if (x == NULL)
		return;
	free(x->slot);
	free(x);
}

bool
exclude_has_address(const struct exclude *x, const struct address *a)
{
	const bool *uses = a->family == 4 ? x->uses4 : x->uses6;
	unsigned bits = a->family == 4 ? 32 : 128;

	for (unsigned i = 0; i <= bits; i++) {
		struct netrange r;

		if (!uses[i])
			continue;
		r = netrange_of(a, i);
		if (has(x, hash_of_range(x, &r)))
			return true;
	}
	return false;
}

bool
exclude_has_name(const struct exclude *x, struct slice name)
{
	while (name.n > 0) {
		if (has(x, hash_of(x, name.p, name.n)))
			return true;
		name = slice_from(name, slice_find(name, '.') + 1);
	}
	return false;
}
