/* SPDX-License-Identifier: Apache-2.0
 *
 * check_read.c: fields of unpacked records as `mxcensus check` wants them.
 */
#include "scanner/check_read.h"

#include <string.h>

#include "scanner/base/banned.h"

#define SHOWN_BYTES 2048 /* of one text */

int
read_word(const char *set, struct slice word, int none)
{
	size_t n;
	const struct vocabulary_word *w = vocabulary_words(&n);
	int index = 0;

	for (size_t i = 0; i < n; i++) {
		if (strcmp(w[i].set, set) != 0)
			continue;
		if (slice_eq(word, slice_of(w[i].word)))
			return index;
		index++;
	}
	return none;
}

const char *
check_sentence(const char *set, int value)
{
	size_t n;
	const struct vocabulary_word *w = vocabulary_words(&n);

	for (size_t i = 0; i < n; i++)
		if (strcmp(w[i].set, set) == 0 && value-- == 0)
			return w[i].sentence;
	return "";
}

enum outcome
read_outcome(const msgpack_object *map)
{
	struct slice word = object_text(map, "outcome");

	for (int o = 0; o < OUTCOME_COUNT; o++)
		if (slice_eq(word, slice_of(outcome_word((enum outcome)o))))
			return (enum outcome)o;
	return OUTCOME_NONE;
}

enum tri
read_tri(const msgpack_object *map, const char *key)
{
	const msgpack_object *o = object_get(map, key);

	if (o == NULL || o->type != MSGPACK_OBJECT_BOOLEAN)
		return TRI_UNKNOWN;
	return o->via.boolean ? TRI_YES : TRI_NO;
}

uint64_t
read_uint(const msgpack_object *map, const char *key)
{
	uint64_t n = 0;

	object_uint(map, key, &n);
	return n;
}

struct slice
read_clean(struct arena *a, struct slice s)
{
	char *p;

	s = slice_upto(s, SHOWN_BYTES);
	p = arena_alloc(a, s.n + 1);
	for (size_t i = 0; i < s.n; i++)
		p[i] = s.p[i] < 0x20 || s.p[i] > 0x7e ? '?' : s.p[i];
	return slice_make(p, s.n);
}

struct slice
read_text(struct arena *a, const msgpack_object *map, const char *key)
{
	return read_clean(a, object_text(map, key));
}

const msgpack_object *
read_list(const msgpack_object *map, const char *key, size_t *n)
{
	const msgpack_object *o = object_get(map, key);

	*n = 0;
	if (o == NULL || o->type != MSGPACK_OBJECT_ARRAY)
		return NULL;
	*n = o->via.array.size;
	return o->via.array.ptr;
}

struct check_texts
read_texts(struct arena *a, const msgpack_object *map, const char *key)
{
	struct check_texts out;
	const msgpack_object *list = read_list(map, key, &out.n);
	struct slice *v = arena_array(a, out.n + 1, sizeof(*v));

	for (size_t i = 0; i < out.n; i++)
		v[i] = read_clean(a, object_bytes(&list[i]));
	out.v = v;
	return out;
}

struct check_texts
read_lines(struct arena *a, const msgpack_object *map, const char *key)
{
	struct slice left = object_text(map, key);
	struct vec lines = VEC_OF(struct slice);

	while (left.n > 0) {
		size_t n = slice_find(left, '\n');
		struct slice line = slice_upto(left, n);
		struct slice *to = vec_push(a, &lines);

		if (slice_ends(line, SLICE_LIT("\r")))
			line.n--;
		*to = read_clean(a, line);
		left = slice_from(left, n + 1);
	}
	return (struct check_texts){ lines.p, lines.n };
}
