/* SPDX-License-Identifier: Apache-2.0
 *
 * unpack_mx.c: the facts in the record of one MX host, the inverse of
 * record_mx.c.
 */
#include "output/unpack.h"

#include "output/object.h"
#include "output/unpack_facts.h"

#include "scanner/base/banned.h"

static uint8_t
small(const struct view *w, enum field f)
{
	return (uint8_t)view_uint(w, f, UINT8_MAX);
}

static void
unpack_tlsa(struct unpacker *u, const struct view *mx, struct rrset *out)
{
	struct items list;
	struct view w;

	view_inner(&w, mx, FIELD_mx_tlsa);
	unpack_lookup(u, &w, FIELD_tlsa_lookup, out);
	if (out->lookup.outcome == OUTCOME_NONE)
		return;
	list = view_list(&w, FIELD_tlsa_rr);
	out->n = list.n;
	out->address = NULL;
	out->tlsa = arena_array(u->arena, list.n, sizeof(*out->tlsa));
	for (size_t i = 0; i < list.n; i++) {
		struct view rr;

		view_open(&rr, &list.item[i], OBJECT_tlsa_rr);
		out->tlsa[i] = (struct tlsa_rr){
			.usage = small(&rr, FIELD_tlsa_rr_usage),
			.selector = small(&rr, FIELD_tlsa_rr_selector),
			.mtype = small(&rr, FIELD_tlsa_rr_mtype),
			.data = view_str(&rr, FIELD_tlsa_rr_data),
		};
	}
}

static void
unpack_dane(const struct view *address, struct dane_facts *out)
{
	struct view w, other;

	view_inner(&w, address, FIELD_mx_address_dane);
	*out = (struct dane_facts){
		.n_usable = (uint32_t)view_uint(&w, FIELD_dane_usable,
		    UINT32_MAX),
		.checked = view_at(&w, FIELD_dane_matched) != NULL,
		.matched = view_flag(&w, FIELD_dane_matched),
		.ta_name_failed = view_flag(&w, FIELD_dane_ta_name_failed),
		.matched_index = (uint32_t)view_uint(&w,
		    FIELD_dane_matched_index, UINT32_MAX),
		.matched_depth = (uint32_t)view_uint(&w,
		    FIELD_dane_matched_depth, UINT32_MAX),
		.ta_not_sent = view_flag(&w, FIELD_dane_ta_not_sent),
	};
	out->has_alternative = view_inner(&other, &w, FIELD_dane_alternative);
	out->alternative = (struct tlsa_parameters){
		.usage = small(&other, FIELD_tlsa_rr_usage),
		.selector = small(&other, FIELD_tlsa_rr_selector),
		.mtype = small(&other, FIELD_tlsa_rr_mtype),
	};
}

/* The outcome of a single connection is that of the address. */
static void
unpack_attempts(struct unpacker *u, const struct view *w,
    struct smtp_facts *out)
{
	struct items tried = view_list(w, FIELD_mx_address_tried);
	size_t n = tried.n;

	if (n == 0 && view_at(w, FIELD_mx_address_attempts) != NULL)
		n = 1;
	out->n_attempt = n;
	out->attempt = arena_array(u->arena, n, sizeof(*out->attempt));
	if (n > 0)
		out->attempt[0].outcome = out->outcome;
	for (size_t i = 0; i < tried.n; i++)
		out->attempt[i].outcome = outcome_of_word(u,
		    object_bytes(&tried.item[i]));
}

/* When each was, where the file says so; there are as many as attempts. */
static void
unpack_times(const struct view *w, struct smtp_facts *out)
{
	struct items list = view_list(w, FIELD_mx_address_sessions);

	for (size_t i = 0; i < list.n && i < out->n_attempt; i++) {
		struct view s;

		view_open(&s, &list.item[i], OBJECT_smtp_session);
		out->attempt[i].started_ms = view_int(&s,
		    FIELD_smtp_session_started);
		out->attempt[i].elapsed_ms = (uint32_t)view_uint(&s,
		    FIELD_smtp_session_elapsed_ms, UINT32_MAX);
	}
}

static uint32_t
code(const struct view *w, enum field f)
{
	return (uint32_t)view_uint(w, f, UINT32_MAX);
}

static void
unpack_tls_tries(struct unpacker *u, const struct view *address,
    struct smtp_facts *out)
{
	struct items list = view_list(address, FIELD_mx_address_tls_versions);

	out->n_tls_try = list.n;
	out->tls_try = arena_array(u->arena, list.n, sizeof(*out->tls_try));
	for (size_t i = 0; i < list.n; i++) {
		struct view w;

		view_open(&w, &list.item[i], OBJECT_tls_try);
		out->tls_try[i] = (struct tls_try){
			.version = view_tls_version(u, &w,
			    FIELD_tls_try_version),
			.outcome = view_outcome(u, &w, FIELD_tls_try_outcome),
			.alert = view_str(&w, FIELD_tls_try_alert),
			.cipher = view_str(&w, FIELD_tls_try_cipher),
			.started_ms = view_int(&w, FIELD_tls_try_started),
			.elapsed_ms = (uint32_t)view_uint(&w,
			    FIELD_tls_try_elapsed_ms, UINT32_MAX),
		};
	}
}

static void
unpack_session(struct unpacker *u, const msgpack_object *item,
    struct smtp_facts *out)
{
	struct view w;

	view_open(&w, item, OBJECT_mx_address);
	*out = (struct smtp_facts){
		.outcome = view_outcome(u, &w, FIELD_mx_address_outcome),
		.banner_code = code(&w, FIELD_mx_address_banner_code),
		.ehlo_code = code(&w, FIELD_mx_address_ehlo_code),
		.helo = view_flag(&w, FIELD_mx_address_helo),
		.starttls_code = code(&w, FIELD_mx_address_starttls_code),
		.starttls_reply = view_str(&w,
		    FIELD_mx_address_starttls_reply),
		.injection = view_flag(&w, FIELD_mx_address_injection),
		.quit = view_flag(&w, FIELD_mx_address_quit),
		.elapsed_ms = code(&w, FIELD_mx_address_elapsed_ms),
		.shared = view_flag(&w, FIELD_mx_address_shared),
	};
	/* STARTTLS is said where it was offered, and nowhere else. */
	out->offers_starttls = out->starttls_code != 0;
	unpack_address(u, view_str(&w, FIELD_mx_address_address),
	    &out->address);
	unpack_attempts(u, &w, out);
	unpack_times(&w, out);
	out->banner = view_strs(u, &w, FIELD_mx_address_banner,
	    &out->n_banner);
	out->ehlo = view_strs(u, &w, FIELD_mx_address_ehlo, &out->n_ehlo);
	out->ehlo_tls = view_strs(u, &w, FIELD_mx_address_ehlo_tls,
	    &out->n_ehlo_tls);
	unpack_tls(u, &w, FIELD_mx_address_tls, &out->tls);
	unpack_dane(&w, &out->dane);
	unpack_tls_tries(u, &w, out);
}

static struct rrset *
unpack_alias(struct unpacker *u, const struct view *w)
{
	struct rrset *alias;

	if (view_at(w, FIELD_mx_alias) == NULL)
		return NULL;
	alias = arena_alloc(u->arena, sizeof(*alias));
	unpack_lookup(u, w, FIELD_mx_alias, alias);
	return alias->lookup.outcome == OUTCOME_NONE ? NULL : alias;
}

bool
unpack_mx(struct arena *a, const msgpack_object *record,
    struct mx_meta *meta, struct host_facts *facts)
{
	struct unpacker u = { .arena = a };
	struct items list;
	struct view w;

	view_open(&w, record, OBJECT_mx);
	*meta = (struct mx_meta){
		.started_ms = view_int(&w, FIELD_mx_started),
		.elapsed_ms = code(&w, FIELD_mx_elapsed_ms),
	};
	*facts = (struct host_facts){ .host = view_str(&w, FIELD_mx_host) };
	unpack_lookup(&u, &w, FIELD_mx_a, &facts->a);
	unpack_lookup(&u, &w, FIELD_mx_aaaa, &facts->aaaa);
	facts->alias = unpack_alias(&u, &w);
	facts->tlsa_base = view_at(&w, FIELD_mx_tlsa_base) == NULL ?
	    facts->host : view_str(&w, FIELD_mx_tlsa_base);
	unpack_tlsa(&u, &w, &facts->tlsa);
	list = view_list(&w, FIELD_mx_addresses);
	facts->n_address = list.n;
	facts->address = arena_array(a, list.n, sizeof(*facts->address));
	for (size_t i = 0; i < list.n; i++)
		unpack_session(&u, &list.item[i], &facts->address[i]);
	facts->addresses_cut = view_flag(&w, FIELD_mx_addresses_cut);
	unpack_tlsrpt(&u, &w, FIELD_mx_tlsrpt, &facts->tlsrpt_txt);
	return !u.failed && facts->host.n > 0;
}
