/* SPDX-License-Identifier: Apache-2.0
 *
 * dial.c: socket, bind, connect, and what their failures mean.
 *
 * Used by the policy pool, which hands the connected socket to libcurl, and by
 * the SMTP probe.  A dial is all that a pending connect needs: it is freed once
 * its handle is closed; the caller forgets it when done was called.
 */
#include "workers/dial.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "scanner/base/arena.h"

#include "scanner/base/banned.h"

struct dial {
	struct due due;  /* first: what fires is the dial */
	uv_poll_t poll;
	struct loop *loop;
	int fd;          /* -1: there is none */
	bool is_polling;
	enum outcome early; /* what connect() said at once, or NONE */
	dial_done_fn *done;
	void *ctx;
};

static socklen_t
sockaddr_of(const struct address *a, uint16_t port,
    struct sockaddr_storage *out)
{
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)out;
	struct sockaddr_in *four = (struct sockaddr_in *)out;

	memset(out, 0, sizeof(*out));
	if (a->family == 6) {
		six->sin6_family = AF_INET6;
		six->sin6_port = htons(port);
		memcpy(&six->sin6_addr, a->bytes, 16);
		return sizeof(*six);
	}
	four->sin_family = AF_INET;
	four->sin_port = htons(port);
	memcpy(&four->sin_addr, a->bytes, 4);
	return sizeof(*four);
}

/* An error that came back from the network. */
static enum outcome
outcome_of_network(int error)
{
	switch (error) {
	case 0:
		return OUTCOME_OK;
	case ECONNREFUSED:
		return OUTCOME_CONNECT_REFUSED;
	case ETIMEDOUT:
		return OUTCOME_CONNECT_TIMEOUT;
	case ECONNRESET:
	case EPIPE:
		return OUTCOME_RESET;
	case EHOSTUNREACH:
	case ENETUNREACH:
	case EHOSTDOWN:
	case ENETDOWN:
	case EPROTO:
	case ENOPROTOOPT:
		return OUTCOME_UNREACHABLE;
	}
	return OUTCOME_LOCAL;
}

/* An error of the call itself: no route, no port, no descriptor, a filter. */
static enum outcome
outcome_of_call(int error)
{
	switch (error) {
	case ECONNREFUSED:
	case ETIMEDOUT:
	case ECONNRESET:
		return outcome_of_network(error);
	}
	return OUTCOME_LOCAL;
}

static void
on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

/* Nobody may touch the dial any more. */
static void
dial_free(struct dial *d)
{
	loop_due_clear(d->loop, &d->due);
	if (d->is_polling)
		uv_close((uv_handle_t *)&d->poll, on_closed);
	else
		free(d);
}

static void
finish(struct dial *d, enum outcome outcome)
{
	dial_done_fn *done = d->done;
	void *ctx = d->ctx;
	int fd = d->fd;

	dial_free(d);
	if (outcome != OUTCOME_OK && fd >= 0) {
		close(fd);
		fd = -1;
	}
	done(ctx, fd, outcome);
}

void
dial_cancel(struct dial *d)
{
	int fd;

	if (d == NULL)
		return;
	fd = d->fd;
	dial_free(d);
	if (fd >= 0)
		close(fd);
}

static void
on_due(void *loop, struct due *due)
{
	struct dial *d = (struct dial *)due;

	(void)loop;

	finish(d, d->early != OUTCOME_NONE ? d->early :
	    OUTCOME_CONNECT_TIMEOUT);
}

static void
on_poll(uv_poll_t *poll, int status, int events)
{
	struct dial *d = poll->data;
	socklen_t n = sizeof(int);
	int error = 0;

	(void)status;
	(void)events;
	if (getsockopt(d->fd, SOL_SOCKET, SO_ERROR, &error, &n) != 0)
		error = errno;
	finish(d, outcome_of_network(error));
}

/* NONE: under way. */
static enum outcome
begin(struct dial *d, const struct dial_target *target)
{
	struct sockaddr_storage ss;
	socklen_t n = sockaddr_of(&target->address, target->port, &ss);

	d->fd = socket(ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK |
	    SOCK_CLOEXEC, IPPROTO_TCP);
	if (d->fd < 0)
		return OUTCOME_LOCAL;
	if (target->source.family == target->address.family) {
		struct sockaddr_storage from;
		socklen_t k = sockaddr_of(&target->source, 0, &from);
		const int on = 1;

		/*
		 * The port is chosen by connect(), when the peer is known:
		 * else each connection would hold one for itself alone.
		 */
		setsockopt(d->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on,
		    sizeof(on));
		if (bind(d->fd, (struct sockaddr *)&from, k) != 0)
			return OUTCOME_LOCAL;
	}
	if (connect(d->fd, (struct sockaddr *)&ss, n) == 0)
		return OUTCOME_OK;
	if (errno == EINPROGRESS)
		return OUTCOME_NONE;
	return outcome_of_call(errno);
}

struct dial *
dial_start(struct loop *loop, const struct dial_target *target,
    dial_done_fn *done, void *ctx)
{
	struct dial *d = xcalloc(1, sizeof(*d));
	uv_loop_t *uv = loop_uv(loop);

	d->loop = loop;
	d->done = done;
	d->ctx = ctx;
	d->due.fire = on_due;
	d->early = begin(d, target);
	if (d->early == OUTCOME_NONE) {
		if (uv_poll_init(uv, &d->poll, d->fd) == 0) {
			d->poll.data = d;
			d->is_polling = true;
			uv_poll_start(&d->poll, UV_WRITABLE, on_poll);
		} else {
			d->early = OUTCOME_LOCAL;
		}
	}
	loop_due_set(loop, &d->due, d->early != OUTCOME_NONE ? 0 :
	    loop_clock_ms() + target->timeout_ms);
	return d;
}
