/* SPDX-License-Identifier: Apache-2.0
 *
 * findings.c: the rows of findings.def and the sets that the judge fills.
 * Pure tables; `mxcensus schema`, the encoder and `check` read them.
 */
#include "scanner/rules/findings.h"

#include "scanner/base/banned.h"

#define AREA_STS_RECORD "sts_record"
#define AREA_STS_POLICY "sts_policy"
#define AREA_TLSRPT "tlsrpt"
#define AREA_MX "mx"
#define AREA_STARTTLS "starttls"
#define AREA_CERT "cert"
#define AREA_DANE "dane"

#define SEVERITY_ERROR "error"
#define SEVERITY_WARNING "warning"
#define SEVERITY_INFO "info"

/* RFC 8460 4.3: a closed list. */
#define RPT_NONE NULL
#define RPT_STARTTLS_NOT_SUPPORTED "starttls-not-supported"
#define RPT_CERTIFICATE_HOST_MISMATCH "certificate-host-mismatch"
#define RPT_CERTIFICATE_EXPIRED "certificate-expired"
#define RPT_CERTIFICATE_NOT_TRUSTED "certificate-not-trusted"
#define RPT_VALIDATION_FAILURE "validation-failure"
#define RPT_TLSA_INVALID "tlsa-invalid"
#define RPT_DNSSEC_INVALID "dnssec-invalid"
#define RPT_DANE_REQUIRED "dane-required"
#define RPT_STS_POLICY_FETCH_ERROR "sts-policy-fetch-error"
#define RPT_STS_POLICY_INVALID "sts-policy-invalid"
#define RPT_STS_WEBPKI_INVALID "sts-webpki-invalid"

static const struct finding_row rows[] = {
#define F(symbol, code, area, severity, rfc, section, rpt, sentence) \
	[FINDING_##symbol] = { code, AREA_##area, SEVERITY_##severity, rfc, \
	    section, RPT_##rpt, sentence },
#include "scanner/rules/findings.def"
#undef F
};

const struct finding_row *
finding_row(enum finding f)
{
	return &rows[f];
}

const struct finding_row *
finding_find(struct slice code)
{
	for (size_t i = 0; i < FINDING_COUNT; i++)
		if (slice_eq(slice_of(rows[i].code), code))
			return &rows[i];
	return NULL;
}

void
finding_raise(struct finding_set *s, enum finding f)
{
	s->bits[f / 64] |= UINT64_C(1) << (f % 64);
}

bool
finding_has(const struct finding_set *s, enum finding f)
{
	return (s->bits[f / 64] >> (f % 64) & 1) != 0;
}

void
finding_merge(struct finding_set *into, const struct finding_set *from)
{
	for (size_t i = 0; i < sizeof(into->bits) / sizeof(into->bits[0]); i++)
		into->bits[i] |= from->bits[i];
}

size_t
finding_count(const struct finding_set *s)
{
	size_t n = 0;

	for (enum finding f = finding_next(s, 0); f < FINDING_COUNT;
	    f = finding_next(s, f + 1))
		n++;
	return n;
}

enum finding
finding_next(const struct finding_set *s, enum finding from)
{
	while (from < FINDING_COUNT && !finding_has(s, from))
		from++;
	return from;
}
