/* SPDX-License-Identifier: Apache-2.0
 *
 * check_view.h: records as `mxcensus check` shows them: a domain with the mx
 * records of its hosts and the certificates those presented.
 *
 *   cert, mx, domain records -> check_view_take() -> struct check_view
 *
 * Everything lives in the arena of the collection.  All text is printable
 * ASCII: what strangers wrote cannot steer a terminal.
 */
#pragma once

#include "scanner/check_read.h"
#include "scanner/rules/findings.h"

/* Who asked, and when. */
struct check_run {
	uint64_t started_ms, ended_ms; /* since 1970 */
	struct slice ehlo_name, contact, vantage;
};

struct check_cert {
	struct slice sha256;        /* bytes */
	struct slice name, issuer;  /* its first DNS name */
	size_t n_name;
	uint64_t not_before, not_after; /* seconds since 1970 */
};

struct check_address {
	struct slice address, reply; /* to STARTTLS */
	enum starttls_status starttls;
	enum outcome outcome;
	uint64_t banner_code, starttls_code; /* 0: none */
	struct slice banner;         /* its first line */
	struct slice tls;            /* "1.3"; empty: none */
	struct slice alert, tls_error;
	enum tri trusted, name_ok, time_ok;
	bool expired, not_yet, self_signed, has_chain;
	bool has_dane;               /* the TLSA set was compared */
	enum tri dane_matched;
	bool ta_name_failed;
	uint64_t dane_usable;
	struct slice alternative;    /* "3 0 1" would match; empty: none */
	struct slice verify_error;
	struct check_cert *cert;     /* NULL: none seen */
};

struct check_host {
	struct slice host;
	uint64_t preference;
	enum tri in_policy, trusted, name_ok, time_ok;
	enum starttls_status starttls;
	struct slice tls;            /* "1.3"; empty: none */
	enum dane_status dane;
	enum outcome a, aaaa;
	struct slice tlsa_base;      /* empty: the host itself */
	enum outcome tlsa_lookup;    /* NONE: not asked */
	enum tri tlsa_secure;
	struct check_texts tlsa;     /* "3 1 1 0a1b..." */
	size_t n_tlsa_usable;
	const struct check_address *address;
	size_t n_address;
};

struct check_view {
	uint64_t line;
	struct slice name;
	bool excluded;
	enum verdict verdict, verdict_dane;

	enum record_status sts;
	enum outcome sts_lookup;
	struct check_texts sts_txt;
	struct slice sts_provider;   /* empty: none that we know */

	enum policy_status policy;
	enum policy_mode mode;
	uint64_t max_age;
	struct check_texts patterns;
	struct check_texts policy_lines;
	struct slice policy_provider;
	uint64_t policy_not_after;   /* of its certificate; 0: none seen */
	enum outcome policy_outcome;
	uint64_t http_status;        /* 0: none */
	struct slice location;

	enum record_status tlsrpt;
	enum outcome tlsrpt_lookup;
	struct check_texts tlsrpt_txt, rua;

	enum mx_status mx_status;
	enum outcome mx_lookup;
	enum tri mx_secure;          /* unknown: no resolver we may believe */
	const struct check_host *host;
	size_t n_host;

	const struct finding_row *const *finding;
	size_t n_finding;
};

struct check_views {
	struct arena *arena;
	struct vec certs, hosts;     /* met so far */
	struct vec views;            /* of struct check_view, by line */
	struct check_run run;
};

void check_views_init(struct check_views *v);
void check_views_release(struct check_views *v);
/* Records in the order of the file; other types are passed over. */
void check_views_take(struct check_views *v, const msgpack_object *record);

/* Is this a version that MTA-STS forbids (RFC 8461 7.2)?  Empty is none. */
bool check_tls_is_old(struct slice version);
/* Would this host pass under a policy that lists it (RFC 8461 4.1, 4.2)? */
enum tri check_host_tls(const struct check_host *h);
/* Does DNSSEC go unjudged because no resolver may be believed? */
bool check_view_is_dnssec_blind(const struct check_view *v);
/* Did something stay unknown that another run may find out? */
bool check_view_is_open(const struct check_view *v);
/* Is something broken: an error, or a verdict that refuses mail? */
bool check_view_is_wrong(const struct check_view *v);
bool check_view_has(const struct check_view *v, enum finding f);
