/* SPDX-License-Identifier: Apache-2.0
 *
 * bulk_session.c: accept, read, shake hands, hang up.
 *
 * epoll is level-triggered: what stays in a socket is told again, so that
 * nothing is read to find out that there is nothing.  Only what OpenSSL read
 * ahead has to be asked for.
 */
#include "tests/lab/bulk_session.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/lab/bulk_https.h"
#include "tests/lab/bulk_smtp.h"

#include "scanner/base/arena.h"

#include "scanner/base/banned.h"

#define EVENTS 256
#define BACKLOG 4096
#define SESSIONS 65536   /* of a worker */
#define IDLE_S 30
#define LOOKS_UP_MS 200  /* between looks at stop_shared */

static int64_t
clock_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	return t.tv_sec;
}

/* ---- who was heard from when ---- */

static void
unlink_session(struct bulk_session *s)
{
	struct bulk_worker *w = s->worker;

	*(s->older != NULL ? &s->older->newer : &w->oldest) = s->newer;
	*(s->newer != NULL ? &s->newer->older : &w->newest) = s->older;
}

static void
link_newest(struct bulk_session *s)
{
	struct bulk_worker *w = s->worker;

	s->heard_s = clock_s();
	s->newer = NULL;
	s->older = w->newest;
	*(w->newest != NULL ? &w->newest->newer : &w->oldest) = s;
	w->newest = s;
}

static void
hang_up(struct bulk_session *s)
{
	struct bulk_worker *w = s->worker;

	unlink_session(s);
	if (s->tls == BULK_STANDS)
		(void)SSL_shutdown(s->ssl);
	SSL_free(s->ssl);
	bulk_mint_return(w->mint, &s->lease);
	close(s->fd);
	free(s);
	w->n_open--;
}

/* ---- what protocols use ---- */

uint32_t
bulk_session_address(const struct bulk_session *s)
{
	struct sockaddr_in in;
	socklen_t n = sizeof(in);

	if (getsockname(s->fd, (struct sockaddr *)&in, &n) != 0)
		return 0;
	return ntohl(in.sin_addr.s_addr);
}

bool
bulk_session_say(struct bulk_session *s, struct slice text)
{
	if (s->tls == BULK_STANDS)
		return SSL_write(s->ssl, text.p, (int)text.n) == (int)text.n;
	return send(s->fd, text.p, text.n, MSG_NOSIGNAL) == (ssize_t)text.n;
}

bool
bulk_session_start_tls(struct bulk_session *s, int most)
{
	s->ssl = SSL_new(bulk_pki_ctx(s->worker->pki));
	if (s->ssl == NULL || SSL_set_fd(s->ssl, s->fd) != 1 ||
	    SSL_set_app_data(s->ssl, s) != 1 ||
	    SSL_set_max_proto_version(s->ssl, most) != 1)
		return false;
	SSL_set_accept_state(s->ssl);
	s->tls = BULK_SHAKES;
	return true;
}

void
bulk_session_take(struct bulk_session *s, size_t n)
{
	s->n -= n;
	memmove(s->in, s->in + n, s->n);
}

/* ---- TLS ---- */

/* A longer one is no name of this world, and as good as none. */
static void
keep_name(struct bulk_session *s)
{
	struct slice name = slice_of(SSL_get_servername(s->ssl,
	    TLSEXT_NAMETYPE_host_name));

	s->n_name = name.n < sizeof(s->name) ? name.n : 0;
	for (size_t i = 0; i < s->n_name; i++)
		s->name[i] = ascii_lower(name.p[i]);
}

/* For OpenSSL, when the ClientHello is read. */
static int
choose_leaf(SSL *ssl, void *unused)
{
	struct bulk_session *s = SSL_get_app_data(ssl);
	struct slice name;

	(void)unused;
	if (s->lease.leaf != NULL)
		return 1;
	keep_name(s);
	name = slice_make(s->name, s->n_name);
	return bulk_mint_lend(s->worker->mint, ssl, s->protocol->leaf(name),
	    name, &s->lease);
}

enum io {
	IO_DID,
	IO_WAITS, /* for bytes */
	IO_OVER,
};

static enum io
tls_failure(struct bulk_session *s, int result)
{
	if (SSL_get_error(s->ssl, result) == SSL_ERROR_WANT_READ)
		return IO_WAITS;
	/* nothing may be said to who failed (SSL_shutdown(3)) */
	s->tls = BULK_DEAF;
	return IO_OVER;
}

static enum io
shake(struct bulk_session *s)
{
	int n = SSL_accept(s->ssl);

	if (n != 1)
		return tls_failure(s, n);
	s->tls = BULK_STANDS;
	return IO_DID;
}

/* More bytes into s->in, and what they lead to. */
static enum io
read_more(struct bulk_session *s)
{
	size_t room = sizeof(s->in) - s->n;
	int n;

	if (room == 0)
		return IO_OVER;
	if (s->tls == BULK_STANDS) {
		n = SSL_read(s->ssl, s->in + s->n, (int)room);
		if (n <= 0)
			return tls_failure(s, n);
	} else {
		n = (int)recv(s->fd, s->in + s->n, room, 0);
		if (n < 0 && errno == EAGAIN)
			return IO_WAITS;
		if (n <= 0 || s->tls == BULK_DEAF)
			return IO_OVER;
	}
	s->n += (size_t)n;
	return s->protocol->bytes(s) ? IO_DID : IO_OVER;
}

/* False: the session is over. */
static bool
on_readable(struct bulk_session *s)
{
	enum io io;

	if (s->tls != BULK_PLAIN)
		ERR_clear_error();
	do
		io = s->tls == BULK_SHAKES ? shake(s) : read_more(s);
	while (io == IO_DID && s->tls == BULK_STANDS &&
	    SSL_has_pending(s->ssl));
	return io != IO_OVER;
}

/* ---- the loop ---- */

static void
take_caller(struct bulk_worker *w, struct bulk_port *port, int fd)
{
	struct bulk_session *s = xmalloc(sizeof(*s));
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = s };

	/* without the buffer, which is only read as far as it is filled */
	memset(s, 0, offsetof(struct bulk_session, in));
	s->worker = w;
	s->protocol = port->protocol;
	s->fd = fd;
	link_newest(s);
	w->n_open++;
	port->n_session++;
	if (w->n_open > SESSIONS || !s->protocol->begin(s) ||
	    epoll_ctl(w->epoll, EPOLL_CTL_ADD, fd, &e) != 0)
		hang_up(s);
}

static void
take_callers(struct bulk_worker *w, struct bulk_port *port)
{
	int fd;

	for (int i = 0; i < EVENTS; i++) {
		fd = accept4(port->fd, NULL, NULL, SOCK_NONBLOCK |
		    SOCK_CLOEXEC);
		if (fd < 0)
			return;
		take_caller(w, port, fd);
	}
}

static void
on_event(struct bulk_worker *w, void *ptr)
{
	struct bulk_session *s = ptr;

	if (ptr == &w->smtp || ptr == &w->https) {
		take_callers(w, ptr);
		return;
	}
	unlink_session(s);
	link_newest(s);
	if (!on_readable(s))
		hang_up(s);
}

static bool
open_port(struct bulk_worker *w, struct bulk_port *port, uint16_t number)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_port = htons(number) };
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = port };
	int one = 1;

	port->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK |
	    SOCK_CLOEXEC, 0);
	if (port->fd < 0)
		return false;
	setsockopt(port->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(port->fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
	/* who is accepted inherits it */
	setsockopt(port->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return bind(port->fd, (struct sockaddr *)&in, sizeof(in)) == 0 &&
	    listen(port->fd, BACKLOG) == 0 &&
	    epoll_ctl(w->epoll, EPOLL_CTL_ADD, port->fd, &e) == 0;
}

bool
bulk_worker_open(struct bulk_worker *w, uint16_t smtp_port,
	uint16_t https_port)
{
	SSL_CTX_set_cert_cb(bulk_pki_ctx(w->pki), choose_leaf, NULL);
	w->mint = bulk_mint_make(w->pki);
	w->smtp.protocol = &bulk_smtp;
	w->https.protocol = &bulk_https;
	w->epoll = epoll_create1(EPOLL_CLOEXEC);
	return w->epoll >= 0 && open_port(w, &w->smtp, smtp_port) &&
	    open_port(w, &w->https, https_port);
}

void *
bulk_worker_run(void *ctx)
{
	struct bulk_worker *w = ctx;
	struct epoll_event e[EVENTS];

	while (!atomic_load_explicit(w->stop_shared, memory_order_relaxed)) {
		int n = epoll_wait(w->epoll, e, EVENTS, LOOKS_UP_MS);
		int64_t idle_s = clock_s() - IDLE_S;

		for (int i = 0; i < n; i++)
			on_event(w, e[i].data.ptr);
		/* after the events: none is left of who is hung up on */
		while (w->oldest != NULL && w->oldest->heard_s < idle_s)
			hang_up(w->oldest);
	}
	while (w->oldest != NULL)
		hang_up(w->oldest);
	close(w->smtp.fd);
	close(w->https.fd);
	close(w->epoll);
	bulk_mint_free(w->mint);
	OPENSSL_thread_stop();
	return NULL;
}
