/* SPDX-License-Identifier: Apache-2.0
 *
 * dns_rdata.c: the contents of A, AAAA, MX, TXT and TLSA records; those kept
 * as text (NS, CNAME, DS, CAA) are read by dns_rdata_text.c.
 *
 * Fed by dns_message.c with the records that answer a question; gives sorted
 * sets without duplicates, capped last, so that two runs of the same world
 * keep the same records (RFC 1035 3.3, 3596, 6698).  All memory is the
 * arena's.
 */
#include <stdlib.h>
#include <string.h>

#include "scanner/base/limits.h"
#include "workers/dns_wire.h"

#include "scanner/base/banned.h"

typedef int compare_fn(const void *, const void *);

/* A TXT record before it is capped. */
struct txt_raw {
	struct slice joined;
	struct slice data; /* lengths and strings, as sent */
};

static int
compare_mx(const void *x, const void *y)
{
	const struct mx_rr *a = x, *b = y;

	if (a->preference != b->preference)
		return a->preference < b->preference ? -1 : 1;
	return slice_cmp(a->host, b->host);
}

/*
 * By joined text, then by how it was split: two records that differ in the
 * split alone are two (RFC 8461 3.1 counts records).
 */
static int
compare_txt(const void *x, const void *y)
{
	const struct txt_raw *a = x, *b = y;
	int c = slice_cmp(a->joined, b->joined);

	return c != 0 ? c : slice_cmp(a->data, b->data);
}

static int
compare_address(const void *x, const void *y)
{
	const struct address *a = x, *b = y;

	return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

static int
compare_text(const void *x, const void *y)
{
	const struct slice *a = x, *b = y;

	return slice_cmp(*a, *b);
}

static int
compare_tlsa(const void *x, const void *y)
{
	const struct tlsa_rr *a = x, *b = y;
	const uint8_t ka[3] = { a->usage, a->selector, a->mtype };
	const uint8_t kb[3] = { b->usage, b->selector, b->mtype };
	int c = memcmp(ka, kb, sizeof(ka));

	return c != 0 ? c : slice_cmp(a->data, b->data);
}

void
dns_gather_init(struct dns_gather *g, struct arena *a, enum dns_type type)
{
	g->a = a;
	g->type = type;
	g->is_cut = false;
	switch (type) {
	case DNS_A:
	case DNS_AAAA:
		g->rr = VEC_OF(struct address);
		break;
	case DNS_MX:
		g->rr = VEC_OF(struct mx_rr);
		break;
	case DNS_TXT:
		g->rr = VEC_OF(struct txt_raw);
		break;
	case DNS_TLSA:
		g->rr = VEC_OF(struct tlsa_rr);
		break;
	case DNS_NS:
	case DNS_CNAME:
	case DNS_DS:
	case DNS_CAA:
		g->rr = VEC_OF(struct slice);
		break;
	}
}

static bool
add_address(struct dns_gather *g, struct slice data, uint8_t family)
{
	size_t want = family == 4 ? 4 : 16;
	struct address *address;

	if (data.n != want)
		return false;
	address = vec_push(g->a, &g->rr);
	address->family = family;
	memcpy(address->bytes, data.p, want);
	return true;
}

/* The target may be compressed, so it is read within the whole message. */
static bool
add_mx(struct dns_gather *g, struct slice message, const struct dns_rr *rr)
{
	struct cursor c = cursor_of(message.p, message.n);
	struct dns_name target;
	struct mx_rr *mx;
	uint16_t preference;

	cursor_seek(&c, rr->data_at);
	preference = cursor_u16(&c);
	if (!dns_name_read(&c, &target) || c.at != rr->data_at + rr->data_n)
		return false;
	mx = vec_push(g->a, &g->rr);
	mx->preference = preference;
	mx->host = dns_name_text(g->a, &target);
	return true;
}

/* RFC 1035 3.3.14: one or more character-strings. */
static bool
add_txt(struct dns_gather *g, struct slice data)
{
	struct cursor c = cursor_of(data.p, data.n);
	struct txt_raw *txt;
	char *joined;
	size_t n = 0;

	if (data.n == 0)
		return false;
	joined = arena_alloc(g->a, data.n);
	while (cursor_left(&c) > 0) {
		struct slice part = cursor_bytes(&c, cursor_u8(&c));

		memcpy(joined + n, part.p, part.n);
		n += part.n;
	}
	if (c.failed)
		return false;
	txt = vec_push(g->a, &g->rr);
	txt->joined = slice_make(joined, n);
	txt->data = arena_slice(g->a, data);
	return true;
}

static bool
add_tlsa(struct dns_gather *g, struct slice data)
{
	struct cursor c = cursor_of(data.p, data.n);
	struct tlsa_rr *tlsa;

	if (data.n < 3)
		return false;
	tlsa = vec_push(g->a, &g->rr);
	tlsa->usage = cursor_u8(&c);
	tlsa->selector = cursor_u8(&c);
	tlsa->mtype = cursor_u8(&c);
	tlsa->data = arena_slice(g->a, cursor_bytes(&c, cursor_left(&c)));
	return true;
}

bool
dns_gather_add(struct dns_gather *g, struct slice message,
    const struct dns_rr *rr)
{
	struct slice data = slice_upto(slice_from(message, rr->data_at),
	    rr->data_n);

	switch (g->type) {
	case DNS_A:
		return add_address(g, data, 4);
	case DNS_AAAA:
		return add_address(g, data, 6);
	case DNS_MX:
		return add_mx(g, message, rr);
	case DNS_TXT:
		return add_txt(g, data);
	case DNS_TLSA:
		return add_tlsa(g, data);
	case DNS_NS:
	case DNS_CNAME:
	case DNS_DS:
	case DNS_CAA:
		return dns_text_add(g, message, rr);
	}
	return false;
}

/* Sorts, drops duplicates, caps; says whether the cap cut. */
static bool
settle(struct vec *v, compare_fn *compare, size_t cap)
{
	char *p = v->p;
	size_t kept = 0;

	if (v->n > 1)
		qsort(p, v->n, v->size, compare);
	for (size_t i = 0; i < v->n; i++) {
		char *rr = p + i * v->size;

		if (kept > 0 && compare(p + (kept - 1) * v->size, rr) == 0)
			continue;
		if (kept != i)
			memcpy(p + kept * v->size, rr, v->size);
		kept++;
	}
	v->n = kept < cap ? kept : cap;
	return kept > cap;
}

/*
 * The strings as slices of the joined text.  What lies beyond
 * LIMIT_TXT_BYTES is dropped, empty strings beyond that number as well.
 */
static bool
split_txt(struct arena *a, const struct txt_raw *raw, struct txt_rr *out)
{
	struct vec parts = VEC_OF(struct slice);
	struct cursor c = cursor_of(raw->data.p, raw->data.n);
	struct slice left = slice_upto(raw->joined, LIMIT_TXT_BYTES);

	out->joined = left;
	while (cursor_left(&c) > 0 && parts.n < LIMIT_TXT_BYTES) {
		size_t n = cursor_u8(&c);

		cursor_skip(&c, n);
		if (n > 0 && left.n == 0)
			break;
		*(struct slice *)vec_push(a, &parts) = slice_upto(left, n);
		left = slice_from(left, n);
	}
	out->part = parts.p;
	out->n_part = parts.n;
	return raw->joined.n > LIMIT_TXT_BYTES || cursor_left(&c) > 0;
}

static void
finish_txt(struct dns_gather *g, struct rrset *out)
{
	const struct txt_raw *raw = g->rr.p;

	out->txt = arena_array(g->a, g->rr.n, sizeof(*out->txt));
	for (size_t i = 0; i < g->rr.n; i++)
		if (split_txt(g->a, &raw[i], &out->txt[i]))
			out->cut = true;
}

static void
finish_tlsa(struct dns_gather *g, struct rrset *out)
{
	out->tlsa = g->rr.p;
	for (size_t i = 0; i < g->rr.n; i++) {
		if (out->tlsa[i].data.n <= LIMIT_TLSA_DATA_BYTES)
			continue;
		out->tlsa[i].data.n = LIMIT_TLSA_DATA_BYTES;
		out->cut = true;
	}
}

/* RFC 2181 10.1: of aliases there is one. */
static void
finish_text(struct dns_gather *g, struct rrset *out)
{
	bool is_alias = g->type == DNS_CNAME;

	out->cut = settle(&g->rr, compare_text, is_alias ? 1 :
	    LIMIT_OTHER_RRS) || g->is_cut;
	out->text = g->rr.p;
	if (is_alias) {
		out->lookup.cname = g->rr.p;
		out->lookup.n_cname = g->rr.n;
	}
}

void
dns_gather_finish(struct dns_gather *g, struct rrset *out)
{
	switch (g->type) {
	case DNS_A:
	case DNS_AAAA:
		out->cut = settle(&g->rr, compare_address, LIMIT_ADDRESSES);
		out->address = g->rr.p;
		break;
	case DNS_MX:
		out->cut = settle(&g->rr, compare_mx, LIMIT_MX_RRS);
		out->mx = g->rr.p;
		break;
	case DNS_TXT:
		out->cut = settle(&g->rr, compare_txt, LIMIT_TXT_RRS);
		finish_txt(g, out);
		break;
	case DNS_TLSA:
		out->cut = settle(&g->rr, compare_tlsa, LIMIT_TLSA_RRS);
		finish_tlsa(g, out);
		break;
	case DNS_NS:
	case DNS_CNAME:
	case DNS_DS:
	case DNS_CAA:
		finish_text(g, out);
		break;
	}
	out->n = g->rr.n;
}
