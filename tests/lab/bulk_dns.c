/* SPDX-License-Identifier: Apache-2.0
 *
 * bulk_dns.c: questions in, answers out, in batches.
 *
 * Every record's owner is the question's name, by a pointer to it; where there
 * is no record the SOA of the zone says so, as resolvers pass it on.
 */
#include "tests/lab/bulk_dns.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "tests/lab/bulk_world.h"

#include "scanner/base/arena.h"
#include "scanner/base/text.h"

#include "scanner/base/banned.h"

#define HEADER_BYTES 12
#define BATCH 64
#define ROOM_BYTES (16 << 20) /* questions that wait */
#define LOOKS_UP_MS 200       /* between looks at stop_shared */
#define TTL_S 300
#define NAME_BYTES 255
#define POINTER 0xc000u

enum {
	TYPE_A = 1,
	TYPE_SOA = 6,
	TYPE_MX = 15,
	TYPE_TXT = 16,
	TYPE_OPT = 41,
	TYPE_TLSA = 52,
};

enum {
	NOERROR = 0,
	SERVFAIL = 2,
	NXDOMAIN = 3,
	NOTIMP = 4,
};

/* ---- writing ---- */

struct message {
	uint8_t *p;
	size_t n;
	unsigned n_answer, n_authority;
};

static void
put(struct message *m, const void *p, size_t n)
{
	/* the longest name and all that any name has fit with room to spare */
	assert(m->n + n <= BULK_DNS_BYTES);
	memcpy(m->p + m->n, p, n);
	m->n += n;
}

static void
put16(struct message *m, unsigned v)
{
	put(m, (uint8_t[]){ (uint8_t)(v >> 8), (uint8_t)v }, 2);
}

static void
put_head(struct message *m, unsigned type, size_t rdata_bytes)
{
	put16(m, type);
	put16(m, 1); /* IN */
	put16(m, 0);
	put16(m, TTL_S);
	put16(m, (unsigned)rdata_bytes);
}

/* A record of the question's name. */
static void
put_record(struct message *m, unsigned type, size_t rdata_bytes)
{
	put16(m, POINTER | HEADER_BYTES);
	put_head(m, type, rdata_bytes);
	m->n_answer++;
}

/* Bytes of a name on the wire: a length for each dot, one more, the root. */
static size_t
name_bytes(const char *name)
{
	return strlen(name) + 2;
}

static void
put_name(struct message *m, const char *name)
{
	struct slice rest = slice_of(name);

	while (rest.n > 0) {
		size_t n = slice_find(rest, '.');

		put(m, &(uint8_t){ (uint8_t)n }, 1);
		put(m, rest.p, n);
		rest = slice_from(rest, n + 1);
	}
	put(m, "", 1);
}

static void
put_mx(struct message *m, const struct bulk_node *node)
{
	if (node->null_mx) {
		put_record(m, TYPE_MX, 3);
		put(m, "\0\0", 3);
	}
	for (unsigned i = 0; i < node->mx.n; i++) {
		put_record(m, TYPE_MX, 2 + name_bytes(node->mx.name[i]));
		put16(m, 10 * (i + 1));
		put_name(m, node->mx.name[i]);
	}
}

static void
put_txt(struct message *m, const struct bulk_node *node)
{
	for (unsigned i = 0; i < node->n_txt; i++) {
		size_t n = strlen(node->txt[i]);

		put_record(m, TYPE_TXT, n + 1);
		put(m, &(uint8_t){ (uint8_t)n }, 1);
		put(m, node->txt[i], n);
	}
}

static void
put_a(struct message *m, uint32_t address)
{
	put_record(m, TYPE_A, 4);
	put16(m, address >> 16);
	put16(m, address & 0xffff);
}

static void
put_tlsa(struct message *m, bool right, const uint8_t key_hash[32])
{
	static const uint8_t nobody[32];

	put_record(m, TYPE_TLSA, 3 + sizeof(nobody));
	put(m, "\3\1\1", 3);
	put(m, right ? key_hash : nobody, sizeof(nobody));
}

/* RFC 2308 section 3; the zone is a tail of the question's name. */
static void
put_soa(struct message *m, const struct bulk_node *node, size_t name_n)
{
	static const uint8_t rdata[22] = { 0, 0, 0, 0, 0, 1, 0, 0, 14, 16, 0,
		0, 3, 132, 0, 9, 58, 128, 0, 0, 1, 44 };

	if (node->zone_at < name_n)
		put16(m, POINTER | (unsigned)(HEADER_BYTES + node->zone_at));
	else
		put(m, "", 1);
	put_head(m, TYPE_SOA, sizeof(rdata));
	put(m, rdata, sizeof(rdata));
	m->n_authority++;
}

/* ---- reading ---- */

struct question {
	char text[NAME_BYTES];
	struct slice name;
	unsigned type;
	size_t end;       /* offset after it */
	bool has_opt;
	uint32_t opt_ttl; /* of which the DO bit is given back */
};

static bool
read_name(struct cursor *c, struct question *q)
{
	size_t n = 0;
	uint8_t label;

	while ((label = cursor_u8(c)) != 0) {
		struct slice s = cursor_bytes(c, label);

		if (label > 63 || c->failed || n + label + 1u > NAME_BYTES - 1)
			return false;
		if (n > 0)
			q->text[n++] = '.';
		/* a dot within a label would look like two of them */
		for (size_t i = 0; i < s.n; i++)
			q->text[n++] = s.p[i] == '.' ? '\0' :
			    ascii_lower(s.p[i]);
	}
	q->name = slice_make(q->text, n);
	return !c->failed;
}

/* The first additional record, if it is OPT (RFC 6891 section 6.1.2). */
static void
read_opt(struct cursor *c, struct question *q)
{
	uint8_t root = cursor_u8(c);
	uint16_t type = cursor_u16(c);

	cursor_skip(c, 2);
	q->opt_ttl = cursor_u32(c);
	cursor_skip(c, cursor_u16(c));
	q->has_opt = !c->failed && root == 0 && type == TYPE_OPT;
}

/* ---- answering ---- */

static bool
put_answers(struct message *m, const struct question *q,
	const struct bulk_node *node, const uint8_t key_hash[32])
{
	if (q->type == TYPE_MX)
		put_mx(m, node);
	else if (q->type == TYPE_TXT)
		put_txt(m, node);
	else if (q->type == TYPE_A && node->a != 0)
		put_a(m, node->a);
	else if (q->type == TYPE_TLSA && node->has_tlsa)
		put_tlsa(m, node->tlsa_right, key_hash);
	return m->n_answer > 0;
}

static void
put_opt(struct message *m, const struct question *q)
{
	put(m, "", 1);
	put16(m, TYPE_OPT);
	put16(m, BULK_DNS_BYTES);
	put16(m, 0);
	put16(m, q->opt_ttl & 0x8000); /* DO */
	put16(m, 0);
}

static void
set16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

size_t
bulk_dns_answer(const uint8_t *in, size_t n, const uint8_t key_hash[32],
	uint8_t *out)
{
	struct cursor c = cursor_of(in, n);
	struct question q = { .type = 0 };
	struct message m = { .p = out };
	struct bulk_node node;
	unsigned rcode = NOERROR;

	if (n < HEADER_BYTES || (in[2] & 0x80) != 0 || in[4] != 0 ||
	    in[5] != 1)
		return 0;
	cursor_skip(&c, HEADER_BYTES);
	if (!read_name(&c, &q))
		return 0;
	q.type = cursor_u16(&c);
	cursor_skip(&c, 2);
	if (c.failed)
		return 0;
	q.end = c.at;
	if (in[11] != 0)
		read_opt(&c, &q);
	put(&m, in, q.end);
	bulk_node(q.name, &node);
	if ((in[2] & 0x78) != 0)
		rcode = NOTIMP;
	else if (q.type == TYPE_MX && node.mx_fails)
		rcode = SERVFAIL;
	else if (!node.exists)
		rcode = NXDOMAIN;
	if (rcode == NXDOMAIN || (rcode == NOERROR &&
	    !put_answers(&m, &q, &node, key_hash)))
		put_soa(&m, &node, q.name.n);
	if (q.has_opt)
		put_opt(&m, &q);
	out[2] = (uint8_t)(0x80 | (in[2] & 0x79));
	out[3] = (uint8_t)(0x80 | (in[3] & 0x10) | rcode);
	if (node.ad && (rcode == NOERROR || rcode == NXDOMAIN))
		out[3] |= 0x20;
	set16(out + 6, m.n_answer);
	set16(out + 8, m.n_authority);
	set16(out + 10, q.has_opt);
	return m.n;
}

/* ---- serving ---- */

struct batch {
	struct mmsghdr header[BATCH];
	struct iovec part[BATCH];
	struct sockaddr_in peer[BATCH];
	uint8_t in[BATCH][BULK_DNS_BYTES], out[BATCH][BULK_DNS_BYTES];
};

int
bulk_dns_open(uint32_t address, uint16_t port)
{
	struct sockaddr_in here = { .sin_family = AF_INET,
		.sin_addr.s_addr = address, .sin_port = htons(port) };
	struct timeval patience = { .tv_usec = LOOKS_UP_MS * 1000 };
	int room = ROOM_BYTES;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	/* more than the system's maximum is for root alone */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room,
	    sizeof(room)) != 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (bind(fd, (struct sockaddr *)&here, sizeof(here)) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static void
set_part(struct batch *b, int i, void *p, size_t n, int peer)
{
	b->part[i] = (struct iovec){ p, n };
	b->header[i].msg_hdr = (struct msghdr){ .msg_iov = &b->part[i],
		.msg_iovlen = 1, .msg_name = &b->peer[peer],
		.msg_namelen = sizeof(b->peer[peer]) };
}

static void
answer_batch(struct bulk_dns *d, struct batch *b)
{
	int n, n_answer = 0;

	for (int i = 0; i < BATCH; i++)
		set_part(b, i, b->in[i], BULK_DNS_BYTES, i);
	n = recvmmsg(d->fd, b->header, BATCH, MSG_WAITFORONE, NULL);
	for (int i = 0; i < n; i++) {
		size_t bytes = bulk_dns_answer(b->in[i], b->header[i].msg_len,
		    d->key_hash, b->out[i]);

		d->n_query++;
		if (bytes > 0)
			set_part(b, n_answer++, b->out[i], bytes, i);
	}
	for (int at = 0; at < n_answer;) {
		int did = sendmmsg(d->fd, b->header + at,
		    (unsigned)(n_answer - at), 0);

		/* one that cannot be sent is lost, as on any network */
		at += did > 0 ? did : 1;
	}
}

void *
bulk_dns_run(void *ctx)
{
	struct bulk_dns *d = ctx;
	struct batch *b = xcalloc(1, sizeof(*b));
	struct timespec t;

	while (!atomic_load_explicit(d->stop_shared, memory_order_relaxed))
		answer_batch(d, b);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	d->cpu_us = (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
	free(b);
	return NULL;
}
