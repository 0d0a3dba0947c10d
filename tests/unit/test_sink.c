/* SPDX-License-Identifier: Apache-2.0
 *
 * test_sink.c: the writer keeps order, drops certificates it has, closes
 * frames by size and time, and leaves a whole file whatever the disk does.
 *
 * MXCENSUS_SAMPLE=FILE: writes the sample file there and tests nothing, for
 * the readers in other languages.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "output/blob.h"
#include "output/digest_set.h"
#include "output/object.h"
#include "output/reader.h"
#include "scanner/base/limits.h"
#include "tests/unit/facts_sample.h"
#include "tests/unit/temp_file.h"

#include "scanner/base/banned.h"

struct failure {
	_Atomic int n;
	char error[256];
};

static void
on_failed(void *ctx, const char *error)
{
	struct failure *f = ctx;

	snprintf(f->error, sizeof(f->error), "%s", error);
	atomic_fetch_add(&f->n, 1);
}

static void
on_taken(void *ctx)
{
	atomic_fetch_add((_Atomic int *)ctx, 1);
}

static struct sink *
open_sink(const char *name, struct failure *f)
{
	struct sink_config config = { .path = name, .level = 1, .force = true,
		.failed = on_failed, .ctx = f };
	char error[256];
	struct sink *s = sink_open(&config, error, sizeof(error));

	if (s == NULL)
		fail_msg("%s", error);
	return s;
}

/* A record whose bytes do not compress, so that frames fill the disk. */
static struct record *
noise(uint32_t key, size_t n)
{
	struct arena *a = arena_new();
	struct cert_facts c;
	char *der = xmalloc(n);
	struct record *r;
	uint32_t x = key + 1;

	for (size_t i = 0; i < n; i++) {
		x = x * 1664525u + 1013904223u;
		der[i] = (char)(x >> 24);
	}
	sample_cert(a, &c, 9);
	memcpy(c.sha256, &key, sizeof(key));
	c.der = slice_make(der, n);
	r = record_cert(&c);
	free(der);
	arena_free(a);
	return r;
}

static struct reader_report
read_all(const char *name, uint64_t *n_cert)
{
	struct reader_report report;
	const msgpack_object *record;
	char error[128];
	struct reader *r = reader_open(name, error, sizeof(error));

	assert_non_null(r);
	*n_cert = 0;
	while ((record = reader_next(r)) != NULL)
		*n_cert += object_is(record, SLICE_LIT("cert"));
	reader_report(r, &report);
	reader_close(r);
	return report;
}

static uint64_t
file_bytes(const char *name)
{
	struct stat st;

	assert_int_equal(stat(name, &st), 0);
	return (uint64_t)st.st_size;
}

/* ---- opening ---- */

static void
assert_refused(const char *name, const char *says)
{
	struct sink_config config = { .path = name, .level = 1 };
	char error[256];

	assert_null(sink_open(&config, error, sizeof(error)));
	if (strstr(error, says) == NULL || strchr(error, '\n') != NULL)
		fail_msg("%s: %s", name, error);
}

static void
test_open(void **state)
{
	struct sink_config config = { .path = temp_path, .level = 1 };
	char error[256], missing[128];
	struct sink *s;

	(void)state;
	s = sink_open(&config, error, sizeof(error));
	assert_non_null(s);
	assert_refused(temp_path, "exists already");
	config.force = true; /* the first one still holds it */
	assert_null(sink_open(&config, error, sizeof(error)));
	assert_non_null(strstr(error, "another scan"));
	assert_true(sink_close(s));
	assert_int_equal(file_bytes(temp_path), 0);
	snprintf(missing, sizeof(missing), "%s/no/f.mxc", temp_dir);
	assert_refused(missing, "make its folder first");
	assert_refused("/", "directory");
}

/* ---- order, sums, certificates ---- */

#define THREADS 4
#define PER_THREAD 2000

struct poster {
	struct sink *sink;
	unsigned number;
	_Atomic int *taken;
};

static void *
post_many(void *arg)
{
	struct poster *p = arg;
	struct arena *a = arena_new();

	for (unsigned i = 0; i < PER_THREAD; i++) {
		struct record *r[2];
		struct sample_domain d;
		struct cert_facts c;
		size_t n = 0;

		/* every thread brings the same 50 certificates */
		sample_cert(a, &c, (uint8_t)(1 + i % 50));
		if (!sink_has_cert(p->sink, c.sha256))
			r[n++] = record_cert(&c);
		sample_nxdomain(&d, p->number * PER_THREAD + i + 1,
		    SLICE_LIT("x.example"));
		r[n++] = record_domain(&d.meta, &d.facts, &d.judgement);
		sink_post(p->sink, r, n, on_taken, p->taken);
	}
	arena_free(a);
	return NULL;
}

static void
assert_order(void)
{
	uint64_t last[THREADS] = { 0 }, n = 0;
	const msgpack_object *record;
	char error[128];
	struct reader *r = reader_open(temp_path, error, sizeof(error));

	while ((record = reader_next(r)) != NULL) {
		uint64_t line, thread;

		if (!object_is(record, SLICE_LIT("domain")))
			continue;
		assert_true(object_uint(record, "line", &line));
		thread = (line - 1) / PER_THREAD;
		assert_true(line > last[thread]);
		last[thread] = line;
		n++;
	}
	assert_int_equal(n, THREADS * PER_THREAD);
	reader_close(r);
}

static void
test_threads(void **state)
{
	struct failure f = { .n = 0 };
	struct sink *s = open_sink(temp_path, &f);
	struct poster p[THREADS];
	pthread_t thread[THREADS];
	_Atomic int taken = 0;
	struct tally t;
	uint64_t n_cert;

	(void)state;
	for (unsigned i = 0; i < THREADS; i++) {
		p[i] = (struct poster){ s, i, &taken };
		assert_int_equal(pthread_create(&thread[i], NULL, post_many,
		    &p[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	sink_drain(s, &t);
	assert_int_equal(taken, THREADS * PER_THREAD);
	assert_int_equal(t.domains, THREADS * PER_THREAD);
	assert_int_equal(t.certificates, 50);
	assert_int_equal(t.outcome[OUTCOME_NXDOMAIN],
	    3 * THREADS * PER_THREAD);
	assert_true(sink_close(s));
	assert_int_equal(f.n, 0);
	assert_order();
	read_all(temp_path, &n_cert);
	assert_int_equal(n_cert, 50);
}

/* Half of them differ behind the bytes that choose the slot. */
static void
digest_of(uint32_t i, uint8_t digest[32])
{
	uint32_t spread = i / 2 * 2654435761u;

	memset(digest, 0, 32);
	memcpy(digest, &spread, sizeof(spread));
	memcpy(digest + 20, &i, sizeof(i));
}

static void
test_digest_set(void **state)
{
	struct digest_set s;
	uint8_t digest[32];

	(void)state;
	digest_set_init(&s);
	for (uint32_t i = 0; i < 20000; i++) { /* the first is all zero */
		digest_of(i, digest);
		assert_false(digest_set_has(&s, digest));
		assert_true(digest_set_add(&s, digest));
		assert_false(digest_set_add(&s, digest));
	}
	for (uint32_t i = 0; i < 20000; i++) {
		digest_of(i, digest);
		assert_true(digest_set_has(&s, digest));
	}
	assert_true(s.n_slot * sizeof(s.slot[0]) <= 20000 * 80);
	digest_set_release(&s);
}

/* ---- frames ---- */

static void
test_frames(void **state)
{
	struct failure f = { .n = 0 };
	struct sink *s = open_sink(temp_path, &f);
	struct reader_report report;
	uint64_t n_cert;
	struct record *r;

	(void)state;
	r = sample_scan_record();
	sink_post(s, &r, 1, NULL, NULL);
	for (uint32_t i = 0; i < 9; i++) {
		r = noise(i, 1u << 20);
		sink_post(s, &r, 1, NULL, NULL);
	}
	assert_true(sink_close(s));
	report = read_all(temp_path, &n_cert);
	assert_true(reader_is_whole(&report));
	assert_int_equal(n_cert, 9);
	/* the header alone, then 4 + 4 + 1 MiB */
	assert_int_equal(report.frames, 4);
}

static void
wait_for_bytes(struct sink *s, uint64_t more_than, int ms)
{
	const struct timespec nap = { .tv_nsec = 10000000 };

	while (sink_bytes_written(s) <= more_than && (ms -= 10) > 0)
		nanosleep(&nap, NULL);
	assert_true(sink_bytes_written(s) > more_than);
	assert_int_equal(file_bytes(temp_path), sink_bytes_written(s));
}

/* What is readable if the program is killed: header at once, rest in time. */
static void
test_frame_time(void **state)
{
	struct failure f = { .n = 0 };
	struct sink *s = open_sink(temp_path, &f);
	struct record *r = sample_scan_record();
	uint64_t header, n_cert;

	(void)state;
	sink_post(s, &r, 1, NULL, NULL);
	wait_for_bytes(s, 0, 2000);
	header = sink_bytes_written(s);
	r = noise(1, 100);
	sink_post(s, &r, 1, NULL, NULL);
	wait_for_bytes(s, header, LIMIT_FRAME_MS + 3000);
	read_all(temp_path, &n_cert);
	assert_int_equal(n_cert, 1);
	assert_true(sink_close(s));
}

/* ---- a disk that fails ---- */

static void
post_until_failed(struct sink *s, struct failure *f, int *posted,
    _Atomic int *taken)
{
	struct record *r = sample_scan_record();

	sink_post(s, &r, 1, on_taken, taken);
	*posted = 1;
	for (uint32_t i = 0; i < 40 && (f->n == 0 || i < 10); i++) {
		r = noise(i, 1u << 20);
		sink_post(s, &r, 1, on_taken, taken);
		(*posted)++;
	}
}

static void
test_dev_full(void **state)
{
	struct failure f = { .n = 0 };
	struct sink *s = open_sink("/dev/full", &f);
	_Atomic int taken = 0;
	int posted;

	(void)state;
	post_until_failed(s, &f, &posted, &taken);
	assert_false(sink_close(s));
	assert_int_equal(taken, posted); /* nobody waits for ever */
	assert_int_equal(f.n, 1);
	assert_non_null(strstr(f.error, "/dev/full"));
	assert_non_null(strstr(f.error, "No space left"));
}

/* In a child: a file that may not grow beyond 6 MB is cut to whole frames. */
static int
run_out_of_space(void)
{
	struct rlimit limit = { 6000000, 6000000 };
	struct failure f = { .n = 0 };
	struct sink *s = open_sink(temp_path, &f);
	_Atomic int taken = 0;
	int posted;

	signal(SIGXFSZ, SIG_IGN);
	if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
		return 10;
	post_until_failed(s, &f, &posted, &taken);
	if (sink_close(s) || f.n != 1 || taken != posted)
		return 11;
	return strstr(f.error, "make room") == NULL ? 12 : 0;
}

static void
test_out_of_space(void **state)
{
	struct reader_report report;
	uint64_t n_cert;
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(run_out_of_space());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	report = read_all(temp_path, &n_cert);
	assert_true(reader_is_whole(&report));
	assert_int_equal(report.frames, 2);
	assert_int_equal(n_cert, 4);
	assert_true(file_bytes(temp_path) < 6000000);
}

/* Nobody reads the pipe any more. */
static void
test_broken_pipe(void **state)
{
	struct failure f = { .n = 0 };
	_Atomic int taken = 0;
	struct sink *s;
	int posted, ends[2], kept;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	kept = dup(STDOUT_FILENO);
	fflush(stdout);
	dup2(ends[1], STDOUT_FILENO);
	s = open_sink("-", &f);
	dup2(kept, STDOUT_FILENO);
	close(kept);
	close(ends[0]);
	close(ends[1]);
	post_until_failed(s, &f, &posted, &taken);
	assert_false(sink_close(s));
	assert_int_equal(f.n, 1);
	assert_int_equal(taken, posted);
	assert_non_null(strstr(f.error, "standard output"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_open),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_digest_set),
		cmocka_unit_test(test_frames),
		cmocka_unit_test(test_frame_time),
		cmocka_unit_test(test_dev_full),
		cmocka_unit_test(test_out_of_space),
		cmocka_unit_test(test_broken_pipe),
	};
	const char *sample = getenv("MXCENSUS_SAMPLE");

	if (sample != NULL)
		return sample_file(sample, 200) ? 0 : 1;
	return cmocka_run_group_tests(tests, temp_file_set_up,
	    temp_file_tear_down);
}
