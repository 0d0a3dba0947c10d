/* SPDX-License-Identifier: Apache-2.0
 *
 * record_mx.c: the record of one MX host, every address of it.
 */
#include "output/pack_facts.h"

#include "scanner/base/arena.h"
#include "scanner/rules/tlsa.h"
#include "scanner/rules/tlsrpt.h"

#include "scanner/base/banned.h"

static void
pack_tlsa(struct packer *p, const struct mx_meta *meta,
    const struct rrset *set)
{
	if (set->lookup.outcome == OUTCOME_NONE)
		return;
	pack_map_open(p, FIELD_mx_tlsa, OBJECT_tlsa);
	pack_lookup(p, FIELD_tlsa_lookup, set, meta->single_resolver);
	if (set->tlsa != NULL && set->n > 0)
		pack_list(p, FIELD_tlsa_rr, set->n);
	for (size_t i = 0; set->tlsa != NULL && i < set->n; i++) {
		const struct tlsa_rr *rr = &set->tlsa[i];

		pack_item_open(p, FIELD_tlsa_rr, OBJECT_tlsa_rr);
		pack_uint(p, FIELD_tlsa_rr_usage, rr->usage);
		pack_uint(p, FIELD_tlsa_rr_selector, rr->selector);
		pack_uint(p, FIELD_tlsa_rr_mtype, rr->mtype);
		pack_bin(p, FIELD_tlsa_rr_data, rr->data.p, rr->data.n);
		pack_bool(p, FIELD_tlsa_rr_usable, tlsa_is_usable(rr));
		pack_map_close(p);
	}
	pack_map_close(p);
}

/*
 * The judge speaks of hosts; asked about a host of this one address it gives
 * the word for the address, by the same rules.
 */
static enum starttls_status
address_starttls(const struct host_facts *host, struct smtp_facts *f)
{
	struct host_facts one = { .host = host->host, .address = f,
		.n_address = 1 };

	return judge_host(&one).starttls;
}

static void
pack_dane(struct packer *p, const struct dane_facts *dane)
{
	if (dane->n_usable == 0 && !dane->checked)
		return;
	pack_map_open(p, FIELD_mx_address_dane, OBJECT_dane);
	pack_uint(p, FIELD_dane_usable, dane->n_usable);
	if (dane->checked)
		pack_bool(p, FIELD_dane_matched, dane->matched);
	pack_flag_if(p, FIELD_dane_ta_name_failed, dane->ta_name_failed);
	if (dane->checked && dane->matched) {
		pack_uint(p, FIELD_dane_matched_index, dane->matched_index);
		pack_uint(p, FIELD_dane_matched_depth, dane->matched_depth);
	}
	pack_flag_if(p, FIELD_dane_ta_not_sent, dane->ta_not_sent);
	if (dane->has_alternative) {
		pack_map_open(p, FIELD_dane_alternative, OBJECT_tlsa_rr);
		pack_uint(p, FIELD_tlsa_rr_usage, dane->alternative.usage);
		pack_uint(p, FIELD_tlsa_rr_selector,
		    dane->alternative.selector);
		pack_uint(p, FIELD_tlsa_rr_mtype, dane->alternative.mtype);
		pack_map_close(p);
	}
	pack_map_close(p);
}

/* Of a host, nobody but this record wants the judgement. */
static void
pack_host_tlsrpt(struct packer *p, const struct mx_meta *meta,
    const struct rrset *set)
{
	struct tlsrpt_rrset judged;
	struct arena *a;

	if (set->lookup.outcome == OUTCOME_NONE)
		return;
	a = arena_new();
	tlsrpt_rrset_judge(a, set, &judged);
	pack_tlsrpt(p, FIELD_mx_tlsrpt, set, &judged, meta->single_resolver);
	arena_free(a);
}

static void
pack_attempts(struct packer *p, const struct smtp_facts *f)
{
	if (f->n_attempt == 0)
		return;
	pack_uint(p, FIELD_mx_address_attempts, f->n_attempt);
	if (f->n_attempt == 1)
		return;
	pack_list(p, FIELD_mx_address_tried, f->n_attempt);
	for (size_t i = 0; i < f->n_attempt; i++)
		pack_item_str(p, slice_of(outcome_word(f->attempt[i].outcome)));
}

/* Not of a file that an earlier version wrote: it has no times. */
static void
pack_sessions(struct packer *p, const struct smtp_facts *f)
{
	if (f->n_attempt == 0 || f->attempt[0].started_ms == 0)
		return;
	pack_list(p, FIELD_mx_address_sessions, f->n_attempt);
	for (size_t i = 0; i < f->n_attempt; i++) {
		const struct smtp_attempt *s = &f->attempt[i];

		pack_item_open(p, FIELD_mx_address_sessions,
		    OBJECT_smtp_session);
		pack_time(p, FIELD_smtp_session_started, s->started_ms);
		pack_uint(p, FIELD_smtp_session_elapsed_ms, s->elapsed_ms);
		pack_outcome(p, FIELD_smtp_session_outcome, s->outcome);
		pack_map_close(p);
	}
}

static void
pack_tls_tries(struct packer *p, const struct smtp_facts *f)
{
	if (f->n_tls_try == 0)
		return;
	pack_list(p, FIELD_mx_address_tls_versions, f->n_tls_try);
	for (size_t i = 0; i < f->n_tls_try; i++) {
		const struct tls_try *t = &f->tls_try[i];

		pack_item_open(p, FIELD_mx_address_tls_versions,
		    OBJECT_tls_try);
		pack_str(p, FIELD_tls_try_version,
		    slice_of(tls_version_word(t->version)));
		pack_outcome(p, FIELD_tls_try_outcome, t->outcome);
		pack_str_if(p, FIELD_tls_try_alert, t->alert);
		pack_str_if(p, FIELD_tls_try_cipher, t->cipher);
		if (t->started_ms != 0) {
			pack_time(p, FIELD_tls_try_started, t->started_ms);
			pack_uint(p, FIELD_tls_try_elapsed_ms, t->elapsed_ms);
		}
		pack_map_close(p);
	}
}

static void
pack_address(struct packer *p, const struct host_facts *host,
    struct smtp_facts *f)
{
	char text[ADDRESS_TEXT_BYTES];

	pack_item_open(p, FIELD_mx_addresses, OBJECT_mx_address);
	pack_str(p, FIELD_mx_address_address, address_text(&f->address, text));
	pack_word(p, FIELD_mx_address_starttls,
	    starttls_status_word(address_starttls(host, f)));
	pack_outcome(p, FIELD_mx_address_outcome, f->outcome);
	pack_attempts(p, f);
	pack_uint_if(p, FIELD_mx_address_banner_code, f->banner_code);
	pack_strs_if(p, FIELD_mx_address_banner, f->banner, f->n_banner);
	pack_uint_if(p, FIELD_mx_address_ehlo_code, f->ehlo_code);
	pack_strs_if(p, FIELD_mx_address_ehlo, f->ehlo, f->n_ehlo);
	pack_flag_if(p, FIELD_mx_address_helo, f->helo);
	pack_uint_if(p, FIELD_mx_address_starttls_code, f->starttls_code);
	pack_str_if(p, FIELD_mx_address_starttls_reply, f->starttls_reply);
	pack_flag_if(p, FIELD_mx_address_injection, f->injection);
	pack_strs_if(p, FIELD_mx_address_ehlo_tls, f->ehlo_tls, f->n_ehlo_tls);
	pack_tls(p, FIELD_mx_address_tls, &f->tls);
	pack_dane(p, &f->dane);
	pack_flag_if(p, FIELD_mx_address_quit, f->quit);
	pack_uint_if(p, FIELD_mx_address_elapsed_ms, f->elapsed_ms);
	pack_sessions(p, f);
	pack_tls_tries(p, f);
	pack_flag_if(p, FIELD_mx_address_shared, f->shared);
	pack_map_close(p);
}

/* IPv4 first, in the order of the facts within a family. */
static void
pack_addresses(struct packer *p, const struct host_facts *facts)
{
	const uint8_t family[] = { 4, 6 };

	if (facts->n_address == 0)
		return;
	pack_list(p, FIELD_mx_addresses, facts->n_address);
	for (size_t k = 0; k < sizeof(family); k++)
		for (size_t i = 0; i < facts->n_address; i++)
			if ((facts->address[i].address.family == 4) ==
			    (family[k] == 4))
				pack_address(p, facts, &facts->address[i]);
}

struct record *
record_mx(const struct mx_meta *meta, const struct host_facts *facts,
    const struct host_state *state)
{
	struct packer p;

	pack_begin(&p, OBJECT_mx);
	pack_str(&p, FIELD_mx_host, facts->host);
	pack_word(&p, FIELD_mx_starttls, starttls_status_word(state->starttls));
	if (state->tls != TLS_VERSION_NONE)
		pack_str(&p, FIELD_mx_tls,
		    slice_of(tls_version_word(state->tls)));
	pack_tri_if(&p, FIELD_mx_trusted, state->trusted);
	pack_tri_if(&p, FIELD_mx_name_ok, state->name_ok);
	pack_tri_if(&p, FIELD_mx_time_ok, state->time_ok);
	pack_word(&p, FIELD_mx_dane, dane_status_word(state->dane));
	pack_lookup(&p, FIELD_mx_a, &facts->a, meta->single_resolver);
	pack_lookup(&p, FIELD_mx_aaaa, &facts->aaaa, meta->single_resolver);
	if (!slice_eq(facts->tlsa_base, facts->host))
		pack_str_if(&p, FIELD_mx_tlsa_base, facts->tlsa_base);
	pack_tlsa(&p, meta, &facts->tlsa);
	pack_addresses(&p, facts);
	pack_flag_if(&p, FIELD_mx_addresses_cut, facts->addresses_cut);
	pack_time(&p, FIELD_mx_started, meta->started_ms);
	pack_uint(&p, FIELD_mx_elapsed_ms, meta->elapsed_ms);
	pack_host_tlsrpt(&p, meta, &facts->tlsrpt_txt);
	if (facts->alias != NULL)
		pack_lookup(&p, FIELD_mx_alias, facts->alias,
		    meta->single_resolver);
	return pack_finish(&p, RECORD_MX);
}
