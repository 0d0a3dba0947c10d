/* SPDX-License-Identifier: Apache-2.0
 *
 * visit.h: LOCATE and PROBE of one MX host: what exists only while it is
 * being looked at.
 */
#pragma once

#include "scanner/base/arena.h"
#include "scanner/rules/facts.h"
#include "scanner/worker.h"

struct entry;
struct host_question;
struct leg;
struct visit;

typedef void visit_done_fn(struct visit *v);

struct visit {
	struct worker *worker;
	visit_done_fn *done;
	struct arena *arena;
	struct host_facts facts;
	struct leg *leg;           /* one an address, its facts behind all */
	size_t legs_open;
	struct slice reference[2];
	size_t n_reference;
	int64_t started_ms;
	uint64_t started_mono_ms;
	bool wants_own;            /* no shared facts */
	/* the hostbook's */
	struct hostbook *book;
	struct entry *entry;
	struct host_question *waiting;
	struct visit *next, *prev; /* of book->visits */
};

/*
 * Starts the look-ups.  done() is called once, not from within this call;
 * never where there is nothing to wait for (visit_is_idle).  `host` is
 * borrowed.
 */
struct visit *visit_new(struct worker *w, struct slice host, bool wants_own,
    visit_done_fn *done);
/* Excluded: nothing was asked, the facts say so. */
bool visit_is_idle(const struct visit *v);
/* After done(), or when the worker's loop runs no more. */
void visit_free(struct visit *v);
