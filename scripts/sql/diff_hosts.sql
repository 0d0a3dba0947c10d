-- SPDX-License-Identifier: Apache-2.0
--
-- diff_hosts.sql: what happened to the certificates and TLSA records of MX
-- hosts.  One row in `host_change` for each host of both scans at which
-- something did.
-- (Names that end in _ are of no column.)
CREATE TABLE host_fact AS
SELECT scan_no, file, lower(host) AS host,
	coalesce(starttls IN ('inconclusive', 'blocked'), true) AS is_unknown,
	-- The set is known where the question was answered; where it was not
	-- asked there is nothing to roll.
	if(tlsa.lookup.outcome = 'ok' AND len(tlsa.rr) > 0,
	   list_sort([concat_ws(' ', rr_.usage, rr_.selector, rr_.mtype,
	                        rr_.data) for rr_ in tlsa.rr]), NULL) AS tlsa_set,
	[at_.address for at_ in addresses] AS addresses,
	[{'address': at_.address, 'chain': at_.tls.chain,
	  'not_after': at_.tls.not_after, 'time_ok': at_.tls.time_ok,
	  'expired': coalesce(at_.tls.expired, false)}
	 for at_ in addresses if len(at_.tls.chain) > 0] AS shown
FROM mx;
-- where shards probed a host twice, the probe that found something out
CREATE TEMP TABLE probed_twice AS
SELECT scan_no, host,
       min({'is_unknown': is_unknown, 'file': -file}) AS kept
FROM host_fact GROUP BY ALL HAVING count(*) > 1;
DELETE FROM host_fact USING probed_twice AS t
WHERE host_fact.scan_no = t.scan_no AND host_fact.host = t.host
  AND {'is_unknown': is_unknown, 'file': -file} <> t.kept;

CREATE TABLE host_change AS
WITH moved AS (
	SELECT o.host, o, n,
		o.tlsa_set <> n.tlsa_set AS is_other_tlsa,
		list_has_any(o.addresses, n.addresses) AS has_same_address
	FROM (FROM host_fact WHERE scan_no = 1) AS o
	JOIN (FROM host_fact WHERE scan_no = 2) AS n USING (host)
	WHERE o.tlsa_set IS DISTINCT FROM n.tlsa_set
	   OR o.shown IS DISTINCT FROM n.shown
), old AS (
	SELECT host, unnest(o.shown) AS shown,
	       unnest(range(len(o.shown))) AS place FROM moved
), new AS (
	SELECT host, unnest(n.shown) AS shown,
	       unnest(range(len(n.shown))) AS place FROM moved
), compared AS (
	-- The same address, so that one that did not answer is no change; a
	-- host that moved away from all of them is compared in order, if every
	-- one was seen.
	SELECT host, old.shown AS o, new.shown AS n,
	       [one_.chain[1] for one_ in moved.o.shown] AS old_leaves,
	       [one_.chain[1] for one_ in moved.n.shown] AS new_leaves
	FROM moved JOIN old USING (host) JOIN new USING (host)
	WHERE if(has_same_address, old.shown.address = new.shown.address,
	         old.place = new.place
	         AND len(moved.o.shown) = len(moved.o.addresses)
	         AND len(moved.n.shown) = len(moved.n.addresses))
), judged AS (
	SELECT host,
		bool_or(o.time_ok AND NOT n.time_ok AND n.expired) AS is_expired,
		bool_or(n.not_after > o.not_after AND n.time_ok
		        AND NOT list_contains(old_leaves, n.chain[1])
		        AND NOT list_contains(new_leaves, o.chain[1]))
			AS is_renewed,
		bool_or(o.chain <> n.chain) AS is_other_chain
	FROM compared GROUP BY host
)
SELECT host, coalesce(is_expired, false) AS is_expired,
       coalesce(is_renewed, false) AS is_renewed,
       coalesce(is_other_chain, false) AS is_other_chain, is_other_tlsa
FROM moved LEFT JOIN judged USING (host);
