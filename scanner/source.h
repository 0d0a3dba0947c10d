/* SPDX-License-Identifier: Apache-2.0
 *
 * source.h: the list: which domains, in which order, and which lines are none.
 *
 * One name a line, a rank,domain CSV, or a zone file; upper case, trailing
 * dots, U-labels, comments and blank lines are taken in stride.  A line that
 * is no domain name is counted with its reason and never stops a scan.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "scanner/base/arena.h"
#include "scanner/rules/name.h"

#define NAME_ERROR_COUNT (NAME_SINGLE_LABEL + 1)

struct source;

struct source_name {
	uint64_t line;       /* from 1 */
	uint64_t rank;       /* 0: none */
	struct slice name;   /* lower-case A-labels, no root dot */
	struct slice input;  /* as written; empty where equal to the name */
};

enum source_result { SOURCE_NAME, SOURCE_END, SOURCE_FAILED };

/* NULL: `error` says what, where and how to fix it. */
struct source *source_open(const char *path, char *error, size_t cap);
/* Names of other shards are passed over.  False: `text` is not "I/N". */
bool source_take_shard(struct source *s, const char *text);
/* The next domain; its text is valid until the next call. */
enum source_result source_next(struct source *s, struct source_name *out);
const char *source_error(const struct source *s);
bool source_is_regular(const struct source *s);
void source_digest(struct source *s, uint8_t sha256[32]);
uint64_t source_lines(const struct source *s); /* read so far */
uint64_t source_names(const struct source *s); /* given so far */
/* Lines rejected so far, by reason: NAME_EMPTY .. */
uint64_t source_rejected(const struct source *s, enum name_error reason);
uint64_t source_rejected_total(const struct source *s);
/* Called for every rejected line. */
void source_on_reject(struct source *s,
    void (*fn)(void *ctx, uint64_t line, enum name_error why,
    struct slice text), void *ctx);
/* Called before the list is waited for: it may be a slow pipe. */
void source_on_wait(struct source *s, void (*fn)(void *ctx), void *ctx);
void source_close(struct source *s);
