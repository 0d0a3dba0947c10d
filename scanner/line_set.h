/* SPDX-License-Identifier: Apache-2.0
 *
 * line_set.h: lines of a list, a bit for each.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "scanner/base/arena.h"

struct line_set {
	uint8_t *bits; /* NULL: empty */
	uint64_t max;
};

/* Lines from 1 to `max`. */
static inline void
line_set_init(struct line_set *s, uint64_t max)
{
	s->bits = xcalloc(max / 8 + 1, 1);
	s->max = max;
}

static inline void
line_set_release(struct line_set *s)
{
	free(s->bits);
	s->bits = NULL;
}

static inline void
line_set_add(struct line_set *s, uint64_t line)
{
	s->bits[line / 8] |= (uint8_t)(1u << (line % 8));
}

static inline bool
line_set_has(const struct line_set *s, uint64_t line)
{
	return s->bits != NULL && line <= s->max &&
	    (s->bits[line / 8] >> (line % 8) & 1) != 0;
}
