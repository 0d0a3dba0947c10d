/* SPDX-License-Identifier: Apache-2.0
 *
 * check_suggest.c: what the owner could publish.
 *
 * Mode enforce is suggested to those only who have a working policy by now
 * and hosts that would all pass; everybody else begins with testing
 * (RFC 8461 8.3).  Lines that begin with ';' are comments of a zone file.
 */
#include "scanner/check_suggest.h"

#include <inttypes.h>
#include <time.h>

#include "scanner/check_way.h"
#include "scanner/rules/name.h"

#include "scanner/base/banned.h"

#define TESTING_MAX_AGE 86400    /* a mistake is forgotten in a day */
#define ENFORCE_MAX_AGE 1209600  /* two weeks: RFC 8461 3.2 */

static bool
bears_enforce(const struct check_view *v)
{
	bool has_policy = v->sts == RECORD_STATUS_OK &&
	    v->policy == POLICY_STATUS_OK &&
	    (v->mode == POLICY_MODE_ENFORCE || v->mode == POLICY_MODE_TESTING);

	for (size_t i = 0; i < v->n_host; i++)
		if (check_host_tls(&v->host[i]) != TRI_YES)
			return false;
	return has_policy && v->n_host > 0;
}

static uint64_t
max_age_of(const struct check_view *v, bool enforce)
{
	if (!enforce)
		return TESTING_MAX_AGE;
	return v->mode == POLICY_MODE_ENFORCE &&
	    v->max_age > ENFORCE_MAX_AGE ? v->max_age : ENFORCE_MAX_AGE;
}

struct slice
check_suggest_policy(struct arena *a, const struct check_view *v)
{
	bool enforce = bears_enforce(v);
	struct slice text = arena_fmt(a, "version: STSv1\nmode: %s\n",
	    enforce ? "enforce" : "testing");

	for (size_t i = 0; i < v->n_host; i++)
		if (name_is_domain(v->host[i].host))
			text = arena_fmt(a, "%.*smx: %.*s\n", SLICE_ARG(text),
			    SLICE_ARG(v->host[i].host));
	return arena_fmt(a, "%.*smax_age: %" PRIu64 "\n", SLICE_ARG(text),
	    max_age_of(v, enforce));
}

struct slice
check_suggest_record(struct arena *a, int64_t now_ms)
{
	time_t t = (time_t)(now_ms / 1000);
	struct tm tm;
	char id[32] = "1";

	if (gmtime_r(&t, &tm) != NULL)
		strftime(id, sizeof(id), "%Y%m%d%H%M%SZ", &tm);
	return arena_fmt(a, "v=STSv1; id=%s;", id);
}

static size_t
hosts_to_list(const struct check_view *v)
{
	size_t n = 0;

	for (size_t i = 0; i < v->n_host; i++)
		n += name_is_domain(v->host[i].host);
	return n;
}

static void
cautions(FILE *out, const struct check_view *v)
{
	for (size_t i = 0; i < v->n_host; i++) {
		const struct check_host *h = &v->host[i];

		if (!name_is_domain(h->host))
			fprintf(out, "; careful: the MX %.*s is no host name "
			    "and cannot be listed\n", SLICE_ARG(h->host));
		else if (check_host_tls(h) == TRI_NO)
			fprintf(out, "; careful: %.*s fails until it is "
			    "repaired\n", SLICE_ARG(h->host));
		else if (check_host_tls(h) == TRI_UNKNOWN)
			fprintf(out, "; careful: %.*s could not be tested\n",
			    SLICE_ARG(h->host));
	}
}

static void
records(FILE *out, struct arena *a, const struct check_view *v,
    int64_t now_ms)
{
	struct slice record = check_suggest_record(a, now_ms);

	fputs("\n; 2. TXT records for the zone; every new policy needs a new "
	    "id\n", out);
	fprintf(out, "_mta-sts.%.*s. 3600 IN TXT \"%.*s\"\n",
	    SLICE_ARG(v->name), SLICE_ARG(record));
	if (v->tlsrpt == RECORD_STATUS_OK)
		fprintf(out, "; _smtp._tls.%.*s asks for reports already: keep "
		    "it\n", SLICE_ARG(v->name));
	else
		fprintf(out, "_smtp._tls.%.*s. 3600 IN TXT \"v=TLSRPTv1; "
		    "rua=mailto:tls-reports@%.*s\"\n", SLICE_ARG(v->name),
		    SLICE_ARG(v->name));
}

enum suggest_result
check_suggest(FILE *out, struct arena *a, const struct check_view *v,
    int64_t now_ms)
{
	struct way way;
	struct slice policy;

	check_way(a, v, &way);
	if (way.place == WAY_NO_MAIL) {
		fprintf(out, "; %.*s accepts no mail: there is nothing to "
		    "publish\n", SLICE_ARG(v->name));
		return SUGGEST_NO_MAIL;
	}
	if (v->mx_status == MX_STATUS_INCONCLUSIVE || hosts_to_list(v) == 0)
		return SUGGEST_UNKNOWN;
	policy = check_suggest_policy(a, v);
	fprintf(out, "; %.*s\n", SLICE_ARG(v->name));
	cautions(out, v);
	fprintf(out, "\n; 1. A file, as text/plain, at\n"
	    "; https://mta-sts.%.*s/.well-known/mta-sts.txt\n\n%.*s",
	    SLICE_ARG(v->name), SLICE_ARG(policy));
	records(out, a, v, now_ms);
	return SUGGEST_OK;
}
