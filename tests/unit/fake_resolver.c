/* SPDX-License-Identifier: Apache-2.0
 *
 * fake_resolver.c: a resolver for tests.  One thread, one poll loop; nothing
 * is shared but the counters and the stop flag.
 */
#include "tests/unit/fake_resolver.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "scanner/base/arena.h"
#include "scanner/base/log.h"
#include "tests/unit/dns_made.h"

#include "scanner/base/banned.h"

#define POLL_MS 2
#define PEERS 16
#define HEADER 12
#define SOA "example. 900 IN SOA ns.example. root.example. 1 2 3 4 60"

static long long
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* The name asked, presentation form; false: no question we understand. */
static bool
asked(struct slice q, char *name, size_t cap, uint16_t *type)
{
	struct cursor c = cursor_of(q.p, q.n);
	struct strbuf b = strbuf_of(name, cap);
	uint8_t n;

	cursor_skip(&c, HEADER);
	while ((n = cursor_u8(&c)) > 0) {
		strbuf_add(&b, cursor_bytes(&c, n));
		strbuf_char(&b, '.');
	}
	*type = cursor_u16(&c);
	return !c.failed && !b.cut;
}

/* The plain "no such name": header and question of the query itself. */
static void
make_nxdomain(struct made *m, struct slice q)
{
	static const uint8_t flags[] = { 0x81, 0x83, 0, 1, 0, 0, 0, 0, 0, 0 };

	m->n = 0;
	made_append(m, q.p, q.n - 11); /* without OPT */
	memcpy(m->bytes + 2, flags, sizeof(flags));
}

static void
make_big_txt(struct made *m, const char *question, const char *name)
{
	char lines[24000];
	struct strbuf b = strbuf_of(lines, sizeof(lines));

	for (int i = 0; i < 60; i++)
		strbuf_fmt(&b, "%s 300 IN TXT \"%d %0200d\"\n", name, i, 0);
	made_response(m, question, "r", 0, lines, "");
}

static void
make_by_label(struct made *m, struct slice q, const char *name, uint16_t type,
    bool tcp)
{
	struct slice s = slice_of(name);
	struct slice label = slice_upto(s, slice_find(s, '.'));
	bool edns = q.p[HEADER - 1] != 0;
	char question[300], line[400];
	const char *word = type == 16 ? "TXT" : type == 15 ? "MX" : "A";

#define IS(text) slice_eq_nocase(label, SLICE_LIT(text))
	snprintf(question, sizeof(question), "%s IN %s", name, word);
	snprintf(line, sizeof(line), "%s 300 IN A 192.0.2.1", name);
	if ((IS("noedns") || IS("bare")) && edns) {
		made_response(m, question, "r", 1, "", "");
		if (IS("bare")) { /* RFC 6891 7: the header alone */
			made_count(m, 4, 0);
			m->n = 12;
		}
	} else if (IS("noedns") || IS("bare") || IS("ok") || IS("spoof") ||
	    IS("cross") || IS("late")) {
		made_response(m, question, "rd", 0, line, "");
	} else if (IS("nodata")) {
		made_response(m, question, "rd", 0, "", SOA);
	} else if (IS("servfail")) {
		made_response(m, question, "r", 2, "", "");
	} else if (IS("refused")) {
		made_response(m, question, "r", 5, "", "");
	} else if (IS("formerr")) {
		made_response(m, question, "r", 1, "", "");
	} else if (IS("bogus")) {
		made_response(m, question, "r", 2, "", "");
		made_opt(m, "\0\x0f\0\x05\0\x06" "bad", 9, 0);
	} else if (IS("loop")) {
		snprintf(line, sizeof(line), "%s 300 IN CNAME %s", name, name);
		made_response(m, question, "r", 0, line, "");
	} else if (IS("garbage")) { /* an owner that points to itself */
		made_response(m, question, "r", 0, "", "");
		made_count(m, 6, 1);
		made_append(m, (uint8_t[]){ 0xc0, (uint8_t)m->n }, 2);
		made_append(m, "\0\1\0\1\0\0\0\1\0\4\1\2\3\4", 14);
	} else if (IS("tc") && !tcp) {
		made_response(m, question, "rt", 0, "", "");
	} else if (IS("tc")) {
		make_big_txt(m, question, name);
	} else {
		make_nxdomain(m, q);
	}
	if (IS("lower"))
		for (size_t i = HEADER; i < m->n; i++)
			m->bytes[i] = (uint8_t)ascii_lower(
			    (char)m->bytes[i]);
#undef IS
	memcpy(m->bytes, q.p, 2);
}

static void
reply_udp(int fd, const struct made *m, const struct sockaddr_storage *to)
{
	sendto(fd, m->bytes, m->n, MSG_NOSIGNAL, (const struct sockaddr *)to,
	    sizeof(*to));
}

/* Everything a forger may try; none of it may be believed. */
static void
spoof(struct fake *f, const struct made *good,
    const struct sockaddr_storage *to)
{
	static _Thread_local struct made m;
	const struct {
		size_t at;
		uint8_t xor;
	} change[] = {
		{ 0, 0x55 },           /* id */
		{ HEADER + 1, 0x02 },  /* first letter of the question */
		{ 2, 0x80 },           /* a query, no response */
		{ 5, 0x01 },           /* no question */
	};

	for (size_t i = 0; i < sizeof(change) / sizeof(*change); i++) {
		m = *good;
		m.bytes[change[i].at] ^= change[i].xor;
		m.bytes[m.n - 1] = 66; /* last byte of the address */
		reply_udp(f->own.udp, &m, to);
	}
	m = *good;
	m.n = 7;
	reply_udp(f->own.udp, &m, to);
	m = *good;
	m.bytes[m.n - 1] = 66;
	reply_udp(f->own.spoof, &m, to); /* another source */
}

/* Id, question and direction are right; only the way it came is not. */
static void
cross(struct fake *f, const struct made *good)
{
	static _Thread_local struct made m;
	struct fake *other = f->accomplice;
	struct sockaddr_storage to;

	pthread_mutex_lock(&other->_shared.mutex);
	to = other->_shared.from;
	pthread_mutex_unlock(&other->_shared.mutex);
	m = *good;
	m.bytes[m.n - 1] = 66;
	reply_udp(other->own.udp, &m, &to);
	poll(NULL, 0, 10 * POLL_MS); /* the forged one arrives first */
}

static void
on_udp(struct fake *f)
{
	static _Thread_local struct made m;
	struct sockaddr_storage from = { .ss_family = 0 };
	socklen_t from_n = sizeof(from);
	uint8_t bytes[600];
	char name[256];
	uint16_t type;
	ssize_t n = recvfrom(f->own.udp, bytes, sizeof(bytes), MSG_DONTWAIT,
	    (struct sockaddr *)&from, &from_n);
	struct slice q = slice_make(bytes, n < 0 ? 0 : (size_t)n);

	if (n < HEADER || !asked(q, name, sizeof(name), &type))
		return;
	f->queries++;
	pthread_mutex_lock(&f->_shared.mutex);
	f->_shared.from = from;
	pthread_mutex_unlock(&f->_shared.mutex);
	if (f->mode == FAKE_SILENT || slice_starts(slice_of(name),
	    SLICE_LIT("silent.")))
		return;
	make_by_label(&m, q, name, type, false);
	if (f->mode == FAKE_SERVFAIL) {
		make_nxdomain(&m, q);
		m.bytes[3] = 0x82;
	}
	if (slice_starts(slice_of(name), SLICE_LIT("late."))) {
		if (f->own.late_n == 0 && f->queries == 1) {
			memcpy(f->own.late, m.bytes, m.n);
			f->own.late_n = m.n;
			f->own.late_to = from;
			f->own.late_at_ms = now_ms() + f->late_ms;
		}
		return;
	}
	if (slice_starts(slice_of(name), SLICE_LIT("spoof.")))
		spoof(f, &m, &from);
	if (slice_starts(slice_of(name), SLICE_LIT("cross.")))
		cross(f, &m);
	reply_udp(f->own.udp, &m, &from);
}

static void
on_accept(struct fake *f)
{
	int fd = accept4(f->own.tcp, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return;
	f->connections++;
	for (int i = 0; i < PEERS; i++) {
		if (f->own.peer[i] < 0) {
			f->own.peer[i] = fd;
			return;
		}
	}
	close(fd);
}

static bool
read_exactly(int fd, uint8_t *p, size_t n)
{
	return recv(fd, p, n, MSG_WAITALL) == (ssize_t)n;
}

static void
on_peer(struct fake *f, int *peer)
{
	static _Thread_local struct made m;
	uint8_t head[2], bytes[600];
	char name[256];
	uint16_t type;
	size_t n;

	if (read_exactly(*peer, head, 2) &&
	    (n = (size_t)head[0] << 8 | head[1]) <= sizeof(bytes) &&
	    read_exactly(*peer, bytes, n) &&
	    asked(slice_make(bytes, n), name, sizeof(name), &type)) {
		f->tcp_queries++;
		if (f->mode == FAKE_TCP_MUTE)
			return;
		make_by_label(&m, slice_make(bytes, n), name, type, true);
		head[0] = (uint8_t)(m.n >> 8);
		head[1] = (uint8_t)m.n;
		if (send(*peer, head, 2, MSG_NOSIGNAL) == 2 &&
		    send(*peer, m.bytes, m.n, MSG_NOSIGNAL) == (ssize_t)m.n &&
		    f->mode != FAKE_TCP_ONCE)
			return;
	}
	close(*peer);
	*peer = -1;
}

static void
send_late(struct fake *f)
{
	if (f->own.late_n == 0 || now_ms() < f->own.late_at_ms)
		return;
	sendto(f->own.udp, f->own.late, f->own.late_n, MSG_NOSIGNAL,
	    (struct sockaddr *)&f->own.late_to, sizeof(f->own.late_to));
	f->own.late_n = 0;
}

static void *
fake_run(void *arg)
{
	struct fake *f = arg;
	struct pollfd fds[2 + PEERS];

	while (!f->stop) {
		fds[0] = (struct pollfd){ .fd = f->own.udp, .events = POLLIN };
		fds[1] = (struct pollfd){ .fd = f->own.tcp, .events = POLLIN };
		for (int i = 0; i < PEERS; i++)
			fds[2 + i] = (struct pollfd){ .fd = f->own.peer[i],
				.events = POLLIN };
		poll(fds, 2 + PEERS, POLL_MS);
		for (int i = 0; i < 256 && (fds[0].revents & POLLIN); i++)
			on_udp(f);
		if (fds[1].revents & POLLIN)
			on_accept(f);
		for (int i = 0; i < PEERS; i++)
			if (fds[2 + i].revents != 0)
				on_peer(f, &f->own.peer[i]);
		send_late(f);
	}
	return NULL;
}

static int
bound(const struct sockaddr_storage *addr, int type)
{
	int fd = socket(addr->ss_family, type | SOCK_CLOEXEC, 0);
	int bytes = 4 << 20;

	if (fd < 0 || bind(fd, (const struct sockaddr *)addr,
	    sizeof(*addr)) != 0)
		log_fatal("the fake resolver cannot bind");
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	return fd;
}

struct fake *
fake_new(const char *host, enum fake_mode mode)
{
	struct fake *f = xcalloc(1, sizeof(*f));
	struct sockaddr_in *v4 = (struct sockaddr_in *)&f->addr;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&f->addr;
	struct sockaddr_storage other;
	socklen_t n = sizeof(f->addr);

	f->mode = mode;
	pthread_mutex_init(&f->_shared.mutex, NULL);
	if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
	} else {
		inet_pton(AF_INET6, host, &v6->sin6_addr);
		v6->sin6_family = AF_INET6;
	}
	other = f->addr; /* same address, another port */
	f->own.udp = bound(&f->addr, SOCK_DGRAM);
	f->own.spoof = bound(&other, SOCK_DGRAM);
	getsockname(f->own.udp, (struct sockaddr *)&f->addr, &n);
	f->own.tcp = mode == FAKE_NO_TCP ? -1 : bound(&f->addr, SOCK_STREAM);
	if (f->own.tcp >= 0 && listen(f->own.tcp, PEERS) != 0)
		log_fatal("the fake resolver cannot listen");
	for (int i = 0; i < PEERS; i++)
		f->own.peer[i] = -1;
	if (pthread_create(&f->own.thread, NULL, fake_run, f) != 0)
		log_fatal("the fake resolver gets no thread");
	return f;
}

void
fake_free(struct fake *f)
{
	f->stop = true;
	pthread_join(f->own.thread, NULL);
	close(f->own.udp);
	close(f->own.spoof);
	if (f->own.tcp >= 0)
		close(f->own.tcp);
	for (int i = 0; i < PEERS; i++)
		if (f->own.peer[i] >= 0)
			close(f->own.peer[i]);
	pthread_mutex_destroy(&f->_shared.mutex);
	free(f);
}
