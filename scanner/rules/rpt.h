/* SPDX-License-Identifier: Apache-2.0
 *
 * rpt.h: what a TLS report must hold (RFC 8460 4.3, 4.4).
 *
 * Speaks of values, not of JSON: whoever walks the text asks, object by
 * object and member by member, how each value stands.  Unknown members are
 * nobody's business here.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scanner/base/text.h"

enum rpt_grade {
	RPT_GOOD,
	RPT_SILENT, /* the RFC does not say; we read on */
	RPT_BAD,
};

enum rpt_object {
	RPT_REPORT,
	RPT_DATE_RANGE,
	RPT_ENTRY,   /* of "policies" */
	RPT_POLICY,
	RPT_SUMMARY,
	RPT_DETAIL,  /* of "failure-details" */
	RPT_OBJECTS
};

enum rpt_type {
	RPT_IS_TEXT,
	RPT_IS_DATE_TIME,   /* RFC 3339 5.6 */
	RPT_IS_MAILBOX,     /* RFC 5322 3.4.1 */
	RPT_IS_DOMAIN,
	RPT_IS_ADDRESS,
	RPT_IS_TEXTS,       /* an array of strings */
	RPT_IS_COUNT,
	RPT_IS_POLICY_TYPE,
	RPT_IS_RESULT_TYPE,
	RPT_IS_OBJECT,
	RPT_IS_OBJECTS,     /* an array of objects */
};

struct rpt_member {
	const char *name;
	enum rpt_type type;
	enum rpt_grade if_absent;
};

/* The members that an object of a report has. */
const struct rpt_member *rpt_members(enum rpt_object object, size_t *n);

enum rpt_shape {
	RPT_ABSENT,
	RPT_NULL,
	RPT_STRING,
	RPT_NATURAL, /* an integer from 0 up */
	RPT_LIST,
	RPT_MAP,
	RPT_OTHER,
};

struct rpt_value {
	enum rpt_shape shape;
	struct slice text;   /* RPT_STRING */
	size_t n;            /* RPT_LIST: elements */
	bool all_strings;    /* RPT_LIST */
};

/* `why` is set, to a phrase, where the grade is not good. */
enum rpt_grade rpt_check(const struct rpt_member *member,
    const struct rpt_value *value, const char **why);

/* RFC 8460 4.3: the closed list of 11; a registry may add to it (6). */
bool rpt_is_result_type(struct slice token);
/* RFC 8460 4.4: "tlsa", "sts", "no-policy-found". */
bool rpt_is_policy_type(struct slice token);
/* RFC 3339 5.6, to seconds since 1970 without leap seconds. */
bool rpt_date_time(struct slice s, int64_t *seconds);
