/* SPDX-License-Identifier: Apache-2.0
 *
 * https_made.c: a thread that accepts one connection after the other.  Every
 * wait is bounded by a receive time-out; stopping shuts the listener down.
 */
#include "tests/unit/https_made.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "scanner/base/arena.h"

#include "scanner/base/banned.h"

#define FILLERS 8
#define WAIT_S 5
#define TRICKLE_US 150000
#define PORT_FIRST 10000 /* below the ports that the kernel gives out */
#define PORTS 20000

struct https_made {
	pthread_t thread;
	int fd;
	int filler[FILLERS];
	SSL_CTX *ctx;
	enum https_act act;
	const char *answer;
	size_t n_answer;
	struct {
		pthread_mutex_t mutex;
		bool stop;
		int connections;
		char sni[256];
		char request[4096];
	} _shared;
};

uint16_t
https_made_port(void)
{
	return (uint16_t)(PORT_FIRST + getpid() % PORTS);
}

static bool
is_stopped(struct https_made *s)
{
	bool stop;

	pthread_mutex_lock(&s->_shared.mutex);
	stop = s->_shared.stop;
	pthread_mutex_unlock(&s->_shared.mutex);
	return stop;
}

static void
reset(int fd)
{
	struct linger hard = { .l_onoff = 1, .l_linger = 0 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
}

/* Until the other side hangs up, we are stopped, or it takes too long. */
static void
wait_for_end(struct https_made *s, int fd)
{
	struct timeval tv = { .tv_usec = 20000 };
	char bytes[4096];

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	for (int i = 0; i < WAIT_S * 50 && !is_stopped(s); i++)
		if (recv(fd, bytes, sizeof(bytes), 0) == 0)
			return;
}

static void
note_request(struct https_made *s, SSL *ssl)
{
	const char *sni = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	char buf[sizeof(s->_shared.request)] = "";
	int n = 0, got;

	while (n < (int)sizeof(buf) - 1 && strstr(buf, "\r\n\r\n") == NULL) {
		got = SSL_read(ssl, buf + n, (int)sizeof(buf) - 1 - n);
		if (got <= 0)
			break;
		n += got;
	}
	pthread_mutex_lock(&s->_shared.mutex);
	memcpy(s->_shared.request, buf, sizeof(buf));
	s->_shared.sni[0] = '\0';
	if (sni != NULL && strlen(sni) < sizeof(s->_shared.sni))
		memcpy(s->_shared.sni, sni, strlen(sni) + 1);
	pthread_mutex_unlock(&s->_shared.mutex);
}

static void
trickle(struct https_made *s, SSL *ssl)
{
	for (size_t i = 0; i < s->n_answer && !is_stopped(s); i++) {
		if (SSL_write(ssl, s->answer + i, 1) <= 0)
			return;
		usleep(TRICKLE_US);
	}
}

static void
repeat(struct https_made *s, SSL *ssl)
{
	size_t tail = s->n_answer < 64 ? s->n_answer : 64;

	while (!is_stopped(s))
		if (SSL_write(ssl, s->answer + s->n_answer - tail,
		    (int)tail) <= 0)
			return;
}

static void
serve_tls(struct https_made *s, int fd)
{
	SSL *ssl = SSL_new(s->ctx);

	SSL_set_fd(ssl, fd);
	if (SSL_accept(ssl) != 1)
		goto done;
	if (s->act == HTTPS_TLS_CLOSE)
		goto done;
	note_request(s, ssl);
	if (s->act == HTTPS_TLS_RESET) {
		reset(fd);
		goto done;
	}
	if (s->act == HTTPS_TRICKLE)
		trickle(s, ssl);
	else if (s->n_answer > 0)
		SSL_write(ssl, s->answer, (int)s->n_answer);
	if (s->act == HTTPS_ENDLESS)
		repeat(s, ssl);
	if (s->act == HTTPS_ANSWER_HANG)
		wait_for_end(s, fd);
	SSL_shutdown(ssl);
done:
	SSL_free(ssl);
}

static void
serve(struct https_made *s, int fd)
{
	struct timeval tv = { .tv_sec = WAIT_S };
	char buf[4096];

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
	switch (s->act) {
	case HTTPS_ANSWER:
	case HTTPS_TRICKLE:
	case HTTPS_ANSWER_HANG:
	case HTTPS_ENDLESS:
	case HTTPS_TLS_CLOSE:
	case HTTPS_TLS_RESET:
		serve_tls(s, fd);
		break;
	case HTTPS_RAW:
		if (recv(fd, buf, sizeof(buf), 0) > 0)
			send(fd, s->answer, s->n_answer, MSG_NOSIGNAL);
		break;
	case HTTPS_RESET:
		reset(fd);
		break;
	case HTTPS_HANG:
		wait_for_end(s, fd);
		break;
	case HTTPS_CLOSE:
	case HTTPS_BLACKHOLE:
		break;
	}
	close(fd);
}

static void *
run(void *arg)
{
	struct https_made *s = arg;
	int fd;

	while ((fd = accept(s->fd, NULL, NULL)) >= 0) {
		pthread_mutex_lock(&s->_shared.mutex);
		s->_shared.connections++;
		pthread_mutex_unlock(&s->_shared.mutex);
		serve(s, fd);
	}
	return NULL;
}

static socklen_t
sockaddr_of(const char *address, struct sockaddr_storage *ss)
{
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)ss;
	struct sockaddr_in *four = (struct sockaddr_in *)ss;

	memset(ss, 0, sizeof(*ss));
	if (strchr(address, ':') != NULL) {
		six->sin6_family = AF_INET6;
		six->sin6_port = htons(https_made_port());
		inet_pton(AF_INET6, address, &six->sin6_addr);
		return sizeof(*six);
	}
	four->sin_family = AF_INET;
	four->sin_port = htons(https_made_port());
	inet_pton(AF_INET, address, &four->sin_addr);
	return sizeof(*four);
}

static void
fill_queue(struct https_made *s, const struct sockaddr_storage *ss,
    socklen_t n)
{
	for (int i = 0; i < FILLERS; i++) {
		s->filler[i] = socket(ss->ss_family,
		    SOCK_STREAM | SOCK_NONBLOCK, 0);
		connect(s->filler[i], (const struct sockaddr *)ss, n);
	}
	usleep(20000);
}

struct https_made *
https_made_start(const char *address, SSL_CTX *ctx, enum https_act act,
    const char *answer, size_t n_answer)
{
	struct https_made *s = xcalloc(1, sizeof(*s));
	bool blackhole = act == HTTPS_BLACKHOLE;
	struct sockaddr_storage ss;
	socklen_t n = sockaddr_of(address, &ss);
	int on = 1;

	s->ctx = ctx;
	s->act = act;
	s->answer = answer;
	s->n_answer = n_answer;
	pthread_mutex_init(&s->_shared.mutex, NULL);
	s->fd = socket(ss.ss_family, SOCK_STREAM, 0);
	setsockopt(s->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(s->fd, (struct sockaddr *)&ss, n) != 0 ||
	    listen(s->fd, blackhole ? 0 : 64) != 0) {
		close(s->fd);
		free(s);
		return NULL;
	}
	if (blackhole)
		fill_queue(s, &ss, n);
	else
		pthread_create(&s->thread, NULL, run, s);
	return s;
}

void
https_made_stop(struct https_made *s)
{
	if (s == NULL)
		return;
	pthread_mutex_lock(&s->_shared.mutex);
	s->_shared.stop = true;
	pthread_mutex_unlock(&s->_shared.mutex);
	shutdown(s->fd, SHUT_RDWR);
	if (s->act != HTTPS_BLACKHOLE)
		pthread_join(s->thread, NULL);
	else
		for (int i = 0; i < FILLERS; i++)
			close(s->filler[i]);
	close(s->fd);
	pthread_mutex_destroy(&s->_shared.mutex);
	free(s);
}

int
https_made_connections(struct https_made *s)
{
	int n;

	pthread_mutex_lock(&s->_shared.mutex);
	n = s->_shared.connections;
	pthread_mutex_unlock(&s->_shared.mutex);
	return n;
}

const char *
https_made_sni(struct https_made *s)
{
	return s->_shared.sni;
}

const char *
https_made_request(struct https_made *s)
{
	return s->_shared.request;
}
