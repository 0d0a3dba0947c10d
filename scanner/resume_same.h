/* SPDX-License-Identifier: Apache-2.0
 *
 * resume_same.h: is this the scan that the file was begun with?
 */
#pragma once

#include "output/unpack.h"
#include "scanner/manifest.h"

/*
 * NULL: the same list, rules of reading and options, but for those that
 * change nothing in a record.  Else what differs, in words that follow the
 * file's name; they live in the arena.
 */
const char *resume_difference(struct arena *a, const msgpack_object *scan,
    struct run *r, const struct list_facts *list);
