/* SPDX-License-Identifier: Apache-2.0
 *
 * dns_upstream.c: resolvers, their UDP sockets and their health.
 *
 * Sockets are connected, so that the kernel drops what comes from elsewhere,
 * and get their ports from the kernel, which draws them at random (RFC 5452).
 * The DNS pool owns the set; libuv's closing callbacks free the sockets.
 */
#include "workers/dns_upstream.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "scanner/base/log.h"

#include "scanner/base/banned.h"

#define DNS_PORT 53
#define WINDOW_MAX 16384 /* of all resolvers together */
/* Queries on one port before it is given up: narrows what can be guessed. */
#define SOCKET_USES 4096
/* The kernel's default holds a few hundred answers: less than a window. */
#define RECEIVE_BUFFER_BYTES (4 << 20)
/* With one answer in two lost, this happens once in a million questions. */
#define SILENT_ENOUGH 20
/* All rest: as many may be asked, to see whether it comes back. */
#define RESTING_WINDOW 500
#define PACE_BURST_MS 20
#define NS_PER_MS 1000000u
/* In units of the first attempt's time-out. */
#define REST_TIMEOUTS 8
#define REST_TIMEOUTS_MAX 64
#define PROBE_TIMEOUTS 2
#define SILENT_TIMEOUTS 2

uint16_t
dns_random_u16(struct dns_random *r)
{
	uint16_t v;

	if (r->left < sizeof(v)) {
		ssize_t n;

		do
			n = getrandom(r->bytes, sizeof(r->bytes), 0);
		while (n < 0 && errno == EINTR);
		if (n < (ssize_t)sizeof(v))
			log_fatal("getrandom failed: no random DNS ids");
		r->left = (size_t)n;
	}
	r->left -= sizeof(v);
	memcpy(&v, r->bytes + r->left, sizeof(v));
	return v;
}

/* ---- sockets ---- */

static socklen_t
sockaddr_bytes(const struct sockaddr_storage *addr)
{
	return addr->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) :
	    sizeof(struct sockaddr_in);
}

/* Port 0: any.  A source of the other family does not apply. */
static int
bind_source(int fd, int family, const struct address *source)
{
	struct sockaddr_storage any = { .ss_family = (sa_family_t)family };

	if (family == AF_INET6 && source->family == 6)
		memcpy(&((struct sockaddr_in6 *)&any)->sin6_addr,
		    source->bytes, 16);
	else if (family == AF_INET && source->family == 4)
		memcpy(&((struct sockaddr_in *)&any)->sin_addr,
		    source->bytes, 4);
	else
		return 0;
	return bind(fd, (struct sockaddr *)&any, sockaddr_bytes(&any));
}

int
dns_connect(const struct sockaddr_storage *addr, const struct address *source,
    int type)
{
	int fd = socket(addr->ss_family,
	    type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int saved;

	if (fd < 0)
		return -1;
	if (bind_source(fd, addr->ss_family, source) == 0 &&
	    (connect(fd, (const struct sockaddr *)addr,
	    sockaddr_bytes(addr)) == 0 || errno == EINPROGRESS))
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

static void on_poll(uv_poll_t *poll, int status, int events);

static void
watch(struct dns_socket *s)
{
	uv_poll_start(&s->poll,
	    UV_READABLE | (s->blocked ? UV_WRITABLE : 0), on_poll);
}

static void
on_poll(uv_poll_t *poll, int status, int events)
{
	struct dns_socket *s = poll->data;
	struct dns_upstreams *set = s->channel.up->set;
	bool changed = status < 0;

	if (s->blocked && (status < 0 || (events & UV_WRITABLE))) {
		s->blocked = false;
		changed = true;
	}
	/*
	 * libuv stops a handle whose socket has a pending error, such as an
	 * ICMP "port unreachable"; the next receive call takes it away.
	 */
	if (changed)
		watch(s);
	set->on_event(set->ctx, s);
}

static void
on_closed(uv_handle_t *poll)
{
	free(poll->data);
}

static void
socket_close(struct dns_socket *s)
{
	TAILQ_REMOVE(&s->channel.up->set->sockets, s, link);
	uv_poll_stop(&s->poll);
	close(s->fd);
	uv_close((uv_handle_t *)&s->poll, on_closed);
}

/* NULL: errno is set. */
static struct dns_socket *
socket_open(struct dns_upstream *up)
{
	struct dns_upstreams *set = up->set;
	int fd = dns_connect(&up->addr, &set->source, SOCK_DGRAM);
	int bytes = RECEIVE_BUFFER_BYTES;
	struct dns_socket *s;

	if (fd < 0)
		return NULL;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes,
	    sizeof(bytes)) != 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	s = xcalloc(1, sizeof(*s));
	s->fd = fd;
	s->channel.up = up;
	s->poll.data = s;
	if (uv_poll_init(set->uv, &s->poll, fd) != 0) {
		close(fd);
		free(s);
		errno = EMFILE;
		return NULL;
	}
	TAILQ_INSERT_TAIL(&set->sockets, s, link);
	watch(s);
	return s;
}

struct dns_socket *
dns_socket_pick(struct dns_upstream *up)
{
	size_t first = dns_random_u16(&up->set->random) % DNS_SOCKETS;
	bool blocked = false;

	for (size_t i = 0; i < DNS_SOCKETS; i++) {
		struct dns_socket **s = &up->socket[(first + i) % DNS_SOCKETS];

		if (*s == NULL)
			*s = socket_open(up);
		if (*s != NULL && !(*s)->blocked)
			return *s;
		blocked = blocked || *s != NULL;
	}
	if (blocked)
		errno = EAGAIN;
	return NULL;
}

void
dns_socket_used(struct dns_socket *s, uint32_t n)
{
	struct dns_upstream *up = s->channel.up;
	struct dns_socket *fresh;

	s->uses += n;
	if (s->uses < SOCKET_USES || s->retired)
		return;
	fresh = socket_open(up);
	if (fresh == NULL)
		return; /* an old port is better than none */
	for (size_t i = 0; i < DNS_SOCKETS; i++)
		if (up->socket[i] == s)
			up->socket[i] = fresh;
	s->retired = true;
	if (s->channel.live == 0)
		socket_close(s);
}

void
dns_socket_unlive(struct dns_socket *s)
{
	if (--s->channel.live == 0 && s->retired)
		socket_close(s);
}

void
dns_socket_block(struct dns_socket *s)
{
	s->blocked = true;
	watch(s);
}

/* ---- resolvers ---- */

static void
name_upstream(struct dns_upstream *up)
{
	char host[INET6_ADDRSTRLEN] = "";
	struct strbuf b = strbuf_of(up->text_bytes, sizeof(up->text_bytes));
	const struct sockaddr_in *v4 = (struct sockaddr_in *)&up->addr;
	const struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&up->addr;
	bool is_v6 = up->addr.ss_family == AF_INET6;
	uint16_t port = ntohs(is_v6 ? v6->sin6_port : v4->sin_port);

	inet_ntop(up->addr.ss_family, is_v6 ? (const void *)&v6->sin6_addr :
	    (const void *)&v4->sin_addr, host, sizeof(host));
	if (port == DNS_PORT)
		strbuf_fmt(&b, "%s", host);
	else
		strbuf_fmt(&b, is_v6 ? "[%s]:%u" : "%s:%u", host, port);
	up->text = strbuf_slice(&b);
}

bool
dns_upstreams_init(struct dns_upstreams *set, uv_loop_t *uv,
    const struct dns_config *c)
{
	bool any = false;
	int error = EINVAL;

	set->uv = uv;
	set->source = c->source;
	set->timeout_ms = c->timeout_ms;
	set->adapts = c->window == 0;
	TAILQ_INIT(&set->sockets);
	for (size_t i = 0; i < c->n_resolver && i < DNS_RESOLVERS_MAX; i++) {
		struct dns_upstream *up = &set->v[set->n++];

		up->set = set;
		up->addr = c->resolver[i];
		up->trusted = c->trusted[i];
		TAILQ_INIT(&up->out);
		dns_window_init(&up->window, c->timeout_ms,
		    WINDOW_MAX / (uint32_t)c->n_resolver, c->sharers);
		pace_init(&up->pace, c->resolver_rate, PACE_BURST_MS);
		name_upstream(up);
		if (dns_socket_pick(up) != NULL)
			any = true;
		else
			error = errno;
	}
	if (!any)
		errno = error;
	return any;
}

void
dns_upstreams_release(struct dns_upstreams *set)
{
	while (!TAILQ_EMPTY(&set->sockets))
		socket_close(TAILQ_FIRST(&set->sockets));
}

/* A rested one is asked again with a single query; its answer ends the rest. */
static bool
is_willing(struct dns_upstream *up, uint64_t now_ms)
{
	if (up->rest_until_ms == 0)
		return true;
	if (now_ms < up->rest_until_ms)
		return false;
	up->rest_until_ms = now_ms +
	    (uint64_t)up->set->timeout_ms * PROBE_TIMEOUTS;
	return true;
}

static bool
has_room(struct dns_upstream *up, uint32_t least)
{
	if (!up->set->adapts || up->in_flight < up->window.size ||
	    up->in_flight < least)
		return true;
	dns_window_full(&up->window);
	return false;
}

/* Its rate allows a query, which is hereby taken. */
static bool
takes_pace(struct dns_upstream *up, uint64_t now_ms)
{
	uint64_t wait_ns = pace_take(&up->pace, now_ms * NS_PER_MS);
	uint64_t wait_ms = wait_ns / NS_PER_MS + 1;

	if (wait_ns == 0)
		return true;
	if (up->set->wait_ms == 0 || wait_ms < up->set->wait_ms)
		up->set->wait_ms = wait_ms;
	return false;
}

/* Rests, and is not yet due to be tried. */
static bool
is_out(const struct dns_upstream *up, uint64_t now_ms)
{
	return up->rest_until_ms != 0 && now_ms < up->rest_until_ms;
}

/* All rest: questions are asked all the same, of the readiest. */
static struct dns_upstream *
choose_readiest(struct dns_upstreams *set, const struct dns_upstream *last,
    size_t first, uint64_t now_ms)
{
	struct dns_upstream *best = NULL;

	for (size_t i = 0; i < set->n; i++) {
		struct dns_upstream *up = &set->v[(first + i) % set->n];

		if (up != last && (best == NULL ||
		    up->rest_until_ms < best->rest_until_ms))
			best = up;
	}
	if (best == NULL)
		best = &set->v[first % set->n];
	return has_room(best, RESTING_WINDOW) && takes_pace(best, now_ms) ?
	    best : NULL;
}

struct dns_upstream *
dns_upstream_choose(struct dns_upstreams *set, const struct dns_upstream *last,
    uint64_t now_ms)
{
	size_t first = last == NULL ? set->next++ :
	    (size_t)(last - set->v) + 1;
	bool others = false; /* is anyone but `last` to be had, now or soon? */

	set->wait_ms = 0;
	for (size_t i = 0; i < set->n; i++) {
		struct dns_upstream *up = &set->v[(first + i) % set->n];

		if (is_out(up, now_ms) || (up == last && others))
			continue; /* the same again only where it is alone */
		others = true;
		if (has_room(up, 1) && takes_pace(up, now_ms) &&
		    is_willing(up, now_ms))
			return up;
	}
	return others ? NULL : choose_readiest(set, last, first, now_ms);
}

void
dns_upstream_answered(struct dns_upstream *up, uint64_t now_ms)
{
	up->heard_ms = now_ms;
	up->silent = 0;
	up->rest_ms = 0;
	up->rest_until_ms = 0;
}

void
dns_upstream_rest(struct dns_upstream *up, uint64_t now_ms)
{
	uint32_t unit = up->set->timeout_ms;

	if (up->rest_until_ms > now_ms + (uint64_t)unit * PROBE_TIMEOUTS)
		return; /* rests already */
	up->rest_ms = up->rest_ms == 0 ? unit * REST_TIMEOUTS :
	    up->rest_ms * 2;
	if (up->rest_ms > unit * REST_TIMEOUTS_MAX)
		up->rest_ms = unit * REST_TIMEOUTS_MAX;
	up->rest_until_ms = now_ms + up->rest_ms;
}

void
dns_upstream_silent(struct dns_upstream *up, uint64_t now_ms)
{
	/* One that drops what exceeds its rate answers again in between. */
	if (++up->silent >= SILENT_ENOUGH && now_ms - up->heard_ms >=
	    (uint64_t)up->set->timeout_ms * SILENT_TIMEOUTS)
		dns_upstream_rest(up, now_ms);
}
