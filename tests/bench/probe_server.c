/* SPDX-License-Identifier: Apache-2.0
 *
 * probe_server.c PORT CA_FILE LEAVES ec|rsa [hang]: as many MX hosts as the
 * loopback network has addresses, for tests/bench/probe.py.
 *
 * One thread, one listener on every address, SMTP as short as it can be,
 * STARTTLS without tickets or resumption.  The address tells which of the
 * LEAVES a host shows; an intermediate follows it.  The root is written to
 * CA_FILE and "ready" printed once the port is open.  hang: TLS is the last
 * that is heard of a session.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/probe_parts.h"
#include "tests/unit/pki.h"

#include "scanner/base/banned.h"

#define EVENTS 256
#define BACKLOG 4096

struct server {
	int epoll, listener;
	bool hangs;
	SSL_CTX *ctx;
	X509 **leaf;
	uint32_t n_leaf;
};

struct session {
	int fd;
	bool greets_tls; /* the 220 to STARTTLS is out */
	bool stands;
	SSL *ssl;
};

static void
die(const char *what)
{
	perror(what);
	ERR_print_errors_fp(stderr);
	exit(1);
}

/* ---- certificates ---- */

static EVP_PKEY *
make_key(bool rsa)
{
	EVP_PKEY *key = rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256");

	if (key == NULL)
		die("key");
	return key;
}

static void
write_root(X509 *root, const char *path)
{
	FILE *f = fopen(path, "we");

	if (f == NULL || PEM_write_X509(f, root) != 1 || fclose(f) != 0)
		die(path);
}

static void
make_chains(struct server *s, const char *ca_file, bool rsa)
{
	EVP_PKEY *root_key = make_key(rsa), *middle_key = make_key(rsa);
	EVP_PKEY *key = make_key(rsa);
	struct pki_spec ca = { .kind = PKI_CA, .cn = "Bench Root",
		.key = root_key };
	struct pki_spec leaf = { .eku = "serverAuth", .key = key,
		.issuer_key = middle_key };
	X509 *root = pki_cert(&ca), *middle;

	ca.cn = "Bench Intermediate";
	ca.key = middle_key;
	ca.issuer = root;
	ca.issuer_key = root_key;
	leaf.issuer = middle = pki_cert(&ca);
	write_root(root, ca_file);
	s->leaf = calloc(s->n_leaf, sizeof(X509 *));
	for (uint32_t i = 0; i < s->n_leaf; i++) {
		char name[PROBE_NAME_BYTES];

		snprintf(name, sizeof(name), PROBE_LEAF_NAME, i);
		leaf.cn = leaf.dns[0] = name;
		s->leaf[i] = pki_cert(&leaf);
	}
	s->ctx = pki_server(s->leaf[0], key, middle, NULL);
	SSL_CTX_set_options(s->ctx, SSL_OP_NO_TICKET);
	SSL_CTX_set_num_tickets(s->ctx, 0);
	SSL_CTX_set_session_cache_mode(s->ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(s->ctx, SSL_MODE_RELEASE_BUFFERS);
}

/* ---- sessions ---- */

static void
hang_up(struct session *c)
{
	SSL_free(c->ssl);
	close(c->fd);
	free(c);
}

static bool
say(struct session *c, const char *text)
{
	size_t n = strlen(text);

	if (c->stands)
		return SSL_write(c->ssl, text, (int)n) == (int)n;
	return send(c->fd, text, n, MSG_NOSIGNAL) == (ssize_t)n;
}

/* Which host this is, by the address that was called. */
static X509 *
leaf_of(const struct server *s, int fd)
{
	struct sockaddr_in in;
	socklen_t n = sizeof(in);

	if (getsockname(fd, (struct sockaddr *)&in, &n) != 0)
		die("getsockname");
	return s->leaf[(ntohl(in.sin_addr.s_addr) - PROBE_FIRST_ADDRESS) %
	    s->n_leaf];
}

static bool
start_tls(struct server *s, struct session *c)
{
	c->ssl = SSL_new(s->ctx);
	if (c->ssl == NULL || SSL_set_fd(c->ssl, c->fd) != 1 ||
	    SSL_use_certificate(c->ssl, leaf_of(s, c->fd)) != 1)
		die("TLS");
	SSL_set_accept_state(c->ssl);
	c->greets_tls = true;
	return say(c, "220 go ahead\r\n");
}

/* One command, complete as our clients send it; false: over. */
static bool
on_command(struct server *s, struct session *c, const char *p, int n)
{
	if (n < 4)
		return false;
	if (memcmp(p, "EHLO", 4) == 0) {
		if (!c->stands)
			return say(c, "250-mx.bench.test\r\n250 STARTTLS\r\n");
		return s->hangs || say(c, "250-mx.bench.test\r\n250 HELP\r\n");
	}
	if (memcmp(p, "STAR", 4) == 0)
		return start_tls(s, c);
	(void)say(c, "221 bye\r\n");
	return false;
}

/* Is the failure of this call only that it has to wait? */
static bool
waits(const struct session *c, int result)
{
	int how = SSL_get_error(c->ssl, result);

	return how == SSL_ERROR_WANT_READ || how == SSL_ERROR_WANT_WRITE;
}

static bool
on_bytes(struct server *s, struct session *c)
{
	char buf[512];
	int n;

	ERR_clear_error();
	if (c->greets_tls && !c->stands) {
		n = SSL_accept(c->ssl);
		if (n != 1)
			return waits(c, n);
		c->stands = true;
	}
	if (c->stands) {
		n = SSL_read(c->ssl, buf, sizeof(buf));
		if (n <= 0)
			return waits(c, n);
	} else {
		n = (int)recv(c->fd, buf, sizeof(buf), 0);
		if (n < 0 && errno == EAGAIN)
			return true;
		if (n <= 0)
			return false;
	}
	return on_command(s, c, buf, n);
}

static void
take_callers(struct server *s)
{
	int fd;

	while ((fd = accept4(s->listener, NULL, NULL, SOCK_NONBLOCK |
	    SOCK_CLOEXEC)) >= 0) {
		struct session *c = calloc(1, sizeof(*c));
		struct epoll_event e = { .events = EPOLLIN, .data.ptr = c };
		int one = 1;

		c->fd = fd;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &e) != 0)
			die("epoll_ctl");
		if (!say(c, "220 mx.bench.test ESMTP\r\n"))
			hang_up(c);
	}
}

static void
listen_everywhere(struct server *s, uint16_t port)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_port = htons(port) };
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = NULL };
	struct rlimit files;
	int one = 1;

	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	s->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK |
	    SOCK_CLOEXEC, 0);
	setsockopt(s->listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(s->listener, (struct sockaddr *)&in, sizeof(in)) != 0 ||
	    listen(s->listener, BACKLOG) != 0)
		die("listen");
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, s->listener, &e) != 0)
		die("epoll_ctl");
}

int
main(int argc, char **argv)
{
	struct server s = { .hangs = argc == 6 };
	struct epoll_event e[EVENTS];

	if (argc < 5) {
		fprintf(stderr, "usage: probe_server PORT CA_FILE LEAVES "
		    "ec|rsa [hang]\n");
		return 1;
	}
	s.n_leaf = probe_number(argv[3]);
	make_chains(&s, argv[2], strcmp(argv[4], "rsa") == 0);
	listen_everywhere(&s, (uint16_t)probe_number(argv[1]));
	puts("ready");
	fflush(stdout);
	for (;;) {
		int n = epoll_wait(s.epoll, e, EVENTS, -1);

		for (int i = 0; i < n; i++) {
			if (e[i].data.ptr == NULL)
				take_callers(&s);
			else if (!on_bytes(&s, e[i].data.ptr))
				hang_up(e[i].data.ptr);
		}
	}
}
