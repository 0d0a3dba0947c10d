/* SPDX-License-Identifier: Apache-2.0
 *
 * probe_parts.c: arguments, addresses, clocks for the programs of bench-probe.
 */
#include "tests/bench/probe_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "scanner/base/banned.h"

uint32_t
probe_number(const char *text)
{
	return (uint32_t)strtoul(text, NULL, 10);
}

struct probe_plan
probe_plan_read(int argc, char **argv, int n, const char *usage)
{
	if (argc != n) {
		fprintf(stderr, "usage: %s\n", usage);
		exit(1);
	}
	return (struct probe_plan){
		.port = (uint16_t)probe_number(argv[1]),
		.ca_file = argv[2],
		.n_host = probe_number(argv[3]),
		.window = probe_number(argv[4]),
		.n_leaf = probe_number(argv[5]),
	};
}

struct address
probe_address(uint32_t host_order)
{
	struct address a = { .family = 4 };

	for (int i = 0; i < 4; i++)
		a.bytes[i] = (uint8_t)(host_order >> (24 - 8 * i));
	return a;
}

double
probe_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

double
probe_cpu_us(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 +
	    (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

size_t
probe_rss(void)
{
	FILE *f = fopen("/proc/self/statm", "re");
	unsigned long pages = 0;

	if (f == NULL || fscanf(f, "%*u %lu", &pages) != 1)
		pages = 0;
	if (f != NULL)
		fclose(f);
	return pages * (size_t)sysconf(_SC_PAGESIZE);
}
