/* SPDX-License-Identifier: Apache-2.0
 *
 * seen_lines.h: lines of a list seen: one bit a line, in pages of 32 KiB.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SEEN_LINES_MAX (UINT64_C(1) << 40) /* a list of 1 TB at least */

struct seen_lines {
	uint8_t **page;
	size_t n_page;
};

void seen_lines_init(struct seen_lines *s);
void seen_lines_release(struct seen_lines *s);
/* False where it was there already; `line` is below SEEN_LINES_MAX. */
bool seen_lines_add(struct seen_lines *s, uint64_t line);
