/* SPDX-License-Identifier: Apache-2.0
 *
 * policy_attempts.h: what the attempts of one policy fetch amount to.
 * Pure: outcomes in, outcomes out.
 */
#pragma once

#include "scanner/rules/facts.h"
#include "workers/reach.h"

/* Did the connection itself not come about?  Then another address may do. */
bool policy_leads_on(enum outcome o);
/* Is it a reason to leave the address alone for longer? */
bool policy_is_trouble(enum outcome o);
/* Did nothing come until our deadline? */
bool policy_is_silence(enum outcome o);

/*
 * What n attempts on several addresses that all failed amount to: that of
 * which least is known (time-out before local before unreachable before
 * refused), so that one refusal beside a silence is no proof.  NONE for 0.
 */
enum outcome policy_round_outcome(const struct policy_attempt *attempt,
    size_t n);
/* Was anything contacted, and did all of it end in silence? */
bool policy_all_timed_out(struct reach *reach,
    const struct policy_attempt *attempt, size_t n);
/* The addresses of the policy host in the order tried; NULL: no more. */
const struct address *policy_address_at(const struct policy_facts *facts,
    size_t i);
