/* SPDX-License-Identifier: Apache-2.0
 *
 * test_flips.c: the golden files with bits flipped, bytes overwritten and
 * blocks moved: the reader gives out true records or reports damage, never
 * another record, and never loses one in silence.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "output/json.h"
#include "output/reader.h"
#include "scanner/base/arena.h"

#include "scanner/base/banned.h"

#define FILE_BYTES_MAX (64u << 10)
#define RECORDS_MAX 64
#define ROUNDS 700 /* of each kind of harm, to each file */

static const char *const files[] = { "tests/golden/0.1.0-fields.mxc",
	"tests/golden/0.1.0-lab.mxc", "tests/golden/later.mxc" };

struct whole {
	char *bytes;
	size_t n;
	char *record[RECORDS_MAX]; /* as JSON */
	size_t n_record;
};

struct copy {
	char *bytes;
	size_t n;
	uint64_t seed;
};

typedef void harm_fn(struct copy *c);

static size_t
random_of(struct copy *c, size_t n)
{
	c->seed = c->seed * UINT64_C(6364136223846793005) +
	    UINT64_C(1442695040888963407);
	return (size_t)(c->seed >> 33) % n;
}

static char *
json_of(const msgpack_object *record)
{
	const struct json_options options = { .stable = false };
	struct json_out out = { .p = NULL };

	json_record(&out, record, &options);
	out.p = xrealloc(out.p, out.n + 1);
	out.p[out.n] = '\0';
	return out.p;
}

/* Bytes as a file that lies in memory alone. */
static struct reader *
open_bytes(int fd, const char *bytes, size_t n)
{
	char path[64], error[128];

	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(pwrite(fd, bytes, n, 0), n);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return reader_open(path, error, sizeof(error));
}

static void
load(struct whole *w, const char *path)
{
	const msgpack_object *record;
	char error[256];
	FILE *f = fopen(path, "rb");
	struct reader *r = reader_open(path, error, sizeof(error));

	assert_non_null(f);
	*w = (struct whole){ .bytes = xmalloc(FILE_BYTES_MAX) };
	w->n = fread(w->bytes, 1, FILE_BYTES_MAX, f);
	fclose(f);
	while ((record = reader_next(r)) != NULL) {
		assert_true(w->n_record < RECORDS_MAX);
		w->record[w->n_record++] = json_of(record);
	}
	reader_close(r);
	assert_true(w->n_record >= 3);
}

static void
unload(struct whole *w)
{
	for (size_t i = 0; i < w->n_record; i++)
		free(w->record[i]);
	free(w->bytes);
}

/* True records only, in their order; strict: none is left out between. */
static size_t
read_true(struct reader *r, const struct whole *w, bool strict)
{
	const msgpack_object *record;
	size_t at = 0, n = 0;

	while ((record = reader_next(r)) != NULL) {
		char *text = json_of(record);

		while (!strict && at < w->n_record &&
		    strcmp(text, w->record[at]) != 0)
			at++;
		if (at == w->n_record || strcmp(text, w->record[at]) != 0)
			fail_msg("not the record of the file: %s", text);
		free(text);
		at++;
		n++;
	}
	return n;
}

/* True where damage was reported. */
static bool
try_copy(int fd, const struct whole *w, const struct copy *c, bool strict)
{
	struct reader *r = open_bytes(fd, c->bytes, c->n);
	struct reader_report report;
	size_t n;

	assert_non_null(r);
	if (strict)
		reader_be_strict(r);
	n = read_true(r, w, strict);
	reader_report(r, &report);
	reader_close(r);
	assert_int_equal(report.records, n);
	if (n < w->n_record && reader_is_whole(&report))
		fail_msg("seed %llx: %zu of %zu records, in silence",
		    (unsigned long long)c->seed, n, w->n_record);
	return !reader_is_whole(&report);
}

static void
harm_all(harm_fn *harm, size_t reported_min)
{
	int fd = memfd_create("flips", 0);
	size_t reported = 0;

	assert_true(fd >= 0);
	for (size_t k = 0; k < sizeof(files) / sizeof(files[0]); k++) {
		struct copy c = { .seed = k + 1 };
		struct whole w;

		load(&w, files[k]);
		c.bytes = xmalloc(w.n);
		for (size_t i = 0; i < ROUNDS; i++) {
			memcpy(c.bytes, w.bytes, w.n);
			c.n = w.n;
			harm(&c);
			reported += try_copy(fd, &w, &c, false);
			try_copy(fd, &w, &c, true);
		}
		free(c.bytes);
		unload(&w);
	}
	close(fd);
	assert_true(reported >= reported_min);
}

static void
flip(struct copy *c)
{
	size_t bit = random_of(c, c->n * 8);

	c->bytes[bit / 8] = (char)(c->bytes[bit / 8] ^ 1 << bit % 8);
}

static void
flip_several(struct copy *c)
{
	for (size_t n = 2 + random_of(c, 63); n > 0; n--)
		flip(c);
}

static void
overwrite(struct copy *c)
{
	size_t n = 1 + random_of(c, c->n / 4), at = random_of(c, c->n - n);
	bool zero = random_of(c, 2) == 0;

	for (size_t i = 0; i < n; i++)
		c->bytes[at + i] = zero ? 0 : (char)random_of(c, 256);
}

/* A block of the file over another, as a broken disk may have it. */
static void
move(struct copy *c)
{
	size_t n = 8 + random_of(c, c->n / 4);
	size_t from = random_of(c, c->n - n), to = random_of(c, c->n - n);

	memmove(c->bytes + to, c->bytes + from, n);
}

static void
test_single_flips(void **state)
{
	(void)state;
	/* the unused bit of a frame's head means nothing (RFC 8878 3.1.1.1) */
	harm_all(flip, 3 * ROUNDS * 98 / 100);
}

static void
test_several_flips(void **state)
{
	(void)state;
	harm_all(flip_several, 3 * ROUNDS * 99 / 100);
}

static void
test_overwritten(void **state)
{
	(void)state;
	harm_all(overwrite, 3 * ROUNDS * 95 / 100);
}

static void
test_moved(void **state)
{
	(void)state;
	harm_all(move, 3 * ROUNDS * 90 / 100);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_single_flips),
		cmocka_unit_test(test_several_flips),
		cmocka_unit_test(test_overwritten),
		cmocka_unit_test(test_moved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
