/* SPDX-License-Identifier: Apache-2.0
 *
 * due.h: many deadlines behind one timer: a binary heap of embedded entries.
 *
 * The heap owns its array of pointers, never the entries; an entry knows its
 * place, so that moving and removing it is cheap.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct due {
	uint64_t at_ms;
	size_t place; /* in the heap, from 1; 0: in no heap */
	void (*fire)(void *ctx, struct due *d);
};

struct due_heap {
	struct due **v;
	size_t n, cap;
};

void due_release(struct due_heap *h); /* the array; entries stay as they are */
/* Enters d, or moves it, to at_ms. */
void due_set(struct due_heap *h, struct due *d, uint64_t at_ms);
/* Takes d out; fine where it is in no heap. */
void due_clear(struct due_heap *h, struct due *d);
/* The earliest, or NULL. */
struct due *due_first(const struct due_heap *h);
