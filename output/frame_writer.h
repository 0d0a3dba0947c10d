/* SPDX-License-Identifier: Apache-2.0
 *
 * frame_writer.h: bytes into independent zstd frames of a file.
 *
 * A frame is compressed whole, written, then synced: what lies before
 * frame_writer_bytes() is on the disk.  When writing fails the file is cut
 * back to there, so that it always consists of whole frames.  One thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct frame_writer;

/*
 * "-" is standard output, refused where that is a terminal.  An existing
 * regular file is refused without `force`; devices and pipes are written to.
 * NULL: `error` says why in one line.
 */
struct frame_writer *frame_writer_open(const char *path, bool force,
    int level, char *error, size_t cap);
/*
 * An existing regular file to go on with, claimed and not changed: behind
 * what is read through frame_writer_fd() it is cut, then written on.
 */
struct frame_writer *frame_writer_reopen(const char *path, int level,
    char *error, size_t cap);
int frame_writer_fd(const struct frame_writer *w);
/* Is it a file that can be cut, and no pipe, device or standard output? */
bool frame_writer_can_cut(const struct frame_writer *w);
/* Cuts the file at the end of a whole frame.  False: `error` says why. */
bool frame_writer_cut(struct frame_writer *w, uint64_t at, char *error,
    size_t cap);
void frame_writer_add(struct frame_writer *w, const void *p, size_t n);
/* What was added since the last frame goes nowhere. */
void frame_writer_forget(struct frame_writer *w);
size_t frame_writer_pending(const struct frame_writer *w); /* plain bytes */
/*
 * Makes a frame of what was added; nothing pending is fine.  False: the disk
 * failed, `error` says how, and nothing more may be added.
 */
bool frame_writer_flush(struct frame_writer *w, char *error, size_t cap);
uint64_t frame_writer_bytes(const struct frame_writer *w); /* durable */
/* Closes; what is pending is lost.  False: closing failed. */
bool frame_writer_close(struct frame_writer *w);
