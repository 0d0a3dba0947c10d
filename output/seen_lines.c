/* SPDX-License-Identifier: Apache-2.0
 *
 * seen_lines.c: pages of bits that come as they are needed.
 */
#include "output/seen_lines.h"

#include <stdlib.h>
#include <string.h>

#include "scanner/base/arena.h"

#include "scanner/base/banned.h"

#define PAGE_BYTES 32768
#define PAGE_LINES (PAGE_BYTES * 8)

void
seen_lines_init(struct seen_lines *s)
{
	*s = (struct seen_lines){ .page = NULL };
}

void
seen_lines_release(struct seen_lines *s)
{
	for (size_t i = 0; i < s->n_page; i++)
		free(s->page[i]);
	free(s->page);
	seen_lines_init(s);
}

static void
grow(struct seen_lines *s, size_t n)
{
	s->page = xrealloc(s->page, n * sizeof(s->page[0]));
	memset(s->page + s->n_page, 0, (n - s->n_page) * sizeof(s->page[0]));
	s->n_page = n;
}

bool
seen_lines_add(struct seen_lines *s, uint64_t line)
{
	size_t i = (size_t)(line / PAGE_LINES);
	size_t at = (size_t)(line % PAGE_LINES);
	uint8_t bit = (uint8_t)(1u << at % 8);

	if (i >= s->n_page)
		grow(s, i < 2 * s->n_page ? 2 * s->n_page : i + 1);
	if (s->page[i] == NULL)
		s->page[i] = xcalloc(PAGE_BYTES, 1);
	if ((s->page[i][at / 8] & bit) != 0)
		return false;
	s->page[i][at / 8] |= bit;
	return true;
}
