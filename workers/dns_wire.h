/* SPDX-License-Identifier: Apache-2.0
 *
 * dns_wire.h: what dns_message.c (the walk), dns_rdata.c and dns_rdata_text.c
 * (the records' contents) share.  Nobody else includes it.
 */
#pragma once

#include "workers/dns_message.h"

/* IANA numbers that are no question types of ours. */
#define DNS_TYPE_SOA 6
#define DNS_TYPE_OPT 41
#define DNS_CLASS_IN 1

/* One resource record, its data still in the message. */
struct dns_rr {
	struct dns_name owner;
	uint16_t type, class;
	uint32_t ttl;
	size_t data_at; /* offset into the message */
	size_t data_n;
};

/*
 * The records of one answer while they are gathered.  Kept whole until
 * dns_rdata_finish() sorts them, drops duplicates and only then applies caps.
 */
struct dns_gather {
	struct arena *a;
	enum dns_type type;
	bool is_cut; /* a record was longer than what is kept of one */
	struct vec rr;
};

void dns_gather_init(struct dns_gather *g, struct arena *a,
    enum dns_type type);
/* False: the data is malformed. */
bool dns_gather_add(struct dns_gather *g, struct slice message,
    const struct dns_rr *rr);
void dns_gather_finish(struct dns_gather *g, struct rrset *out);

/* The same for NS, CNAME, DS and CAA: one text a record. */
bool dns_text_add(struct dns_gather *g, struct slice message,
    const struct dns_rr *rr);
