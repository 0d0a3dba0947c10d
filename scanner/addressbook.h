/* SPDX-License-Identifier: Apache-2.0
 *
 * addressbook.h: how many MX names each address was probed under, and what
 * the names beyond share.
 *
 * One for all workers, behind a lock of its own; nobody waits inside.  The
 * rule, for an address and the limit N:
 *
 *   - The first N names that ask are told to probe.  A name that turns out
 *     not to be contacted (excluded) gives its turn back.
 *   - From the N/2-th name on the facts of finished probes are kept: the
 *     first answer, and until there is one the first of anything.
 *   - A name beyond N shares the kept facts if they are an answer.  Else it
 *     waits until an answer is there, or until no probe of the N is under
 *     way: then it shares what there is.  Whoever blocked or did not answer N
 *     names is not bothered again; the outcome says so.
 *
 * Names that must be probed (MTA-STS, TLSA) do not ask.  What they found may
 * be kept like the rest.  A finished probe is one with its retries.
 */
#pragma once

#include <sys/queue.h>

#include "scanner/rules/facts.h"
#include "workers/loop.h"

struct addressbook;

enum address_turn {
	ADDRESS_PROBE, /* go on; addressbook_end() is owed */
	ADDRESS_SHARE, /* `shared` is set */
	ADDRESS_WAIT,  /* told() comes */
};

/* Embedded in the caller's object, in place until told. */
struct address_ticket {
	struct loop *loop;      /* where told() is posted */
	loop_message_fn *told;
	void *ctx;
	/*
	 * The answer: facts of another name, immutable, the book's until it is
	 * freed; marked shared, without name verdict, attempts and DANE.
	 * Chains hold digests alone.  NULL: probe, addressbook_end() is owed.
	 */
	const struct smtp_facts *shared;
	/* the book's own */
	TAILQ_ENTRY(address_ticket) link_shared;
};

struct addressbook *addressbook_new(uint32_t names);
/* When no loop that ever asked runs any more; waiting tickets are dropped. */
void addressbook_free(struct addressbook *b);

/* From any thread. */
enum address_turn addressbook_ask(struct addressbook *b,
    const struct address *address, struct address_ticket *t);
/*
 * A probe of this address ended, of whoever was told to probe or (has_turn
 * false) did not have to ask.  The certificates in its chain are on their way
 * to the file.
 */
void addressbook_end(struct addressbook *b, const struct smtp_facts *facts,
    bool has_turn);
/* An earlier session of this scan probed the address under some name. */
void addressbook_put(struct addressbook *b, const struct smtp_facts *facts);
