-- SPDX-License-Identifier: Apache-2.0
--
-- trend_part.sql: the relations of one scan, or of those of its domains that
-- a neighbouring scan has too, in a schema of their own; the tables of a
-- summary then count these alone.  The first schema of the search path is
-- where they go; `part` says which scan, and beside which other.
CREATE VIEW domain AS
SELECT * FROM main.domain
WHERE scan_no = (SELECT scan_no FROM part)
  AND ((SELECT beside FROM part) IS NULL
       OR name IN (SELECT name FROM main.listed
                   WHERE scan_no = (SELECT beside FROM part)));
CREATE VIEW mx AS
SELECT * FROM main.mx WHERE scan_no = (SELECT scan_no FROM part);
