/* SPDX-License-Identifier: Apache-2.0
 *
 * merge_run.h: the scan and end records of several files into one of each.
 *
 * A part is what one scan record begins: a shard of a list, or a stretch of
 * it that a scan got through.  Parts go together where they are of one list
 * and asked the same in the same way; whether they are all of it is a question
 * of the shards that are complete.
 */
#pragma once

#include "output/inspect.h"
#include "output/record.h"

struct merge_part {
	const char *path;
	struct slice scan;            /* the record's bytes */
	struct slice end;             /* empty: it has none */
	struct slice shard;           /* "3/8"; empty: the whole list */
	uint64_t shard_index, shard_n; /* 0: the whole list */
	bool is_damaged;              /* its file is */
	bool is_complete;             /* every line of it has its record */
};

struct merge_run {
	struct arena *arena;
	struct vec parts; /* of struct merge_part */
};

void merge_run_init(struct merge_run *m, struct arena *a);
struct merge_part *merge_part_at(const struct merge_run *m, size_t i);
void merge_run_scan(struct merge_run *m, const char *path, struct slice scan);
/* Ends the part begun last. */
void merge_run_end(struct merge_run *m, struct slice end);

/* Do they go together?  False: `error` names what differs, in one line. */
bool merge_run_check(struct merge_run *m, char *error, size_t cap);
/*
 * Calls say() with one line for each part of the list that no file has.
 * True: there is none.
 */
bool merge_run_gaps(struct merge_run *m,
    void (*say)(void *ctx, const char *line), void *ctx);

/* Records for the new file; `found` counts what is written to it. */
struct record *merge_run_header(struct merge_run *m);
struct record *merge_run_ending(struct merge_run *m,
    const struct inspection *found, bool is_complete);
