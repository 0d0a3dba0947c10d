-- SPDX-License-Identifier: Apache-2.0
--
-- report_layers.sql: how far a sender comes at domains with an STS record: the
-- first layer that fails, or ok.  A time-out is inconclusive, whatever layer
-- it happened in; every domain with a record is counted once.
SELECT CASE WHEN sts.record.status <> 'ok' THEN 'record'
            WHEN coalesce(sts.policy.status, 'none_tried')
                 IN ('inconclusive', 'none_tried') THEN 'inconclusive'
            -- a connect time-out is stored as tcp; the verdict tells it from
            -- a refusal
            WHEN sts.policy.status = 'tcp' AND verdict = 'inconclusive'
            THEN 'inconclusive'
            ELSE sts.policy.status END AS layer,
       count(*) AS domains
FROM domain
WHERE sts.record.status IN ('ok', 'invalid', 'multiple')
GROUP BY layer
ORDER BY list_position(['ok', 'record', 'dns', 'tcp', 'tls', 'http', 'syntax',
	'inconclusive'], layer) NULLS LAST, layer;
