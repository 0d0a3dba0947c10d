/* SPDX-License-Identifier: Apache-2.0
 *
 * slice_map.c: chained buckets that double.
 */
#include "scanner/slice_map.h"

#include <stdlib.h>
#include <string.h>

#include "scanner/base/banned.h"

#define BUCKETS_FIRST 1024

struct slice_node {
	struct slice_node *next; /* of its bucket */
	struct slice name;
	void *value;
};

void
slice_map_init(struct slice_map *m, const uint64_t key[2])
{
	*m = (struct slice_map){ .arena = arena_new(),
		.n_bucket = BUCKETS_FIRST };
	m->bucket = xcalloc(m->n_bucket, sizeof(struct slice_node *));
	memcpy(m->key, key, sizeof(m->key));
}

void
slice_map_release(struct slice_map *m)
{
	free(m->bucket);
	arena_free(m->arena);
}

static struct slice_node **
bucket_of(const struct slice_map *m, struct slice name)
{
	return &m->bucket[slice_hash(name, m->key) & (m->n_bucket - 1)];
}

static struct slice_node *
find(const struct slice_map *m, struct slice name)
{
	struct slice_node *n = *bucket_of(m, name);

	while (n != NULL && !slice_eq(n->name, name))
		n = n->next;
	return n;
}

static void
grow(struct slice_map *m)
{
	struct slice_node **old = m->bucket;
	size_t n_old = m->n_bucket;

	m->n_bucket = 2 * n_old;
	m->bucket = xcalloc(m->n_bucket, sizeof(struct slice_node *));
	for (size_t i = 0; i < n_old; i++)
		while (old[i] != NULL) {
			struct slice_node *n = old[i];
			struct slice_node **to = bucket_of(m, n->name);

			old[i] = n->next;
			n->next = *to;
			*to = n;
		}
	free(old);
}

void *
slice_map_get(const struct slice_map *m, struct slice name)
{
	const struct slice_node *n = find(m, name);

	return n == NULL ? NULL : n->value;
}

void
slice_map_put(struct slice_map *m, struct slice name, void *value)
{
	struct slice_node *n = find(m, name);
	struct slice_node **to;

	if (n == NULL) {
		if (m->n++ > m->n_bucket)
			grow(m);
		n = arena_alloc(m->arena, sizeof(*n));
		n->name = arena_slice(m->arena, name);
		to = bucket_of(m, name);
		n->next = *to;
		*to = n;
	}
	n->value = value;
}
