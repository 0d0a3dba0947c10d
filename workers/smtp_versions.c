/* SPDX-License-Identifier: Apache-2.0
 *
 * smtp_versions.c: the sessions of --tls-versions, one after another.
 *
 * Each session fills facts in an arena of its own; four words of them are
 * kept in the arena of the probe.  A session that ends temporarily is noted as
 * it ended and not made again: a version that is not known to be spoken is
 * not known to be refused either.
 */
#include "workers/smtp_versions.h"

#include <stdlib.h>

#include "workers/tls.h"

#include "scanner/base/banned.h"

static const enum tls_version tried[] = {
	TLS_VERSION_1_0, TLS_VERSION_1_1, TLS_VERSION_1_2, TLS_VERSION_1_3,
};
#define N_TRIED (sizeof(tried) / sizeof(tried[0]))

struct smtp_versions {
	struct tls *tls;
	struct smtp_target probed;
	struct smtp_facts session; /* of the session under way */
	struct arena *arena;       /* of that; NULL: none yet */
	size_t next;               /* into `tried` */
	bool unwanted;
};

bool
smtp_versions_wanted(const struct smtp_facts *probed)
{
	enum outcome o = probed->tls.outcome;

	return o == OUTCOME_OK || o == OUTCOME_TLS_ALERT ||
	    o == OUTCOME_TLS_FAILED;
}

struct smtp_versions *
smtp_versions_new(struct tls *tls, const struct smtp_target *probed)
{
	struct smtp_versions *v = xcalloc(1, sizeof(*v));

	v->tls = tls;
	v->probed = *probed;
	probed->facts->tls_try = arena_array(probed->arena, N_TRIED,
	    sizeof(*probed->facts->tls_try));
	return v;
}

void
smtp_versions_free(struct smtp_versions *v)
{
	if (v == NULL)
		return;
	if (v->arena != NULL)
		arena_free(v->arena);
	free(v);
}

static struct tls_try *
add(struct smtp_versions *v, enum tls_version version, enum outcome o)
{
	struct smtp_facts *f = v->probed.facts;
	struct tls_try *t = &f->tls_try[f->n_tls_try++];

	*t = (struct tls_try){ .version = version, .outcome = o };
	return t;
}

bool
smtp_versions_next(struct smtp_versions *v, struct smtp_target *out)
{
	if (v->unwanted)
		return false;
	while (v->next < N_TRIED && !tls_speaks(v->tls, tried[v->next]))
		add(v, tried[v->next++], OUTCOME_LOCAL);
	if (v->next == N_TRIED)
		return false;
	if (v->arena != NULL)
		arena_free(v->arena);
	v->arena = arena_new();
	v->session = (struct smtp_facts){
		.address = v->probed.facts->address };
	*out = (struct smtp_target){ .arena = v->arena,
		.host = v->probed.host, .facts = &v->session,
		.only = tried[v->next] };
	return true;
}

void
smtp_versions_note(struct smtp_versions *v, int64_t started_ms)
{
	const struct smtp_facts *f = &v->session;
	struct tls_try *t = add(v, tried[v->next++], f->outcome);

	t->started_ms = started_ms;
	t->elapsed_ms = f->elapsed_ms;
	t->alert = arena_slice(v->probed.arena, f->tls.alert);
	t->cipher = arena_slice(v->probed.arena, f->tls.cipher);
	v->unwanted = f->tls.outcome == OUTCOME_NONE;
}
