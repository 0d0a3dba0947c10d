-- SPDX-License-Identifier: Apache-2.0
--
-- load_domain.sql: `domain` records from a file of JSON lines ($path) of the
-- FILE numbered $file.  Keys that are not named here are skipped unread, keys
-- that are missing are null.
INSERT INTO domain
SELECT $file, line, name, rank, verdict, verdict_dane, findings,
       sts.record.status, sts.policy.status, sts.policy.mode, tlsrpt.status,
       mx_status, mx
FROM read_json($path, format = 'newline_delimited', auto_detect = false,
	maximum_object_size = 67108864, columns = {
	type: 'VARCHAR', line: 'BIGINT', name: 'VARCHAR', rank: 'BIGINT',
	verdict: 'VARCHAR', verdict_dane: 'VARCHAR', findings: 'VARCHAR[]',
	sts: 'STRUCT(record STRUCT(status VARCHAR),
	             policy STRUCT(status VARCHAR, mode VARCHAR))',
	tlsrpt: 'STRUCT(status VARCHAR)',
	mx_status: 'VARCHAR',
	mx: 'STRUCT(host VARCHAR, preference INTEGER, starttls VARCHAR,
	            tls VARCHAR, trusted BOOLEAN, name_ok BOOLEAN,
	            time_ok BOOLEAN, dane VARCHAR)[]'})
WHERE type = 'domain';
