/* SPDX-License-Identifier: Apache-2.0
 *
 * dns_message.c: queries written, responses walked.
 *
 * Between the DNS pool's sockets and the facts.  An alias chain is followed
 * within the answer section, whatever the order of its records; compression
 * pointers must point backwards, so that no name can loop (RFC 1035 4.1,
 * 6891, 8914).  All memory is the arena's.
 */
#include "workers/dns_message.h"

#include <ldns/ldns.h>
#include <string.h>

#include "scanner/base/limits.h"
#include "workers/dns_wire.h"

#include "scanner/base/banned.h"

#define HEADER_BYTES 12
#define OPT_BYTES 11
#define QUESTION_TAIL_BYTES 4 /* type, class */
#define SOA_MINIMUM_BYTES 4   /* the last field of an SOA */

#define FLAG_QR 0x8000u
#define MASK_OPCODE 0x7800u
#define FLAG_AA 0x0400u
#define FLAG_TC 0x0200u
#define FLAG_RD 0x0100u
#define FLAG_RA 0x0080u
#define FLAG_AD 0x0020u
#define MASK_RCODE 0x000fu

#define EDNS_OPTION_EDE 15
#define RCODE_BADVERS 16

/* A message under the cursor. */
struct message {
	struct slice bytes;
	struct dns_name question;
	uint16_t flags;
	uint16_t rcode; /* with the upper bits of OPT */
	uint16_t n_answer, n_authority, n_additional;
	size_t answer_at;
	struct arena *a;
	struct rrset *set;
};

/* ---- queries ---- */

static void
put_u16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

size_t
dns_query_write(struct slice name, enum dns_type type, uint8_t *out)
{
	uint8_t *p = out + HEADER_BYTES;
	size_t n = dns_name_write(name, p);

	if (n == 0)
		return 0;
	memset(out, 0, HEADER_BYTES);
	put_u16(out + 2, FLAG_RD | FLAG_AD); /* RFC 6840 5.7: AD is wanted */
	put_u16(out + 4, 1);                 /* questions */
	put_u16(out + 10, 1);                /* additional: OPT */
	p += n;
	put_u16(p, (unsigned)type);
	put_u16(p + 2, DNS_CLASS_IN);
	p += QUESTION_TAIL_BYTES;
	memset(p, 0, OPT_BYTES);             /* owner: the root */
	put_u16(p + 1, DNS_TYPE_OPT);
	put_u16(p + 3, LIMIT_DNS_UDP_BYTES); /* RFC 6891 6.1.2: class */
	return (size_t)(p + OPT_BYTES - out);
}

void
dns_query_set_id(uint8_t *query, uint16_t id)
{
	put_u16(query, id);
}

static bool
has_edns(struct slice query)
{
	return query.p[HEADER_BYTES - 1] != 0; /* additional records */
}

size_t
dns_query_without_edns(uint8_t *query, size_t n)
{
	if (!has_edns(slice_make(query, n)))
		return n;
	put_u16(query + 10, 0);
	return n - OPT_BYTES;
}

struct slice
dns_query_name(struct slice query)
{
	size_t tail = QUESTION_TAIL_BYTES + (has_edns(query) ? OPT_BYTES : 0);

	return slice_upto(slice_from(query, HEADER_BYTES),
	    query.n - HEADER_BYTES - tail);
}

/* ---- responses ---- */

bool
dns_message_id(struct slice message, uint16_t *id)
{
	struct cursor c = cursor_of(message.p, message.n);

	*id = cursor_u16(&c);
	return message.n >= HEADER_BYTES;
}

/*
 * RFC 6891 7: who does not understand EDNS may send back the header alone.
 * It holds no data, so that whoever forges it gains no more than by silence.
 */
bool
dns_message_is_bare(struct slice message)
{
	static const uint8_t none[HEADER_BYTES - 4];
	struct cursor c = cursor_of(message.p, message.n);
	unsigned flags, rcode;

	cursor_skip(&c, 2);
	flags = cursor_u16(&c);
	rcode = flags & MASK_RCODE;
	return message.n == HEADER_BYTES && (flags & FLAG_QR) != 0 &&
	    (flags & (MASK_OPCODE | FLAG_TC)) == 0 &&
	    memcmp(message.p + c.at, none, sizeof(none)) == 0 &&
	    (rcode == LDNS_RCODE_FORMERR || rcode == LDNS_RCODE_NOTIMPL ||
	    rcode == LDNS_RCODE_REFUSED);
}

bool
dns_answer_fits(struct slice query, struct slice message, bool same_case)
{
	struct cursor c = cursor_of(message.p, message.n);
	struct slice name = dns_query_name(query), theirs;
	size_t tail_at = HEADER_BYTES + name.n;
	unsigned flags;

	if (dns_message_is_bare(message))
		return true;
	cursor_skip(&c, 2);
	flags = cursor_u16(&c);
	if (!(flags & FLAG_QR) || (flags & MASK_OPCODE) != 0 ||
	    cursor_u16(&c) != 1)
		return false;
	cursor_seek(&c, HEADER_BYTES);
	theirs = cursor_bytes(&c, name.n);
	if (c.failed || !(same_case ? slice_eq(name, theirs) :
	    slice_eq_nocase(name, theirs)))
		return false;
	theirs = cursor_bytes(&c, QUESTION_TAIL_BYTES);
	return !c.failed && slice_eq(theirs,
	    slice_upto(slice_from(query, tail_at), QUESTION_TAIL_BYTES));
}

static bool
rr_read(struct cursor *c, struct dns_rr *rr)
{
	if (!dns_name_read(c, &rr->owner))
		return false;
	rr->type = cursor_u16(c);
	rr->class = cursor_u16(c);
	rr->ttl = cursor_u32(c);
	rr->data_n = cursor_u16(c);
	rr->data_at = c->at;
	cursor_skip(c, rr->data_n);
	return !c->failed;
}

enum step { STEP_BAD, STEP_END, STEP_ALIAS, STEP_DATA };

static void
ttl_lower(struct message *m, uint32_t ttl)
{
	if (ttl < m->set->lookup.ttl)
		m->set->lookup.ttl = ttl;
}

/*
 * What the answer section holds for one name: its records (which go to g), or
 * the alias to the next name, which replaces *at.
 */
static enum step
answer_step(struct message *m, struct dns_gather *g, struct dns_name *at)
{
	struct cursor c = cursor_of(m->bytes.p, m->bytes.n);
	struct dns_name target = { .n = 0 };
	struct dns_rr rr;

	cursor_seek(&c, m->answer_at);
	for (uint32_t i = 0; i < m->n_answer; i++) {
		if (!rr_read(&c, &rr))
			return STEP_BAD;
		if (rr.class != DNS_CLASS_IN || !dns_name_eq(&rr.owner, at))
			continue;
		if (rr.type == (unsigned)g->type) {
			if (!dns_gather_add(g, m->bytes, &rr))
				return STEP_BAD;
			ttl_lower(m, rr.ttl);
		} else if (rr.type == DNS_CNAME && target.n == 0) {
			struct cursor data = c;

			cursor_seek(&data, rr.data_at);
			if (!dns_name_read(&data, &target) || data.at != c.at)
				return STEP_BAD;
			ttl_lower(m, rr.ttl);
		}
	}
	if (g->rr.n > 0)
		return STEP_DATA;
	if (target.n == 0)
		return STEP_END;
	*at = target;
	return STEP_ALIAS;
}

/* Follows the chain from the question to its end. */
static enum outcome
read_answers(struct message *m, enum dns_type type)
{
	struct vec chain = VEC_OF(struct slice);
	struct dns_name at = m->question;
	struct dns_gather g;
	enum step step;

	dns_gather_init(&g, m->a, type);
	m->set->lookup.ttl = UINT32_MAX;
	while ((step = answer_step(m, &g, &at)) == STEP_ALIAS) {
		if (chain.n == LIMIT_DNS_CNAME_CHAIN)
			break;
		*(struct slice *)vec_push(m->a, &chain) =
		    dns_name_text(m->a, &at);
	}
	m->set->lookup.cname = chain.p;
	m->set->lookup.n_cname = chain.n;
	if (step == STEP_BAD)
		return OUTCOME_DNS_MALFORMED;
	if (step == STEP_ALIAS)
		return OUTCOME_CNAME_LOOP;
	if (step == STEP_END)
		return OUTCOME_NODATA;
	dns_gather_finish(&g, m->set);
	return OUTCOME_OK;
}

/* RFC 8914 2: info code and UTF-8 text; what is no UTF-8 is left out. */
static void
read_ede(struct message *m, struct slice option, struct vec *list)
{
	struct cursor c = cursor_of(option.p, option.n);
	uint16_t code = cursor_u16(&c);
	struct slice text = cursor_bytes(&c, cursor_left(&c));
	struct ede *ede;

	if (c.failed || list->n == LIMIT_DNS_EDE)
		return;
	text = slice_upto(text, LIMIT_DNS_EDE_TEXT_BYTES);
	text = slice_upto(text, slice_find(text, '\0'));
	/* The cap may have cut a character of up to four bytes. */
	for (int i = 0; i < 3 && !slice_is_utf8(text); i++)
		text.n--;
	ede = vec_push(m->a, list);
	ede->code = code;
	ede->text = slice_is_utf8(text) ? arena_slice(m->a, text) :
	    SLICE_EMPTY;
}

static void
read_opt(struct message *m, const struct dns_rr *rr)
{
	struct vec list = VEC_OF(struct ede);
	struct cursor c = cursor_of(m->bytes.p + rr->data_at, rr->data_n);

	/* RFC 6891 6.1.3: the upper eight bits of the extended RCODE */
	m->rcode = (uint16_t)((m->flags & MASK_RCODE) | (rr->ttl >> 24) << 4);
	while (cursor_left(&c) > 0) {
		uint16_t code = cursor_u16(&c);
		struct slice option = cursor_bytes(&c, cursor_u16(&c));

		if (!c.failed && code == EDNS_OPTION_EDE)
			read_ede(m, option, &list);
	}
	m->set->lookup.ede = list.p;
	m->set->lookup.n_ede = list.n;
}

/* RFC 2308 5: a "no" lives as long as the lesser of TTL and MINIMUM. */
static void
read_soa(struct message *m, const struct dns_rr *rr)
{
	struct cursor c = cursor_of(m->bytes.p + rr->data_at, rr->data_n);

	if (rr->data_n < SOA_MINIMUM_BYTES)
		return;
	cursor_skip(&c, rr->data_n - SOA_MINIMUM_BYTES);
	ttl_lower(m, rr->ttl);
	ttl_lower(m, cursor_u32(&c));
}

/* Authority and additional sections: the SOA of a "no", and OPT. */
static bool
read_rest(struct message *m, bool negative)
{
	struct cursor c = cursor_of(m->bytes.p, m->bytes.n);
	uint32_t n_authority = (uint32_t)m->n_answer + m->n_authority;
	uint32_t n = n_authority + m->n_additional;
	bool seen_opt = false;
	struct dns_rr rr;

	cursor_seek(&c, m->answer_at);
	for (uint32_t i = 0; i < n; i++) {
		if (!rr_read(&c, &rr))
			return false;
		if (i < m->n_answer)
			continue;
		if (i < n_authority) {
			if (negative && rr.type == DNS_TYPE_SOA)
				read_soa(m, &rr);
		} else if (rr.type == DNS_TYPE_OPT && !seen_opt) {
			seen_opt = true;
			read_opt(m, &rr);
		}
	}
	return true;
}

/* Codes of RFC 8914 4 (and IANA's additions) that speak of validation. */
static bool
ede_is_dnssec(const struct ede *ede)
{
	switch (ede->code) {
	case 1:  /* unsupported DNSKEY algorithm */
	case 2:  /* unsupported DS digest type */
	case 25: /* signature expired before valid */
	case 27: /* unsupported NSEC3 iterations value */
		return true;
	default: /* not an enum */
		return ede->code >= 5 && ede->code <= 12;
	}
}

static enum outcome
servfail(const struct lookup *l)
{
	for (size_t i = 0; i < l->n_ede; i++)
		if (ede_is_dnssec(&l->ede[i]))
			return OUTCOME_BOGUS;
	return OUTCOME_SERVFAIL;
}

/*
 * The code of the response against what its sections hold.  A response with
 * no answer, not authoritative and from a server that does not recurse, is a
 * referral: no statement about the name.
 */
static enum outcome
judge(const struct message *m, enum outcome answers)
{
	bool holds = (m->flags & (FLAG_AA | FLAG_RA)) != 0;

	switch (m->rcode) {
	case LDNS_RCODE_NOERROR:
		if (answers == OUTCOME_NODATA && !holds)
			return OUTCOME_DNS_ERROR;
		return answers;
	case LDNS_RCODE_NXDOMAIN:
		/* The code speaks of the end of the chain (RFC 6604 2). */
		if (answers == OUTCOME_OK)
			return OUTCOME_DNS_MALFORMED;
		return answers == OUTCOME_NODATA ? OUTCOME_NXDOMAIN : answers;
	case LDNS_RCODE_SERVFAIL:
		return servfail(&m->set->lookup);
	case LDNS_RCODE_REFUSED:
		return OUTCOME_REFUSED;
	default: /* not an enum */
		return OUTCOME_DNS_ERROR;
	}
}

static bool
read_header(struct message *m, struct slice bytes)
{
	struct cursor c = cursor_of(bytes.p, bytes.n);

	m->bytes = bytes;
	cursor_skip(&c, 2);
	m->flags = cursor_u16(&c);
	m->rcode = m->flags & MASK_RCODE;
	cursor_skip(&c, 2);
	m->n_answer = cursor_u16(&c);
	m->n_authority = cursor_u16(&c);
	m->n_additional = cursor_u16(&c);
	m->answer_at = c.at;
	if (dns_message_is_bare(bytes))
		return true;
	if (!dns_name_read(&c, &m->question))
		return false;
	cursor_skip(&c, QUESTION_TAIL_BYTES);
	m->answer_at = c.at;
	return !c.failed;
}

/* No records where the outcome is not OK, no chain where it is no answer. */
static void
drop_partial(struct rrset *set, enum outcome outcome)
{
	struct lookup *l = &set->lookup;
	struct lookup kept = { .outcome = outcome, .ede = l->ede,
		.n_ede = l->n_ede };

	if (outcome_class(outcome) == CLASS_ANSWER ||
	    outcome == OUTCOME_CNAME_LOOP) {
		kept.cname = l->cname;
		kept.n_cname = l->n_cname;
		kept.ttl = l->ttl == UINT32_MAX ? 0 : l->ttl;
	}
	if (outcome != OUTCOME_OK)
		*set = (struct rrset){ .n = 0 };
	*l = kept;
}

void
dns_answer_read(struct arena *a, struct slice bytes, enum dns_type type,
    struct dns_answer *out)
{
	struct message m = { .a = a, .set = &out->set };
	enum outcome answers;

	*out = (struct dns_answer){ .truncated = false };
	if (!read_header(&m, bytes)) {
		out->set.lookup.outcome = OUTCOME_DNS_MALFORMED;
		return;
	}
	out->authentic = (m.flags & FLAG_AD) != 0;
	out->truncated = (m.flags & FLAG_TC) != 0;
	if (out->truncated)
		return;
	answers = read_answers(&m, type);
	if (answers != OUTCOME_DNS_MALFORMED &&
	    !read_rest(&m, answers == OUTCOME_NODATA))
		answers = OUTCOME_DNS_MALFORMED;
	/* RFC 6891 7: from one that knows no EDNS; 6.1.3: no such version */
	out->edns_failed = m.rcode == LDNS_RCODE_FORMERR ||
	    m.rcode == RCODE_BADVERS;
	drop_partial(&out->set, answers == OUTCOME_DNS_MALFORMED &&
	    (m.rcode == LDNS_RCODE_NOERROR ||
	    m.rcode == LDNS_RCODE_NXDOMAIN) ?
	    OUTCOME_DNS_MALFORMED : judge(&m, answers));
}
