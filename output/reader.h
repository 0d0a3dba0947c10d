/* SPDX-License-Identifier: Apache-2.0
 *
 * reader.h: records out of a file, tolerant of damage and of a torn tail.
 *
 * Frame by frame: each is decompressed whole and its checksum verified before
 * a record of it is given out.  A frame that fails is left out whole, and
 * reading goes on at the next one that holds.
 */
#pragma once

#include <msgpack.h>
#include <stdbool.h>
#include <stdint.h>

#include "scanner/base/text.h"

struct reader;

struct reader_report {
	uint64_t frames;           /* whole and checked */
	uint64_t records;          /* given out */
	uint64_t damaged_frames;   /* skipped */
	uint64_t damaged_at;       /* offset of the first of them */
	bool torn_tail;            /* the last frame is not whole */
	uint64_t torn_at;          /* offset in the file */
	uint64_t file_bytes;       /* read so far */
	uint64_t plain_bytes;      /* of whole frames, decompressed */
	int read_error;            /* errno of a failed read; 0: none */
	bool refused;              /* strict: nothing was read behind it */
};

/* NULL: `error` says why in one line. "-" is standard input. */
struct reader *reader_open(const char *path, char *error, size_t cap);
/*
 * From here on the first damage ends the reading: it is reported as ever, and
 * nothing behind it is given out.
 */
void reader_be_strict(struct reader *r);
/* The next record (a map), valid until the next call; NULL at the end. */
const msgpack_object *reader_next(struct reader *r);
/* The bytes of that record, as the file has them; valid as long. */
struct slice reader_bytes(const struct reader *r);
void reader_report(const struct reader *r, struct reader_report *out);
/* Is everything before the end whole? */
bool reader_is_whole(const struct reader_report *report);
/* One line about what is not, for people. */
void reader_describe(const struct reader_report *report, char *out,
    size_t cap);
void reader_close(struct reader *r);
