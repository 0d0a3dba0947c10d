/* SPDX-License-Identifier: Apache-2.0
 *
 * handshake.h: TLS handshakes over memory, for tests.
 */
#pragma once

#include <openssl/ssl.h>
#include <stdbool.h>

#include "workers/tls.h"

/* The host that tests ask for. */
#define HANDSHAKE_HOST "mx.a.example"

/* With a trust store of this file; fails the test otherwise. */
struct tls *handshake_tls(const char *ca_file);
/* A client that has said nothing yet. */
SSL *handshake_client(struct tls *t);
/* The client, its handshake with such a server ended one way or the other. */
SSL *handshake(struct tls *t, SSL_CTX *server, bool *stands);
/* The same with a client that offers one version. */
SSL *handshake_only(struct tls *t, SSL_CTX *server_ctx, enum tls_version only,
    bool *stands);
