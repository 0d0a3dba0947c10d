/* SPDX-License-Identifier: Apache-2.0
 *
 * exclude.h: the names and networks that the user put on the exclusion list.
 *
 * Immutable once loaded; workers/reach swaps one set for another on a reload.
 */
#pragma once

#include "workers/reach.h"

struct exclude;

/* NULL: unreadable, or a bad line; `error` says which and how to repair it. */
struct exclude *exclude_load(const char *path, char *error, size_t cap);
void exclude_free(struct exclude *x);

bool exclude_has_address(const struct exclude *x, const struct address *a);
/* name: lower-case A-labels, no root dot. */
bool exclude_has_name(const struct exclude *x, struct slice name);
