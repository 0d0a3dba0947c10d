-- SPDX-License-Identifier: Apache-2.0
--
-- dane_matrix.sql: the codes of Lee et al. (USENIX Security 2022): is the TLSA
-- answer secure, does a record match, what became of the chain; of distinct MX
-- hosts with TLSA records.  Nothing can match where no chain was sent, so there
-- are ten cells; the eleventh is that no session stood.
WITH worst AS (
	SELECT host, bool_or(dane_matched) AS matched,
		max(chain_length) AS chain_length,
		bool_and(trusted AND time_ok) AS chain_ok
	FROM session WHERE tls_outcome = 'ok' GROUP BY host
), asked AS (
	SELECT tlsa_secure, CASE
		WHEN worst.host IS NOT NULL THEN
			if(coalesce(matched, false), 'matched_', 'unmatched_')
			|| CASE WHEN chain_length = 0 THEN 'empty'
			        WHEN chain_ok THEN 'ok' ELSE 'bad' END
		-- blocked, or silent: nobody knows
		WHEN starttls IN ('not_offered', 'refused', 'tls_failed',
		                  'unreachable') THEN 'none' END AS cell
	FROM host LEFT JOIN worst USING (host) WHERE has_tlsa
)
SELECT unnest([
	tally('Secure answer', 'secure_matched_ok', 'match, chain ok', true,
	      if(cell = 'none', false, tlsa_secure AND cell = 'matched_ok')),
	tally('Secure answer', 'secure_matched_bad', 'match, chain bad', true,
	      if(cell = 'none', false, tlsa_secure AND cell = 'matched_bad')),
	tally('Secure answer', 'secure_unmatched_ok', 'no match, chain ok',
	      true, if(cell = 'none', false,
	               tlsa_secure AND cell = 'unmatched_ok')),
	tally('Secure answer', 'secure_unmatched_empty',
	      'no match, no chain', true, if(cell = 'none', false,
	      tlsa_secure AND cell = 'unmatched_empty')),
	tally('Secure answer', 'secure_unmatched_bad', 'no match, chain bad',
	      true, if(cell = 'none', false,
	               tlsa_secure AND cell = 'unmatched_bad')),
	tally('Answer not secure', 'insecure_matched_ok', 'match, chain ok',
	      true, if(cell = 'none', false,
	               NOT tlsa_secure AND cell = 'matched_ok')),
	tally('Answer not secure', 'insecure_matched_bad', 'match, chain bad',
	      true, if(cell = 'none', false,
	               NOT tlsa_secure AND cell = 'matched_bad')),
	tally('Answer not secure', 'insecure_unmatched_ok',
	      'no match, chain ok', true, if(cell = 'none', false,
	      NOT tlsa_secure AND cell = 'unmatched_ok')),
	tally('Answer not secure', 'insecure_unmatched_empty',
	      'no match, no chain', true, if(cell = 'none', false,
	      NOT tlsa_secure AND cell = 'unmatched_empty')),
	tally('Answer not secure', 'insecure_unmatched_bad',
	      'no match, chain bad', true, if(cell = 'none', false,
	      NOT tlsa_secure AND cell = 'unmatched_bad')),
	tally('No TLS', 'no_session', 'no session stood', true,
	      cell = 'none')
], recursive := true)
FROM asked;
