/* SPDX-License-Identifier: Apache-2.0
 *
 * output.c: what a domain record costs: CPU to encode, compress and write it,
 * and bytes in the file, beside the same records as JSON lines.
 *
 *   output [DOMAINS]      100,000 unless told
 *
 * Two worlds go through the encoder and the sink that a scan uses: domains
 * with MX hosts and no MTA-STS, a third at each of two large providers and a
 * third at hosts of their own; and names that do not exist.  Names are random,
 * times and TTLs vary as they do on the wire.  CPU is that of all threads
 * less that of making the facts up, the least of three runs.  JSON lines are
 * what `cat` prints, through zstd in one stream.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <zstd.h>

#include "output/blob.h"
#include "output/json.h"
#include "output/reader.h"
#include "output/sink.h"
#include "tests/unit/facts_sample.h"

#include "scanner/base/banned.h"

#define DOMAINS 100000
#define RUNS 3    /* the one that was disturbed least counts */
#define BATCH 256 /* domains whose facts are in memory at once */
#define CPU_BAR_US 5.0
#define HOSTS_MAX 5

enum world { WORLD_MX, WORLD_NXDOMAIN };

static const struct {
	const char *name;
	double bytes_bar;
} worlds[] = { { "mx", 60 }, { "nxdomain", 25 } };

struct bench {
	char path[64];
	size_t n;
	enum world world;
	uint64_t seed;
};

static double
cpu_s(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static uint32_t
random_of(struct bench *b, uint32_t n)
{
	b->seed = b->seed * UINT64_C(6364136223846793005) +
	    UINT64_C(1442695040888963407);
	return (uint32_t)(b->seed >> 33) % n;
}

static struct slice
random_name(struct bench *b, struct arena *a)
{
	static const char *const syllables[] = { "an", "ber", "co", "data",
		"el", "fin", "gra", "home", "in", "jo", "ka", "lo", "media",
		"net", "or", "pra", "que", "ri", "shop", "tech", "ul", "ver",
		"web", "xi", "yo", "zen", "s", "t", "1", "24", "-", "mar" };
	static const char *const tlds[] = { "com", "com", "com", "net", "org",
		"de", "co.uk", "nl" };
	char label[64];
	struct strbuf s = strbuf_of(label, sizeof(label));
	uint32_t n = 3 + random_of(b, 3);

	for (uint32_t i = 0; i < n; i++)
		strbuf_add(&s, slice_of(syllables[random_of(b, 32)]));
	return arena_fmt(a, "a%s.%s", label, tlds[random_of(b, 8)]);
}

static void
add_host(struct sample_domain *d, struct slice host, uint16_t preference)
{
	d->judgement.host[d->judgement.n_host++] = (struct host_judgement){
		.preference = preference, .host = host,
		.starttls = STARTTLS_STATUS_OK, .tls = TLS_VERSION_1_3,
		.trusted = TRI_YES, .name_ok = TRI_YES, .time_ok = TRI_YES,
		.dane = DANE_STATUS_ABSENT };
}

static void
add_hosts(struct bench *b, struct arena *a, struct sample_domain *d)
{
	static const char *const five[] = { "aspmx.l.large.example",
		"alt1.aspmx.l.large.example", "alt2.aspmx.l.large.example",
		"alt3.aspmx.l.large.example", "alt4.aspmx.l.large.example" };
	static const uint16_t preference[] = { 1, 5, 5, 10, 10 };
	struct slice name = d->facts.name;
	char flat[256];
	struct strbuf s = strbuf_of(flat, sizeof(flat));

	d->judgement.host = arena_array(a, HOSTS_MAX,
	    sizeof(d->judgement.host[0]));
	d->judgement.n_host = 0;
	switch (random_of(b, 3)) {
	case 0:
		for (size_t i = 0; i < HOSTS_MAX; i++)
			add_host(d, slice_of(five[i]), preference[i]);
		break;
	case 1:
		for (size_t i = 0; i < name.n; i++)
			strbuf_char(&s, name.p[i] == '.' ? '-' : name.p[i]);
		add_host(d, arena_fmt(a, "%s.mail.protection.other.example",
		    flat), 0);
		break;
	case 2:
		add_host(d, arena_fmt(a, "mx.%.*s", SLICE_ARG(name)), 10);
		add_host(d, arena_fmt(a, "mail.%.*s", SLICE_ARG(name)), 20);
	}
}

static void
vary(struct bench *b, struct rrset *set)
{
	set->lookup.elapsed_ms = 1 + random_of(b, 120);
}

static void
make_domain(struct bench *b, struct arena *a, size_t i,
    struct sample_domain *d)
{
	static const uint32_t ttls[] = { 300, 3600, 900, 14400, 1799, 60,
		86400, 600 };
	struct slice name = random_name(b, a);

	if (b->world == WORLD_NXDOMAIN) {
		sample_nxdomain(d, i + 1, name);
	} else {
		sample_mail(a, d, i + 1, name, name);
		d->facts.mx.lookup.ttl = ttls[random_of(b, 8)];
		add_hosts(b, a, d);
		vary(b, &d->facts.sts_txt);
		vary(b, &d->facts.tlsrpt_txt);
		finding_raise(&d->judgement.findings,
		    FINDING_TLSRPT_ABSENT);
	}
	vary(b, &d->facts.mx);
	d->meta.elapsed_ms = d->facts.mx.lookup.elapsed_ms + random_of(b, 8);
	d->meta.started_ms += random_of(b, 20);
}

static void
taken(void *ctx)
{
	(void)ctx;
}

/* CPU seconds of encoding, compressing and writing all of them. */
static double
write_file(struct bench *b)
{
	struct sink_config config = { .path = b->path, .level = 3,
		.force = true };
	char error[256];
	struct sink *s = sink_open(&config, error, sizeof(error));
	struct sample_domain *d = xcalloc(BATCH, sizeof(*d));
	struct arena *a = arena_new();
	double start = cpu_s(CLOCK_PROCESS_CPUTIME_ID), made = 0;

	if (s == NULL) {
		fprintf(stderr, "%s\n", error);
		exit(1);
	}
	for (size_t i = 0; i < b->n; i += BATCH) {
		size_t n = b->n - i < BATCH ? b->n - i : BATCH;
		double from = cpu_s(CLOCK_THREAD_CPUTIME_ID);

		arena_clear(a);
		for (size_t k = 0; k < n; k++)
			make_domain(b, a, i + k, &d[k]);
		made += cpu_s(CLOCK_THREAD_CPUTIME_ID) - from;
		for (size_t k = 0; k < n; k++) {
			struct record *r = record_domain(&d[k].meta,
			    &d[k].facts, &d[k].judgement);

			sink_post(s, &r, 1, taken, NULL);
		}
	}
	if (!sink_close(s))
		exit(1);
	arena_free(a);
	free(d);
	return cpu_s(CLOCK_PROCESS_CPUTIME_ID) - start - made;
}

static void
put(const char *world, const char *what, double value, const char *unit,
    double bar)
{
	printf("bench output.%s.%s %.2f %s", world, what, value, unit);
	if (bar > 0)
		printf(" bar %g %s", bar, value <= bar ? "ok" : "short");
	printf("\n");
}

/* What `cat` prints of the file. */
static struct json_out
read_json(const struct bench *b)
{
	const struct json_options options = { .stable = false };
	struct json_out out = { .p = NULL };
	const msgpack_object *record;
	char error[256];
	struct reader *r = reader_open(b->path, error, sizeof(error));

	while (r != NULL && (record = reader_next(r)) != NULL)
		json_record(&out, record, &options);
	reader_close(r);
	return out;
}

static void
pack_json(const struct bench *b, const struct json_out *json, int level)
{
	const char *world = worlds[b->world].name;
	size_t cap = ZSTD_compressBound(json->n), n;
	char *to = xmalloc(cap), name[64];
	double start = cpu_s(CLOCK_PROCESS_CPUTIME_ID);

	n = ZSTD_compress(to, cap, json->p, json->n, level);
	if (ZSTD_isError(n))
		exit(1);
	start = cpu_s(CLOCK_PROCESS_CPUTIME_ID) - start;
	free(to);
	snprintf(name, sizeof(name), "json_zstd%d_bytes", level);
	put(world, name, (double)n / (double)b->n, "B/record", 0);
	snprintf(name, sizeof(name), "json_zstd%d_cpu", level);
	put(world, name, start * 1e6 / (double)b->n, "us/record", 0);
}

/* Beside JSON: its size alone, and through zstd without printing it. */
static void
measure(struct bench *b)
{
	const char *world = worlds[b->world].name;
	double cpu = write_file(b), start;
	struct json_out json;
	struct stat st;

	for (size_t i = 1; i < RUNS; i++) {
		double again = write_file(b);

		cpu = again < cpu ? again : cpu;
	}
	if (stat(b->path, &st) != 0)
		exit(1);
	put(world, "cpu", cpu * 1e6 / (double)b->n, "us/record", CPU_BAR_US);
	put(world, "bytes", (double)st.st_size / (double)b->n, "B/record",
	    worlds[b->world].bytes_bar);
	start = cpu_s(CLOCK_PROCESS_CPUTIME_ID);
	json = read_json(b);
	start = cpu_s(CLOCK_PROCESS_CPUTIME_ID) - start;
	put(world, "cat_cpu", start * 1e6 / (double)b->n, "us/record", 0);
	put(world, "json_bytes", (double)json.n / (double)b->n, "B/record", 0);
	pack_json(b, &json, 3);
	pack_json(b, &json, 19);
	json_out_release(&json);
}

int
main(int argc, char **argv)
{
	struct bench b = { .n = DOMAINS, .seed = 1 };
	const char *keep = getenv("BENCH_KEEP");
	int fd;

	if (argc > 1)
		b.n = strtoul(argv[1], NULL, 10);
	if (b.n == 0) {
		fprintf(stderr, "usage: output [DOMAINS]\n");
		return 1;
	}
	printf("%zu domains of each kind\n", b.n);
	for (size_t i = 0; i < sizeof(worlds) / sizeof(worlds[0]); i++) {
		b.world = (enum world)i;
		if (keep != NULL)
			snprintf(b.path, sizeof(b.path), "%s/%s.mxc", keep,
			    worlds[i].name);
		else
			snprintf(b.path, sizeof(b.path),
			    "/tmp/mxcensus-bench-XXXXXX");
		fd = keep != NULL ? -1 : mkstemp(b.path);
		if (fd != -1)
			close(fd);
		measure(&b);
		if (keep == NULL)
			unlink(b.path);
	}
	return 0;
}
