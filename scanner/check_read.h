/* SPDX-License-Identifier: Apache-2.0
 *
 * check_read.h: fields of unpacked records: words back to their enum, text
 * made harmless.  What is not there, or of another type, reads as nothing.
 */
#pragma once

#include "output/object.h"
#include "scanner/base/arena.h"
#include "scanner/rules/vocabulary.h"

struct check_texts {
	const struct slice *v;
	size_t n;
};

/* Words stand in vocabulary.def in the order of their enum. */
int read_word(const char *set, struct slice word, int none);
/* The `outcome` of a map. */
enum outcome read_outcome(const msgpack_object *map);
enum tri read_tri(const msgpack_object *map, const char *key);
uint64_t read_uint(const msgpack_object *map, const char *key);
/* Printable ASCII, every other byte a question mark; long text is cut. */
struct slice read_clean(struct arena *a, struct slice s);
struct slice read_text(struct arena *a, const msgpack_object *map,
    const char *key);
/* Elements of a list; none for anything else. */
const msgpack_object *read_list(const msgpack_object *map, const char *key,
    size_t *n);
struct check_texts read_texts(struct arena *a, const msgpack_object *map,
    const char *key);
/* A text by its lines, which end in LF or CRLF. */
struct check_texts read_lines(struct arena *a, const msgpack_object *map,
    const char *key);

/* The sentence of a word of vocabulary.def. */
const char *check_sentence(const char *set, int value);
