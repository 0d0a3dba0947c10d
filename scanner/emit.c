/* SPDX-License-Identifier: Apache-2.0
 *
 * emit.c: certificates before the records that name them.
 * Between the facts of a worker and the sink; owns nothing for long.
 */
#include "scanner/emit.h"

#include "workers/x509_facts.h"

#include "scanner/base/banned.h"

struct emission
emission_begin(struct sink *sink, struct arena *arena)
{
	return (struct emission){ sink, arena, VEC_OF(struct record *) };
}

void
emission_chain(struct emission *e, const struct tls_facts *tls)
{
	for (size_t i = 0; i < tls->n_chain; i++) {
		const struct cert_der *der = &tls->chain[i];
		struct cert_facts cert;
		struct record **slot;

		if (sink_has_cert(e->sink, der->sha256))
			continue;
		if (der->facts == NULL)
			x509_facts(e->arena, der->der, &cert);
		slot = vec_push(e->arena, &e->records);
		*slot = record_cert(der->facts != NULL ? der->facts : &cert);
	}
}

/* The leaf of another address of a policy host. */
static void
emission_leaf(struct emission *e, const struct policy_other *other)
{
	struct cert_der leaf = other->leaf;

	emission_chain(e, &(struct tls_facts){ .chain = &leaf,
	    .n_chain = other->has_leaf });
}

void
emission_policy(struct emission *e, const struct policy_facts *p)
{
	emission_chain(e, &p->tls);
	for (size_t i = 0; i < p->n_other; i++)
		emission_leaf(e, &p->other[i]);
}

void
emission_post_certs(struct emission *e)
{
	if (e->records.n > 0)
		sink_post(e->sink, e->records.p, e->records.n, NULL, NULL);
	e->records = VEC_OF(struct record *);
}

void
emission_post(struct emission *e, struct record *record,
    sink_taken_fn *taken, void *ctx)
{
	struct record **slot = vec_push(e->arena, &e->records);

	*slot = record;
	sink_post(e->sink, e->records.p, e->records.n, taken, ctx);
}
