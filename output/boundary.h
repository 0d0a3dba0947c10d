/* SPDX-License-Identifier: Apache-2.0
 *
 * boundary.h: ends of frames at which a file may yet be cut, with what it
 * adds up to there.  Few are kept: where a cut finds none that is near, it
 * takes one before.  Pure bookkeeping of the writer's thread.
 */
#pragma once

#include "output/record.h"

#define BOUNDARIES_MAX 16

struct boundary {
	uint64_t at_ms;       /* what stands before it was posted by then */
	uint64_t bytes;       /* of the file */
	struct tally tally;
};

struct boundaries {
	struct boundary v[BOUNDARIES_MAX]; /* in order; the first one stays */
	size_t n;
};

/*
 * Adds one that is later than all others.  keep_ms: no cut will ask for a
 * moment before it.
 */
void boundaries_add(struct boundaries *b, const struct boundary *one,
    uint64_t keep_ms);
/* The last one with at_ms <= ms, else the first; there is one at least. */
const struct boundary *boundaries_find(const struct boundaries *b,
    uint64_t ms);
