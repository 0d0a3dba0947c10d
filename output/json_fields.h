/* SPDX-License-Identifier: Apache-2.0
 *
 * json_fields.h: which fields of a record are printed.
 *
 * A field is named by its path from the record inwards, "sts.policy.mode"; a
 * list of maps is passed through, so that "mx.host" is the host of each.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "scanner/base/text.h"

#define JSON_FIELDS_MAX 64
#define JSON_FIELDS_DEPTH 8

struct json_fields {
	struct slice part[JSON_FIELDS_MAX][JSON_FIELDS_DEPTH];
	size_t depth[JSON_FIELDS_MAX];
	size_t n;
};

/* A place inside a record: the paths that go on from there. */
struct json_inside {
	uint64_t paths; /* one bit each; none: all that is here is printed */
	size_t depth;
};

/* "a,b.c"; the text must outlive `f`.  False: empty, too many or too deep. */
bool json_fields_add(struct json_fields *f, struct slice list);
/* Does any record type of this version have the field? */
bool json_fields_is_known(const struct json_fields *f, size_t i);
/* At the record itself; `f` may be NULL. */
struct json_inside json_fields_all(const struct json_fields *f);
/* Into the value of a key; false where nothing of it is chosen. */
bool json_fields_enter(const struct json_fields *f, struct slice key,
    struct json_inside *inside);
