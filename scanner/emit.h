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
/* Of the policy host: the chain of the session, the leaf of each other. */
void emission_policy(struct emission *e, const struct policy_facts *p);
/* Posts what was added so far, for a record that comes later. */
void emission_post_certs(struct emission *e);
/* Adds the record itself and posts all of them together. */
void emission_post(struct emission *e, struct record *record,
    sink_taken_fn *taken, void *ctx);
