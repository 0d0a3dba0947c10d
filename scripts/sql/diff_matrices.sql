-- SPDX-License-Identifier: Apache-2.0
--
-- diff_matrices.sql: domains of both scans by what OLD and what NEW says, of
-- verdicts and of the states of record and policy.  Every domain is in each
-- matrix once; what was not known is a state of its own, `inconclusive`.
WITH stated AS (
	SELECT {'verdict': o.verdict, 'verdict_dane': o.verdict_dane,
	        'record': o.record_word, 'policy': o.policy_word} AS old_state,
	       {'verdict': n.verdict, 'verdict_dane': n.verdict_dane,
	        'record': n.record_word, 'policy': n.policy_word} AS new_state
	FROM in_both
), counted AS (
	SELECT old_state AS o, new_state AS n, count(*) AS domains
	FROM stated GROUP BY ALL
)
SELECT matrix, was, became, sum(domains)::BIGINT AS domains
FROM (SELECT domains, unnest([
	{'matrix': 'verdict', 'was': o.verdict, 'became': n.verdict},
	{'matrix': 'verdict_dane', 'was': o.verdict_dane,
	 'became': n.verdict_dane},
	{'matrix': 'record', 'was': o.record, 'became': n.record},
	{'matrix': 'policy', 'was': o.policy, 'became': n.policy}
	], recursive := true) FROM counted)
GROUP BY ALL;
