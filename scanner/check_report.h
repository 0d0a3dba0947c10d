/* SPDX-License-Identifier: Apache-2.0
 *
 * check_report.h: the TLS report (RFC 8460 4.4) that a sender who follows
 * MTA-STS and DANE would have sent for the sessions of one run.
 *
 * - Each address that was contacted is one session.  It is counted under
 *   every policy that applied to it, or under no-policy-found.
 * - A session of which nothing is known for certain is in no count (4.3.4).
 * - A policy that could not be had (a fetch that fails, a look-up that DNSSEC
 *   rejects) is one failure of its own, with no session behind it.
 */
#pragma once

#include <jansson.h>

#include "scanner/check_view.h"

/* Empty where not known: the member is then left out. */
struct report_sender {
	struct slice organization;
	struct slice contact;   /* a mailbox */
	struct slice source_ip; /* as the receivers see it */
};

/* Who the run says it is, where the user says nothing. */
struct report_sender report_sender_of(struct arena *a,
    const struct check_run *run);
/* Can a report say this under contact-info? */
bool report_is_mailbox(struct slice s);
/*
 * The caller releases it with json_decref().  NULL: nothing could be
 * determined, so there is nothing to tell.
 */
json_t *check_report(const struct check_run *run,
    const struct report_sender *sender, const struct check_view *v);
