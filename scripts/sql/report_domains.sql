-- SPDX-License-Identifier: Apache-2.0
--
-- report_domains.sql: what a page tells of each domain in `told`, worst first.
SELECT d.name, d.rank, d.verdict, d.verdict_dane, d.findings, d.mx_status,
       d.sts.record.status AS record_status, d.sts.record.txt AS record_txt,
       d.sts.policy AS policy, d.tlsrpt, d.mx
FROM domain AS d JOIN told USING (file, line)
ORDER BY place;
