/* SPDX-License-Identifier: Apache-2.0
 *
 * findings.h: the catalogue of findings.def and sets of findings.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scanner/base/text.h"

enum finding {
#define F(symbol, code, area, severity, rfc, section, rpt, sentence) \
	FINDING_##symbol,
#include "scanner/rules/findings.def"
#undef F
	FINDING_COUNT
};

struct finding_row {
	const char *code;
	const char *area;     /* "sts_record" */
	const char *severity; /* "error" "warning" "info" */
	const char *rfc;
	const char *section;
	const char *rpt;      /* RFC 8460 4.3 result type, or NULL */
	const char *sentence;
};

const struct finding_row *finding_row(enum finding f);
/* The row of a code; NULL: a later version's finding. */
const struct finding_row *finding_find(struct slice code);

/* A set; iteration is in the order of the table. */
struct finding_set {
	uint64_t bits[(FINDING_COUNT + 63) / 64];
};

void finding_raise(struct finding_set *s, enum finding f);
bool finding_has(const struct finding_set *s, enum finding f);
void finding_merge(struct finding_set *into, const struct finding_set *from);
size_t finding_count(const struct finding_set *s);
/* Next one at or after `from`, or FINDING_COUNT. */
enum finding finding_next(const struct finding_set *s, enum finding from);
