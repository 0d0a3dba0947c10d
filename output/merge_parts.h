/* SPDX-License-Identifier: Apache-2.0
 *
 * merge_parts.h: what merge_run and its records share: a stored record that
 * is looked into.
 */
#pragma once

#include <msgpack.h>

#include "output/merge_run.h"

/* Unpacked; its text lies in `bytes`.  Empty bytes give an empty map. */
void stored_open(msgpack_unpacked *u, struct slice bytes);
/* Is an option one that shards of one scan may differ in? */
bool option_may_differ(struct slice option);
/* Is the text among the items of a list? */
bool list_has(const msgpack_object *list, struct slice text);
