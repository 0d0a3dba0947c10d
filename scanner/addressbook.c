/* SPDX-License-Identifier: Apache-2.0
 *
 * addressbook.c: counts, kept facts and who waits for them, by address.
 *
 * An entry is small and stays for the whole run; facts are kept only where
 * many names meet.  They lie in the book's arena and are replaced at most
 * once, so nothing that was handed out ever goes away.
 */
#include "scanner/addressbook.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "scanner/base/arena.h"
#include "scanner/base/log.h"
#include "workers/table.h"

#include "scanner/base/banned.h"

TAILQ_HEAD(address_line, address_ticket);

struct address_entry {
	struct table_node node;         /* first */
	uint32_t n_name;                /* told to probe */
	uint32_t n_open;                /* of them, not yet ended */
	const struct smtp_facts *kept;  /* NULL: none */
	struct address_line waiting;
};

struct addressbook {
	uint32_t names;
	uint64_t secret[2];
	struct {
		pthread_mutex_t lock;
		struct table entries;
		struct arena *arena;    /* of entries and kept facts */
	} _shared;
};

struct addressbook *
addressbook_new(uint32_t names)
{
	struct addressbook *b = xcalloc(1, sizeof(*b));

	b->names = names;
	if (getrandom(b->secret, sizeof(b->secret), 0) != sizeof(b->secret))
		log_fatal("no random bytes from the system for a hash key");
	pthread_mutex_init(&b->_shared.lock, NULL);
	b->_shared.arena = arena_new();
	return b;
}

void
addressbook_free(struct addressbook *b)
{
	if (b == NULL)
		return;
	table_release(&b->_shared.entries);
	arena_free(b->_shared.arena);
	pthread_mutex_destroy(&b->_shared.lock);
	free(b);
}

static struct address_entry *
entry_get(struct addressbook *b, const struct address *a)
{
	uint8_t key[1 + sizeof(a->bytes)];
	struct address_entry *e;
	uint64_t id;

	key[0] = a->family;
	memcpy(key + 1, a->bytes, sizeof(a->bytes));
	id = slice_hash(slice_make(key, a->family == 4 ? 5 : sizeof(key)),
	    b->secret);
	e = table_find(&b->_shared.entries, id);
	if (e != NULL)
		return e;
	e = arena_alloc(b->_shared.arena, sizeof(*e));
	TAILQ_INIT(&e->waiting);
	table_insert(&b->_shared.entries, &e->node, id);
	return e;
}

/* ---- kept facts ---- */

static struct slice
kept_slice(struct arena *a, struct slice s)
{
	return s.n > 0 ? arena_slice(a, s) : SLICE_EMPTY;
}

static struct slice *
kept_slices(struct arena *a, const struct slice *s, size_t n)
{
	struct slice *to = arena_array(a, n, sizeof(*to));

	for (size_t i = 0; i < n; i++)
		to[i] = arena_slice(a, s[i]);
	return to;
}

static void
keep_tls(struct arena *a, struct tls_facts *t)
{
	struct cert_der *chain = arena_array(a, t->n_chain, sizeof(*chain));

	t->cipher = kept_slice(a, t->cipher);
	t->group = kept_slice(a, t->group);
	t->signature = kept_slice(a, t->signature);
	t->alert = kept_slice(a, t->alert);
	t->error = kept_slice(a, t->error);
	t->verify_error = kept_slice(a, t->verify_error);
	for (size_t i = 0; i < t->n_chain; i++)
		memcpy(chain[i].sha256, t->chain[i].sha256,
		    sizeof(chain[i].sha256));
	t->chain = chain;
	/* Of the name it was asked by. */
	t->sni = SLICE_EMPTY;
	t->name_ok = TRI_UNKNOWN;
	t->name_by = NAME_BY_NONE;
}

static const struct smtp_facts *
shared_copy(struct arena *a, const struct smtp_facts *f)
{
	struct smtp_facts *s = arena_alloc(a, sizeof(*s));

	*s = *f;
	s->shared = true;
	s->attempt = NULL;
	s->n_attempt = 0;
	s->quit = false;
	s->elapsed_ms = 0;
	s->dane = (struct dane_facts){ .n_usable = 0 };
	s->banner = kept_slices(a, f->banner, f->n_banner);
	s->ehlo = kept_slices(a, f->ehlo, f->n_ehlo);
	s->ehlo_tls = kept_slices(a, f->ehlo_tls, f->n_ehlo_tls);
	s->starttls_reply = kept_slice(a, f->starttls_reply);
	keep_tls(a, &s->tls);
	return s;
}

static bool
is_answer(const struct smtp_facts *f)
{
	return f != NULL && outcome_class(f->outcome) == CLASS_ANSWER;
}

static void
keep(struct addressbook *b, struct address_entry *e,
    const struct smtp_facts *f)
{
	if ((uint64_t)e->n_name * 2 < b->names || f->n_attempt == 0)
		return;
	if (e->kept == NULL || (is_answer(f) && !is_answer(e->kept)))
		e->kept = shared_copy(b->_shared.arena, f);
}

static bool
is_settled(const struct address_entry *e)
{
	return is_answer(e->kept) || (e->kept != NULL && e->n_open == 0);
}

/* ---- turns ---- */

static void
take_turn(struct address_entry *e)
{
	e->n_name++;
	e->n_open++;
}

/* Whoever waits and need not any more. */
static void
serve(struct addressbook *b, struct address_entry *e)
{
	struct address_ticket *t;

	while ((t = TAILQ_FIRST(&e->waiting)) != NULL) {
		if (e->n_name < b->names)
			take_turn(e);
		else if (is_settled(e))
			t->shared = e->kept;
		else
			return;
		TAILQ_REMOVE(&e->waiting, t, link_shared);
		loop_post(t->loop, t->told, t->ctx);
	}
}

enum address_turn
addressbook_ask(struct addressbook *b, const struct address *address,
    struct address_ticket *t)
{
	enum address_turn turn = ADDRESS_WAIT;
	struct address_entry *e;

	t->shared = NULL;
	pthread_mutex_lock(&b->_shared.lock);
	e = entry_get(b, address);
	if (e->n_name < b->names) {
		take_turn(e);
		turn = ADDRESS_PROBE;
	} else if (is_settled(e)) {
		t->shared = e->kept;
		turn = ADDRESS_SHARE;
	} else {
		TAILQ_INSERT_TAIL(&e->waiting, t, link_shared);
	}
	pthread_mutex_unlock(&b->_shared.lock);
	return turn;
}

void
addressbook_end(struct addressbook *b, const struct smtp_facts *facts,
    bool has_turn)
{
	struct address_entry *e;

	pthread_mutex_lock(&b->_shared.lock);
	e = entry_get(b, &facts->address);
	if (has_turn) {
		e->n_open--;
		if (facts->n_attempt == 0)
			e->n_name--;
	}
	keep(b, e, facts);
	serve(b, e);
	pthread_mutex_unlock(&b->_shared.lock);
}

void
addressbook_put(struct addressbook *b, const struct smtp_facts *facts)
{
	struct address_entry *e;

	if (facts->shared || facts->n_attempt == 0)
		return;
	pthread_mutex_lock(&b->_shared.lock);
	e = entry_get(b, &facts->address);
	if (e->n_name < b->names)
		e->n_name++;
	keep(b, e, facts);
	pthread_mutex_unlock(&b->_shared.lock);
}
