/* SPDX-License-Identifier: Apache-2.0
 *
 * tls_parts.h: what the files of workers/tls.h share with each other.
 */
#pragma once

#include "workers/tls.h"

/* Bytes read and written on the connection so far, into *out. */
void tls_keep_size(SSL *ssl, struct tls_facts *out);
/* OpenSSL's message callback: notes a fatal alert that we send. */
void tls_on_smtp_message(int sent, int version, int type, const void *bytes,
    size_t n, SSL *ssl, void *arg);
