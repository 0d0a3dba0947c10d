/* SPDX-License-Identifier: Apache-2.0
 *
 * hostbook.h: every MX host once per run, whatever number of domains name it.
 *
 * One per worker, for the hosts whose names hash to it.  The first question
 * starts look-ups and probes, later ones join or read the answer.  The mx
 * record is handed to the sink before anybody is answered.
 *
 * Where an address carries very many names, a host may get facts that another
 * name was told (addressbook.h).  A question that wants the host's own facts
 * then has it visited again; a second mx record follows the first, and who was
 * answered before keeps that answer.
 */
#pragma once

#include "scanner/rules/facts.h"
#include "scanner/worker.h"

struct hostbook;

/*
 * A question and its answer.  Belongs to the asking job, stays in place, with
 * the bytes of the name, until answered() has run on `home`.
 */
struct host_question {
	struct loop *home;
	loop_message_fn *answered;
	void *ctx;
	struct slice host;
	/* The answer: the book's, immutable, until the run ends. */
	const struct host_state *state;
	union { /* the hostbook's own: on the way, then in line */
		struct hostbook *book;
		struct host_question *next;
	} own;
	/* MTA-STS judges the host's own name: shared facts are no answer. */
	bool wants_own;
};

struct hostbook *hostbook_new(struct worker *w);
/* Pending hosts are dropped, nobody is answered. */
void hostbook_free(struct hostbook *b);
/*
 * Before the worker's thread starts: an answer that is known from an earlier
 * session.  Names and state are copied; a second one replaces the first, but
 * shared facts never replace the host's own.
 */
void hostbook_put(struct hostbook *b, struct slice host,
    const struct host_state *state);
/* From any thread: asks the worker that owns the host. */
void hostbook_ask(struct hostbook *owner, struct host_question *q);
