/* SPDX-License-Identifier: Apache-2.0
 *
 * object.h: looking into an unpacked record.  A field that is not there, or
 * of another type, reads as nothing.
 */
#pragma once

#include <msgpack.h>
#include <stdbool.h>
#include <stdint.h>

#include "scanner/base/text.h"

/* Text and bytes alike; empty for anything else. */
struct slice object_bytes(const msgpack_object *o);
/* The value under a key of a map; NULL where there is none or it is nil. */
const msgpack_object *object_get(const msgpack_object *map, const char *key);
struct slice object_text(const msgpack_object *map, const char *key);
bool object_uint(const msgpack_object *map, const char *key, uint64_t *out);
/* Is its `type` this one? */
bool object_is(const msgpack_object *record, struct slice type);
