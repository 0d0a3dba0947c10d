/* SPDX-License-Identifier: Apache-2.0
 *
 * unpack_view.c: one pass over a map puts its values where record.def has
 * them.
 */
#include "output/unpack_view.h"

#include "output/object.h"
#include "scanner/base/log.h"

#include "scanner/base/banned.h"

/* Ours hold fewer than 130; what a list unpacks to is bounded by it. */
#define ITEMS_MAX 4096

void
view_open(struct view *w, const msgpack_object *o, enum object object)
{
	enum field hint = object_first(object);

	*w = (struct view){ .first = hint };
	if (o == NULL || o->type != MSGPACK_OBJECT_MAP)
		return;
	for (uint32_t i = 0; i < o->via.map.size; i++) {
		const msgpack_object_kv *kv = &o->via.map.ptr[i];
		enum field f = object_field(object, object_bytes(&kv->key),
		    hint);

		if (f == FIELD_COUNT)
			continue;
		if (f - w->first >= VIEW_FIELDS)
			log_fatal("record.def: %s has more than %d fields",
			    field_row(f)->object, VIEW_FIELDS);
		hint = f + 1;
		if (w->value[f - w->first] == NULL &&
		    kv->val.type != MSGPACK_OBJECT_NIL)
			w->value[f - w->first] = &kv->val;
	}
}

const msgpack_object *
view_at(const struct view *w, enum field f)
{
	return w->value[f - w->first];
}

bool
view_inner(struct view *w, const struct view *outer, enum field f)
{
	const msgpack_object *o = view_at(outer, f);

	view_open(w, o, field_sub(f));
	return o != NULL && o->type == MSGPACK_OBJECT_MAP;
}

struct items
view_list(const struct view *w, enum field f)
{
	const msgpack_object *o = view_at(w, f);
	struct items list = { NULL, 0 };

	if (o == NULL || o->type != MSGPACK_OBJECT_ARRAY)
		return list;
	list.item = o->via.array.ptr;
	list.n = o->via.array.size < ITEMS_MAX ? o->via.array.size :
	    ITEMS_MAX;
	return list;
}

struct slice
view_str(const struct view *w, enum field f)
{
	const msgpack_object *o = view_at(w, f);

	return o == NULL ? SLICE_EMPTY : object_bytes(o);
}

uint64_t
view_uint(const struct view *w, enum field f, uint64_t max)
{
	const msgpack_object *o = view_at(w, f);

	if (o == NULL || o->type != MSGPACK_OBJECT_POSITIVE_INTEGER ||
	    o->via.u64 > max)
		return 0;
	return o->via.u64;
}

int64_t
view_int(const struct view *w, enum field f)
{
	const msgpack_object *o = view_at(w, f);

	if (o != NULL && o->type == MSGPACK_OBJECT_NEGATIVE_INTEGER)
		return o->via.i64;
	return (int64_t)view_uint(w, f, INT64_MAX);
}

enum tri
view_tri(const struct view *w, enum field f)
{
	const msgpack_object *o = view_at(w, f);

	if (o == NULL || o->type != MSGPACK_OBJECT_BOOLEAN)
		return TRI_UNKNOWN;
	return o->via.boolean ? TRI_YES : TRI_NO;
}

bool
view_flag(const struct view *w, enum field f)
{
	return view_tri(w, f) == TRI_YES;
}

struct slice *
view_strs(struct unpacker *u, const struct view *w, enum field f, size_t *n)
{
	struct items list = view_list(w, f);
	struct slice *s = arena_array(u->arena, list.n, sizeof(*s));

	for (size_t i = 0; i < list.n; i++)
		s[i] = object_bytes(&list.item[i]);
	*n = list.n;
	return s;
}

enum outcome
outcome_of_word(struct unpacker *u, struct slice word)
{
	for (size_t i = 0; i < OUTCOME_COUNT; i++)
		if (slice_eq(word, slice_of(outcome_word((enum outcome)i))))
			return (enum outcome)i;
	u->failed = true;
	return OUTCOME_NONE;
}

enum outcome
view_outcome(struct unpacker *u, const struct view *w, enum field f)
{
	return view_at(w, f) == NULL ? OUTCOME_NONE :
	    outcome_of_word(u, view_str(w, f));
}

enum tls_version
view_tls_version(struct unpacker *u, const struct view *w, enum field f)
{
	struct slice word = view_str(w, f);

	if (view_at(w, f) == NULL)
		return TLS_VERSION_NONE;
	for (size_t i = 0; i < TLS_VERSION_COUNT; i++)
		if (slice_eq(word,
		    slice_of(tls_version_word((enum tls_version)i))))
			return (enum tls_version)i;
	u->failed = true;
	return TLS_VERSION_NONE;
}

enum name_by
view_name_by(struct unpacker *u, const struct view *w, enum field f)
{
	struct slice word = view_str(w, f);

	if (view_at(w, f) == NULL)
		return NAME_BY_NONE;
	for (size_t i = 0; i < NAME_BY_COUNT; i++)
		if (slice_eq(word, slice_of(name_by_word((enum name_by)i))))
			return (enum name_by)i;
	u->failed = true;
	return NAME_BY_NONE;
}
