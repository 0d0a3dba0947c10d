/* SPDX-License-Identifier: Apache-2.0
 *
 * handshake.c: client and server joined by a pair of memory BIOs, each given
 * its turn until the client is done.
 */
#include "tests/unit/handshake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/err.h>

#include "scanner/base/banned.h"

struct tls *
handshake_tls(const char *ca_file)
{
	struct tls_config config = { .ca_file = ca_file };
	char error[256];
	struct tls *t = tls_new(&config, error, sizeof(error));

	if (t == NULL)
		fail_msg("%s", error);
	return t;
}

SSL *
handshake_client(struct tls *t)
{
	SSL *ssl = SSL_new(tls_smtp_ctx(t));

	SSL_set_tlsext_host_name(ssl, HANDSHAKE_HOST);
	SSL_set_connect_state(ssl);
	return ssl;
}

SSL *
handshake(struct tls *t, SSL_CTX *server_ctx, bool *stands)
{
	return handshake_only(t, server_ctx, TLS_VERSION_NONE, stands);
}

SSL *
handshake_only(struct tls *t, SSL_CTX *server_ctx, enum tls_version only,
    bool *stands)
{
	SSL *client = handshake_client(t), *server = SSL_new(server_ctx);
	BIO *a, *b;
	int done = 0;

	if (only != TLS_VERSION_NONE)
		assert_true(tls_only(client, only));
	BIO_new_bio_pair(&a, 1 << 20, &b, 1 << 20);
	SSL_set_bio(client, a, a);
	SSL_set_bio(server, b, b);
	SSL_set_accept_state(server);
	ERR_clear_error();
	for (int i = 0; i < 20 && done != 1; i++) {
		done = SSL_do_handshake(client);
		if (done != 1 &&
		    SSL_get_error(client, done) != SSL_ERROR_WANT_READ)
			break;
		if (done != 1) {
			/* a thread's errors are the client's alone here */
			ERR_set_mark();
			SSL_do_handshake(server);
			ERR_pop_to_mark();
		}
	}
	*stands = done == 1;
	SSL_free(server);
	return client;
}
