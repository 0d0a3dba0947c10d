/* SPDX-License-Identifier: Apache-2.0
 *
 * pack_facts.c: look-ups, TLS sessions, TXT and TLS-RPT records as maps.
 */
#include "output/pack_facts.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include "scanner/base/banned.h"

struct slice
address_text(const struct address *a, char *p)
{
	int family = a->family == 4 ? AF_INET : AF_INET6;

	if (inet_ntop(family, a->bytes, p, ADDRESS_TEXT_BYTES) == NULL)
		return SLICE_EMPTY;
	return slice_of(p);
}

static void
pack_addresses(struct packer *p, const struct rrset *set)
{
	char text[ADDRESS_TEXT_BYTES];

	if (set->address == NULL || set->n == 0)
		return;
	pack_list(p, FIELD_lookup_addresses, set->n);
	for (size_t i = 0; i < set->n; i++)
		pack_item_str(p, address_text(&set->address[i], text));
}

static void
pack_ede(struct packer *p, const struct lookup *l)
{
	if (l->n_ede == 0)
		return;
	pack_list(p, FIELD_lookup_ede, l->n_ede);
	for (size_t i = 0; i < l->n_ede; i++) {
		pack_item_open(p, FIELD_lookup_ede, OBJECT_ede);
		pack_uint(p, FIELD_ede_code, l->ede[i].code);
		pack_str_if(p, FIELD_ede_text, l->ede[i].text);
		pack_map_close(p);
	}
}

static void
pack_tried(struct packer *p, const struct lookup *l)
{
	if (l->n_tried < 2)
		return;
	pack_list(p, FIELD_lookup_tried, l->n_tried);
	for (size_t i = 0; i < l->n_tried; i++)
		pack_item_str(p, slice_of(outcome_word(
		    (enum outcome)l->tried[i])));
}

void
pack_lookup(struct packer *p, enum field f, const struct rrset *set,
    bool single_resolver)
{
	const struct lookup *l = &set->lookup;

	if (l->outcome == OUTCOME_NONE)
		return;
	pack_map_open(p, f, OBJECT_lookup);
	pack_outcome(p, FIELD_lookup_outcome, l->outcome);
	pack_tri_if(p, FIELD_lookup_ad, l->secure);
	pack_addresses(p, set);
	pack_strs_if(p, FIELD_lookup_cname, l->cname, l->n_cname);
	pack_ede(p, l);
	pack_flag_if(p, FIELD_lookup_cut, set->cut);
	/* What differs between records by chance costs most once compressed. */
	if (l->outcome == OUTCOME_OK)
		pack_uint(p, FIELD_lookup_ttl, l->ttl);
	if (l->attempts > 1)
		pack_uint(p, FIELD_lookup_attempts, l->attempts);
	if (!single_resolver)
		pack_str_if(p, FIELD_lookup_resolver, l->resolver);
	if (l->outcome == OUTCOME_OK)
		pack_uint(p, FIELD_lookup_elapsed_ms, l->elapsed_ms);
	pack_tried(p, l);
	pack_map_close(p);
}

static void
pack_chain(struct packer *p, const struct tls_facts *tls)
{
	if (tls->n_chain == 0)
		return;
	pack_list(p, FIELD_tls_chain, tls->n_chain);
	for (size_t i = 0; i < tls->n_chain; i++)
		pack_item_bin(p, tls->chain[i].sha256,
		    sizeof(tls->chain[i].sha256));
}

void
pack_tls(struct packer *p, enum field f, const struct tls_facts *tls)
{
	if (tls->outcome == OUTCOME_NONE)
		return;
	pack_map_open(p, f, OBJECT_tls);
	pack_outcome(p, FIELD_tls_outcome, tls->outcome);
	if (tls->version != TLS_VERSION_NONE)
		pack_str(p, FIELD_tls_version,
		    slice_of(tls_version_word(tls->version)));
	pack_str_if(p, FIELD_tls_cipher, tls->cipher);
	pack_str_if(p, FIELD_tls_group, tls->group);
	pack_str_if(p, FIELD_tls_signature, tls->signature);
	pack_str_if(p, FIELD_tls_alert, tls->alert);
	pack_str_if(p, FIELD_tls_error, tls->error);
	pack_chain(p, tls);
	pack_tri_if(p, FIELD_tls_trusted, tls->trusted);
	pack_tri_if(p, FIELD_tls_name_ok, tls->name_ok);
	pack_tri_if(p, FIELD_tls_time_ok, tls->time_ok);
	pack_flag_if(p, FIELD_tls_expired, tls->expired);
	pack_flag_if(p, FIELD_tls_not_yet, tls->not_yet);
	pack_flag_if(p, FIELD_tls_self_signed, tls->self_signed);
	pack_str_if(p, FIELD_tls_verify_error, tls->verify_error);
	pack_flag_if(p, FIELD_tls_incomplete, tls->incomplete);
	if (tls->name_by != NAME_BY_NONE && tls->name_by != NAME_BY_EXACT)
		pack_word(p, FIELD_tls_name_by, name_by_word(tls->name_by));
	if (tls->not_before != 0 || tls->not_after != 0) {
		pack_seconds(p, FIELD_tls_not_before, tls->not_before);
		pack_seconds(p, FIELD_tls_not_after, tls->not_after);
	}
	pack_str_if(p, FIELD_tls_alert_sent, tls->alert_sent);
	pack_str_if(p, FIELD_tls_sni, tls->sni);
	pack_uint_if(p, FIELD_tls_bytes_read, tls->bytes_read);
	pack_uint_if(p, FIELD_tls_bytes_written, tls->bytes_written);
	pack_strs_if(p, FIELD_tls_verify_errors, tls->verify_errors,
	    tls->n_verify_errors);
	pack_map_close(p);
}

void
pack_txt(struct packer *p, enum field txt, enum field parts,
    const struct rrset *set)
{
	bool in_parts = false;

	if (set->txt == NULL || set->n == 0)
		return;
	pack_list(p, txt, set->n);
	for (size_t i = 0; i < set->n; i++) {
		pack_item_str(p, set->txt[i].joined);
		in_parts |= set->txt[i].n_part > 1;
	}
	if (!in_parts)
		return;
	pack_list(p, parts, set->n);
	for (size_t i = 0; i < set->n; i++)
		pack_item_strs(p, set->txt[i].part, set->txt[i].n_part);
}

void
pack_tlsrpt(struct packer *p, enum field f, const struct rrset *set,
    const struct tlsrpt_rrset *tlsrpt, bool single_resolver)
{
	pack_map_open(p, f, OBJECT_tlsrpt);
	pack_word(p, FIELD_tlsrpt_status, record_status_word(tlsrpt->status));
	pack_strs(p, FIELD_tlsrpt_rua, tlsrpt->rua, tlsrpt->n_rua);
	pack_flag_if(p, FIELD_tlsrpt_ambiguous, tlsrpt->ambiguous);
	pack_txt(p, FIELD_tlsrpt_txt, FIELD_tlsrpt_txt_parts, set);
	pack_lookup(p, FIELD_tlsrpt_lookup, set, single_resolver);
	if (tlsrpt->ambiguous)
		pack_bool(p, FIELD_tlsrpt_valid_lenient,
		    tlsrpt->valid_lenient);
	pack_map_close(p);
}
