-- SPDX-License-Identifier: Apache-2.0
--
-- diff_sts.sql: events of the MTA-STS record and policy, and of TLS-RPT.
INSERT INTO event
WITH stated AS (
	SELECT name, o, n,
		-- in a word: the mode, or what is in its way
		CASE WHEN o.is_usable THEN coalesce(o.mode, 'policy')
		     WHEN o.record = 'ok' THEN 'policy ' || o.policy_word
		     ELSE 'record ' || o.record END AS old_state,
		CASE WHEN n.is_usable THEN coalesce(n.mode, 'policy')
		     WHEN n.record = 'ok' THEN 'policy ' || n.policy_word
		     ELSE 'record ' || n.record END AS new_state,
		o.record <> 'absent' AND n.record = 'absent' AS is_removed,
		o.mode IN ('enforce', 'testing') AS was_in_force,
		o.body <> n.body AS is_other_body,
		o.id <> n.id AS is_other_id
	FROM pair
), listed AS (
	SELECT name, unnest([
	change('adopted', o.record = 'absent' AND n.record <> 'absent',
	       'absent', new_state),
	change('removed_properly', is_removed AND o.mode = 'none', 'none',
	       'absent'),
	change('removed_abruptly', is_removed AND was_in_force, o.mode,
	       'absent'),
	change('removed', is_removed AND coalesce(o.mode, '') NOT IN (
	       'none', 'enforce', 'testing'), old_state, 'absent'),
	change('record_broken', o.record = 'ok' AND n.record IN (
	       'invalid', 'multiple'), 'ok', n.record),
	change('record_repaired', o.record IN ('invalid', 'multiple')
	       AND n.record = 'ok', o.record, 'ok'),
	change('policy_broken', o.policy = 'ok' AND n.policy <> 'ok', 'ok',
	       n.policy),
	change('policy_repaired', o.policy <> 'ok' AND n.policy = 'ok',
	       o.policy, 'ok'),
	change('withdrawn', was_in_force AND n.mode = 'none', o.mode, 'none'),
	change('mode_changed', o.mode <> n.mode
	       AND NOT (was_in_force AND n.mode = 'none'), o.mode, n.mode),
	change('policy_changed_same_id', is_other_body AND NOT is_other_id,
	       o.id, n.id),
	change('id_changed_same_policy', NOT is_other_body AND is_other_id,
	       o.id, n.id),
	change('policy_changed', is_other_body AND is_other_id, o.id, n.id),
	change('policy_stale', o.hosts <> n.hosts AND o.body = n.body
	       AND n.mode <> 'none' AND o.mx_match IN ('all', 'some')
	       AND n.mx_match = 'none', o.mx_match, n.mx_match),
	change('provider_moved', o.policy_by <> n.policy_by
	       OR o.record_by <> n.record_by,
	       if(o.policy_by <> n.policy_by, o.policy_by, o.record_by),
	       if(o.policy_by <> n.policy_by, n.policy_by, n.record_by)),
	change('tlsrpt_added', NOT o.has_tlsrpt AND n.has_tlsrpt, 'absent',
	       'present'),
	change('tlsrpt_removed', o.has_tlsrpt AND NOT n.has_tlsrpt, 'present',
	       'absent')
	]) AS e FROM stated
)
SELECT name, e.event, e.was, e.became, e.host FROM listed
WHERE e IS NOT NULL;
