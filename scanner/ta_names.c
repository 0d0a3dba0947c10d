/* SPDX-License-Identifier: Apache-2.0
 *
 * ta_names.c: which certificates' names are wanted, and whose they are.
 */
#include "scanner/ta_names.h"

#include "scanner/base/banned.h"

/* The DNS names of a certificate. */
struct names {
	struct slice *name;
	size_t n;
};

void
ta_names_init(struct ta_names *t, const uint64_t hash_key[2])
{
	slice_map_init(&t->certs, hash_key);
	digest_set_init(&t->wanted);
}

void
ta_names_release(struct ta_names *t)
{
	slice_map_release(&t->certs);
	digest_set_release(&t->wanted);
}

static bool
is_of_interest(const struct smtp_facts *s)
{
	return s->dane.ta_name_failed && s->tls.n_chain > 0;
}

bool
ta_names_want(struct ta_names *t, const struct host_facts *f)
{
	bool any = false;

	for (size_t i = 0; i < f->n_address; i++)
		if (is_of_interest(&f->address[i])) {
			digest_set_add(&t->wanted,
			    f->address[i].tls.chain[0].sha256);
			any = true;
		}
	return any;
}

void
ta_names_take(struct ta_names *t, struct cert_facts *c)
{
	struct arena *keep = t->certs.arena;
	struct names *names;

	if (!digest_set_has(&t->wanted, c->sha256))
		return;
	/* RFC 7672 3.2.3: CN-ID only where there is no DNS-ID. */
	if (c->n_dns_name == 0 && c->subject_cn.n > 0) {
		c->dns_name = &c->subject_cn;
		c->n_dns_name = 1;
	}
	names = arena_alloc(keep, sizeof(*names));
	names->n = c->n_dns_name;
	names->name = arena_array(keep, names->n, sizeof(*names->name));
	for (size_t i = 0; i < names->n; i++)
		names->name[i] = arena_slice(keep, c->dns_name[i]);
	slice_map_put(&t->certs, slice_make(c->sha256, sizeof(c->sha256)),
	    names);
}

void
ta_names_of(const struct ta_names *t, const struct host_facts *f,
    struct arena *keep, struct host_state *out)
{
	struct vec v = VEC_OF(struct slice);

	for (size_t i = 0; i < f->n_address; i++) {
		const struct smtp_facts *s = &f->address[i];
		const struct names *names;

		if (!is_of_interest(s))
			continue;
		for (size_t k = 0; k < s->dane.n_ta_name; k++) {
			struct slice *to = vec_push(keep, &v);

			*to = arena_slice(keep, s->dane.ta_name[k]);
		}
		if (s->dane.n_ta_name > 0)
			continue; /* compared anew (dane_again.h) */
		names = slice_map_get(&t->certs, slice_make(
		    s->tls.chain[0].sha256, sizeof(s->tls.chain[0].sha256)));
		for (size_t k = 0; names != NULL && k < names->n; k++) {
			struct slice *to = vec_push(keep, &v);

			*to = arena_slice(keep, names->name[k]);
		}
	}
	out->ta_name = v.p;
	out->n_ta_name = v.n;
}
