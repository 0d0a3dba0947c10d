/* SPDX-License-Identifier: Apache-2.0
 *
 * unpack_view.h: the maps of a stored record, read by the numbers of
 * record.def.
 *
 * A field that is not there, or of another type, reads as nothing.  A word
 * that its set does not hold makes the whole record unreadable: it cannot be
 * guessed at.  Slices point into the unpacked record.
 */
#pragma once

#include <msgpack.h>

#include "output/table.h"
#include "scanner/base/arena.h"

#define VIEW_FIELDS 32

struct unpacker {
	struct arena *arena;
	bool failed;
};

/* One map: the values by field, NULL where there is none. */
struct view {
	enum field first;
	const msgpack_object *value[VIEW_FIELDS];
};

/* Items of a list, as many as are taken. */
struct items {
	const msgpack_object *item;
	size_t n;
};

/* All fields are empty where `o` is NULL or no map. */
void view_open(struct view *w, const msgpack_object *o, enum object object);
/* NULL where it is absent or nil. */
const msgpack_object *view_at(const struct view *w, enum field f);
/* The map in a field of `outer`; false where there is none. */
bool view_inner(struct view *w, const struct view *outer, enum field f);
struct items view_list(const struct view *w, enum field f);

struct slice view_str(const struct view *w, enum field f);
/* 0 where it is absent or larger than `max`. */
uint64_t view_uint(const struct view *w, enum field f, uint64_t max);
int64_t view_int(const struct view *w, enum field f);
enum tri view_tri(const struct view *w, enum field f);
bool view_flag(const struct view *w, enum field f);

struct slice *view_strs(struct unpacker *u, const struct view *w,
    enum field f, size_t *n);
/* NONE where the field is absent. */
enum outcome view_outcome(struct unpacker *u, const struct view *w,
    enum field f);
enum tls_version view_tls_version(struct unpacker *u, const struct view *w,
    enum field f);
/* NONE where the field is absent. */
enum name_by view_name_by(struct unpacker *u, const struct view *w,
    enum field f);
enum outcome outcome_of_word(struct unpacker *u, struct slice word);
