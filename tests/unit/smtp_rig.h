/* SPDX-License-Identifier: Apache-2.0
 *
 * smtp_rig.h: one SMTP pool with all that it needs, and words for scripts of
 * fake servers, for the tests of the pool.
 *
 * The rig reaches 127.79.0.0/16 alone and trusts the root of its own making.
 * A test keeps its probes in place until they are done or the rig is gone.
 */
#pragma once

#include "tests/unit/fake_smtp.h"
#include "tests/unit/pki.h"
#include "workers/smtp_pool.h"

#define HOST "mx.a.example"
#define REST_MS 20

#define SEND(text) { STEP_SEND, text, 0 }
#define HEAR(text) { STEP_HEAR, text, 0 }
#define WAIT(ms) { STEP_WAIT, NULL, ms }
#define DO(kind) { STEP_##kind, NULL, 0 }
#define GREET SEND("220 mx.a.example ESMTP\r\n"), HEAR("EHLO probe.example")
#define OFFER SEND("250-mx.a.example\r\n250 STARTTLS\r\n"), HEAR("STARTTLS")
#define READY SEND("220 ready\r\n")
#define IN_TLS DO(TLS), HEAR("EHLO probe.example"), \
	SEND("250-mx.a.example\r\n250 REQUIRETLS\r\n")
#define BYE HEAR("QUIT"), SEND("221 bye\r\n"), DO(HANG), DO(END)
#define SCRIPT(name, ...) \
	static const struct step name[] = { __VA_ARGS__, DO(END) }

struct smtp_rig {
	struct pki pki;
	SSL_CTX *server;
	struct tls *tls;
	struct loop *loop;
	struct reach *reach;
	struct gate *gate;
	struct stats stats;
	struct smtp_pool *pool;
	size_t n_due; /* stop when so many are done */
	size_t n_done;
};

struct smtp_rig_probe {
	struct smtp_rig *world;
	struct arena *arena;
	struct smtp_facts facts;
	int n_done;
};

/* A second or two for everything, one retry; port 0: the fake servers'. */
extern const struct smtp_config smtp_rig_brisk;

void smtp_rig_init(struct smtp_rig *w, const struct smtp_config *config);
void smtp_rig_release(struct smtp_rig *w);
/* Asks for a probe of HOST at this address; p is zeroed first. */
void smtp_rig_probe(struct smtp_rig_probe *p, struct smtp_rig *w,
    const char *address);
/* Runs the loop until n_due probes are done, or the time is over. */
void smtp_rig_run(struct smtp_rig *w, size_t n_due, uint32_t at_most_ms);
