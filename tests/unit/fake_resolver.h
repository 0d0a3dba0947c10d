/* SPDX-License-Identifier: Apache-2.0
 *
 * fake_resolver.h: a resolver for tests, a thread on 127.77.0.0/16 (or ::1)
 * that does to each question what the first label of its name asks for.
 *
 *   nx nodata ok servfail refused formerr silent bogus loop garbage
 *   spoof      forged answers first: id, question, direction, source
 *   cross      forged answer first, right but for coming from the accomplice
 *              to where that one was last asked from
 *   noedns     FORMERR as long as the query has EDNS
 *   bare       likewise, the header alone
 *   lower      "no such name", the question in lower case
 *   late       answers once only, after late_ms
 *   tc         truncated over UDP, whole over TCP
 *
 * Any other label is answered with NXDOMAIN, as fast as it can be.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/socket.h>

enum fake_mode {
	FAKE_BY_LABEL,
	FAKE_SILENT,
	FAKE_SERVFAIL,
	FAKE_NO_TCP,    /* connections are refused */
	FAKE_TCP_ONCE,  /* closes after each answer */
	FAKE_TCP_MUTE,  /* accepts and says nothing */
};

struct fake {
	_Atomic int mode;        /* enum fake_mode; may change */
	_Atomic int late_ms;
	struct fake *_Atomic accomplice;
	struct sockaddr_storage addr;
	_Atomic int queries;     /* by UDP */
	_Atomic int tcp_queries;
	_Atomic int connections;
	struct {                 /* the thread's own */
		pthread_t thread;
		int udp, tcp, spoof;
		int peer[16];
		struct sockaddr_storage late_to;
		unsigned char late[512];
		size_t late_n;
		long long late_at_ms;
	} own;
	_Atomic bool stop;
	struct {
		pthread_mutex_t mutex;
		struct sockaddr_storage from; /* who asked last, by UDP */
	} _shared;
};

/* host: "127.77.1.1"; the port is drawn by the kernel. */
struct fake *fake_new(const char *host, enum fake_mode mode);
void fake_free(struct fake *f);
