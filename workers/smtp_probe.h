/* SPDX-License-Identifier: Apache-2.0
 *
 * smtp_probe.h: one session with one address of one MX host.
 *
 * Knows the socket, TLS and the deadlines; what is said and meant is the
 * dialogue's (workers/smtp_dialogue.h).  Used by workers/smtp_pool.
 */
#pragma once

#include "workers/smtp_pool.h"
#include "workers/wire.h"

/* What all probes of a pool share; outlives them. */
struct smtp_probe_env {
	struct loop *loop;
	struct smtp_config config;
	struct slice ehlo_name;
	struct tls *tls;
	struct stats *stats;
	BIO_METHOD *bio;
};

/* What is asked; everything is borrowed until the end. */
struct smtp_target {
	struct arena *arena;
	struct slice host;
	const struct rrset *tlsa;       /* NULL: none to compare */
	const struct slice *reference;
	size_t n_reference;
	struct smtp_facts *facts;       /* address filled, the rest zero */
	enum tls_version only;          /* NONE: whatever both can speak */
};

struct smtp_probe;

/*
 * The session is over, facts->outcome is set.  troubled: the server asked to
 * be left alone (4yz, 421) or hung up on us.
 */
typedef void smtp_probe_done_fn(void *ctx, bool troubled);

/* Calls done exactly once, never from within this call.  The target stays in
 * place until then. */
struct smtp_probe *smtp_probe_start(const struct smtp_probe_env *env,
    const struct smtp_target *target, smtp_probe_done_fn *done, void *ctx);
/* Hangs up without a call of done. */
void smtp_probe_cancel(struct smtp_probe *p);
