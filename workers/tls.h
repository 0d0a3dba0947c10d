/* SPDX-License-Identifier: Apache-2.0
 *
 * tls.h: OpenSSL as both probes use it.
 *
 * One context per worker and purpose.  Nothing is refused: security level 0,
 * every protocol version the library speaks, legacy renegotiation; what is
 * wrong is recorded.  Certificates are verified by tls_judge() after the
 * handshake, so that a bad one never ends it.
 */
#pragma once

#include <openssl/ssl.h>

#include "scanner/base/arena.h"
#include "scanner/rules/facts.h"

struct tls;

struct tls_config {
	const char *ca_file; /* PEM; NULL: the system's trust store */
};

/*
 * NULL: the trust store could not be read; `error` says so.  trust_digest
 * receives the SHA-256 over the sorted SHA-256 of the trusted certificates.
 */
struct tls *tls_new(const struct tls_config *config, char *error, size_t cap);
void tls_free(struct tls *t);
void tls_trust_digest(const struct tls *t, uint8_t out[32]);
size_t tls_trust_count(const struct tls *t);

/*
 * The context of SMTP sessions.  Before each call into an SSL of it the
 * thread's error queue must be empty; tls_judge() and tls_failure() leave it
 * so.
 */
SSL_CTX *tls_smtp_ctx(struct tls *t);
/*
 * Applies the same leniency and a verification that records and never ends
 * the handshake to a context that somebody else made (libcurl).
 */
void tls_relax(struct tls *t, SSL_CTX *ctx);

/*
 * Before the handshake: offers this version and no other; false: the library
 * cannot speak it.
 */
bool tls_only(SSL *ssl, enum tls_version v);
bool tls_speaks(const struct tls *t, enum tls_version v);

/*
 * After a handshake that stood: fills version, cipher, group, signature,
 * bytes, chain (DER copied to the arena), and the verdicts on chain and leaf
 * against `reference` (a DNS name) at time `now` (seconds since 1970).
 * Verdicts on a chain are cached per worker, bounded.  Sets outcome to OK, and
 * sni to the reference unless the caller has set it.
 *
 * No certificate (anonymous key exchange): trusted is NO, name_ok and time_ok
 * stay UNKNOWN, n_chain is 0.  At most LIMIT_CHAIN certificates are kept; one
 * above LIMIT_CERT_BYTES is kept as its digest with an empty der.
 * verify_errors: what a sender's library finds wrong at that time, out of date
 * among it, from the leaf on; at most LIMIT_VERIFY_ERRORS.
 */
void tls_judge(struct tls *t, struct arena *a, SSL *ssl,
    struct slice reference, int64_t now, struct tls_facts *out);
/* A group's name; "0x11ec" where the library has none for this number. */
struct slice tls_group_word(struct arena *a, const char *name, int id);
/*
 * After a handshake that failed in a session of tls_smtp_ctx(): outcome
 * TLS_ALERT with the alert's name, or TLS_FAILED with the library's words; the
 * alert that went out, where one did.  Empties this thread's error queue.
 */
void tls_failure(struct arena *a, SSL *ssl, struct tls_facts *out);

/*
 * For handshakes that somebody else performs: the fatal alerts on a
 * connection of this context, or -1, and the bytes up to its latest message.
 * In place until the context is gone.
 */
struct tls_watch {
	int alert; /* received */
	int alert_sent;
	uint32_t bytes_read, bytes_written;
};
#define TLS_WATCH_NONE ((struct tls_watch){ -1, -1, 0, 0 })
void tls_watch(SSL_CTX *ctx, struct tls_watch *w);
/* As tls_failure(); `words`: the library's reason, empty where it has none. */
void tls_watch_failure(struct arena *a, const struct tls_watch *w,
    struct slice words, struct tls_facts *out);
