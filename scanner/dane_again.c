/* SPDX-License-Identifier: Apache-2.0
 *
 * dane_again.c: which certificates are wanted, and the same comparison as in
 * the scan.
 */
#include "scanner/dane_again.h"

#include "workers/dane.h"

#include "scanner/base/banned.h"

void
dane_again_init(struct dane_again *d, const uint64_t hash_key[2])
{
	slice_map_init(&d->certs, hash_key);
	digest_set_init(&d->wanted);
}

void
dane_again_release(struct dane_again *d)
{
	slice_map_release(&d->certs);
	digest_set_release(&d->wanted);
}

/* RFC 7672 2.2: as in the scan, only secure sets are compared. */
static bool
has_secure_tlsa(const struct host_facts *f)
{
	return f->tlsa.lookup.outcome == OUTCOME_OK && f->tlsa.n > 0 &&
	    f->tlsa.lookup.secure == TRI_YES;
}

void
dane_again_want(struct dane_again *d, const struct host_facts *f)
{
	if (!has_secure_tlsa(f))
		return;
	for (size_t i = 0; i < f->n_address; i++) {
		const struct tls_facts *t = &f->address[i].tls;

		for (size_t k = 0; k < t->n_chain; k++)
			digest_set_add(&d->wanted, t->chain[k].sha256);
	}
}

void
dane_again_take(struct dane_again *d, const struct cert_facts *c)
{
	struct slice *der;

	if (c->der.n == 0 || !digest_set_has(&d->wanted, c->sha256))
		return;
	der = arena_alloc(d->certs.arena, sizeof(*der));
	*der = arena_slice(d->certs.arena, c->der);
	slice_map_put(&d->certs, slice_make(c->sha256, sizeof(c->sha256)),
	    der);
}

/* False: one is missing. */
static bool
fill_chain(const struct dane_again *d, struct tls_facts *t)
{
	for (size_t i = 0; i < t->n_chain; i++) {
		const struct slice *der = slice_map_get(&d->certs, slice_make(
		    t->chain[i].sha256, sizeof(t->chain[i].sha256)));

		if (der == NULL)
			return false;
		t->chain[i].der = *der;
	}
	return true;
}

void
dane_again(const struct dane_again *d, struct arena *a, int64_t now,
    struct host_facts *f)
{
	struct slice reference[2] = { f->host, f->tlsa_base };
	size_t n = f->tlsa_base.n == 0 || slice_eq(f->tlsa_base, f->host) ?
	    1 : 2;

	if (!has_secure_tlsa(f))
		return;
	for (size_t i = 0; i < f->n_address; i++) {
		struct smtp_facts *s = &f->address[i];

		if (s->tls.outcome == OUTCOME_OK && fill_chain(d, &s->tls))
			dane_match(a, &f->tlsa, s->tls.chain, s->tls.n_chain,
			    reference, n, now, &s->dane);
	}
}
