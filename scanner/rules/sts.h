/* SPDX-License-Identifier: Apache-2.0
 *
 * sts.h: the MTA-STS record and policy (RFC 8461), pure.
 *
 * Parsers cannot fail: they return what they understood and raise findings.
 */
#pragma once

#include "scanner/base/arena.h"
#include "scanner/rules/facts.h"
#include "scanner/rules/findings.h"

/* RFC 8461 3.1: one TXT record, strings joined. */
struct sts_record {
	bool valid;      /* by the ABNF, and the first id is one */
	bool ambiguous;  /* a reading had to be taken (rules.md 2.2) */
	bool resembles;  /* meant to be one, valid or not */
	/*
	 * Where ambiguous: by the other reading, the letter of the ABNF, in
	 * which a malformed id is an extension named id.  Else false.
	 */
	bool valid_lenient;
	struct slice id; /* borrowed; empty where missing or invalid */
	struct slice id_lenient; /* where valid_lenient: its id */
	struct finding_set findings;
};

struct sts_record sts_record_parse(struct slice txt);

/* RFC 8461 3.1: the whole RRset at _mta-sts. */
struct sts_rrset {
	enum record_status status;
	bool ambiguous;
	/*
	 * Where ambiguous: by the other reading, which counts a record with
	 * white space before its ";" beside others.  Else false.
	 */
	bool valid_lenient;
	struct slice id;
	struct slice id_lenient; /* where valid_lenient: its id */
	struct finding_set findings;
};

struct sts_rrset sts_rrset_judge(const struct rrset *txt);

/*
 * The id read as a time stamp: YYYYMMDD, YYYYMMDDHH, YYYYMMDDHHMM or
 * YYYYMMDDHHMMSS (UTC, the years 2016 to 2099), with a `T` before the hours and
 * a `Z` at the end or without; or ten digits that are seconds since 1970, or
 * thirteen that are milliseconds, in the same years.  What begins with one of
 * the years is a date or nothing: 2026010199 has a serial number, no hour.  RFC
 * 8461 3.1 leaves an id opaque: false is no fault.  *seconds: since 1970.
 */
bool sts_id_time(struct slice id, int64_t *seconds);

/* RFC 8461 3.2: the policy file. */
struct sts_policy {
	/* Strict: the ABNF, and no known key with a bad value. */
	bool valid;
	/*
	 * After trimming, skipping blank and colon-less lines, dropping one
	 * trailing dot of an mx, clamping max_age.
	 */
	bool valid_lenient;
	bool ambiguous;
	enum policy_mode mode;   /* NULL where not understood */
	bool has_max_age;
	uint64_t max_age;        /* seconds, as written (10 digits at most) */
	struct slice *mx;        /* good patterns as written, in order; arena */
	size_t n_mx;
	struct finding_set findings;
};

void sts_policy_parse(struct arena *a, struct slice body,
    struct sts_policy *out);

/* RFC 8461 4.1: one pattern against one MX host name (A-labels). */
bool sts_mx_match(struct slice pattern, struct slice host);
bool sts_mx_match_any(const struct sts_policy *p, struct slice host);

/* RFC 8461 3.2: is this media type text/plain?  Parameters are ignored. */
bool sts_is_text_plain(struct slice content_type);
