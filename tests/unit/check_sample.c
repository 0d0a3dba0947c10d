/* SPDX-License-Identifier: Apache-2.0
 *
 * check_sample.c: the domain of check_sample.h.
 */
#include "tests/unit/check_sample.h"

#include "scanner/base/banned.h"

void
check_sample_make(struct check_sample *s)
{
	*s = (struct check_sample){ .txt = SLICE_LIT("v=STSv1; id=1;"),
		.pattern = SLICE_LIT("*.a.example") };
	for (size_t i = 0; i < CHECK_SAMPLE_HOSTS; i++)
		s->host[i] = (struct check_host){
			.host = i == 0 ? SLICE_LIT("mx1.a.example") :
			    SLICE_LIT("mx2.a.example"),
			.preference = 10 * (i + 1), .in_policy = TRI_YES,
			.trusted = TRI_YES, .name_ok = TRI_YES,
			.time_ok = TRI_YES, .starttls = STARTTLS_STATUS_OK,
			.tls = SLICE_LIT("1.3"), .dane = DANE_STATUS_ABSENT,
		};
	s->view = (struct check_view){ .line = 1,
		.name = SLICE_LIT("a.example"),
		.verdict = VERDICT_TESTING_OK, .verdict_dane = VERDICT_NONE,
		.sts = RECORD_STATUS_OK, .sts_txt = { &s->txt, 1 },
		.policy = POLICY_STATUS_OK, .mode = POLICY_MODE_TESTING,
		.max_age = 604800, .patterns = { &s->pattern, 1 },
		.tlsrpt = RECORD_STATUS_OK, .mx_status = MX_STATUS_OK,
		.mx_lookup = OUTCOME_OK, .mx_secure = TRI_NO,
		.host = s->host, .n_host = CHECK_SAMPLE_HOSTS };
}
