/* SPDX-License-Identifier: Apache-2.0
 *
 * check_suggest.h: TXT records and a policy file that fit a domain's MX set.
 */
#pragma once

#include <stdio.h>

#include "scanner/check_view.h"

enum suggest_result {
	SUGGEST_OK,
	SUGGEST_NO_MAIL, /* said so; there is nothing to publish */
	SUGGEST_UNKNOWN, /* the MX hosts are not known: nothing was printed */
};

/* The policy file alone, LF lines; its mode is what the hosts can bear. */
struct slice check_suggest_policy(struct arena *a, const struct check_view *v);
/* The TXT record at _mta-sts; `now_ms` is since 1970. */
struct slice check_suggest_record(struct arena *a, int64_t now_ms);
/* All of it, for a zone file and a web server. */
enum suggest_result check_suggest(FILE *out, struct arena *a,
    const struct check_view *v, int64_t now_ms);
