-- SPDX-License-Identifier: Apache-2.0
--
-- cross.sql: MTA-STS and DANE together, of domains with MX; published, then
-- usable: an enforced policy, TLSA records that hold on every MX host.
WITH asked AS (
	SELECT has_sts, tlsa_any, dane_all, tlsrpt_valid, mx_ad,
		coalesce(has_tlsrpt, false) AS has_tlsrpt,
		-- no record, no policy; a record without answer leaves it open
		CASE WHEN NOT has_sts THEN false
		     WHEN sts_valid IS NOT true THEN
		         if(sts_valid IS NULL, NULL, false)
		     WHEN policy_usable THEN policy_mode = 'enforce'
		     ELSE policy_usable END AS enforces
	FROM measured WHERE in_mail
)
SELECT unnest([
	tally('Published', 'both', 'MTA-STS and DANE', true,
	      if(has_sts IS NULL OR tlsa_any IS NULL, NULL,
	         has_sts AND tlsa_any)),
	tally('Published', 'sts_only', 'MTA-STS alone', true,
	      if(has_sts IS NULL OR tlsa_any IS NULL, NULL,
	         has_sts AND NOT tlsa_any)),
	tally('Published', 'dane_only', 'DANE alone', true,
	      if(has_sts IS NULL OR tlsa_any IS NULL, NULL,
	         NOT has_sts AND tlsa_any)),
	tally('Published', 'neither', 'neither', true,
	      if(has_sts IS NULL OR tlsa_any IS NULL, NULL,
	         NOT has_sts AND NOT tlsa_any)),

	tally('Holds', 'usable_both', 'enforce and DANE on all hosts', true,
	      if(enforces IS NULL OR dane_all IS NULL, NULL,
	         enforces AND dane_all)),
	tally('Holds', 'usable_sts_only', 'enforce alone', true,
	      if(enforces IS NULL OR dane_all IS NULL, NULL,
	         enforces AND NOT dane_all)),
	tally('Holds', 'usable_dane_only', 'DANE on all hosts alone', true,
	      if(enforces IS NULL OR dane_all IS NULL, NULL,
	         NOT enforces AND dane_all)),
	tally('Holds', 'usable_neither', 'neither', true,
	      if(enforces IS NULL OR dane_all IS NULL, NULL,
	         NOT enforces AND NOT dane_all)),

	tally('DNSSEC', 'sts_signed', 'MX signed, of MTA-STS', has_sts, mx_ad),
	tally('DNSSEC', 'signed_dane', 'DANE, of MX signed', mx_ad, tlsa_any)
], recursive := true)
FROM asked;
