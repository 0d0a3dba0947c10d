/* SPDX-License-Identifier: Apache-2.0
 *
 * facts_sample.h: facts and judgements made by hand, for tests that need
 * something to write down.  No judge and no network stands behind them.
 */
#pragma once

#include "output/record.h"
#include "output/sink.h"
#include "scanner/base/arena.h"

struct sample_domain {
	struct domain_meta meta;
	struct domain_facts facts;
	struct judgement judgement;
};

/* "nxdomain" to everything, as most names of a zone file answer. */
void sample_nxdomain(struct sample_domain *d, uint64_t line,
    struct slice name);
/* Two MX hosts with STARTTLS, no MTA-STS, no TLS-RPT. */
void sample_mail(struct arena *a, struct sample_domain *d, uint64_t line,
    struct slice name, struct slice host);
/* Every field of record.def that a domain record can hold. */
void sample_full(struct arena *a, struct sample_domain *d);

struct sample_host {
	struct mx_meta meta;
	struct host_facts facts;
	struct host_state state;
};

void sample_host_full(struct arena *a, struct sample_host *h);
void sample_host_silent(struct sample_host *h, struct slice host);

void sample_cert(struct arena *a, struct cert_facts *c, uint8_t seed);
struct record *sample_scan_record(void);
/* Of a scan that was interrupted, with bytes cut off. */
struct record *sample_session_record(void);
struct record *sample_end_record(const struct tally *tally);

/*
 * A whole file through the sink: scan, two certificates (each posted twice),
 * an mx record, n domains of all kinds, end.  False: it could not be written.
 */
bool sample_file(const char *path, size_t n_domain);
