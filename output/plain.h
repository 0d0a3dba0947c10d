/* SPDX-License-Identifier: Apache-2.0
 *
 * plain.h: decompressed bytes into records.
 *
 * Nothing is unpacked before its structure is known to be sound: a count that
 * claims more than the bytes hold would otherwise be allocated.
 */
#pragma once

#include <msgpack.h>
#include <stdbool.h>

#include "scanner/base/text.h"

/* Whole records (maps with text keys), one behind the other, nothing else? */
bool plain_is_sound(struct slice plain);

struct plain {
	struct slice bytes; /* sound */
	size_t at, from;    /* of the next record, and of the last */
	msgpack_unpacked unpacked;
};

void plain_init(struct plain *p, struct slice sound);
/* The next record, valid until the next call; NULL at the end. */
const msgpack_object *plain_next(struct plain *p);
/* The bytes of the record that plain_next() gave last. */
struct slice plain_record(const struct plain *p);
void plain_release(struct plain *p);
