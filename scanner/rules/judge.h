/* SPDX-License-Identifier: Apache-2.0
 *
 * judge.h: facts in, judgement out.  Pure: no I/O, no clock, no globals.
 *
 *   judge_host()    facts of one MX host -> what every domain needs of it
 *   judge_domain()  facts of one domain  -> statuses, findings, verdicts
 */
#pragma once

#include "scanner/base/arena.h"
#include "scanner/rules/also.h"
#include "scanner/rules/facts.h"
#include "scanner/rules/findings.h"
#include "scanner/rules/sts.h"
#include "scanner/rules/tlsrpt.h"

/* Leaves ta_name to the hostbook, which reads the leaf where one is wanted. */
struct host_state judge_host(const struct host_facts *facts);

struct host_judgement {
	uint16_t preference;
	struct slice host;
	enum tri in_policy;
	enum starttls_status starttls;
	enum tls_version tls;
	enum tri trusted, name_ok, time_ok;
	enum dane_status dane; /* joined with this domain's MX answer */
	bool shared;           /* as in the host's state */
};

struct judgement {
	struct sts_rrset sts;
	bool has_id_time;
	int64_t id_time;               /* seconds since 1970 */
	struct slice sts_provider;     /* static, empty: none known */
	struct slice policy_provider;
	enum mx_match mx_match;
	enum mx_class mx_class;
	enum policy_status policy_status;
	enum tri policy_valid;         /* of the body alone */
	enum tri policy_valid_lenient;
	struct sts_policy policy;      /* where a body came */
	bool policy_probed;            /* asked although no record tells so */
	struct tlsrpt_rrset tlsrpt;
	enum mx_status mx_status;
	struct host_judgement *host;   /* arena; as in the facts */
	size_t n_host;
	enum verdict verdict;
	enum verdict verdict_dane;
	struct finding_set findings;
	struct also_judgement *also; /* as in the facts */
};

void judge_domain(struct arena *a, const struct domain_facts *facts,
    struct judgement *out);

/*
 * Should the policy be fetched?  RFC 8461 3.1 and the studies: for a usable
 * record, and for near misses and several records, so that they can be told
 * apart.
 */
bool judge_wants_policy(const struct sts_rrset *sts);
