/* SPDX-License-Identifier: Apache-2.0
 *
 * record.h: facts to msgpack, one record at a time.
 *
 * The encoder takes field numbers of record.def only, so that a field without
 * a row cannot be written.  Encoding happens in the worker's thread; a record
 * is then a blob that the sink owns.
 */
#pragma once

#include <stdint.h>

#include "scanner/rules/facts.h"
#include "scanner/rules/judge.h"

#define RECORD_FORMAT 1

enum field {
#define R(object, name, type, sub, keep, sentence) FIELD_##object##_##name,
#include "output/record.def"
#undef R
	FIELD_COUNT
};

enum field_type {
	FIELD_STR, FIELD_BIN, FIELD_UINT, FIELD_INT, FIELD_BOOL, FIELD_TIME,
	FIELD_SECONDS, FIELD_WORD, FIELD_MAP, FIELD_COUNTS, FIELD_STRS,
	FIELD_BINS, FIELD_WORDS, FIELD_MAPS, FIELD_STRLISTS,
};

struct field_row {
	const char *object;
	const char *name;
	enum field_type type;
	const char *type_word; /* "STR" */
	const char *sub;
	bool stable;
	const char *sentence;
};

const struct field_row *field_row(enum field f);
/* The row of a name inside an object; NULL: a later version's field. */
const struct field_row *field_find(struct slice object, struct slice name);

enum record_type { RECORD_SCAN, RECORD_DOMAIN, RECORD_MX, RECORD_CERT,
	RECORD_SESSION, RECORD_END };

/* What `end` adds up. */
struct tally {
	uint64_t domains, mx_hosts, certificates;
	uint64_t verdict[VERDICT_COUNT];
	uint64_t verdict_dane[VERDICT_COUNT];
	uint64_t finding[FINDING_COUNT];
	uint64_t outcome[OUTCOME_COUNT];
};

void tally_add(struct tally *into, const struct tally *from);

/* One encoded record; opaque to everybody but the sink. */
struct record;

void record_free(struct record *r);

struct domain_meta {
	uint64_t line;
	struct slice input;   /* empty where equal to the name */
	uint64_t rank;        /* 0: none */
	int64_t started_ms;   /* since 1970 */
	uint32_t elapsed_ms;
	bool excluded;
	bool single_resolver; /* then lookups do not name it */
};

struct record *record_domain(const struct domain_meta *meta,
    const struct domain_facts *facts, const struct judgement *judgement);

struct mx_meta {
	int64_t started_ms;
	uint32_t elapsed_ms;
	bool single_resolver;
};

struct record *record_mx(const struct mx_meta *meta,
    const struct host_facts *facts, const struct host_state *state);
struct record *record_cert(const struct cert_facts *facts);

struct scan_meta {
	struct slice version, list, ehlo_name, contact, vantage, notes;
	const struct slice *library, *option, *stage, *resolver;
	size_t n_library, n_option, n_stage, n_resolver;
	bool has_list_digest;
	uint8_t list_sha256[32];
	uint64_t list_lines;
	bool trust_ad, ipv6;
	bool unvalidated;     /* no resolver's AD is believed */
	bool is_judged_again; /* read only: not by the scan's own rules */
	bool has_trust;
	uint8_t trust_sha256[32];
	uint64_t trust_certificates;
	int64_t started_ms;
};

struct record *record_scan(const struct scan_meta *meta);

struct rejected_count {
	const char *reason;
	uint64_t n;
};

struct end_meta {
	const char *reason;
	uint8_t list_sha256[32];
	uint64_t list_lines;
	const struct rejected_count *rejected;
	size_t n_rejected;
	struct tally tally;
	int64_t ended_ms;
	uint64_t duration_ms;
	uint64_t dns_queries, policy_connects, smtp_connects;
};

struct record *record_end(const struct end_meta *meta);

/* Where an unfinished scan is gone on with. */
struct session_meta {
	struct slice version, vantage;
	const struct slice *resolver;
	size_t n_resolver;
	int64_t started_ms;
	uint64_t domains;             /* records before it */
	uint64_t cut_bytes;           /* that were no whole frames */
	bool unvalidated;             /* from here on */
	const struct end_meta *previous; /* NULL: the scan was killed */
};

struct record *record_session(const struct session_meta *meta);
