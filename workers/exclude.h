/* SPDX-License-Identifier: Apache-2.0
 *
 * exclude.h: the names and networks that the user put on the exclusion list.
 *
 * Immutable once loaded; workers/reach swaps one set for another on a reload.
 */
#pragma once

#include "workers/reach.h"

struct exclude;

/*
 * What n files exclude together.  NULL: one is unreadable, or has a bad line;
 * `error` says which and how to repair it.
 */
struct exclude *exclude_load(const char *const *path, size_t n, char *error,
    size_t cap);
void exclude_free(struct exclude *x);

bool exclude_has_address(const struct exclude *x, const struct address *a);
/* name: lower-case A-labels, no root dot. */
bool exclude_has_name(const struct exclude *x, struct slice name);
