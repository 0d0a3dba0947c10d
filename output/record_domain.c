/* SPDX-License-Identifier: Apache-2.0
 *
 * record_domain.c: the record of one line of the list.
 *
 * The fields that readers outside rely on are always there, null where
 * unknown; the others only when they say something, since most domains of a
 * large list have nothing.
 */
#include "output/pack_facts.h"

#include "scanner/base/banned.h"

static void
pack_findings(struct packer *p, const struct finding_set *set)
{
	enum finding f = finding_next(set, (enum finding)0);

	pack_list(p, FIELD_domain_findings, finding_count(set));
	for (; f < FINDING_COUNT; f = finding_next(set, f + 1))
		pack_item_str(p, slice_of(finding_row(f)->code));
}

static void
pack_sts_record(struct packer *p, const struct domain_meta *meta,
    const struct domain_facts *facts, const struct judgement *j)
{
	const struct sts_rrset *sts = &j->sts;

	pack_map_open(p, FIELD_sts_record, OBJECT_sts_record);
	pack_word(p, FIELD_sts_record_status, record_status_word(sts->status));
	pack_str_if(p, FIELD_sts_record_id, sts->id);
	pack_flag_if(p, FIELD_sts_record_ambiguous, sts->ambiguous);
	pack_txt(p, FIELD_sts_record_txt, FIELD_sts_record_txt_parts,
	    &facts->sts_txt);
	pack_lookup(p, FIELD_sts_record_lookup, &facts->sts_txt,
	    meta->single_resolver);
	if (sts->ambiguous) {
		pack_bool(p, FIELD_sts_record_valid_lenient,
		    sts->valid_lenient);
		pack_str_if(p, FIELD_sts_record_id_lenient, sts->id_lenient);
	}
	if (j->has_id_time)
		pack_seconds(p, FIELD_sts_record_id_time, j->id_time);
	pack_str_if(p, FIELD_sts_record_provider, j->sts_provider);
	pack_map_close(p);
}

static void
pack_attempts(struct packer *p, const struct policy_facts *facts)
{
	char text[ADDRESS_TEXT_BYTES];

	if (facts->n_attempt == 0)
		return;
	pack_list(p, FIELD_sts_policy_attempts, facts->n_attempt);
	for (size_t i = 0; i < facts->n_attempt; i++) {
		const struct policy_attempt *a = &facts->attempt[i];

		pack_item_open(p, FIELD_sts_policy_attempts, OBJECT_attempt);
		pack_str(p, FIELD_attempt_address,
		    address_text(&a->address, text));
		pack_outcome(p, FIELD_attempt_outcome, a->outcome);
		if (a->started_ms != 0)
			pack_time(p, FIELD_attempt_started, a->started_ms);
		pack_map_close(p);
	}
}

/* The first of the other addresses that has the body of the one at `i`. */
static size_t
body_owner(const struct policy_facts *facts, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (facts->other[k].has_body &&
		    facts->other[k].body_cut == facts->other[i].body_cut &&
		    slice_eq(facts->other[k].body, facts->other[i].body))
			return k;
	return i;
}

static void
pack_other_body(struct packer *p, const struct policy_facts *facts, size_t i)
{
	const struct policy_other *o = &facts->other[i];
	size_t owner = body_owner(facts, i);
	char text[ADDRESS_TEXT_BYTES];

	if (!o->has_body)
		return;
	if (owner == i)
		pack_str(p, FIELD_policy_address_body, o->body);
	else
		pack_str(p, FIELD_policy_address_body_at,
		    address_text(&facts->other[owner].address, text));
	pack_flag_if(p, FIELD_policy_address_body_cut, o->body_cut);
}

static void
pack_others(struct packer *p, const struct policy_facts *facts)
{
	char text[ADDRESS_TEXT_BYTES];

	if (facts->n_other > 0)
		pack_list(p, FIELD_sts_policy_others, facts->n_other);
	for (size_t i = 0; i < facts->n_other; i++) {
		const struct policy_other *o = &facts->other[i];

		pack_item_open(p, FIELD_sts_policy_others,
		    OBJECT_policy_address);
		pack_str(p, FIELD_policy_address_address,
		    address_text(&o->address, text));
		pack_outcome(p, FIELD_policy_address_outcome, o->outcome);
		if (o->tls != OUTCOME_NONE)
			pack_word(p, FIELD_policy_address_tls,
			    outcome_word(o->tls));
		pack_tri_if(p, FIELD_policy_address_trusted, o->trusted);
		pack_tri_if(p, FIELD_policy_address_name_ok, o->name_ok);
		pack_tri_if(p, FIELD_policy_address_time_ok, o->time_ok);
		if (o->has_leaf)
			pack_bin(p, FIELD_policy_address_leaf,
			    o->leaf.sha256, sizeof(o->leaf.sha256));
		pack_uint_if(p, FIELD_policy_address_http_status,
		    o->http_status);
		pack_tri_if(p, FIELD_policy_address_same, o->same);
		pack_other_body(p, facts, i);
		pack_map_close(p);
	}
	pack_flag_if(p, FIELD_sts_policy_others_cut, facts->others_cut);
}

/* What a body says; `mx` is there whenever a body was read, even if empty. */
static void
pack_policy_body(struct packer *p, const struct policy_facts *facts,
    const struct judgement *j)
{
	if (j->policy_valid != TRI_UNKNOWN) {
		const struct sts_policy *policy = &j->policy;

		pack_flag_if(p, FIELD_sts_policy_ambiguous, policy->ambiguous);
		if (policy->mode != POLICY_MODE_NULL)
			pack_word(p, FIELD_sts_policy_mode,
			    policy_mode_word(policy->mode));
		if (policy->has_max_age)
			pack_uint(p, FIELD_sts_policy_max_age,
			    policy->max_age);
		pack_strs(p, FIELD_sts_policy_mx, policy->mx, policy->n_mx);
	}
	if (facts->has_body)
		pack_str(p, FIELD_sts_policy_body, facts->body);
	pack_flag_if(p, FIELD_sts_policy_body_cut, facts->body_cut);
}

static void
pack_policy_fetch(struct packer *p, const struct domain_meta *meta,
    const struct policy_facts *facts)
{
	pack_str(p, FIELD_sts_policy_host, facts->host);
	pack_lookup(p, FIELD_sts_policy_a, &facts->a, meta->single_resolver);
	pack_lookup(p, FIELD_sts_policy_aaaa, &facts->aaaa,
	    meta->single_resolver);
	if (facts->outcome != OUTCOME_NONE)
		pack_outcome(p, FIELD_sts_policy_outcome, facts->outcome);
	pack_attempts(p, facts);
	pack_tls(p, FIELD_sts_policy_tls, &facts->tls);
	pack_uint_if(p, FIELD_sts_policy_http_status, facts->http_status);
	if (facts->has_content_type)
		pack_str(p, FIELD_sts_policy_content_type,
		    facts->content_type);
	pack_str_if(p, FIELD_sts_policy_location, facts->location);
	pack_str_if(p, FIELD_sts_policy_server, facts->server);
	pack_uint_if(p, FIELD_sts_policy_elapsed_ms, facts->elapsed_ms);
}

/* How the policy meets the MX hosts, and who publishes it. */
static void
pack_policy_match(struct packer *p, const struct judgement *j)
{
	if (j->mx_match != MX_MATCH_NULL)
		pack_word(p, FIELD_sts_policy_mx_match,
		    mx_match_word(j->mx_match));
	if (j->mx_class != MX_CLASS_NULL)
		pack_word(p, FIELD_sts_policy_mx_class,
		    mx_class_word(j->mx_class));
	pack_str_if(p, FIELD_sts_policy_provider, j->policy_provider);
}

static void
pack_sts(struct packer *p, const struct domain_meta *meta,
    const struct domain_facts *facts, const struct judgement *j)
{
	pack_map_open(p, FIELD_domain_sts, OBJECT_sts);
	pack_sts_record(p, meta, facts, j);
	pack_map_open(p, FIELD_sts_policy, OBJECT_sts_policy);
	pack_word(p, FIELD_sts_policy_status,
	    policy_status_word(j->policy_status));
	pack_tri(p, FIELD_sts_policy_valid, j->policy_valid);
	pack_tri(p, FIELD_sts_policy_valid_lenient, j->policy_valid_lenient);
	pack_policy_body(p, &facts->policy, j);
	if (facts->policy.host.n > 0)
		pack_policy_fetch(p, meta, &facts->policy);
	pack_policy_match(p, j);
	pack_uint_if(p, FIELD_sts_policy_size, facts->policy.size);
	pack_str_if(p, FIELD_sts_policy_content_encoding,
	    facts->policy.content_encoding);
	pack_str_if(p, FIELD_sts_policy_cache_control,
	    facts->policy.cache_control);
	pack_others(p, &facts->policy);
	pack_flag_if(p, FIELD_sts_policy_probed, j->policy_probed);
	pack_map_close(p);
	pack_map_close(p);
}

static void
pack_host(struct packer *p, const struct host_judgement *h)
{
	pack_item_open(p, FIELD_domain_mx, OBJECT_mx_short);
	pack_str(p, FIELD_mx_short_host, h->host);
	pack_uint(p, FIELD_mx_short_preference, h->preference);
	pack_tri(p, FIELD_mx_short_in_policy, h->in_policy);
	pack_word(p, FIELD_mx_short_starttls,
	    starttls_status_word(h->starttls));
	if (h->tls == TLS_VERSION_NONE)
		pack_nil(p, FIELD_mx_short_tls);
	else
		pack_str(p, FIELD_mx_short_tls,
		    slice_of(tls_version_word(h->tls)));
	pack_tri(p, FIELD_mx_short_trusted, h->trusted);
	pack_tri(p, FIELD_mx_short_name_ok, h->name_ok);
	pack_tri(p, FIELD_mx_short_time_ok, h->time_ok);
	pack_word(p, FIELD_mx_short_dane, dane_status_word(h->dane));
	pack_flag_if(p, FIELD_mx_short_shared, h->shared);
	pack_map_close(p);
}

static uint64_t
count_null_mx(const struct rrset *set)
{
	uint64_t n = 0;

	for (size_t i = 0; set->mx != NULL && i < set->n; i++)
		n += slice_eq(set->mx[i].host, SLICE_LIT("."));
	return n;
}

struct record *
record_domain(const struct domain_meta *meta, const struct domain_facts *facts,
    const struct judgement *j)
{
	struct packer p;

	pack_begin(&p, OBJECT_domain);
	pack_uint(&p, FIELD_domain_line, meta->line);
	pack_str(&p, FIELD_domain_name, facts->name);
	pack_str_if(&p, FIELD_domain_input, meta->input);
	pack_uint_if(&p, FIELD_domain_rank, meta->rank);
	pack_word(&p, FIELD_domain_verdict, verdict_word(j->verdict));
	pack_word(&p, FIELD_domain_verdict_dane, verdict_word(j->verdict_dane));
	pack_findings(&p, &j->findings);
	pack_sts(&p, meta, facts, j);
	pack_tlsrpt(&p, FIELD_domain_tlsrpt, &facts->tlsrpt_txt, &j->tlsrpt,
	    meta->single_resolver);
	pack_word(&p, FIELD_domain_mx_status, mx_status_word(j->mx_status));
	pack_list(&p, FIELD_domain_mx, j->n_host);
	for (size_t i = 0; i < j->n_host; i++)
		pack_host(&p, &j->host[i]);
	pack_lookup(&p, FIELD_domain_mx_lookup, &facts->mx,
	    meta->single_resolver);
	pack_flag_if(&p, FIELD_domain_mx_cut, facts->hosts_cut);
	pack_flag_if(&p, FIELD_domain_excluded, meta->excluded);
	pack_time(&p, FIELD_domain_started, meta->started_ms);
	pack_uint(&p, FIELD_domain_elapsed_ms, meta->elapsed_ms);
	pack_uint_if(&p, FIELD_domain_mx_null, count_null_mx(&facts->mx));
	pack_also(&p, facts->also, j->also, meta->single_resolver);

	p.tally.verdict = j->verdict;
	p.tally.verdict_dane = j->verdict_dane;
	p.tally.findings = j->findings;
	return pack_finish(&p, RECORD_DOMAIN);
}
