/* SPDX-License-Identifier: Apache-2.0
 *
 * inspect.h: a whole file read and added up again, for `mxcensus info`.
 *
 * Counts are kept by word, so that verdicts and findings of a later version
 * are compared with `end` like any other.
 */
#pragma once

#include "output/reader.h"
#include "scanner/base/arena.h"
#include "scanner/base/text.h"

struct word_count {
	struct slice word;
	uint64_t n;
};

struct word_counts {
	struct vec v; /* of struct word_count */
};

/* What `end` claims and the records do not bear out. */
struct mismatch {
	struct slice what; /* "findings tlsrpt.absent" */
	uint64_t claimed, found;
};

struct inspection {
	struct reader_report report;
	struct word_counts types;      /* records by type */
	struct word_counts verdicts, verdicts_dane, findings, outcomes;

	bool has_scan;                 /* and it comes first */
	uint64_t format;
	struct slice version, list, stages, resolvers, ehlo_name, vantage;
	struct slice notes;
	struct slice judged_version;   /* empty: as the scan judged it */
	struct slice list_sha256;      /* hexadecimal, of the last that says */
	uint64_t started_ms;
	bool unvalidated;              /* the scan, or a session */

	bool has_end;                  /* and it comes last */
	struct slice reason;
	uint64_t ended_ms, duration_ms, list_lines;
	uint64_t dns_queries, policy_connects, smtp_connects;
	struct word_counts rejected;
	struct vec mismatches;         /* of struct mismatch */
};

/* Nothing counted so far. */
void inspection_init(struct inspection *i);
/* Adds a record to the counts of types, verdicts, findings and outcomes. */
void inspection_count(struct arena *a, struct inspection *i,
    const msgpack_object *record);

uint64_t word_count(const struct word_counts *c, struct slice word);
const struct word_count *word_count_at(const struct word_counts *c, size_t i);

/* False: the file cannot be opened, `error` says why. */
bool inspect_file(struct arena *a, const char *path, struct inspection *out,
    char *error, size_t cap);
/* Whole, begun by `scan`, ended by `end`, and the counts add up? */
bool inspection_is_good(const struct inspection *i);
