/* SPDX-License-Identifier: Apache-2.0
 *
 * emit.h: a record and the certificates it names, in the order a file needs:
 * certificates first, each once.
 */
#pragma once

#include "output/sink.h"
#include "scanner/base/arena.h"

struct emission {
	struct sink *sink;
	struct arena *arena; /* scratch of the caller */
	struct vec records;  /* of struct record * */
};

struct emission emission_begin(struct sink *sink, struct arena *arena);
/* Adds the cert records of a chain that the file does not have yet. */
void emission_chain(struct emission *e, const struct tls_facts *tls);
/* The same for the leaf of another address of a policy host. */
void emission_leaf(struct emission *e, const struct policy_other *other);
/* Adds the record itself and posts all of them together. */
void emission_post(struct emission *e, struct record *record,
    sink_taken_fn *taken, void *ctx);
