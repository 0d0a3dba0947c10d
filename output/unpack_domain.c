/* SPDX-License-Identifier: Apache-2.0
 *
 * unpack_domain.c: the facts in a domain record, the inverse of
 * record_domain.c.
 *
 * The MX set is put together from the hosts listed and the number of null
 * MX records: `mx` lists no root, and nothing where no host is judged.
 */
#include "output/unpack.h"

#include <string.h>

#include "output/unpack_facts.h"
#include "scanner/base/limits.h"

#include "scanner/base/banned.h"

static void
unpack_sts_record(struct unpacker *u, const struct view *sts,
    struct rrset *out)
{
	struct view w;

	view_inner(&w, sts, FIELD_sts_record);
	unpack_lookup(u, &w, FIELD_sts_record_lookup, out);
	unpack_txt(u, &w, FIELD_sts_record_txt, FIELD_sts_record_txt_parts,
	    out);
}

static void
unpack_attempts(struct unpacker *u, const struct view *w,
    struct policy_facts *out)
{
	struct items list = view_list(w, FIELD_sts_policy_attempts);

	out->n_attempt = list.n;
	out->attempt = arena_array(u->arena, list.n, sizeof(*out->attempt));
	for (size_t i = 0; i < list.n; i++) {
		struct view v;

		view_open(&v, &list.item[i], OBJECT_attempt);
		unpack_address(u, view_str(&v, FIELD_attempt_address),
		    &out->attempt[i].address);
		out->attempt[i].outcome = view_outcome(u, &v,
		    FIELD_attempt_outcome);
		out->attempt[i].started_ms = view_int(&v,
		    FIELD_attempt_started);
	}
}

/* The body of `at`, or of the address before it that it names. */
static void
unpack_other_body(struct unpacker *u, const struct view *v,
    struct policy_facts *out, size_t at)
{
	struct policy_other *o = &out->other[at];
	struct address owner;

	o->body_cut = view_flag(v, FIELD_policy_address_body_cut);
	o->has_body = view_at(v, FIELD_policy_address_body) != NULL;
	o->body = view_str(v, FIELD_policy_address_body);
	if (view_at(v, FIELD_policy_address_body_at) == NULL)
		return;
	unpack_address(u, view_str(v, FIELD_policy_address_body_at), &owner);
	for (size_t i = 0; i < at; i++)
		if (out->other[i].has_body &&
		    address_same(&out->other[i].address, &owner)) {
			o->has_body = true;
			o->body = out->other[i].body;
			return;
		}
	u->failed = true;
}

static void
unpack_others(struct unpacker *u, const struct view *w,
    struct policy_facts *out)
{
	struct items list = view_list(w, FIELD_sts_policy_others);

	out->n_other = list.n;
	out->other = arena_array(u->arena, list.n, sizeof(*out->other));
	for (size_t i = 0; i < list.n; i++) {
		struct policy_other *o = &out->other[i];
		struct slice leaf;
		struct view v;

		view_open(&v, &list.item[i], OBJECT_policy_address);
		unpack_address(u, view_str(&v, FIELD_policy_address_address),
		    &o->address);
		o->outcome = view_outcome(u, &v,
		    FIELD_policy_address_outcome);
		o->tls = view_outcome(u, &v, FIELD_policy_address_tls);
		o->trusted = view_tri(&v, FIELD_policy_address_trusted);
		o->name_ok = view_tri(&v, FIELD_policy_address_name_ok);
		o->time_ok = view_tri(&v, FIELD_policy_address_time_ok);
		leaf = view_str(&v, FIELD_policy_address_leaf);
		o->has_leaf = leaf.n == sizeof(o->leaf.sha256);
		if (o->has_leaf)
			memcpy(o->leaf.sha256, leaf.p, leaf.n);
		else if (leaf.n > 0)
			u->failed = true;
		o->http_status = (uint32_t)view_uint(&v,
		    FIELD_policy_address_http_status, UINT32_MAX);
		o->same = view_tri(&v, FIELD_policy_address_same);
		unpack_other_body(u, &v, out, i);
	}
	out->others_cut = view_flag(w, FIELD_sts_policy_others_cut);
}

static void
unpack_policy(struct unpacker *u, const struct view *sts,
    struct policy_facts *out)
{
	struct view w;

	*out = (struct policy_facts){ .outcome = OUTCOME_NONE };
	view_inner(&w, sts, FIELD_sts_policy);
	out->host = view_str(&w, FIELD_sts_policy_host);
	unpack_lookup(u, &w, FIELD_sts_policy_a, &out->a);
	unpack_lookup(u, &w, FIELD_sts_policy_aaaa, &out->aaaa);
	unpack_attempts(u, &w, out);
	out->outcome = view_outcome(u, &w, FIELD_sts_policy_outcome);
	unpack_tls(u, &w, FIELD_sts_policy_tls, &out->tls);
	out->http_status = (uint32_t)view_uint(&w,
	    FIELD_sts_policy_http_status, UINT32_MAX);
	out->content_type = view_str(&w, FIELD_sts_policy_content_type);
	out->has_content_type = view_at(&w, FIELD_sts_policy_content_type) !=
	    NULL;
	out->location = view_str(&w, FIELD_sts_policy_location);
	out->server = view_str(&w, FIELD_sts_policy_server);
	out->body = view_str(&w, FIELD_sts_policy_body);
	out->has_body = view_at(&w, FIELD_sts_policy_body) != NULL;
	out->body_cut = view_flag(&w, FIELD_sts_policy_body_cut);
	out->elapsed_ms = (uint32_t)view_uint(&w, FIELD_sts_policy_elapsed_ms,
	    UINT32_MAX);
	out->size = view_uint(&w, FIELD_sts_policy_size, UINT64_MAX);
	out->content_encoding = view_str(&w,
	    FIELD_sts_policy_content_encoding);
	out->cache_control = view_str(&w, FIELD_sts_policy_cache_control);
	unpack_others(u, &w, out);
}

static void
unpack_hosts(struct unpacker *u, const struct view *w,
    struct domain_facts *out)
{
	struct items list = view_list(w, FIELD_domain_mx);

	/* room for the domain itself */
	out->host = arena_array(u->arena, list.n + 1, sizeof(*out->host));
	out->n_host = list.n;
	for (size_t i = 0; i < list.n; i++) {
		struct view v;

		view_open(&v, &list.item[i], OBJECT_mx_short);
		out->host[i].host = view_str(&v, FIELD_mx_short_host);
		out->host[i].preference = (uint16_t)view_uint(&v,
		    FIELD_mx_short_preference, UINT16_MAX);
		out->host[i].state.shared = view_flag(&v,
		    FIELD_mx_short_shared);
		if (out->host[i].host.n == 0 ||
		    slice_eq(out->host[i].host, SLICE_LIT(".")))
			u->failed = true;
	}
	/* RFC 5321 5.1: asked, whether or not it turned out to be an MX. */
	if (list.n == 0 && out->mx.lookup.outcome == OUTCOME_NODATA)
		out->host[out->n_host++].host = out->name;
	out->hosts_cut = view_flag(w, FIELD_domain_mx_cut);
}

static void
make_mx_set(struct unpacker *u, size_t n_null, struct domain_facts *out)
{
	struct rrset *set = &out->mx;

	if (set->lookup.outcome != OUTCOME_OK)
		return;
	set->n = n_null + out->n_host;
	set->mx = arena_array(u->arena, set->n, sizeof(*set->mx));
	for (size_t i = 0; i < n_null; i++)
		set->mx[i].host = SLICE_LIT(".");
	for (size_t i = 0; i < out->n_host; i++)
		set->mx[n_null + i] = (struct mx_rr){
			out->host[i].preference, out->host[i].host };
}

bool
unpack_domain(struct arena *a, const msgpack_object *record,
    struct domain_meta *meta, struct domain_facts *facts)
{
	struct unpacker u = { .arena = a };
	struct view w, sts;

	view_open(&w, record, OBJECT_domain);
	view_inner(&sts, &w, FIELD_domain_sts);
	*meta = (struct domain_meta){
		.line = view_uint(&w, FIELD_domain_line, UINT64_MAX),
		.input = view_str(&w, FIELD_domain_input),
		.rank = view_uint(&w, FIELD_domain_rank, UINT64_MAX),
		.started_ms = view_int(&w, FIELD_domain_started),
		.elapsed_ms = (uint32_t)view_uint(&w, FIELD_domain_elapsed_ms,
		    UINT32_MAX),
		.excluded = view_flag(&w, FIELD_domain_excluded),
	};
	*facts = (struct domain_facts){
		.name = view_str(&w, FIELD_domain_name),
		.now = meta->started_ms / 1000,
	};
	unpack_sts_record(&u, &sts, &facts->sts_txt);
	unpack_policy(&u, &sts, &facts->policy);
	unpack_tlsrpt(&u, &w, FIELD_domain_tlsrpt, &facts->tlsrpt_txt);
	unpack_lookup(&u, &w, FIELD_domain_mx_lookup, &facts->mx);
	facts->mx.n = 0;
	facts->also = unpack_also(&u, &w);
	unpack_hosts(&u, &w, facts);
	make_mx_set(&u, (size_t)view_uint(&w, FIELD_domain_mx_null,
	    LIMIT_MX_RRS), facts);
	return !u.failed && facts->name.n > 0;
}
