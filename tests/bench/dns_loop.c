/* SPDX-License-Identifier: Apache-2.0
 *
 * dns_loop.c ADDRESS PORT QUERIES: the least a DNS client can do: one thread,
 * one connected socket, batches of 64, a fixed window of 1,000, each answer
 * read with ldns.  The yardstick of tests/bench/dns.py.
 *
 * QUERIES holds "name type" lines, as dnsperf reads them.  Nothing is asked
 * again; a window that stands still for a second is given up.  Prints answers
 * a second, microseconds of processor time an answer, and what was lost.
 */
#include <arpa/inet.h>
#include <ldns/ldns.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

#include "scanner/base/arena.h"
#include "workers/dns_message.h"

#include "scanner/base/banned.h"

#define BATCH 64
#define WINDOW 1000
#define BYTES 1232
#define GIVE_UP_MS 1000

struct loop_state {
	int fd;
	FILE *queries;
	size_t sent, answered, lost, in_flight;
	bool ended;
	struct mmsghdr header[BATCH];
	struct iovec part[BATCH];
	uint8_t bytes[BATCH][BYTES];
};

/* The next query, into out; 0: there is none. */
static size_t
next_query(struct loop_state *s, uint8_t *out)
{
	char line[512], name[300], type[16];
	size_t n;

	if (fgets(line, sizeof(line), s->queries) == NULL ||
	    sscanf(line, "%299s %15s", name, type) != 2)
		return 0;
	n = dns_query_write((struct slice){ name, strlen(name) },
	    strcmp(type, "MX") == 0 ? DNS_MX : DNS_TXT, out);
	dns_query_set_id(out, (uint16_t)s->sent);
	return n;
}

static void
set_part(struct loop_state *s, unsigned i, size_t n)
{
	s->part[i] = (struct iovec){ s->bytes[i], n };
	s->header[i].msg_hdr = (struct msghdr){ .msg_iov = &s->part[i],
		.msg_iovlen = 1 };
}

static void
send_some(struct loop_state *s)
{
	while (!s->ended && s->in_flight < WINDOW) {
		unsigned n = 0;

		while (n < BATCH && s->in_flight + n < WINDOW) {
			size_t bytes = next_query(s, s->bytes[n]);

			if (bytes == 0) {
				s->ended = true;
				break;
			}
			set_part(s, n++, bytes);
			s->sent++;
		}
		for (unsigned at = 0; at < n;) {
			int did = sendmmsg(s->fd, s->header + at, n - at, 0);

			if (did < 0)
				exit(1);
			at += (unsigned)did;
		}
		s->in_flight += n;
	}
}

static void
receive_some(struct loop_state *s)
{
	struct pollfd p = { .fd = s->fd, .events = POLLIN };
	int n;

	if (poll(&p, 1, GIVE_UP_MS) == 0) {
		s->lost += s->in_flight;
		s->in_flight = 0;
		return;
	}
	for (unsigned i = 0; i < BATCH; i++)
		set_part(s, i, BYTES);
	n = recvmmsg(s->fd, s->header, BATCH, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++) {
		ldns_pkt *pkt = NULL;

		if (ldns_wire2pkt(&pkt, s->bytes[i],
		    s->header[i].msg_len) == LDNS_STATUS_OK)
			s->answered++;
		ldns_pkt_free(pkt);
		if (s->in_flight > 0)
			s->in_flight--;
	}
}

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double
cpu_us(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 +
	    (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

int
main(int argc, char **argv)
{
	static struct loop_state s;
	struct sockaddr_in to = { .sin_family = AF_INET };
	int room = 4 << 20;
	double start = seconds();

	if (argc != 4 || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1 ||
	    (s.queries = fopen(argv[3], "re")) == NULL)
		return 1;
	to.sin_port = htons((uint16_t)strtoul(argv[2], NULL, 10));
	s.fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	setsockopt(s.fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	if (connect(s.fd, (struct sockaddr *)&to, sizeof(to)) != 0)
		return 1;
	do {
		send_some(&s);
		receive_some(&s);
	} while (!s.ended || s.in_flight > 0);
	printf("%.0f %.2f %zu\n", (double)s.answered / (seconds() - start),
	    cpu_us() / (double)s.answered, s.lost);
	return 0;
}
