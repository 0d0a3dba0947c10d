/* SPDX-License-Identifier: Apache-2.0
 *
 * dns_tcp.c: length-prefixed DNS messages over one connection.
 *
 * Bounded: a frame is at most 65,535 bytes, what waits to be written at most
 * a window of queries.  The pool owns the object until dns_tcp_close(), after
 * which libuv's closing callback frees it.
 */
#include "workers/dns_tcp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scanner/base/banned.h"

#define FRAME_HEAD_BYTES 2
/* Reads per event: one connection must not hold up the others. */
#define READS_PER_EVENT 8

static void on_poll(uv_poll_t *poll, int status, int events);

static void
watch(struct dns_tcp *t)
{
	bool wants_write = !t->connected || t->out_n > 0;

	uv_poll_start(&t->poll, UV_READABLE | (wants_write ? UV_WRITABLE : 0),
	    on_poll);
}

static void
on_closed(uv_handle_t *poll)
{
	struct dns_tcp *t = poll->data;

	free(t->out);
	free(t);
}

struct dns_tcp *
dns_tcp_new(struct dns_upstream *up, const struct dns_tcp_events *events,
    uint64_t now_ms)
{
	int fd = dns_connect(&up->addr, &up->set->source, SOCK_STREAM);
	struct dns_tcp *t;

	if (fd < 0)
		return NULL;
	t = xcalloc(1, sizeof(*t));
	t->channel.up = up;
	t->channel.is_tcp = true;
	t->events = events;
	t->fd = fd;
	t->heard_ms = now_ms;
	t->poll.data = t;
	if (uv_poll_init(up->set->uv, &t->poll, fd) != 0) {
		close(fd);
		free(t);
		errno = EMFILE;
		return NULL;
	}
	watch(t);
	return t;
}

void
dns_tcp_close(struct dns_tcp *t)
{
	t->closed = true;
	uv_poll_stop(&t->poll);
	close(t->fd);
	uv_close((uv_handle_t *)&t->poll, on_closed);
}

void
dns_tcp_send(struct dns_tcp *t, struct slice query)
{
	size_t need = t->out_n + FRAME_HEAD_BYTES + query.n;

	if (need > t->out_cap) {
		t->out_cap = need * 2;
		t->out = xrealloc(t->out, t->out_cap);
	}
	t->out[t->out_n] = (uint8_t)(query.n >> 8);
	t->out[t->out_n + 1] = (uint8_t)query.n;
	memcpy(t->out + t->out_n + FRAME_HEAD_BYTES, query.p, query.n);
	t->out_n = need;
	watch(t);
}

static bool
is_transient(int error)
{
	return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

/* False: the connection is broken. */
static bool
write_out(struct dns_tcp *t)
{
	ssize_t n;

	if (t->out_n == 0)
		return true;
	n = send(t->fd, t->out, t->out_n, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n < 0)
		return is_transient(errno);
	t->out_n -= (size_t)n;
	memmove(t->out, t->out + n, t->out_n);
	return true;
}

/* Hands over what is complete and keeps the rest. */
static void
take_frames(struct dns_tcp *t)
{
	size_t at = 0;

	while (!t->closed && t->in_n - at >= FRAME_HEAD_BYTES) {
		struct cursor c = cursor_of(t->in + at, t->in_n - at);
		struct slice message = cursor_bytes(&c, cursor_u16(&c));

		if (c.failed)
			break; /* incomplete */
		at += c.at;
		t->answered++;
		t->events->on_message(t->events->ctx, t, message);
	}
	t->in_n -= at;
	memmove(t->in, t->in + at, t->in_n);
}

/* False: the connection is at its end. */
static bool
read_in(struct dns_tcp *t)
{
	for (int i = 0; i < READS_PER_EVENT && !t->closed; i++) {
		ssize_t n = recv(t->fd, t->in + t->in_n,
		    sizeof(t->in) - t->in_n, MSG_DONTWAIT);

		if (n < 0)
			return is_transient(errno);
		if (n == 0)
			return false;
		t->heard_ms = uv_now(t->poll.loop);
		t->in_n += (size_t)n;
		take_frames(t);
	}
	return true;
}

static bool
finish_connect(struct dns_tcp *t)
{
	int error = 0;
	socklen_t n = sizeof(error);

	if (getsockopt(t->fd, SOL_SOCKET, SO_ERROR, &error, &n) != 0 ||
	    error != 0)
		return false;
	t->connected = true;
	return true;
}

static void
on_poll(uv_poll_t *poll, int status, int events)
{
	struct dns_tcp *t = poll->data;
	bool stands = status >= 0 && (t->connected || finish_connect(t));

	if (stands && (events & UV_WRITABLE))
		stands = write_out(t);
	if (stands && (events & UV_READABLE))
		stands = read_in(t);
	if (t->closed)
		return;
	if (stands)
		watch(t);
	else
		t->events->on_end(t->events->ctx, t);
}
