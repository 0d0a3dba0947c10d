/* SPDX-License-Identifier: Apache-2.0
 *
 * parse_question.h: what the files parse_*.c of `mxcensus parse` share: one
 * line being answered, ways to read its JSON and to write the answer, and the
 * kinds.  A kind is one function from the input bytes to the answer.
 */
#pragma once

#include <jansson.h>

#include "scanner/base/arena.h"
#include "scanner/rules/findings.h"
#include "scanner/rules/sts.h"

#define PARSE_DECODE_FLAGS (JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES)

/* One line being answered. */
struct question {
	struct arena *arena; /* cleared behind the line */
	struct slice input;
	const json_t *ctx;   /* or NULL */
	json_t *answer;
	const char *error;   /* set: the line cannot be answered */
};

/* The text of a JSON string, borrowed; empty for anything else. */
struct slice json_slice(const json_t *s);
/* The input as a JSON object; NULL, and the error set, where it is none. */
json_t *read_object(struct question *q);
/* RFC 4648 4, padding required.  False where the text is no base64. */
bool base64_decode(struct arena *a, struct slice s, struct slice *out);

/* All of these take the value. */
void put(struct question *q, const char *key, json_t *value);
/* Null where it is empty; U+FFFD where it is no UTF-8. */
void put_slice(struct question *q, const char *key, struct slice s);
void put_list(struct question *q, const char *key, const struct slice *s,
    size_t n);
/* What every answer begins with. */
void put_verdict(struct question *q, bool valid, bool ambiguous,
    const struct finding_set *findings);
/* Mode, max_age and mx, as far as they were understood. */
void put_policy(struct question *q, const struct sts_policy *p);

/* parse_name.c: names of domains and hosts */
void parse_name(struct question *q);
/* parse_records.c: texts against their grammar */
void parse_sts_record(struct question *q);
void parse_sts_rrset(struct question *q);
void parse_sts_policy(struct question *q);
void parse_mx_match(struct question *q);
void parse_tlsrpt_record(struct question *q);
void parse_tlsrpt_rrset(struct question *q);
void parse_cert_name(struct question *q);
void parse_tlsa(struct question *q);
/* parse_facts.c: what was met on the wire, through judge_domain() */
void parse_http(struct question *q);
void parse_sts_eval(struct question *q);
/* parse_chain.c: certificates and TLSA records, through dane_match() */
void parse_tlsa_chain(struct question *q);
/* parse_rpt.c: reports of RFC 8460 */
void parse_rpt_json(struct question *q);
void parse_rpt_result(struct question *q);
