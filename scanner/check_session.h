/* SPDX-License-Identifier: Apache-2.0
 *
 * check_session.h: one SMTP session as a TLS report counts it (RFC 8460 4.3):
 * good, failed with a result type, or not told.
 */
#pragma once

#include "scanner/check_view.h"

enum session_end {
	SESSION_UNTOLD, /* transient or unknown: RFC 8460 4.3.4 */
	SESSION_GOOD,
	SESSION_FAILED,
};

struct session_result {
	enum session_end end;
	/* Of a failure: */
	const char *type;    /* a result type of RFC 8460 4.3 */
	const char *clause;  /* "rfc8461#section-4.2" */
	struct slice reason; /* failure-reason-code */
};

/* Without a policy: all that is asked for is that TLS stands. */
struct session_result session_plain(struct arena *a,
    const struct check_address *at);
/* Under a valid MTA-STS policy (RFC 8461 4). */
struct session_result session_sts(struct arena *a, const struct check_host *h,
    const struct check_address *at);
/* Under secure TLSA records, usable or not (RFC 7672 2.2). */
struct session_result session_tlsa(struct arena *a, const struct check_host *h,
    const struct check_address *at);
