/* SPDX-License-Identifier: Apache-2.0
 *
 * also.h: the questions of `--also`: what is asked, and what an answer is.
 *
 * Pure.  Only presence is judged, of SPF (RFC 7208) and DMARC (RFC 7489) the
 * policy as well; no finding comes of them.
 */
#pragma once

#include "scanner/base/arena.h"
#include "scanner/rules/facts.h"

/*
 * A list such as "ns,spf" to *asked, with the bit 1u << q of each question q.
 * False: *bad is the first word that is no question, or empty where none is
 * named.
 */
bool also_parse(struct slice list, unsigned *asked, struct slice *bad);
static inline bool
also_is_asked(unsigned asked, enum also q)
{
	return (asked >> q & 1u) != 0;
}

enum dns_type also_type(enum also q);
/* The name asked for; in the arena, or `domain` itself. */
struct slice also_owner(struct arena *a, enum also q, struct slice domain);
/*
 * Does the MX answer of the domain say it all?  Then out->lookup holds the
 * answer: there is no such name, nor any below it (RFC 8020 2), unless the
 * denial speaks of what the domain is an alias of (RFC 6604 3); or nothing
 * about an excluded name was asked.
 */
bool also_is_known(const struct lookup *mx, struct rrset *out);

struct also_judgement {
	enum also_status status;
	enum also_policy policy; /* NULL: of another question, or not clear */
};

struct also_judgement also_judge(enum also q, const struct rrset *set);
