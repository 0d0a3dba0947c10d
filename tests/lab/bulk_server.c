/* SPDX-License-Identifier: Apache-2.0
 *
 * bulk_server.c DNS_ADDRESS DNS_PORT SMTP_PORT HTTPS_PORT CA_FILE: the bulk
 * lab's internet in one process, see BULK.md.
 *
 * Prints "ready" once every port is open and CA_FILE holds the root; ends at
 * SIGTERM or SIGINT with one line of JSON about what it did.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/lab/bulk_cert.h"
#include "tests/lab/bulk_dns.h"
#include "tests/lab/bulk_session.h"

#include "scanner/base/banned.h"

#define WORKERS_MAX 16
/* The rest is for who scans: a client does more than twice the work. */
#define CORES_A_WORKER 4

struct server {
	struct bulk_dns dns;
	struct bulk_worker worker[WORKERS_MAX];
	unsigned n_worker;
	struct bulk_pki *pki;
	atomic_bool stop_shared;
	pthread_t thread[WORKERS_MAX + 1];
};

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

static uint16_t
port_of(const char *text)
{
	uint64_t n;

	if (!slice_to_u64(slice_of(text), 5, &n) || n == 0 || n > UINT16_MAX) {
		fprintf(stderr, "bulk_server: %s: not a port\n", text);
		exit(1);
	}
	return (uint16_t)n;
}

static unsigned
count_workers(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN) / CORES_A_WORKER;

	return n < 1 ? 1 : n > WORKERS_MAX ? WORKERS_MAX : (unsigned)n;
}

static void
open_all(struct server *s, char **arg)
{
	struct rlimit files;
	struct in_addr here;

	if (inet_pton(AF_INET, arg[0], &here) != 1) {
		fprintf(stderr, "bulk_server: %s: not an IPv4 address\n",
		    arg[0]);
		exit(1);
	}
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	s->pki = bulk_pki_make(arg[4]);
	if (s->pki == NULL)
		die(arg[4]);
	s->dns.key_hash = bulk_pki_key_hash(s->pki);
	s->dns.stop_shared = &s->stop_shared;
	s->dns.fd = bulk_dns_open(here.s_addr, port_of(arg[1]));
	if (s->dns.fd < 0)
		die("DNS port");
	s->n_worker = count_workers();
	for (unsigned i = 0; i < s->n_worker; i++) {
		s->worker[i].pki = s->pki;
		s->worker[i].stop_shared = &s->stop_shared;
		if (!bulk_worker_open(&s->worker[i], port_of(arg[2]),
		    port_of(arg[3])))
			die("SMTP or HTTPS port");
	}
}

static void
start(struct server *s, unsigned i, void *(*run)(void *), void *ctx)
{
	if (pthread_create(&s->thread[i], NULL, run, ctx) != 0)
		die("thread");
}

static int64_t
microseconds(struct timeval t)
{
	return (int64_t)t.tv_sec * 1000000 + t.tv_usec;
}

static void
print_sums(const struct server *s)
{
	uint64_t n_session = 0, n_request = 0;
	struct rusage use;

	getrusage(RUSAGE_SELF, &use);
	for (unsigned i = 0; i < s->n_worker; i++) {
		n_session += s->worker[i].smtp.n_session;
		n_request += s->worker[i].https.n_request;
	}
	printf("{\"dns_queries\":%" PRIu64 ",\"dns_cpu_us\":%" PRIu64
	    ",\"smtp_sessions\":%" PRIu64 ",\"https_requests\":%" PRIu64
	    ",\"cpu_us\":%" PRId64 "}\n", s->dns.n_query, s->dns.cpu_us,
	    n_session, n_request, microseconds(use.ru_utime) +
	    microseconds(use.ru_stime));
}

int
main(int argc, char **argv)
{
	static struct server s;
	sigset_t ends;
	int signal_;

	if (argc != 6) {
		fprintf(stderr, "usage: bulk_server DNS_ADDRESS DNS_PORT "
		    "SMTP_PORT HTTPS_PORT CA_FILE\n");
		return 1;
	}
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	pthread_sigmask(SIG_BLOCK, &ends, NULL);
	signal(SIGPIPE, SIG_IGN);
	open_all(&s, argv + 1);
	start(&s, s.n_worker, bulk_dns_run, &s.dns);
	for (unsigned i = 0; i < s.n_worker; i++)
		start(&s, i, bulk_worker_run, &s.worker[i]);
	puts("ready");
	fflush(stdout);
	sigwait(&ends, &signal_);
	atomic_store(&s.stop_shared, true);
	for (unsigned i = 0; i <= s.n_worker; i++)
		pthread_join(s.thread[i], NULL);
	close(s.dns.fd);
	print_sums(&s);
	bulk_pki_free(s.pki);
	return 0;
}
