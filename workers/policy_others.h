/* SPDX-License-Identifier: Apache-2.0
 *
 * policy_others.h: the addresses of a policy host beside the one that decided:
 * which are asked, what is kept of each, and which have stopped answering.
 */
#pragma once

#include "scanner/base/arena.h"
#include "scanner/rules/facts.h"

/*
 * Makes facts->other: every address of a and aaaa but `decided`, the families
 * by turns, so that a small limit sees both; `addresses` in all, `decided`
 * among them (0 is taken as 1).  Those that were attempted have that outcome,
 * the others NONE.
 */
void policy_others_list(struct arena *a, struct policy_facts *facts,
    const struct address *decided, size_t addresses);

/*
 * What a fetch from facts->other[i] found, of which nothing is needed any
 * more: its outcome, and where it got so far TLS, leaf, status and body.
 */
void policy_others_keep(struct arena *a, struct policy_facts *facts, size_t i,
    enum outcome outcome, const struct policy_facts *found);

/*
 * Addresses where one fetch after the other ended in silence.  One dead
 * address of a hosting provider would else cost thousands of policy hosts a
 * time-out each, one at a time.  Not locked: one worker's.
 */
struct silent_book;

struct silent_book *silent_book_new(void);
void silent_book_free(struct silent_book *b);
/*
 * How the last fetch ended, after LIMIT_POLICY_SILENT_IN_ROW time-outs, no
 * answer since, and for LIMIT_POLICY_SILENT_MS; else NONE: try.
 */
enum outcome silent_book_find(const struct silent_book *b,
    const struct address *a, uint64_t now_ms);
void silent_book_note(struct silent_book *b, const struct address *a,
    enum outcome outcome, uint64_t now_ms);
