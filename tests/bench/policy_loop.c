/* SPDX-License-Identifier: Apache-2.0
 *
 * policy_loop.c PORT CA HOSTS WINDOW: fetches the policy of every host by the
 * policy pool of one worker, at most WINDOW at once.  HOSTS holds "host
 * address" lines; each address is asked once, so that no rest holds it back.
 * What tests/bench/policy.py puts beside curl.
 *
 * Prints fetches a second, microseconds of processor time a fetch, kilobytes
 * of memory at the peak, and how many fetches brought a body behind a
 * certificate that holds.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "workers/policy_pool.h"

#include "scanner/base/banned.h"

#define NOBODY_WAITS_MS 30000

struct bench {
	struct loop *loop;
	struct policy_pool *pool;
	size_t n_open, n_good;
};

struct fetch {
	struct bench *bench;
	struct arena *arena;
	struct policy_facts facts;
};

static void
fail(const char *what, const char *why)
{
	(void)fprintf(stderr, "policy_loop: %s: %s\n", what, why);
	exit(1);
}

static void
on_done(void *ctx)
{
	struct fetch *f = ctx;
	struct bench *b = f->bench;
	const struct tls_facts *t = &f->facts.tls;

	b->n_good += f->facts.has_body && t->trusted == TRI_YES &&
	    t->name_ok == TRI_YES && t->time_ok == TRI_YES;
	arena_free(f->arena);
	free(f);
	if (--b->n_open == 0)
		loop_stop(b->loop);
}

static void
begin(struct bench *b, const char *host, const char *address)
{
	struct fetch *f = xcalloc(1, sizeof(*f));

	f->bench = b;
	f->arena = arena_new();
	f->facts.host = arena_slice(f->arena, slice_of(host));
	f->facts.a.n = 1;
	f->facts.a.address = arena_alloc(f->arena, sizeof(struct address));
	if (!address_parse(slice_of(address), f->facts.a.address))
		fail(address, "no address");
	b->n_open++;
	policy_pool_fetch(b->pool, f->arena, &f->facts, 1, on_done, f);
}

static size_t
begin_all(struct bench *b, const char *path)
{
	FILE *hosts = fopen(path, "r");
	char line[512], host[256], address[64];
	size_t n = 0;

	if (hosts == NULL)
		fail(path, "cannot be read");
	for (; fgets(line, sizeof(line), hosts) != NULL; n++) {
		if (sscanf(line, "%255s %63s", host, address) != 2)
			fail(path, "a line is no host and address");
		begin(b, host, address);
	}
	(void)fclose(hosts);
	return n;
}

static uint64_t
cpu_us(void)
{
	struct rusage r;

	getrusage(RUSAGE_SELF, &r);
	return (uint64_t)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1000000 +
	    (uint64_t)(r.ru_utime.tv_usec + r.ru_stime.tv_usec);
}

/* Of this program: ru_maxrss knows the one that started it, too. */
static unsigned long
peak_kb(void)
{
	FILE *status = fopen("/proc/self/status", "r");
	unsigned long kb = 0;
	char line[256];

	if (status == NULL)
		return 0;
	while (kb == 0 && fgets(line, sizeof(line), status) != NULL)
		if (strncmp(line, "VmHWM:", 6) == 0)
			kb = strtoul(line + 6, NULL, 10);
	(void)fclose(status);
	return kb;
}

static uint32_t
number_of(const char *text)
{
	uint64_t n = 0;

	if (!slice_to_u64(slice_of(text), 5, &n) || n == 0 ||
	    n > UINT16_MAX)
		fail(text, "no number from 1 to 65535");
	return (uint32_t)n;
}

int
main(int argc, char **argv)
{
	struct netrange loopback;
	struct reach_config reach = { .allow = &loopback, .n_allow = 1,
		.ipv4 = true };
	struct gate_config gate = { .per_network = UINT16_MAX };
	struct policy_config config = {
		.connect_timeout_ms = NOBODY_WAITS_MS,
		.timeout_ms = NOBODY_WAITS_MS,
		.user_agent = "mxcensus-bench",
	};
	struct bench b = { .n_open = 0 };
	struct stats stats = { 0 };
	char error[256];
	uint64_t start;
	size_t n;

	if (argc != 5)
		fail("usage", "policy_loop PORT CA HOSTS WINDOW");
	signal(SIGPIPE, SIG_IGN);
	config.port = (uint16_t)number_of(argv[1]);
	config.window = number_of(argv[4]);
	netrange_parse(SLICE_LIT("127.0.0.0/8"), &loopback);
	b.loop = loop_new();
	b.pool = policy_pool_new(b.loop, &config,
	    tls_new(&(struct tls_config){ .ca_file = argv[2] }, error,
	    sizeof(error)), reach_new(&reach), gate_new(&gate), &stats);
	start = loop_clock_ms();
	n = begin_all(&b, argv[3]);
	if (n > 0)
		loop_run(b.loop);
	start = loop_clock_ms() - start;
	(void)printf("%.1f %.1f %lu %zu\n", 1000.0 * (double)n /
	    (double)(start > 0 ? start : 1),
	    (double)cpu_us() / (double)(n > 0 ? n : 1), peak_kb(), b.n_good);
	return 0;
}
