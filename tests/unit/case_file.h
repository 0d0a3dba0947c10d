/* SPDX-License-Identifier: Apache-2.0
 *
 * case_file.h: reads tests/cases/ files (format: tests/cases/README.md)
 * into the facts that the judge takes and what must follow from them.
 */
#pragma once

#include "scanner/base/arena.h"
#include "scanner/rules/judge.h"

#define CASE_HOSTS 8
#define CASE_DAY INT64_C(86400)
/* 2026-01-01 00:00:00 UTC: when the facts of a case were gathered. */
#define CASE_NOW INT64_C(1767225600)

/* A host line or a probe with its addresses. */
struct case_host {
	struct slice name;
	struct host_state state;
	bool probed;
	struct host_facts facts;
	struct vec address; /* struct smtp_facts */
	struct vec tlsa;    /* struct tlsa_rr */
};

/* `seen HOST key=value`, `verdict WORD`, ...: checked after judging. */
struct want {
	int line;
	struct slice what;    /* "verdict", or the key of a seen line */
	struct slice host;    /* of a seen line; else empty */
	struct slice value;
};

struct test_case {
	const char *file;
	int line;
	struct slice name;
	struct domain_facts facts;
	struct vec mx, sts, rpt; /* struct mx_rr, struct txt_rr */
	bool own_mx, own_sts, own_rpt, own_policy;
	struct case_host host[CASE_HOSTS];
	size_t n_host;
	struct vec want;
	struct vec others;  /* struct policy_other */
	bool probes_policy; /* the policy host is asked without a record */
	struct finding_set raises, nots;
};

typedef void case_fn(void *ctx, struct arena *a, struct test_case *c);

/* Calls `run` with every case of the file; complains and fails on errors. */
size_t case_file_run(const char *path, case_fn *run, void *ctx);

/* Finishes the facts: defaults, arrays, judged hosts. */
void case_build(struct arena *a, struct test_case *c);
