/* SPDX-License-Identifier: Apache-2.0
 *
 * probe_parts.h: what the programs of bench-probe share: the made hosts, and
 * what a run cost.
 *
 * Host i has an address of its own and a name under that of its leaf, so that
 * any number of hosts can share any number of certificates.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "scanner/rules/facts.h"

#define PROBE_FIRST_ADDRESS 0x7f480000u /* 127.72.0.0 */
#define PROBE_FIRST_HOLE 0x0a630100u    /* 10.99.1.0, tests/bench/probe.py */
#define PROBE_LEAF_NAME "*.w%u.bench.test"
#define PROBE_HOST_NAME "mx%u.w%u.bench.test"
#define PROBE_NAME_BYTES 64

/* What the command line of a client says: PORT CA HOSTS WINDOW LEAVES. */
struct probe_plan {
	uint16_t port;
	const char *ca_file;
	uint32_t n_host, window, n_leaf;
};

/* Ends the program where there are not `n` arguments in all. */
struct probe_plan probe_plan_read(int argc, char **argv, int n,
    const char *usage);
uint32_t probe_number(const char *text);
/* An IPv4 address as facts have it. */
struct address probe_address(uint32_t host_order);

double probe_seconds(void); /* a monotonic clock */
double probe_cpu_us(void);  /* of this process so far, user and system */
size_t probe_rss(void);     /* bytes */
