/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_dns_message.c: hostile DNS responses and names.
 *
 * The first byte chooses the type asked; the rest is a message.  What our
 * reader understands is held against ldns: records that we found must be
 * among those it found, and where it sees an answer to the question we must
 * not have said "no".
 */
#include <ldns/ldns.h>
#include <stdlib.h>
#include <string.h>

#include "scanner/base/limits.h"
#include "workers/dns_message.h"

#include "scanner/base/banned.h"

#define HEADER_BYTES 12
/* A CAA of which every byte is escaped. */
#define TEXT_MAX (4 * (255 + LIMIT_CAA_VALUE_BYTES) + 16)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const enum dns_type types[] = { DNS_A, DNS_AAAA, DNS_MX, DNS_TXT,
	DNS_TLSA, DNS_NS, DNS_CNAME, DNS_DS, DNS_CAA };

static void
check(bool holds)
{
	if (!holds)
		abort();
}

static bool
starts_with_number(struct slice text, unsigned number)
{
	uint64_t ours;

	return slice_to_u64(slice_upto(text, slice_find(text, ' ')), 5,
	    &ours) && ours == number;
}

/* Does ldns' record say what ours, the i-th of the set, says? */
static bool
same(struct arena *a, const ldns_rr *rr, enum dns_type type,
    const struct rrset *set, size_t i)
{
	const ldns_rdf *first = ldns_rr_rdf(rr, 0);
	struct cursor c;
	struct dns_name name;

	/* ldns keeps a record of no or of too few bytes, without its fields. */
	if (ldns_rr_rd_count(rr) < (type == DNS_MX ? 2u : 1u))
		return false;
	switch (type) {
	case DNS_A:
	case DNS_AAAA:
		return memcmp(ldns_rdf_data(first), set->address[i].bytes,
		    ldns_rdf_size(first)) == 0;
	case DNS_MX:
		c = cursor_of(ldns_rdf_data(ldns_rr_rdf(rr, 1)),
		    ldns_rdf_size(ldns_rr_rdf(rr, 1)));
		return ldns_rdf2native_int16(first) == set->mx[i].preference &&
		    dns_name_read(&c, &name) &&
		    slice_eq(dns_name_text(a, &name), set->mx[i].host);
	case DNS_TXT:
		return set->txt[i].n_part > 0 && slice_eq(slice_make(
		    ldns_rdf_data(first) + 1, ldns_rdf_size(first) - 1),
		    set->txt[i].part[0]);
	case DNS_TLSA:
		return ldns_rdf2native_int8(first) == set->tlsa[i].usage;
	case DNS_NS:
	case DNS_CNAME:
		c = cursor_of(ldns_rdf_data(first), ldns_rdf_size(first));
		return dns_name_read(&c, &name) &&
		    slice_eq(dns_name_text(a, &name), set->text[i]);
	case DNS_DS:
	case DNS_CAA:
		return starts_with_number(set->text[i], type == DNS_DS ?
		    ldns_rdf2native_int16(first) :
		    ldns_rdf2native_int8(first));
	}
	return false;
}

/*
 * ldns lets a name run beyond its record's length and takes the next record
 * from there.  It is a witness only where both see the same records.
 */
static bool
same_borders(struct slice message, size_t at, size_t n_rr)
{
	const uint8_t *wire = (const uint8_t *)message.p;

	for (size_t i = 0; i < n_rr; i++) {
		struct cursor c = cursor_of(wire, message.n);
		ldns_rdf *owner = NULL;
		ldns_rr *rr = NULL;
		size_t end = at;

		if (ldns_wire2dname(&owner, wire, message.n, &end) !=
		    LDNS_STATUS_OK)
			return false;
		ldns_rdf_deep_free(owner);
		cursor_seek(&c, end);
		cursor_skip(&c, 8);
		end = cursor_u16(&c);
		end += c.at;
		if (c.failed || ldns_wire2rr(&rr, wire, message.n, &at,
		    LDNS_SECTION_ANSWER) != LDNS_STATUS_OK)
			return false;
		ldns_rr_free(rr);
		if (at != end)
			return false;
	}
	return true;
}

static bool
is_witness(struct slice message, const ldns_pkt *pkt)
{
	struct cursor c = cursor_of(message.p, message.n);
	struct dns_name name;

	cursor_seek(&c, HEADER_BYTES);
	if (ldns_pkt_qdcount(pkt) != 1 || !dns_name_read(&c, &name))
		return false;
	cursor_skip(&c, 4);
	return !c.failed && same_borders(message, c.at,
	    ldns_rr_list_rr_count(ldns_pkt_answer(pkt)));
}

static void
check_witness(struct arena *a, const ldns_pkt *pkt, enum dns_type type,
    const struct rrset *set)
{
	ldns_rr_list *answer = ldns_pkt_answer(pkt);
	ldns_rr_list *question = ldns_pkt_question(pkt);
	size_t n = ldns_rr_list_rr_count(answer);

	for (size_t i = 0; i < set->n; i++) {
		bool found = false;

		for (size_t k = 0; k < n && !found; k++) {
			ldns_rr *rr = ldns_rr_list_rr(answer, k);

			found = (unsigned)ldns_rr_get_type(rr) ==
			    (unsigned)type && same(a, rr, type, set, i);
		}
		check(found);
	}
	if (set->lookup.outcome != OUTCOME_NODATA || set->lookup.n_cname > 0 ||
	    ldns_rr_list_rr_count(question) != 1)
		return;
	for (size_t k = 0; k < n; k++) {
		ldns_rr *rr = ldns_rr_list_rr(answer, k);

		check((unsigned)ldns_rr_get_type(rr) != (unsigned)type ||
		    ldns_rr_get_class(rr) != LDNS_RR_CLASS_IN ||
		    ldns_dname_compare(ldns_rr_owner(rr), ldns_rr_owner(
		    ldns_rr_list_rr(question, 0))) != 0);
	}
}

static bool
is_printable(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < 0x20 || s.p[i] > 0x7e)
			return false;
	return true;
}

static void
check_bounds(const struct rrset *set)
{
	const struct lookup *l = &set->lookup;

	check(l->n_cname <= LIMIT_DNS_CNAME_CHAIN);
	check(l->n_ede <= LIMIT_DNS_EDE);
	check(set->n <= LIMIT_TXT_RRS);
	check((l->outcome == OUTCOME_OK) == (set->n > 0));
	for (size_t i = 0; i < l->n_ede; i++)
		check(l->ede[i].text.n <= LIMIT_DNS_EDE_TEXT_BYTES &&
		    slice_is_utf8(l->ede[i].text));
	for (size_t i = 0; set->text != NULL && i < set->n; i++)
		check(set->n <= LIMIT_OTHER_RRS && set->text[i].n > 0 &&
		    set->text[i].n <= TEXT_MAX && is_printable(set->text[i]));
	for (size_t i = 0; set->txt != NULL && i < set->n; i++) {
		size_t sum = 0;

		for (size_t k = 0; k < set->txt[i].n_part; k++)
			sum += set->txt[i].part[k].n;
		check(sum == set->txt[i].joined.n && sum <= LIMIT_TXT_BYTES);
	}
}

/* A name that can be read can be asked for, and is the same again. */
static void
check_name(struct arena *a, struct slice message, enum dns_type type)
{
	uint8_t query[DNS_QUERY_BYTES_MAX];
	struct cursor c = cursor_of(message.p, message.n);
	struct dns_name name;
	struct slice text;
	size_t n;

	cursor_seek(&c, HEADER_BYTES);
	if (c.failed || !dns_name_read(&c, &name))
		return;
	text = dns_name_text(a, &name);
	n = dns_query_write(text, type, query);
	check(n > HEADER_BYTES + name.n);
	check(memcmp(query + HEADER_BYTES, name.b, name.n) == 0);
	(void)dns_answer_fits(slice_make(query, n), message, false);
	query[2] |= 0x80;
	check(dns_answer_fits(slice_make(query, n), slice_make(query, n),
	    true));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dns_answer answer;
	struct slice message;
	enum dns_type type;
	ldns_pkt *pkt = NULL;
	struct arena *a;

	if (size < 1 + HEADER_BYTES || size > 65536)
		return 0;
	type = types[data[0] % (sizeof(types) / sizeof(*types))];
	message = slice_make(data + 1, size - 1);
	a = arena_new();
	dns_answer_read(a, message, type, &answer);
	check_bounds(&answer.set);
	if (!answer.truncated && ldns_wire2pkt(&pkt, data + 1, size - 1) ==
	    LDNS_STATUS_OK && is_witness(message, pkt))
		check_witness(a, pkt, type, &answer.set);
	ldns_pkt_free(pkt);
	check_name(a, message, type);
	(void)dns_query_write(message, type, (uint8_t[DNS_QUERY_BYTES_MAX]){
	    0 });
	arena_free(a);
	return 0;
}
