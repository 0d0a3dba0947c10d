-- SPDX-License-Identifier: Apache-2.0
--
-- load_mx.sql: `mx` records from a file of JSON lines ($path) of the FILE
-- numbered $file.
INSERT INTO mx
SELECT $file, lower(host), starttls, tls, trusted, name_ok, time_ok
FROM read_json($path, format = 'newline_delimited', auto_detect = false,
	maximum_object_size = 67108864, columns = {
	type: 'VARCHAR', host: 'VARCHAR', starttls: 'VARCHAR', tls: 'VARCHAR',
	trusted: 'BOOLEAN', name_ok: 'BOOLEAN', time_ok: 'BOOLEAN'})
WHERE type = 'mx';
