/* SPDX-License-Identifier: Apache-2.0
 *
 * tlsrpt.h: the TLS-RPT record (RFC 8460 section 3), pure.
 */
#pragma once

#include "scanner/base/arena.h"
#include "scanner/rules/facts.h"
#include "scanner/rules/findings.h"

struct tlsrpt_record {
	bool valid;
	bool ambiguous;
	bool resembles;
	/*
	 * Where ambiguous: by the other reading, the letter of the ABNF alone,
	 * whether a report can be sent or not.  Else false.
	 */
	bool valid_lenient;
	struct slice *rua; /* URIs as written, in order; arena */
	size_t n_rua;
	struct finding_set findings;
};

void tlsrpt_record_parse(struct arena *a, struct slice txt,
    struct tlsrpt_record *out);

struct tlsrpt_rrset {
	enum record_status status;
	bool ambiguous;
	bool valid_lenient; /* the same, of the whole answer */
	struct slice *rua;
	size_t n_rua;
	struct finding_set findings;
};

void tlsrpt_rrset_judge(struct arena *a, const struct rrset *txt,
    struct tlsrpt_rrset *out);
