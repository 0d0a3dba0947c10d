/* SPDX-License-Identifier: Apache-2.0
 *
 * hostbook.h: every MX host once per run, whatever number of domains name it.
 *
 * One per worker, for the hosts whose names hash to it.  The first question
 * starts look-ups and probes, later ones join or read the answer.  The mx
 * record is handed to the sink before anybody is answered.
 */
#pragma once

#include "scanner/rules/facts.h"
#include "scanner/worker.h"

struct hostbook;

/*
 * A question and its answer.  Belongs to the asking job, stays in place until
 * answered() has run on `home`.
 */
struct host_question {
	struct loop *home;
	loop_message_fn *answered;
	void *ctx;
	struct slice host;
	struct host_state state; /* the answer */
	/* the hostbook's own */
	struct hostbook *book;
	struct host_question *next;
};

struct hostbook *hostbook_new(struct worker *w);
/* Pending hosts are dropped, nobody is answered. */
void hostbook_free(struct hostbook *b);
/*
 * Before the worker's thread starts: an answer that is known from an earlier
 * session.  Names and state are copied; a second one replaces the first.
 */
void hostbook_put(struct hostbook *b, struct slice host,
    const struct host_state *state);
/* From any thread: asks the worker that owns the host. */
void hostbook_ask(struct hostbook *owner, struct host_question *q);
