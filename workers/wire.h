/* SPDX-License-Identifier: Apache-2.0
 *
 * wire.h: bytes over one connected, non-blocking socket, in clear and then
 * inside TLS.
 *
 * A thin layer without a loop: whoever owns a wire waits for its descriptor.
 * OpenSSL reads and writes through a BIO of ours, so that a peer that hangs
 * up raises an error and no signal.
 */
#pragma once

#include <openssl/ssl.h>

#include "scanner/rules/facts.h"

enum io {
	IO_OK,
	IO_AGAIN, /* wait: for room if wants_room, else for bytes */
	IO_EOF,
	IO_FAIL,  /* wire_failure() says how */
};

struct wire {
	int fd;          /* -1: none */
	SSL *ssl;        /* NULL: in clear */
	int error;       /* errno of the last failure; 0: TLS's own */
	bool wants_room;
	bool eof;
};

/* The BIO type that wire_start_tls() needs; one per pool. */
BIO_METHOD *wire_bio_method(void);

/* Takes over a connected socket. */
void wire_init(struct wire *w, int fd);
void wire_close(struct wire *w);

/* In clear or inside TLS.  *done bytes were moved on IO_OK. */
enum io wire_read(struct wire *w, char *buf, size_t cap, size_t *done);
enum io wire_write(struct wire *w, const char *p, size_t n, size_t *done);
/* Is there something to read at this very moment (in clear)? */
bool wire_has_input(struct wire *w);
/* Has TLS read bytes that the descriptor no longer announces? */
bool wire_holds_input(const struct wire *w);
/* False: no memory. */
bool wire_start_tls(struct wire *w, SSL_CTX *ctx, BIO_METHOD *method,
    const char *sni);
/* IO_OK: TLS stands; IO_FAIL and IO_EOF: see OpenSSL's error queue. */
enum io wire_handshake(struct wire *w);

/* RESET, TIMEOUT or LOCAL: what the last IO_FAIL was. */
enum outcome wire_failure(const struct wire *w);
