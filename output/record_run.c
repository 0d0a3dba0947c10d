/* SPDX-License-Identifier: Apache-2.0
 *
 * record_run.c: the records of a run as a whole: `scan` first, `end` last,
 * `cert`, once per distinct certificate, and `session`, once per resume.
 */
#include "output/pack.h"

#include <string.h>

#include "scanner/base/banned.h"

#define DIGEST_BYTES 32

struct record *
record_scan(const struct scan_meta *meta)
{
	struct packer p;

	pack_begin(&p, OBJECT_scan);
	pack_uint(&p, FIELD_scan_format, RECORD_FORMAT);
	pack_str(&p, FIELD_scan_program, SLICE_LIT("mxcensus"));
	pack_str(&p, FIELD_scan_version, meta->version);
	pack_strs(&p, FIELD_scan_libraries, meta->library, meta->n_library);
	pack_strs(&p, FIELD_scan_options, meta->option, meta->n_option);
	pack_strs(&p, FIELD_scan_stages, meta->stage, meta->n_stage);
	pack_str(&p, FIELD_scan_list, meta->list);
	if (meta->has_list_digest) {
		pack_bin(&p, FIELD_scan_list_sha256, meta->list_sha256,
		    DIGEST_BYTES);
		pack_uint(&p, FIELD_scan_list_lines, meta->list_lines);
	}
	pack_strs(&p, FIELD_scan_resolvers, meta->resolver, meta->n_resolver);
	pack_bool(&p, FIELD_scan_trust_ad, meta->trust_ad);
	if (meta->has_trust) {
		pack_bin(&p, FIELD_scan_trust_sha256, meta->trust_sha256,
		    DIGEST_BYTES);
		pack_uint(&p, FIELD_scan_trust_certificates,
		    meta->trust_certificates);
	}
	pack_str_if(&p, FIELD_scan_ehlo_name, meta->ehlo_name);
	pack_str_if(&p, FIELD_scan_contact, meta->contact);
	pack_str_if(&p, FIELD_scan_vantage, meta->vantage);
	pack_bool(&p, FIELD_scan_ipv6, meta->ipv6);
	pack_time(&p, FIELD_scan_started, meta->started_ms);
	pack_str_if(&p, FIELD_scan_notes, meta->notes);
	pack_bool(&p, FIELD_scan_unvalidated, meta->unvalidated);
	return pack_finish(&p, RECORD_SCAN);
}

struct record *
record_cert(const struct cert_facts *c)
{
	struct packer p;
	struct record *r;

	pack_begin(&p, OBJECT_cert);
	pack_bin(&p, FIELD_cert_sha256, c->sha256, DIGEST_BYTES);
	pack_bin(&p, FIELD_cert_spki_sha256, c->spki_sha256, DIGEST_BYTES);
	pack_bin(&p, FIELD_cert_der, c->der.p, c->der.n);
	pack_str_if(&p, FIELD_cert_subject, c->subject);
	pack_str_if(&p, FIELD_cert_subject_cn, c->subject_cn);
	pack_str_if(&p, FIELD_cert_issuer, c->issuer);
	pack_strs_if(&p, FIELD_cert_dns_names, c->dns_name, c->n_dns_name);
	pack_seconds(&p, FIELD_cert_not_before, c->not_before);
	pack_seconds(&p, FIELD_cert_not_after, c->not_after);
	pack_str_if(&p, FIELD_cert_serial, c->serial);
	pack_str_if(&p, FIELD_cert_key_type, c->key_type);
	pack_uint_if(&p, FIELD_cert_key_bits, c->key_bits);
	pack_str_if(&p, FIELD_cert_signature_algorithm,
	    c->signature_algorithm);
	pack_bool(&p, FIELD_cert_self_issued, c->self_issued);
	pack_bool(&p, FIELD_cert_is_ca, c->is_ca);
	r = pack_finish(&p, RECORD_CERT);
	memcpy(r->sha256, c->sha256, DIGEST_BYTES);
	return r;
}

static void
pack_tally(struct packer *p, const struct tally *t)
{
	pack_uint(p, FIELD_end_domains, t->domains);
	pack_uint(p, FIELD_end_mx_hosts, t->mx_hosts);
	pack_uint(p, FIELD_end_certificates, t->certificates);
	pack_counts_open(p, FIELD_end_verdicts);
	for (size_t i = 0; i < VERDICT_COUNT; i++)
		if (t->verdict[i] > 0)
			pack_count(p, verdict_word((enum verdict)i),
			    t->verdict[i]);
	pack_map_close(p);
	pack_counts_open(p, FIELD_end_verdicts_dane);
	for (size_t i = 0; i < VERDICT_COUNT; i++)
		if (t->verdict_dane[i] > 0)
			pack_count(p, verdict_word((enum verdict)i),
			    t->verdict_dane[i]);
	pack_map_close(p);
	pack_counts_open(p, FIELD_end_findings);
	for (size_t i = 0; i < FINDING_COUNT; i++)
		if (t->finding[i] > 0)
			pack_count(p, finding_row((enum finding)i)->code,
			    t->finding[i]);
	pack_map_close(p);
	pack_counts_open(p, FIELD_end_outcomes);
	for (size_t i = 0; i < OUTCOME_COUNT; i++)
		if (t->outcome[i] > 0)
			pack_count(p, outcome_word((enum outcome)i),
			    t->outcome[i]);
	pack_map_close(p);
}

struct record *
record_end(const struct end_meta *meta)
{
	struct packer p;

	pack_begin(&p, OBJECT_end);
	pack_str(&p, FIELD_end_reason, slice_of(meta->reason));
	pack_bin(&p, FIELD_end_list_sha256, meta->list_sha256, DIGEST_BYTES);
	pack_uint(&p, FIELD_end_list_lines, meta->list_lines);
	pack_counts_open(&p, FIELD_end_rejected);
	for (size_t i = 0; i < meta->n_rejected; i++)
		if (meta->rejected[i].n > 0)
			pack_count(&p, meta->rejected[i].reason,
			    meta->rejected[i].n);
	pack_map_close(&p);
	pack_tally(&p, &meta->tally);
	pack_time(&p, FIELD_end_ended, meta->ended_ms);
	pack_uint(&p, FIELD_end_duration_ms, meta->duration_ms);
	pack_uint(&p, FIELD_end_dns_queries, meta->dns_queries);
	pack_uint(&p, FIELD_end_policy_connects, meta->policy_connects);
	pack_uint(&p, FIELD_end_smtp_connects, meta->smtp_connects);
	return pack_finish(&p, RECORD_END);
}

static void
pack_previous(struct packer *p, const struct end_meta *end)
{
	pack_str(p, FIELD_session_previous_reason, slice_of(end->reason));
	pack_time(p, FIELD_session_previous_ended, end->ended_ms);
	pack_uint(p, FIELD_session_previous_duration_ms, end->duration_ms);
	pack_uint(p, FIELD_session_previous_dns_queries, end->dns_queries);
	pack_uint(p, FIELD_session_previous_policy_connects,
	    end->policy_connects);
	pack_uint(p, FIELD_session_previous_smtp_connects,
	    end->smtp_connects);
}

struct record *
record_session(const struct session_meta *meta)
{
	struct packer p;

	pack_begin(&p, OBJECT_session);
	pack_time(&p, FIELD_session_started, meta->started_ms);
	pack_str(&p, FIELD_session_version, meta->version);
	pack_strs(&p, FIELD_session_resolvers, meta->resolver,
	    meta->n_resolver);
	pack_str_if(&p, FIELD_session_vantage, meta->vantage);
	pack_uint(&p, FIELD_session_domains, meta->domains);
	pack_uint_if(&p, FIELD_session_cut_bytes, meta->cut_bytes);
	if (meta->previous != NULL)
		pack_previous(&p, meta->previous);
	pack_bool(&p, FIELD_session_unvalidated, meta->unvalidated);
	return pack_finish(&p, RECORD_SESSION);
}
