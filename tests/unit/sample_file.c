/* SPDX-License-Identifier: Apache-2.0
 *
 * sample_file.c: the records of a run, and a whole file of samples.
 */
#include <stdio.h>
#include <string.h>

#include "tests/unit/facts_sample.h"

#include "scanner/base/banned.h"

#define STARTED_MS INT64_C(1700000000000)

struct record *
sample_scan_record(void)
{
	struct slice library = SLICE_LIT("zstd 1.5.4");
	struct slice option = SLICE_LIT("trust-ad=yes");
	struct slice stage[] = { SLICE_LIT("dns"), SLICE_LIT("policy"),
		SLICE_LIT("smtp") };
	struct slice resolver = SLICE_LIT("192.0.2.53:53");
	struct scan_meta m = { .version = SLICE_LIT("0.1.0"),
		.list = SLICE_LIT("sample.txt"),
		.ehlo_name = SLICE_LIT("scanner.example.org"),
		.contact = SLICE_LIT("https://scanner.example.org/"),
		.vantage = SLICE_LIT("scanner"), .notes = SLICE_LIT("a test"),
		.library = &library, .option = &option, .stage = stage,
		.resolver = &resolver, .n_library = 1, .n_option = 1,
		.n_stage = 3, .n_resolver = 1, .has_list_digest = true,
		.list_lines = 12, .trust_ad = true, .ipv6 = true,
		.has_trust = true, .trust_certificates = 140,
		.started_ms = STARTED_MS };

	memset(m.list_sha256, 0xab, sizeof(m.list_sha256));
	memset(m.trust_sha256, 0xcd, sizeof(m.trust_sha256));
	return record_scan(&m);
}

struct record *
sample_session_record(void)
{
	struct slice resolver = SLICE_LIT("192.0.2.53:53");
	struct end_meta previous = { .reason = "interrupted",
		.ended_ms = STARTED_MS + 5000, .duration_ms = 5000,
		.dns_queries = 33, .policy_connects = 2, .smtp_connects = 3 };
	struct session_meta m = { .version = SLICE_LIT("0.1.0"),
		.vantage = SLICE_LIT("scanner"), .resolver = &resolver,
		.n_resolver = 1, .started_ms = STARTED_MS + 9000,
		.domains = 12, .cut_bytes = 7, .previous = &previous };

	return record_session(&m);
}

struct record *
sample_end_record(const struct tally *tally)
{
	struct rejected_count rejected[] = { { "label too long", 2 },
		{ "no dot", 0 } };
	struct end_meta m = { .reason = "complete", .list_lines = 12,
		.rejected = rejected, .n_rejected = 2, .tally = *tally,
		.ended_ms = STARTED_MS + 5000, .duration_ms = 5000,
		.dns_queries = 33, .policy_connects = 2, .smtp_connects = 3 };

	memset(m.list_sha256, 0xab, sizeof(m.list_sha256));
	return record_end(&m);
}

static struct record *
make_domain(struct arena *a, size_t i)
{
	struct sample_domain d;
	struct slice name = arena_fmt(a, "name%zu.example", i);

	if (i % 4 == 0)
		sample_full(a, &d);
	else if (i % 4 == 1)
		sample_mail(a, &d, i + 1, name, SLICE_LIT("example.com"));
	else
		sample_nxdomain(&d, i + 1, name);
	d.meta.line = i + 1;
	return record_domain(&d.meta, &d.facts, &d.judgement);
}

static void
post_hosts(struct arena *a, struct sink *s)
{
	struct cert_facts c[2];
	struct sample_host full, silent;
	struct record *batch[4];

	sample_cert(a, &c[0], 1);
	sample_cert(a, &c[1], 2);
	sample_host_full(a, &full);
	sample_host_silent(&silent, SLICE_LIT("mx2.example.com"));
	batch[0] = record_cert(&c[0]);
	batch[1] = record_cert(&c[1]);
	batch[2] = record_mx(&full.meta, &full.facts, &full.state);
	sink_post(s, batch, 3, NULL, NULL);
	batch[0] = record_cert(&c[0]);
	batch[1] = record_cert(&c[1]);
	batch[2] = record_mx(&silent.meta, &silent.facts, &silent.state);
	sink_post(s, batch, 3, NULL, NULL);
}

bool
sample_file(const char *path, size_t n_domain)
{
	struct sink_config config = { .path = path, .level = 3,
		.force = true };
	struct arena *a = arena_new();
	struct tally tally;
	struct record *r;
	char error[256];
	struct sink *s = sink_open(&config, error, sizeof(error));

	if (s == NULL) {
		fprintf(stderr, "%s\n", error);
		arena_free(a);
		return false;
	}
	r = sample_scan_record();
	sink_post(s, &r, 1, NULL, NULL);
	post_hosts(a, s);
	for (size_t i = 0; i < n_domain; i++) {
		r = make_domain(a, i);
		sink_post(s, &r, 1, NULL, NULL);
	}
	sink_drain(s, &tally);
	r = sample_end_record(&tally);
	sink_post(s, &r, 1, NULL, NULL);
	arena_free(a);
	return sink_close(s);
}
