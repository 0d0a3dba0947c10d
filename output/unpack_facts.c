/* SPDX-License-Identifier: Apache-2.0
 *
 * unpack_facts.c: look-ups, TLS sessions, TXT and TLS-RPT records out of maps.
 */
#include "output/unpack_facts.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

#include "output/object.h"
#include "output/pack_facts.h"

#include "scanner/base/banned.h"

#define DATE_FIRST_S INT64_C(-62167219200) /* 0000-01-01 */
#define DATE_LAST_S INT64_C(253402300799)  /* 9999-12-31 23:59:59 */

void
unpack_address(struct unpacker *u, struct slice text, struct address *out)
{
	char buf[ADDRESS_TEXT_BYTES];
	struct strbuf b = strbuf_of(buf, sizeof(buf));
	bool is_ipv6 = slice_find(text, ':') < text.n;

	*out = (struct address){ .family = is_ipv6 ? 6 : 4 };
	strbuf_add(&b, text);
	if (b.cut || memchr(text.p, '\0', text.n) != NULL ||
	    inet_pton(is_ipv6 ? AF_INET6 : AF_INET, buf, out->bytes) != 1)
		u->failed = true;
}

static void
unpack_addresses(struct unpacker *u, const struct view *w, struct rrset *out)
{
	struct items list = view_list(w, FIELD_lookup_addresses);

	if (list.n == 0)
		return;
	out->n = list.n;
	out->address = arena_array(u->arena, list.n, sizeof(*out->address));
	for (size_t i = 0; i < list.n; i++)
		unpack_address(u, object_bytes(&list.item[i]),
		    &out->address[i]);
}

static void
unpack_ede(struct unpacker *u, const struct view *w, struct lookup *out)
{
	struct items list = view_list(w, FIELD_lookup_ede);

	out->n_ede = list.n;
	out->ede = arena_array(u->arena, list.n, sizeof(*out->ede));
	for (size_t i = 0; i < list.n; i++) {
		struct view e;

		view_open(&e, &list.item[i], OBJECT_ede);
		out->ede[i].code = (uint16_t)view_uint(&e, FIELD_ede_code,
		    UINT16_MAX);
		out->ede[i].text = view_str(&e, FIELD_ede_text);
	}
}

/* What a later version could send more of is left out. */
static void
unpack_tried(struct unpacker *u, const struct view *w, struct lookup *out)
{
	struct items tried = view_list(w, FIELD_lookup_tried);

	for (size_t i = 0; i < tried.n && i < sizeof(out->tried); i++)
		out->tried[out->n_tried++] = (uint8_t)outcome_of_word(u,
		    object_bytes(&tried.item[i]));
}

void
unpack_lookup(struct unpacker *u, const struct view *outer, enum field f,
    struct rrset *out)
{
	struct lookup *l = &out->lookup;
	struct view w;

	*out = (struct rrset){ .n = 0 };
	if (!view_inner(&w, outer, f))
		return;
	l->outcome = view_outcome(u, &w, FIELD_lookup_outcome);
	if (l->outcome == OUTCOME_NONE)
		u->failed = true; /* what was asked has ended somehow */
	l->secure = view_tri(&w, FIELD_lookup_ad);
	unpack_addresses(u, &w, out);
	l->cname = view_strs(u, &w, FIELD_lookup_cname, &l->n_cname);
	unpack_ede(u, &w, l);
	out->cut = view_flag(&w, FIELD_lookup_cut);
	l->ttl = (uint32_t)view_uint(&w, FIELD_lookup_ttl, UINT32_MAX);
	l->attempts = (uint32_t)view_uint(&w, FIELD_lookup_attempts,
	    UINT32_MAX);
	l->resolver = view_str(&w, FIELD_lookup_resolver);
	l->elapsed_ms = (uint32_t)view_uint(&w, FIELD_lookup_elapsed_ms,
	    UINT32_MAX);
	unpack_tried(u, &w, l);
}

static void
unpack_chain(struct unpacker *u, const struct view *w, struct tls_facts *out)
{
	struct items list = view_list(w, FIELD_tls_chain);

	out->n_chain = list.n;
	out->chain = arena_array(u->arena, list.n, sizeof(*out->chain));
	for (size_t i = 0; i < list.n; i++) {
		struct slice digest = object_bytes(&list.item[i]);

		out->chain[i].der = SLICE_EMPTY;
		if (digest.n == sizeof(out->chain[i].sha256))
			memcpy(out->chain[i].sha256, digest.p, digest.n);
		else
			u->failed = true;
	}
}

/* RFC 5280 4.1.2.5: no date outside the years 0 to 9999. */
static int64_t
leaf_date(const struct view *w, enum field f)
{
	int64_t s = view_int(w, f);

	return s < DATE_FIRST_S || s > DATE_LAST_S ? 0 : s;
}

/*
 * Files of before these fields have no dates: of the name it is then known at
 * most whether it matched.
 */
static void
unpack_leaf(struct unpacker *u, const struct view *w, struct tls_facts *out)
{
	out->incomplete = view_flag(w, FIELD_tls_incomplete);
	out->not_before = leaf_date(w, FIELD_tls_not_before);
	out->not_after = leaf_date(w, FIELD_tls_not_after);
	out->name_by = view_name_by(u, w, FIELD_tls_name_by);
	if (out->name_by == NAME_BY_NONE && out->name_ok == TRI_YES &&
	    view_at(w, FIELD_tls_not_after) != NULL)
		out->name_by = NAME_BY_EXACT; /* the one that is not written */
}

void
unpack_tls(struct unpacker *u, const struct view *outer, enum field f,
    struct tls_facts *out)
{
	struct view w;

	*out = (struct tls_facts){ .outcome = OUTCOME_NONE };
	if (!view_inner(&w, outer, f))
		return;
	out->outcome = view_outcome(u, &w, FIELD_tls_outcome);
	if (out->outcome == OUTCOME_NONE)
		u->failed = true;
	out->version = view_tls_version(u, &w, FIELD_tls_version);
	out->cipher = view_str(&w, FIELD_tls_cipher);
	out->group = view_str(&w, FIELD_tls_group);
	out->signature = view_str(&w, FIELD_tls_signature);
	out->alert = view_str(&w, FIELD_tls_alert);
	out->error = view_str(&w, FIELD_tls_error);
	unpack_chain(u, &w, out);
	out->trusted = view_tri(&w, FIELD_tls_trusted);
	out->name_ok = view_tri(&w, FIELD_tls_name_ok);
	out->time_ok = view_tri(&w, FIELD_tls_time_ok);
	out->expired = view_flag(&w, FIELD_tls_expired);
	out->not_yet = view_flag(&w, FIELD_tls_not_yet);
	out->self_signed = view_flag(&w, FIELD_tls_self_signed);
	out->verify_error = view_str(&w, FIELD_tls_verify_error);
	unpack_leaf(u, &w, out);
	out->alert_sent = view_str(&w, FIELD_tls_alert_sent);
	out->sni = view_str(&w, FIELD_tls_sni);
	out->bytes_read = (uint32_t)view_uint(&w, FIELD_tls_bytes_read,
	    UINT32_MAX);
	out->bytes_written = (uint32_t)view_uint(&w, FIELD_tls_bytes_written,
	    UINT32_MAX);
	out->verify_errors = view_strs(u, &w, FIELD_tls_verify_errors,
	    &out->n_verify_errors);
}

/* One string is its own joining; the parts stand apart where some have more. */
static void
unpack_parts(struct unpacker *u, const msgpack_object *parts,
    struct txt_rr *out)
{
	bool is_list = parts != NULL && parts->type == MSGPACK_OBJECT_ARRAY;
	size_t n = is_list ? parts->via.array.size : 1;

	out->n_part = n;
	out->part = arena_array(u->arena, n, sizeof(*out->part));
	for (size_t i = 0; i < n; i++)
		out->part[i] = is_list ?
		    object_bytes(&parts->via.array.ptr[i]) : out->joined;
}

void
unpack_txt(struct unpacker *u, const struct view *w, enum field txt,
    enum field parts, struct rrset *out)
{
	struct items joined = view_list(w, txt);
	struct items apart = view_list(w, parts);

	out->n = joined.n;
	if (joined.n == 0)
		return;
	out->txt = arena_array(u->arena, joined.n, sizeof(*out->txt));
	for (size_t i = 0; i < joined.n; i++) {
		out->txt[i].joined = object_bytes(&joined.item[i]);
		unpack_parts(u, i < apart.n ? &apart.item[i] : NULL,
		    &out->txt[i]);
	}
}

void
unpack_tlsrpt(struct unpacker *u, const struct view *outer, enum field f,
    struct rrset *out)
{
	struct view w;

	view_inner(&w, outer, f);
	unpack_lookup(u, &w, FIELD_tlsrpt_lookup, out);
	unpack_txt(u, &w, FIELD_tlsrpt_txt, FIELD_tlsrpt_txt_parts, out);
}
