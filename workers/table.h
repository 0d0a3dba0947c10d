/* SPDX-License-Identifier: Apache-2.0
 *
 * table.h: a hash table whose nodes are embedded in their objects, found by a
 * 64-bit hash that serves as the identity (SipHash under a random key: two
 * that collide are one in 2^64).  The table owns its buckets only.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct table_node { /* the first member of the object */
	struct table_node *next;
	uint64_t id;
};

struct table { /* zeroed: empty */
	struct table_node **bucket;
	size_t n, cap;
};

void *table_find(const struct table *t, uint64_t id); /* NULL: none */
void table_insert(struct table *t, struct table_node *node, uint64_t id);
void table_remove(struct table *t, struct table_node *node);
/* Frees the buckets, not the objects. */
void table_release(struct table *t);
