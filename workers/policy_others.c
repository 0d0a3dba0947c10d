/* SPDX-License-Identifier: Apache-2.0
 *
 * policy_others.c: lists and short facts of the other addresses; the book of
 * those that are silent.  The pool asks them, one after the other.
 */
#include "workers/policy_others.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/random.h>

#include "scanner/base/limits.h"
#include "scanner/base/log.h"
#include "workers/policy_attempts.h"
#include "workers/table.h"

#include "scanner/base/banned.h"

/* ---- which ---- */

static enum outcome
attempted(const struct policy_facts *facts, const struct address *a)
{
	enum outcome o = OUTCOME_NONE;

	for (size_t i = 0; i < facts->n_attempt; i++)
		if (address_same(&facts->attempt[i].address, a))
			o = facts->attempt[i].outcome; /* the last */
	return o;
}

void
policy_others_list(struct arena *a, struct policy_facts *facts,
    const struct address *decided, size_t addresses)
{
	const struct rrset *family[] = { &facts->a, &facts->aaaa };
	size_t n = facts->a.n + facts->aaaa.n;

	facts->n_other = 0;
	facts->others_cut = false;
	facts->other = arena_array(a, n, sizeof(*facts->other));
	for (size_t i = 0; i < 2 * n; i++) {
		const struct rrset *set = family[i % 2];
		const struct address *at;

		if (i / 2 >= set->n)
			continue;
		at = &set->address[i / 2];
		if (address_same(at, decided))
			continue;
		if (facts->n_other + 1 >= addresses) {
			facts->others_cut = true;
			return;
		}
		facts->other[facts->n_other].address = *at;
		facts->other[facts->n_other++].outcome = attempted(facts, at);
	}
}

/* ---- what is kept ---- */

static void
keep_tls(struct arena *a, const struct policy_facts *facts,
    struct policy_other *o, const struct tls_facts *t)
{
	const struct tls_facts *known = &facts->tls;

	o->tls = t->outcome;
	o->trusted = t->trusted;
	o->name_ok = t->name_ok;
	o->time_ok = t->time_ok;
	o->has_leaf = t->n_chain > 0;
	if (!o->has_leaf)
		return;
	o->leaf = t->chain[0];
	o->leaf.facts = NULL; /* they are of the fetch, which ends */
	if (known->n_chain > 0 && memcmp(known->chain[0].sha256,
	    o->leaf.sha256, sizeof(o->leaf.sha256)) == 0)
		o->leaf.der = known->chain[0].der;
	else
		o->leaf.der = arena_slice(a, o->leaf.der);
}

static void
keep_body(struct arena *a, const struct policy_facts *facts,
    struct policy_other *o, const struct policy_facts *found)
{
	bool both_whole = facts->has_body && !facts->body_cut &&
	    !found->body_cut;

	if (!found->has_body)
		return;
	if (both_whole)
		o->same = slice_eq(facts->body, found->body) ? TRI_YES :
		    TRI_NO;
	if (o->same == TRI_YES)
		return;
	o->has_body = true;
	o->body_cut = found->body_cut ||
	    found->body.n > LIMIT_POLICY_OTHER_BYTES;
	o->body = arena_slice(a, slice_upto(found->body,
	    LIMIT_POLICY_OTHER_BYTES));
}

void
policy_others_keep(struct arena *a, struct policy_facts *facts, size_t i,
    enum outcome outcome, const struct policy_facts *found)
{
	struct policy_other *o = &facts->other[i];

	o->outcome = outcome;
	keep_tls(a, facts, o, &found->tls);
	o->http_status = found->http_status;
	keep_body(a, facts, o, found);
}

/* ---- silent addresses ---- */

struct silent {
	struct table_node node;
	SLIST_ENTRY(silent) link;
	uint32_t n; /* time-outs in a row */
	enum outcome outcome; /* of the last of them */
	uint64_t noted_ms;
};

struct silent_book {
	struct table table;
	SLIST_HEAD(, silent) entries;
	uint64_t secret[2];
};

static uint64_t
id_of(const struct silent_book *b, const struct address *a)
{
	return slice_hash(slice_make(a->bytes, a->family == 4 ? 4 :
	    sizeof(a->bytes)), b->secret);
}

struct silent_book *
silent_book_new(void)
{
	struct silent_book *b = xcalloc(1, sizeof(*b));

	SLIST_INIT(&b->entries);
	if (getrandom(b->secret, sizeof(b->secret), 0) != sizeof(b->secret))
		log_fatal("no random bytes from the system for a hash key");
	return b;
}

void
silent_book_free(struct silent_book *b)
{
	struct silent *s;

	if (b == NULL)
		return;
	while ((s = SLIST_FIRST(&b->entries)) != NULL) {
		SLIST_REMOVE_HEAD(&b->entries, link);
		free(s);
	}
	table_release(&b->table);
	free(b);
}

enum outcome
silent_book_find(const struct silent_book *b, const struct address *a,
    uint64_t now_ms)
{
	const struct silent *s = table_find(&b->table, id_of(b, a));

	if (s == NULL || s->n < LIMIT_POLICY_SILENT_IN_ROW ||
	    now_ms - s->noted_ms >= LIMIT_POLICY_SILENT_MS)
		return OUTCOME_NONE;
	return s->outcome;
}

void
silent_book_note(struct silent_book *b, const struct address *a,
    enum outcome outcome, uint64_t now_ms)
{
	bool is_silence = policy_is_silence(outcome);
	uint64_t id = id_of(b, a);
	struct silent *s = table_find(&b->table, id);

	if (s == NULL) {
		if (!is_silence || b->table.n >= LIMIT_POLICY_SILENT_BOOK)
			return;
		s = xcalloc(1, sizeof(*s));
		SLIST_INSERT_HEAD(&b->entries, s, link);
		table_insert(&b->table, &s->node, id);
	}
	s->n = is_silence ? s->n + 1 : 0;
	s->outcome = outcome;
	s->noted_ms = now_ms;
}
