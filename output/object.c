/* SPDX-License-Identifier: Apache-2.0
 *
 * object.c: keys of unpacked maps.
 */
#include "output/object.h"

#include "scanner/base/banned.h"

struct slice
object_bytes(const msgpack_object *o)
{
	if (o->type == MSGPACK_OBJECT_STR)
		return slice_make(o->via.str.ptr, o->via.str.size);
	if (o->type == MSGPACK_OBJECT_BIN)
		return slice_make(o->via.bin.ptr, o->via.bin.size);
	return SLICE_EMPTY;
}

const msgpack_object *
object_get(const msgpack_object *map, const char *key)
{
	struct slice name = slice_of(key);

	if (map == NULL || map->type != MSGPACK_OBJECT_MAP)
		return NULL;
	for (uint32_t i = 0; i < map->via.map.size; i++) {
		const msgpack_object_kv *kv = &map->via.map.ptr[i];

		if (slice_eq(object_bytes(&kv->key), name))
			return kv->val.type == MSGPACK_OBJECT_NIL ? NULL :
			    &kv->val;
	}
	return NULL;
}

struct slice
object_text(const msgpack_object *map, const char *key)
{
	const msgpack_object *o = object_get(map, key);

	return o == NULL ? SLICE_EMPTY : object_bytes(o);
}

bool
object_uint(const msgpack_object *map, const char *key, uint64_t *out)
{
	const msgpack_object *o = object_get(map, key);

	if (o == NULL || o->type != MSGPACK_OBJECT_POSITIVE_INTEGER)
		return false;
	*out = o->via.u64;
	return true;
}

bool
object_is(const msgpack_object *record, struct slice type)
{
	return slice_eq(object_text(record, "type"), type);
}
