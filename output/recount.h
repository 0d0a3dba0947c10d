/* SPDX-License-Identifier: Apache-2.0
 *
 * recount.h: stored records into the counts of `end`, as the encoder counted
 * them when they were written.
 */
#pragma once

#include <msgpack.h>

#include "output/record.h"

/*
 * Adds a domain, mx or cert record; others add nothing.  False: it holds a
 * word that this version does not know and cannot count.
 */
bool recount_record(struct tally *into, const msgpack_object *record);
