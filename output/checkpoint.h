/* SPDX-License-Identifier: Apache-2.0
 *
 * checkpoint.h: how far a file of ours is whole, for who goes on writing it.
 *
 * Each frame is durable before the next is begun, so the whole frames from
 * the file's beginning on are the checkpoint: nothing beside them can
 * disagree.  Stricter than the reader: it ends at the first frame that is not
 * whole, whatever follows.
 */
#pragma once

#include <msgpack.h>
#include <stdbool.h>
#include <stdint.h>

struct checkpoint;

/* From the beginning of an open regular file, which stays the caller's. */
struct checkpoint *checkpoint_new(int fd);
/* The next record, valid until the next call; NULL behind the last. */
const msgpack_object *checkpoint_next(struct checkpoint *c);
/* Where the frame of that record begins, and where it ends. */
uint64_t checkpoint_frame_begin(const struct checkpoint *c);
uint64_t checkpoint_frame_end(const struct checkpoint *c);
/* After NULL: errno where the file could not be read on; 0: it could. */
int checkpoint_error(const struct checkpoint *c);
/* Could the file be one whose first frame is torn, and nothing else? */
bool checkpoint_is_blank(const struct checkpoint *c);
void checkpoint_free(struct checkpoint *c);
