/* SPDX-License-Identifier: Apache-2.0
 *
 * probe_pool.c PORT CA_FILE HOSTS WINDOW LEAVES PENDING probe|hold: our SMTP
 * pool beside probe_floor, for tests/bench/probe.py.
 *
 * First PENDING connects to addresses that never answer, then HOSTS probes,
 * WINDOW at once, each with an arena of its own as in a scan.  hold: all HOSTS
 * at once, and the run ends when TLS stands on every one.
 *
 * Prints probes a second, microseconds of processor time a probe, failures,
 * bytes of resident memory a pending connect, bytes a probe (hold).
 */
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "tests/bench/probe_parts.h"
#include "workers/smtp_pool.h"

#include "scanner/base/banned.h"

#define NEVER_MS 600000
#define LOOK_MS 20

struct probe {
	struct bench *bench;
	struct arena *arena;
	struct smtp_facts *facts;
};

struct bench {
	struct probe_plan plan;
	uint32_t n_pending;
	bool holds;
	struct loop *loop;
	struct smtp_pool *pool;
	struct stats stats;
	struct probe *probe, *pending;
	uint32_t next, n_done, n_failed;
	double start_s, start_cpu;
	size_t before_rss, pending_rss, held_rss;
};

static void on_probed(void *ctx);

static void
ask(struct bench *b, struct probe *p, uint32_t address, struct slice host)
{
	p->bench = b;
	p->arena = arena_new();
	p->facts = arena_alloc(p->arena, sizeof(*p->facts));
	p->facts->address = probe_address(address);
	smtp_pool_probe(b->pool, p->arena, arena_slice(p->arena, host), NULL,
	    NULL, 0, p->facts, on_probed, p);
}

static void
ask_next(struct bench *b)
{
	uint32_t i = b->next;
	char name[PROBE_NAME_BYTES];

	if (i == b->plan.n_host)
		return;
	b->next++;
	snprintf(name, sizeof(name), PROBE_HOST_NAME, i, i % b->plan.n_leaf);
	ask(b, &b->probe[i], PROBE_FIRST_ADDRESS + i, slice_of(name));
}

static void
on_probed(void *ctx)
{
	struct probe *p = ctx;
	struct bench *b = p->bench;
	bool pends = p >= b->pending && p < b->pending + b->n_pending;

	if (pends) /* the kernel gives up in the end */
		return;
	b->n_failed += p->facts->outcome != OUTCOME_OK ||
	    p->facts->tls.trusted != TRI_YES ||
	    p->facts->tls.name_ok != TRI_YES;
	arena_free(p->arena);
	p->arena = NULL;
	if (++b->n_done == b->plan.n_host)
		loop_stop(b->loop);
	ask_next(b);
}

static void
look_at_held(void *ctx)
{
	struct bench *b = ctx;
	uint32_t stands = 0;

	for (uint32_t i = 0; i < b->plan.n_host; i++)
		stands += b->probe[i].arena != NULL &&
		    b->probe[i].facts->tls.outcome == OUTCOME_OK;
	while (b->next < b->plan.n_host && b->next < stands + b->plan.window)
		ask_next(b);
	if (stands < b->plan.n_host) {
		loop_post_at(b->loop, loop_clock_ms() + LOOK_MS, look_at_held,
		    b);
		return;
	}
	b->held_rss = probe_rss();
	loop_stop(b->loop);
}

static void
begin(struct bench *b)
{
	b->pending_rss = probe_rss();
	b->start_s = probe_seconds();
	b->start_cpu = probe_cpu_us();
	for (uint32_t i = 0; i < b->plan.window; i++)
		ask_next(b);
	if (b->holds)
		look_at_held(b);
}

/* Waits until every connect that stays pending is on its way. */
static void
look_at_pending(void *ctx)
{
	struct bench *b = ctx;

	if (STAT_GET(b->stats.smtp_in_flight) == b->n_pending)
		begin(b);
	else
		loop_post_at(b->loop, loop_clock_ms() + LOOK_MS,
		    look_at_pending, b);
}

static void
run(struct bench *b)
{
	b->probe = xcalloc(b->plan.n_host, sizeof(*b->probe));
	b->pending = xcalloc(b->n_pending, sizeof(*b->pending));
	/* These pages are not what is measured: touched before. */
	memset(b->probe, 0, b->plan.n_host * sizeof(*b->probe));
	memset(b->pending, 0, b->n_pending * sizeof(*b->pending));
	b->before_rss = probe_rss();
	for (uint32_t i = 0; i < b->n_pending; i++)
		ask(b, &b->pending[i], PROBE_FIRST_HOLE + i,
		    SLICE_LIT("hole.bench.test"));
	loop_post(b->loop, look_at_pending, b);
	loop_run(b->loop);
}

static void
report(struct bench *b)
{
	double n = (double)b->plan.n_host;

	printf("%.1f %.1f %u %.0f %.0f\n",
	    n / (probe_seconds() - b->start_s),
	    (probe_cpu_us() - b->start_cpu) / n, b->n_failed,
	    b->n_pending == 0 ? 0.0 :
	    (double)(b->pending_rss - b->before_rss) / b->n_pending,
	    b->holds ? (double)(b->held_rss - b->pending_rss) / n : 0.0);
}

static void
free_probes(struct probe *p, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		arena_free(p[i].arena);
	free(p);
}

int
main(int argc, char **argv)
{
	struct bench b = {
		.plan = probe_plan_read(argc, argv, 8, "probe_pool PORT "
		    "CA_FILE HOSTS WINDOW LEAVES PENDING probe|hold"),
		.n_pending = probe_number(argv[6]),
		.holds = strcmp(argv[7], "hold") == 0,
		.loop = loop_new(),
	};
	struct netrange home[2];
	struct reach_config rc = { home, 2, NULL, 0, true, true };
	struct gate_config gc = { 100000, 100000, 0, 0 };
	struct tls_config tc = { b.plan.ca_file };
	struct smtp_config sc = { .port = b.plan.port, .window = 100000,
		.connect_timeout_ms = NEVER_MS,
		.greeting_timeout_ms = NEVER_MS,
		.session_timeout_ms = NEVER_MS, .retry_wait_ms = NEVER_MS,
		.ehlo_name = "probe.bench.test" };
	struct rlimit files;
	struct reach *reach;
	struct gate *gate;
	struct tls *tls;
	char error[256];

	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	netrange_parse(SLICE_LIT("127.0.0.0/8"), &home[0]);
	netrange_parse(SLICE_LIT("10.99.0.0/16"), &home[1]);
	reach = reach_new(&rc);
	gate = gate_new(&gc);
	tls = tls_new(&tc, error, sizeof(error));
	if (tls == NULL)
		return 1;
	b.pool = smtp_pool_new(b.loop, &sc, tls, reach, gate, &b.stats);
	run(&b);
	report(&b);
	smtp_pool_free(b.pool);
	free_probes(b.probe, b.plan.n_host);
	free_probes(b.pending, b.n_pending);
	gate_free(gate);
	loop_free(b.loop);
	reach_free(reach);
	tls_free(tls);
	return 0;
}
