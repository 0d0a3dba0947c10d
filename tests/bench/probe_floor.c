/* SPDX-License-Identifier: Apache-2.0
 *
 * probe_floor.c PORT CA_FILE HOSTS WINDOW LEAVES: the least that a STARTTLS
 * client can do in OpenSSL: one thread, epoll, the same dialogue, chain and
 * name verified by the library in the handshake, nothing kept.  The yardstick
 * of tests/bench/probe.py.
 *
 * Prints probes a second, microseconds of processor time a probe, failures.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/probe_parts.h"

#include "scanner/base/banned.h"

#define EVENTS 256

enum step { GREETING, EHLO, STARTTLS, TLS, EHLO_TLS, QUIT };

struct session {
	int fd;
	uint32_t host;
	enum step step;
	SSL *ssl;
};

struct floor {
	struct probe_plan plan;
	SSL_CTX *ctx;
	int epoll;
	uint32_t next, n_done, n_failed;
};

static void
begin(struct floor *f, struct session *c)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons(f->plan.port) };
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = c };
	int one = 1;

	if (f->next == f->plan.n_host)
		return;
	c->host = f->next++;
	c->step = GREETING;
	c->ssl = NULL;
	to.sin_addr.s_addr = htonl(PROBE_FIRST_ADDRESS + c->host);
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    0);
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(c->fd, (struct sockaddr *)&to, sizeof(to)) != 0 &&
	    errno != EINPROGRESS) {
		perror("connect");
		exit(1);
	}
	epoll_ctl(f->epoll, EPOLL_CTL_ADD, c->fd, &e);
}

static void
end(struct floor *f, struct session *c, bool well)
{
	f->n_done++;
	f->n_failed += !well;
	if (c->ssl != NULL && well)
		SSL_shutdown(c->ssl);
	SSL_free(c->ssl);
	close(c->fd);
	begin(f, c);
}

static bool
say(struct session *c, const char *text)
{
	size_t n = strlen(text);

	if (c->ssl != NULL)
		return SSL_write(c->ssl, text, (int)n) == (int)n;
	return send(c->fd, text, n, MSG_NOSIGNAL) == (ssize_t)n;
}

static void
start_tls(struct floor *f, struct session *c)
{
	char name[PROBE_NAME_BYTES];

	snprintf(name, sizeof(name), PROBE_HOST_NAME, c->host,
	    c->host % f->plan.n_leaf);
	c->ssl = SSL_new(f->ctx);
	SSL_set_fd(c->ssl, c->fd);
	SSL_set_tlsext_host_name(c->ssl, name);
	SSL_set1_host(c->ssl, name);
	SSL_set_connect_state(c->ssl);
	c->step = TLS;
}

/* A reply of which `last` begins the last line. */
static bool
on_reply(struct floor *f, struct session *c, const char *p)
{
	switch (c->step) {
	case GREETING:
		c->step = EHLO;
		return say(c, "EHLO probe.bench.test\r\n");
	case EHLO:
		c->step = STARTTLS;
		return strstr(p, "STARTTLS") != NULL && say(c, "STARTTLS\r\n");
	case STARTTLS:
		start_tls(f, c);
		return true;
	case EHLO_TLS:
		c->step = QUIT;
		return say(c, "QUIT\r\n");
	case TLS:
	case QUIT:
		break;
	}
	return false;
}

/* 1: go on reading, 0: wait, -1: failed, 2: done. */
static int
step(struct floor *f, struct session *c)
{
	char buf[4096];
	int n, how;

	if (c->step == TLS) {
		n = SSL_do_handshake(c->ssl);
		if (n == 1) {
			c->step = EHLO_TLS;
			return say(c, "EHLO probe.bench.test\r\n") ? 0 : -1;
		}
	} else if (c->ssl != NULL) {
		n = SSL_read(c->ssl, buf, sizeof(buf) - 1);
	} else {
		n = (int)recv(c->fd, buf, sizeof(buf) - 1, 0);
		if (n < 0)
			return errno == EAGAIN ? 0 : -1;
	}
	if (n <= 0 && c->ssl != NULL) {
		how = SSL_get_error(c->ssl, n);
		return how == SSL_ERROR_WANT_READ ? 0 : -1;
	}
	if (n <= 0)
		return -1;
	buf[n] = '\0';
	if (c->step == QUIT)
		return 2;
	if (!on_reply(f, c, buf))
		return -1;
	return c->step == TLS ? 1 : 0;
}

static void
on_event(struct floor *f, struct session *c)
{
	int how = 1;

	ERR_clear_error();
	while (how == 1)
		how = step(f, c);
	if (how != 0)
		end(f, c, how == 2);
}

static void
run(struct floor *f)
{
	struct session *c = calloc(f->plan.window, sizeof(*c));
	struct epoll_event e[EVENTS];

	for (uint32_t i = 0; i < f->plan.window; i++)
		begin(f, &c[i]);
	while (f->n_done < f->plan.n_host) {
		int n = epoll_wait(f->epoll, e, EVENTS, -1);

		for (int i = 0; i < n; i++)
			on_event(f, e[i].data.ptr);
	}
	free(c);
}

int
main(int argc, char **argv)
{
	struct floor f = {
		.plan = probe_plan_read(argc, argv, 6,
		    "probe_floor PORT CA_FILE HOSTS WINDOW LEAVES"),
		.ctx = SSL_CTX_new(TLS_client_method()),
		.epoll = epoll_create1(EPOLL_CLOEXEC),
	};
	double start, cpu;

	if (f.ctx == NULL || SSL_CTX_load_verify_file(f.ctx,
	    f.plan.ca_file) != 1)
		return 1;
	SSL_CTX_set_verify(f.ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_session_cache_mode(f.ctx, SSL_SESS_CACHE_OFF);
	start = probe_seconds();
	cpu = probe_cpu_us();
	run(&f);
	printf("%.1f %.1f %u\n",
	    (double)f.plan.n_host / (probe_seconds() - start),
	    (probe_cpu_us() - cpu) / (double)f.plan.n_host, f.n_failed);
	return 0;
}
