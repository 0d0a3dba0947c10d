/* SPDX-License-Identifier: Apache-2.0
 *
 * smtp_versions.h: --tls-versions, which TLS versions an address speaks.
 *
 * After a probe that got as far as the handshake, TLS 1.0 to 1.3 are offered
 * alone, each in a session of its own.  Says what to ask next and keeps the
 * answers; workers/smtp_pool makes the sessions.
 */
#pragma once

#include "workers/smtp_probe.h"

struct smtp_versions;

/* Did the probe get as far as the handshake, so that versions can differ? */
bool smtp_versions_wanted(const struct smtp_facts *probed);

/* For a target that was probed; its facts get tls_try. */
struct smtp_versions *smtp_versions_new(struct tls *tls,
    const struct smtp_target *probed);
void smtp_versions_free(struct smtp_versions *v);
/*
 * What the next session asks; its facts belong to v.  False: nothing is left,
 * or the last session ended before its handshake, which says that we are not
 * wanted: what is left stays unasked.  A version that the library cannot speak
 * is noted as LOCAL and has no session.
 */
bool smtp_versions_next(struct smtp_versions *v, struct smtp_target *out);
/* That session, begun then (ms since 1970), has ended. */
void smtp_versions_note(struct smtp_versions *v, int64_t started_ms);
