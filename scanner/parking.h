/* SPDX-License-Identifier: Apache-2.0
 *
 * parking.h: the facts of a domain that waits for its MX hosts, in one block
 * of their size.
 *
 * Facts as they lie open take kilobytes, as a record some hundred bytes.  A
 * record gives back what it was made from (output/unpack.h), so a parked
 * domain is its record, without the hosts: their names stand in the questions
 * that it waits for.
 */
#pragma once

#include "output/record.h"
#include "scanner/base/arena.h"
#include "scanner/hostbook.h"

struct parked;

/*
 * The facts may be freed then, but for the certificates of the policy host's
 * chain, of which digests are kept: their records are to be posted before.
 */
struct parked *parked_new(const struct domain_meta *meta,
    const struct domain_facts *facts);
void parked_free(struct parked *p); /* NULL is fine */
/*
 * The facts again, with hosts named as in `question` (as many as before, their
 * states left blank).  All lives in `a` and in the questions; p may be freed.
 */
void parked_open(const struct parked *p, struct arena *a,
    const struct host_question *question, struct domain_meta *meta,
    struct domain_facts *facts);
/* Of the block, for whoever measures. */
size_t parked_bytes(const struct parked *p);
