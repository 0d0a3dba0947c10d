-- SPDX-License-Identifier: Apache-2.0
--
-- also_names.sql: name servers (`--also ns`), beside the names of names.sql.
INSERT INTO asked
SELECT DISTINCT lower(unnest(also.ns.rr)) AS name FROM domain
WHERE len(also.ns.rr) > 0
EXCEPT SELECT name FROM asked
ORDER BY name;
