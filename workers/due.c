/* SPDX-License-Identifier: Apache-2.0
 *
 * due.c: many deadlines behind one timer.
 *
 * Pure but for the growing array.  The DNS pool keeps one entry per question
 * on the wire; a timer handle each would cost ten times as much.
 */
#include "workers/due.h"

#include <stdlib.h>

#include "scanner/base/arena.h"

#include "scanner/base/banned.h"

#define DUE_FIRST_CAP 64

static void
put(struct due_heap *h, size_t place, struct due *d)
{
	h->v[place - 1] = d;
	d->place = place;
}

static void
sift_up(struct due_heap *h, struct due *d)
{
	size_t place = d->place;

	while (place > 1 && h->v[place / 2 - 1]->at_ms > d->at_ms) {
		put(h, place, h->v[place / 2 - 1]);
		place /= 2;
	}
	put(h, place, d);
}

static void
sift_down(struct due_heap *h, struct due *d)
{
	size_t place = d->place;

	for (size_t child; (child = place * 2) <= h->n; place = child) {
		if (child < h->n && h->v[child]->at_ms < h->v[child - 1]->at_ms)
			child++;
		if (h->v[child - 1]->at_ms >= d->at_ms)
			break;
		put(h, place, h->v[child - 1]);
	}
	put(h, place, d);
}

void
due_release(struct due_heap *h)
{
	free(h->v);
	*h = (struct due_heap){ .v = NULL };
}

void
due_set(struct due_heap *h, struct due *d, uint64_t at_ms)
{
	if (d->place == 0) {
		if (h->n == h->cap) {
			h->cap = h->cap == 0 ? DUE_FIRST_CAP : h->cap * 2;
			h->v = xrealloc(h->v, h->cap * sizeof(*h->v));
		}
		put(h, ++h->n, d);
	}
	d->at_ms = at_ms;
	sift_up(h, d);
	sift_down(h, d);
}

void
due_clear(struct due_heap *h, struct due *d)
{
	struct due *last;
	size_t place = d->place;

	if (place == 0)
		return;
	d->place = 0;
	last = h->v[--h->n];
	if (last == d)
		return;
	put(h, place, last);
	sift_up(h, last);
	sift_down(h, last);
}

struct due *
due_first(const struct due_heap *h)
{
	return h->n == 0 ? NULL : h->v[0];
}
