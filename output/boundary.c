/* SPDX-License-Identifier: Apache-2.0
 *
 * boundary.c: a short list of ends of frames.
 */
#include "output/boundary.h"

#include <string.h>

#include "scanner/base/banned.h"

static void
drop(struct boundaries *b, size_t i)
{
	memmove(&b->v[i], &b->v[i + 1], (b->n - i - 1) * sizeof(b->v[0]));
	b->n--;
}

/* Between whose neighbours there is the least time; not the first two. */
static size_t
least_missed(const struct boundaries *b)
{
	size_t best = 2;

	for (size_t i = 3; i + 1 < b->n; i++)
		if (b->v[i + 1].at_ms - b->v[i - 1].at_ms <
		    b->v[best + 1].at_ms - b->v[best - 1].at_ms)
			best = i;
	return best;
}

void
boundaries_add(struct boundaries *b, const struct boundary *one,
    uint64_t keep_ms)
{
	/* the second is not needed where the third is early enough */
	while (b->n > 2 && b->v[2].at_ms <= keep_ms)
		drop(b, 1);
	if (b->n == BOUNDARIES_MAX)
		drop(b, least_missed(b));
	b->v[b->n++] = *one;
}

const struct boundary *
boundaries_find(const struct boundaries *b, uint64_t ms)
{
	size_t i = b->n - 1;

	while (i > 0 && b->v[i].at_ms > ms)
		i--;
	return &b->v[i];
}
