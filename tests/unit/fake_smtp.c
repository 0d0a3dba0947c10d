/* SPDX-License-Identifier: Apache-2.0
 *
 * fake_smtp.c: plays scripts of STEP_* to whoever connects.
 *
 * One connection at a time in one thread: that a second one waits is what
 * the tests of spacing count on.  Ends at fake_smtp_stop() or when the peer
 * is silent for too long.
 */
#include "tests/unit/fake_smtp.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <openssl/err.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "scanner/base/banned.h"

#define PATIENCE_MS 10000
#define FIRST_ADDRESS "127.79.0.1"

struct talk {
	struct fake_smtp *server;
	int fd;
	SSL *ssl;
	bool gone; /* the peer left, or lost patience, or the test ended */
};

static int
bound_socket(const char *address, uint16_t port)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	inet_pton(AF_INET, address, &in.sin_addr);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (fd < 0 || bind(fd, (struct sockaddr *)&in, sizeof(in)) != 0) {
		fprintf(stderr, "%s:%u: cannot be bound\n", address, port);
		abort();
	}
	return fd;
}

static uint16_t chosen_port;
static pthread_once_t chosen = PTHREAD_ONCE_INIT;

static void
choose_port(void)
{
	struct sockaddr_in in;
	socklen_t n = sizeof(in);
	int fd = bound_socket(FIRST_ADDRESS, 0);

	getsockname(fd, (struct sockaddr *)&in, &n);
	chosen_port = ntohs(in.sin_port);
	close(fd);
	signal(SIGPIPE, SIG_IGN);
}

uint16_t
fake_smtp_port(void)
{
	pthread_once(&chosen, choose_port);
	return chosen_port;
}

/* Waits for bytes; false: nothing came in time, or the test is over. */
static bool
await(struct talk *t, int patience_ms)
{
	struct pollfd p[2] = { { t->fd, POLLIN, 0 },
		{ t->server->wake[0], POLLIN, 0 } };

	if (t->ssl != NULL && SSL_pending(t->ssl) > 0)
		return true;
	if (poll(p, 2, patience_ms) <= 0 || p[1].revents != 0)
		return false;
	return true;
}

static int
get_byte(struct talk *t)
{
	unsigned char c;
	ssize_t n;

	if (!await(t, PATIENCE_MS))
		return -1;
	n = t->ssl != NULL ? SSL_read(t->ssl, &c, 1) : recv(t->fd, &c, 1, 0);
	return n == 1 ? c : -1;
}

static void
put(struct talk *t, const char *p, size_t n)
{
	while (n > 0 && !t->gone) {
		ssize_t k = t->ssl != NULL ? SSL_write(t->ssl, p, (int)n) :
		    send(t->fd, p, n, MSG_NOSIGNAL);

		if (k <= 0) {
			t->gone = true;
			return;
		}
		p += k;
		n -= (size_t)k;
	}
}

static void
hear(struct talk *t, const char *due)
{
	struct fake_smtp *s = t->server;
	size_t used = strlen(s->heard), n = 0;
	char line[512];
	int c;

	while ((c = get_byte(t)) >= 0 && c != '\n' && n < sizeof(line) - 1)
		line[n++] = (char)c;
	line[n] = '\0';
	if (c < 0)
		t->gone = true;
	else {
		snprintf(s->heard + used, sizeof(s->heard) - used, "%.*s ",
		    (int)strcspn(line, " \r"), line);
		if (strncasecmp(line, due, strlen(due)) != 0)
			s->n_unexpected++;
	}
}

static void
start_tls(struct talk *t)
{
	struct timeval patience = { PATIENCE_MS / 1000, 0 };

	setsockopt(t->fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
	    sizeof(patience));
	t->ssl = SSL_new(t->server->ctx);
	SSL_set_fd(t->ssl, t->fd);
	if (SSL_accept(t->ssl) != 1)
		t->gone = true;
	ERR_clear_error();
}

static void
hang(struct talk *t)
{
	while (await(t, PATIENCE_MS))
		if (get_byte(t) < 0)
			break;
}

static void
reset(struct talk *t)
{
	struct linger now = { 1, 0 };

	setsockopt(t->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	t->gone = true;
}

static void
play_step(struct talk *t, const struct step *step)
{
	switch (step->kind) {
	case STEP_END:
		break;
	case STEP_SEND:
		put(t, step->text, strlen(step->text));
		break;
	case STEP_SPLIT:
		for (const char *p = step->text; *p != '\0' && !t->gone; p++) {
			put(t, p, 1);
			usleep(1000);
		}
		break;
	case STEP_HEAR:
		hear(t, step->text);
		break;
	case STEP_WAIT:
		usleep(step->n * 1000);
		break;
	case STEP_TLS:
		start_tls(t);
		break;
	case STEP_RESET:
		reset(t);
		break;
	case STEP_HANG:
		hang(t);
		break;
	case STEP_FLOOD:
		for (size_t n = 0; n < step->n && !t->gone;
		    n += strlen(step->text))
			put(t, step->text, strlen(step->text));
		break;
	case STEP_DEAF:
		await(t, PATIENCE_MS); /* something unread at close */
		break;
	}
}

static void
note_crowd(struct fake_smtp *s, int change)
{
	int n, most;

	if (s->at_once == NULL)
		return;
	n = atomic_fetch_add(s->at_once, change) + change;
	most = atomic_load(s->most);
	while (n > most && !atomic_compare_exchange_weak(s->most, &most, n))
		continue;
}

static void
serve(struct fake_smtp *s, int fd)
{
	struct talk t = { s, fd, NULL, false };
	const struct step *step = s->script[0];

	for (int i = 1; i < FAKE_SCRIPTS && i <= s->n_connections; i++)
		if (s->script[i] != NULL)
			step = s->script[i];
	s->n_connections++;
	note_crowd(s, 1);
	for (; step != NULL && step->kind != STEP_END && !t.gone; step++)
		play_step(&t, step);
	note_crowd(s, -1);
	SSL_free(t.ssl);
	ERR_clear_error();
	close(fd);
}

static void *
run(void *ctx)
{
	struct fake_smtp *s = ctx;
	struct pollfd p[2] = { { s->fd, POLLIN, 0 },
		{ s->wake[0], POLLIN, 0 } };

	if (s->never_accepts)
		p[0].fd = -1;
	for (;;) {
		struct sockaddr_in in;
		socklen_t n = sizeof(in);
		int fd;

		if (poll(p, 2, -1) < 0 || p[1].revents != 0)
			return NULL;
		fd = accept(s->fd, (struct sockaddr *)&in, &n);
		if (fd < 0)
			continue;
		inet_ntop(AF_INET, &in.sin_addr, s->peer, sizeof(s->peer));
		serve(s, fd);
	}
}

void
fake_smtp_start(struct fake_smtp *s)
{
	s->fd = bound_socket(s->address, fake_smtp_port());
	if (listen(s->fd, s->never_accepts ? s->backlog :
	    s->backlog > 0 ? s->backlog : 16) != 0 || pipe(s->wake) != 0)
		abort();
	if (pthread_create(&s->thread, NULL, run, s) != 0)
		abort();
}

void
fake_smtp_stop(struct fake_smtp *s)
{
	if (write(s->wake[1], "", 1) != 1)
		abort();
	pthread_join(s->thread, NULL);
	close(s->fd);
	close(s->wake[0]);
	close(s->wake[1]);
}
