/* SPDX-License-Identifier: Apache-2.0
 *
 * judge_parts.h: what the files judge*.c share and nobody else needs.
 */
#pragma once

#include "scanner/rules/judge.h"

/* Has the name an address?  NO: proven; UNKNOWN: a look-up failed. */
enum tri judge_has_address(const struct rrset *a, const struct rrset *aaaa);

/* A version that was negotiated and is below TLS 1.2. */
bool judge_is_old_tls(enum tls_version v);

/* A usable policy that asks something of the MX hosts. */
bool judge_policy_applies(const struct judgement *out);

/*
 * Less than 14 days and less than a third of the whole life are left.  False
 * where `now` is 0, not known, or the end is past.
 */
bool judge_expires_soon(int64_t now, int64_t not_before, int64_t not_after);

/* mx_match, mx_class and their findings, from out->host and the policy. */
void judge_match(struct arena *a, const struct domain_facts *facts,
    struct judgement *out);

/*
 * id_time, the providers, and findings that no status rests on.  Last but for
 * the verdicts: reads statuses and hosts.
 */
void judge_quality(const struct domain_facts *facts, struct judgement *out);

/*
 * Policy status, what the body says, and their findings.  True where a status
 * other than OK is final: false for what another attempt may change although
 * its layer is known (a connect time-out).
 */
bool judge_policy(struct arena *a, const struct policy_facts *facts,
    struct judgement *out);

/*
 * RFC 8461 3.3: does one address of the policy host serve a usable policy and
 * another an answer without one, or another policy?  From the policy status
 * of the fetch and from facts->other.
 */
bool judge_addresses_disagree(struct arena *a,
    const struct policy_facts *facts, const struct judgement *out);

/* The DANE part of judge_host(): reads starttls, sets the dane fields. */
void judge_host_dane(const struct host_facts *facts, struct host_state *out);

/* One host's DANE status joined with the MX answer of the domain. */
enum dane_status judge_join_dane(const struct domain_facts *facts,
    const struct host_state *state);

/* Findings and verdict_dane, from out->host and out->mx_status. */
void judge_dane(const struct domain_facts *facts, struct judgement *out);
