/* SPDX-License-Identifier: Apache-2.0
 *
 * table.c: chained buckets, doubled when there are more nodes than buckets
 * and halved when few are left, so that an idle table is small again.
 */
#include "workers/table.h"

#include <stdlib.h>

#include "scanner/base/arena.h"

#include "scanner/base/banned.h"

#define CAP_MIN 64

static struct table_node **
bucket_of(const struct table *t, uint64_t id)
{
	return &t->bucket[id & (t->cap - 1)];
}

static void
resize(struct table *t, size_t cap)
{
	struct table old = *t;

	t->cap = cap;
	t->bucket = xcalloc(cap, sizeof(struct table_node *));
	for (size_t i = 0; i < old.cap; i++) {
		struct table_node *node = old.bucket[i], *next;

		for (; node != NULL; node = next) {
			next = node->next;
			node->next = *bucket_of(t, node->id);
			*bucket_of(t, node->id) = node;
		}
	}
	free(old.bucket);
}

void *
table_find(const struct table *t, uint64_t id)
{
	struct table_node *node;

	if (t->cap == 0)
		return NULL;
	node = *bucket_of(t, id);
	while (node != NULL && node->id != id)
		node = node->next;
	return node;
}

void
table_insert(struct table *t, struct table_node *node, uint64_t id)
{
	if (t->n >= t->cap)
		resize(t, t->cap ? t->cap * 2 : CAP_MIN);
	node->id = id;
	node->next = *bucket_of(t, id);
	*bucket_of(t, id) = node;
	t->n++;
}

void
table_remove(struct table *t, struct table_node *node)
{
	struct table_node **at = bucket_of(t, node->id);

	while (*at != node)
		at = &(*at)->next;
	*at = node->next;
	t->n--;
	if (t->cap > CAP_MIN && t->n < t->cap / 8)
		resize(t, t->cap / 2);
}

void
table_release(struct table *t)
{
	free(t->bucket);
	t->bucket = NULL;
	t->n = t->cap = 0;
}
