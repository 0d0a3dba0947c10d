/* SPDX-License-Identifier: Apache-2.0
 *
 * dns_message.h: DNS messages between text and wire (RFC 1035, 6891, 8914).
 *
 * Pure: bytes in, facts out, no socket and no clock.  Names are put into and
 * out of presentation form by ldns; the message itself is walked by the
 * cursor, so that the commonest answer, "no such name", allocates nothing.
 */
#pragma once

#include "scanner/base/arena.h"
#include "scanner/rules/facts.h"

#define DNS_NAME_WIRE_MAX 255 /* RFC 1035 2.3.4 */
/* Header, question, OPT without options. */
#define DNS_QUERY_BYTES_MAX (12 + DNS_NAME_WIRE_MAX + 4 + 11)

/* A name on the wire, uncompressed, in lower case. */
struct dns_name {
	size_t n;
	uint8_t b[DNS_NAME_WIRE_MAX];
};

/*
 * A query with RD and AD set and an OPT record, into out of
 * DNS_QUERY_BYTES_MAX bytes; its length, or 0 where no such name can exist
 * (RFC 1035 2.3.4: too long, an empty label).  The id is 0.
 */
size_t dns_query_write(struct slice name, enum dns_type type, uint8_t *out);
void dns_query_set_id(uint8_t *query, uint16_t id);

/* Takes OPT out of a query; its length then. */
size_t dns_query_without_edns(uint8_t *query, size_t n);
/* The name asked for, on the wire. */
struct slice dns_query_name(struct slice query);

/* The id of a message, where it is long enough to have one. */
bool dns_message_id(struct slice message, uint16_t *id);
/* FORMERR, NOTIMP or REFUSED in a header alone, without the question. */
bool dns_message_is_bare(struct slice message);
/*
 * Is this a response to that query, id aside?  QR, opcode and question; with
 * same_case its letters, too.  A bare one (see above) fits any query.
 */
bool dns_answer_fits(struct slice query, struct slice message,
    bool same_case);

struct dns_answer {
	bool truncated;     /* TC: nothing else was read */
	bool authentic;     /* AD, whoever says so */
	bool edns_failed;   /* FORMERR or BADVERS: EDNS is not understood */
	/*
	 * Records, alias chain, EDE, TTL and outcome (OK, NODATA, NXDOMAIN,
	 * SERVFAIL, BOGUS, REFUSED, DNS_ERROR, DNS_MALFORMED, CNAME_LOOP).
	 * `secure`, `attempts`, `elapsed_ms`, `resolver` are left alone.
	 */
	struct rrset set;
};

/*
 * Reads a response whose question has been found to fit.  The memory of the
 * facts comes from `a`; nothing borrows from the message.
 */
void dns_answer_read(struct arena *a, struct slice message, enum dns_type type,
    struct dns_answer *out);

/* Text to wire, into DNS_NAME_WIRE_MAX bytes; 0: no such name can exist. */
size_t dns_name_write(struct slice name, uint8_t *out);
/* A possibly compressed name at the cursor; false: malformed. */
bool dns_name_read(struct cursor *c, struct dns_name *out);
bool dns_name_eq(const struct dns_name *a, const struct dns_name *b);
/* Presentation form without the root dot, odd bytes escaped; root: ".". */
struct slice dns_name_text(struct arena *a, const struct dns_name *name);
