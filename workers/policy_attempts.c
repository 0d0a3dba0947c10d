/* SPDX-License-Identifier: Apache-2.0
 *
 * policy_attempts.c: connections that did not come about, taken together.
 */
#include "workers/policy_attempts.h"

#include "scanner/base/banned.h"

bool
policy_leads_on(enum outcome o)
{
	return o == OUTCOME_CONNECT_REFUSED || o == OUTCOME_CONNECT_TIMEOUT ||
	    o == OUTCOME_UNREACHABLE || o == OUTCOME_LOCAL;
}

bool
policy_is_silence(enum outcome o)
{
	return o == OUTCOME_CONNECT_TIMEOUT || o == OUTCOME_TLS_TIMEOUT ||
	    o == OUTCOME_TIMEOUT;
}

bool
policy_is_trouble(enum outcome o)
{
	return o == OUTCOME_TLS_FAILED || policy_is_silence(o);
}

static int
doubt_of(enum outcome o)
{
	if (o == OUTCOME_CONNECT_TIMEOUT)
		return 4;
	if (o == OUTCOME_LOCAL)
		return 3;
	if (o == OUTCOME_CONNECT_REFUSED)
		return 1;
	if (o == OUTCOME_SPECIAL_ADDRESS || o == OUTCOME_EXCLUDED)
		return 0;
	return 2;
}

enum outcome
policy_round_outcome(const struct policy_attempt *attempt, size_t n)
{
	enum outcome o = OUTCOME_NONE;

	for (size_t i = 0; i < n; i++)
		if (o == OUTCOME_NONE ||
		    doubt_of(attempt[i].outcome) >= doubt_of(o))
			o = attempt[i].outcome;
	return o;
}

bool
policy_all_timed_out(struct reach *reach,
    const struct policy_attempt *attempt, size_t n)
{
	size_t n_silent = 0;

	for (size_t i = 0; i < n; i++) {
		if (reach_address(reach, &attempt[i].address) != OUTCOME_OK)
			continue;
		if (attempt[i].outcome != OUTCOME_CONNECT_TIMEOUT)
			return false;
		n_silent++;
	}
	return n_silent > 0;
}

const struct address *
policy_address_at(const struct policy_facts *facts, size_t i)
{
	if (i < facts->a.n)
		return &facts->a.address[i];
	i -= facts->a.n;
	return i < facts->aaaa.n ? &facts->aaaa.address[i] : NULL;
}
