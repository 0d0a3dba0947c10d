/* SPDX-License-Identifier: Apache-2.0
 *
 * slice_map.h: bytes to pointers, for one thread.  Keys are copied; all of it
 * lives in the map's own arena, values included where the caller puts them
 * there.
 */
#pragma once

#include "scanner/base/arena.h"

struct slice_node;

struct slice_map {
	struct arena *arena;
	struct slice_node **bucket;
	size_t n_bucket, n;
	uint64_t key[2]; /* of the hash: names are strangers' */
};

void slice_map_init(struct slice_map *m, const uint64_t key[2]);
void slice_map_release(struct slice_map *m);
/* NULL where it is not there. */
void *slice_map_get(const struct slice_map *m, struct slice name);
/* Replaces what was there. */
void slice_map_put(struct slice_map *m, struct slice name, void *value);
