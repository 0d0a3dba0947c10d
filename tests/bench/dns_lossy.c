/* SPDX-License-Identifier: Apache-2.0
 *
 * dns_lossy.c ADDRESS PORT LOSS RATE: a resolver for whom no name exists, as
 * fast as this machine is, that loses.
 *
 * LOSS: the chance that a question gets no answer; RATE: answers a second, 0
 * for no limit; what comes beyond it, over 20 ms, is dropped.  Runs until it
 * is told to end.  What tests/bench/dns_window.py measures windows against.
 */
#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include "scanner/base/banned.h"

#define BATCH 64
#define BYTES 1232
#define HEADER_BYTES 12
#define BURST_S 0.02

struct lossy {
	int fd;
	double loss, rate, tokens, then_s;
	uint64_t seed;
	struct mmsghdr header[BATCH];
	struct iovec part[BATCH];
	struct sockaddr_in peer[BATCH];
	uint8_t bytes[BATCH][BYTES];
};

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double
chance(struct lossy *s)
{
	s->seed = s->seed * 6364136223846793005u + 1442695040888963407u;
	return (double)(s->seed >> 33) / (double)(1u << 31);
}

static void
refill(struct lossy *s)
{
	double now_s = seconds(), most = s->rate * BURST_S;

	s->tokens += (now_s - s->then_s) * s->rate;
	s->then_s = now_s;
	if (s->tokens > most)
		s->tokens = most;
}

static bool
is_lost(struct lossy *s)
{
	if (s->rate > 0 && s->tokens < 1)
		return true;
	s->tokens -= 1;
	return chance(s) < s->loss;
}

/* NXDOMAIN, recursion available, without the client's EDNS record. */
static size_t
answer(uint8_t *m, size_t n)
{
	size_t at = HEADER_BYTES;

	while (at < n && m[at] != 0)
		at += 1u + m[at];
	at += 5; /* the root, type and class */
	if (at > n)
		return 0;
	m[2] |= 0x80;
	m[3] = 0x83;
	m[10] = m[11] = 0; /* no additional record */
	return at;
}

static void
set_part(struct lossy *s, unsigned i, unsigned to, size_t n)
{
	s->part[to] = (struct iovec){ s->bytes[i], n };
	s->header[to].msg_hdr = (struct msghdr){ .msg_iov = &s->part[to],
		.msg_iovlen = 1, .msg_name = &s->peer[i],
		.msg_namelen = sizeof(s->peer[i]) };
}

static void
serve(struct lossy *s)
{
	unsigned n_answer = 0;
	int n;

	for (unsigned i = 0; i < BATCH; i++)
		set_part(s, i, i, BYTES);
	n = recvmmsg(s->fd, s->header, BATCH, MSG_WAITFORONE, NULL);
	refill(s);
	for (int i = 0; i < n; i++) {
		size_t bytes = s->header[i].msg_len;

		if (bytes < HEADER_BYTES || is_lost(s) ||
		    (bytes = answer(s->bytes[i], bytes)) == 0)
			continue;
		set_part(s, (unsigned)i, n_answer++, bytes);
	}
	for (unsigned at = 0; at < n_answer;) {
		int did = sendmmsg(s->fd, s->header + at, n_answer - at, 0);

		if (did < 0)
			return;
		at += (unsigned)did;
	}
}

int
main(int argc, char **argv)
{
	static struct lossy s;
	struct sockaddr_in here = { .sin_family = AF_INET };
	int room = 8 << 20; /* nothing is lost but by intent */

	if (argc != 5 || inet_pton(AF_INET, argv[1], &here.sin_addr) != 1)
		return 1;
	here.sin_port = htons((uint16_t)strtoul(argv[2], NULL, 10));
	s.loss = strtod(argv[3], NULL);
	s.rate = strtod(argv[4], NULL);
	s.seed = 7;
	s.then_s = seconds();
	s.fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	setsockopt(s.fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	if (bind(s.fd, (struct sockaddr *)&here, sizeof(here)) != 0)
		return 1;
	for (;;)
		serve(&s);
}
