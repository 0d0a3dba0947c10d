/* SPDX-License-Identifier: Apache-2.0
 *
 * wire.c: reading, writing and the TLS handshake of the SMTP probe.
 *
 * The probe (workers/smtp_probe) owns the wire, the wire its descriptor and
 * SSL object.  The BIO stands between OpenSSL and the socket: it raises no
 * signal and keeps errno, which OpenSSL would lose.
 */
#include "workers/wire.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "scanner/base/banned.h"

void
wire_init(struct wire *w, int fd)
{
	int one = 1;

	memset(w, 0, sizeof(*w));
	w->fd = fd;
	/* Our commands are short and each waits for its reply. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

void
wire_close(struct wire *w)
{
	if (w->ssl != NULL) {
		SSL_free(w->ssl);
		ERR_clear_error();
	}
	if (w->fd >= 0)
		close(w->fd);
	w->ssl = NULL;
	w->fd = -1;
}

/* ---- In clear ---- */

static enum io
raw_read(struct wire *w, char *buf, size_t cap, size_t *done)
{
	ssize_t n;

	do
		n = recv(w->fd, buf, cap, 0);
	while (n < 0 && errno == EINTR);
	w->wants_room = false;
	if (n > 0) {
		*done = (size_t)n;
		return IO_OK;
	}
	if (n == 0) {
		w->eof = true;
		return IO_EOF;
	}
	if (errno == EAGAIN || errno == EWOULDBLOCK)
		return IO_AGAIN;
	w->error = errno;
	return IO_FAIL;
}

static enum io
raw_write(struct wire *w, const char *p, size_t n, size_t *done)
{
	ssize_t sent;

	do
		sent = send(w->fd, p, n, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	w->wants_room = false;
	if (sent >= 0) {
		*done = (size_t)sent;
		return IO_OK;
	}
	if (errno == EAGAIN || errno == EWOULDBLOCK) {
		w->wants_room = true;
		return IO_AGAIN;
	}
	w->error = errno;
	return IO_FAIL;
}

bool
wire_has_input(struct wire *w)
{
	char byte;

	return recv(w->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

bool
wire_holds_input(const struct wire *w)
{
	return w->ssl != NULL && SSL_has_pending(w->ssl);
}

enum outcome
wire_failure(const struct wire *w)
{
	switch (w->error) {
	case ETIMEDOUT:
		return OUTCOME_TIMEOUT;
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
	case ENETDOWN:
	case EPERM:
		return OUTCOME_LOCAL;
	}
	return OUTCOME_RESET;
}

/* ---- TLS ---- */

static int
bio_read(BIO *b, char *buf, int cap)
{
	size_t done = 0;

	BIO_clear_retry_flags(b);
	switch (raw_read(BIO_get_data(b), buf, (size_t)cap, &done)) {
	case IO_OK:
		return (int)done;
	case IO_AGAIN:
		BIO_set_retry_read(b);
		return -1;
	case IO_EOF:
		return 0;
	case IO_FAIL:
		break;
	}
	return -1;
}

static int
bio_write(BIO *b, const char *p, int n)
{
	size_t done = 0;

	BIO_clear_retry_flags(b);
	switch (raw_write(BIO_get_data(b), p, (size_t)n, &done)) {
	case IO_OK:
		return (int)done;
	case IO_AGAIN:
		BIO_set_retry_write(b);
		return -1;
	case IO_EOF:
	case IO_FAIL:
		break;
	}
	return -1;
}

static long
bio_ctrl(BIO *b, int cmd, long num, void *ptr)
{
	const struct wire *w = BIO_get_data(b);

	(void)num;
	(void)ptr;
	if (cmd == BIO_CTRL_EOF)
		return w->eof;
	return cmd == BIO_CTRL_FLUSH || cmd == BIO_CTRL_DUP;
}

static int
bio_create(BIO *b)
{
	BIO_set_init(b, 1);
	return 1;
}

BIO_METHOD *
wire_bio_method(void)
{
	BIO_METHOD *m = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "wire");

	if (m == NULL || !BIO_meth_set_read(m, bio_read) ||
	    !BIO_meth_set_write(m, bio_write) ||
	    !BIO_meth_set_ctrl(m, bio_ctrl) ||
	    !BIO_meth_set_create(m, bio_create)) {
		BIO_meth_free(m);
		return NULL;
	}
	return m;
}

bool
wire_start_tls(struct wire *w, SSL_CTX *ctx, BIO_METHOD *method,
    const char *sni)
{
	SSL *ssl = SSL_new(ctx);
	BIO *bio = BIO_new(method);

	if (ssl == NULL || bio == NULL) {
		SSL_free(ssl);
		BIO_free(bio);
		return false;
	}
	BIO_set_data(bio, w);
	SSL_set_bio(ssl, bio, bio);
	SSL_set_connect_state(ssl);
	SSL_set_tlsext_host_name(ssl, sni);
	/* A flight in one read, instead of two for each of its records. */
	SSL_set_read_ahead(ssl, 1);
	w->ssl = ssl;
	return true;
}

static enum io
tls_io(struct wire *w, int result)
{
	switch (SSL_get_error(w->ssl, result)) {
	case SSL_ERROR_WANT_READ:
		w->wants_room = false;
		return IO_AGAIN;
	case SSL_ERROR_WANT_WRITE:
		w->wants_room = true;
		return IO_AGAIN;
	case SSL_ERROR_ZERO_RETURN:
		return IO_EOF;
	}
	return w->eof ? IO_EOF : IO_FAIL;
}

enum io
wire_handshake(struct wire *w)
{
	int result;

	ERR_clear_error();
	w->error = 0;
	result = SSL_do_handshake(w->ssl);
	return result == 1 ? IO_OK : tls_io(w, result);
}

enum io
wire_read(struct wire *w, char *buf, size_t cap, size_t *done)
{
	int result;

	if (w->ssl == NULL)
		return raw_read(w, buf, cap, done);
	ERR_clear_error();
	w->error = 0;
	result = SSL_read_ex(w->ssl, buf, cap, done);
	if (result == 1)
		return IO_OK;
	/* A session ticket that was read leaves a write buffer of 16 KB
	 * behind, whatever SSL_MODE_RELEASE_BUFFERS says. */
	SSL_free_buffers(w->ssl);
	return tls_io(w, result);
}

enum io
wire_write(struct wire *w, const char *p, size_t n, size_t *done)
{
	int result;

	if (w->ssl == NULL)
		return raw_write(w, p, n, done);
	ERR_clear_error();
	w->error = 0;
	result = SSL_write_ex(w->ssl, p, n, done);
	return result == 1 ? IO_OK : tls_io(w, result);
}
