/* SPDX-License-Identifier: Apache-2.0
 *
 * shard.h: which part of a list is ours, for `scan --shard I/N`.
 *
 * A domain belongs to shard 1 + H % N, where H is SipHash-2-4 of its name
 * (lower-case A-labels, no root dot) with a key of zeros: the same on every
 * machine and in every version, and the same for a name that the list repeats.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "scanner/base/text.h"

#define SHARD_MAX 100000

struct shard {
	uint64_t index, n; /* from 1; n 0: everything is ours */
};

/* "3/8"; NULL is everything.  False: it is no such thing. */
bool shard_parse(const char *text, struct shard *out);
bool shard_has(const struct shard *s, struct slice name);
