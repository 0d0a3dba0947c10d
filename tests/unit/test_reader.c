/* SPDX-License-Identifier: Apache-2.0
 *
 * test_reader.c: files that are torn, flipped, padded and hostile: what comes
 * out is a true record or a report of damage, never anything else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "output/inspect.h"
#include "output/json.h"
#include "output/object.h"
#include "output/plain.h"
#include "output/reader.h"
#include "tests/unit/facts_sample.h"

#include "scanner/base/banned.h"

#define FILE_BYTES_MAX (1u << 20)
#define RECORDS_MAX 64
#define N_DOMAIN 9

static struct {
	char dir[64], path[96], whole[96];
	char *bytes;
	size_t n;
	char *record[RECORDS_MAX]; /* as JSON */
	size_t n_record;
} g;

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

static void
write_file(const char *path, const void *p, size_t n)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(p, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

static int
setup(void **state)
{
	const msgpack_object *record;
	struct reader *r;
	char error[128];
	FILE *f;

	(void)state;
	snprintf(g.dir, sizeof(g.dir), "/tmp/mxcensus-reader-XXXXXX");
	if (mkdtemp(g.dir) == NULL)
		return 1;
	snprintf(g.path, sizeof(g.path), "%s/f.mxc", g.dir);
	snprintf(g.whole, sizeof(g.whole), "%s/whole.mxc", g.dir);
	if (!sample_file(g.whole, N_DOMAIN))
		return 1;
	f = fopen(g.whole, "rb");
	g.bytes = xmalloc(FILE_BYTES_MAX);
	g.n = fread(g.bytes, 1, FILE_BYTES_MAX, f);
	fclose(f);
	r = reader_open(g.whole, error, sizeof(error));
	if (r == NULL)
		return 1;
	while ((record = reader_next(r)) != NULL && g.n_record < RECORDS_MAX)
		g.record[g.n_record++] = json_of(record);
	reader_close(r);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	for (size_t i = 0; i < g.n_record; i++)
		free(g.record[i]);
	free(g.bytes);
	unlink(g.path);
	unlink(g.whole);
	return rmdir(g.dir);
}

/* Reads `bytes` as a file; every record must be a true one, in order. */
static struct reader_report
read_back(const char *bytes, size_t n, size_t *n_record)
{
	struct reader_report report;
	const msgpack_object *record;
	struct reader *r;
	char error[128];
	size_t at = 0;

	write_file(g.path, bytes, n);
	r = reader_open(g.path, error, sizeof(error));
	assert_non_null(r);
	*n_record = 0;
	while ((record = reader_next(r)) != NULL) {
		char *text = json_of(record);

		while (at < g.n_record && strcmp(text, g.record[at]) != 0)
			at++;
		if (at == g.n_record)
			fail_msg("not a record of the file: %s", text);
		free(text);
		at++;
		(*n_record)++;
	}
	assert_null(reader_next(r));
	reader_report(r, &report);
	reader_close(r);
	assert_int_equal(report.records, *n_record);
	return report;
}

static void
test_whole(void **state)
{
	size_t n;
	struct reader_report report = read_back(g.bytes, g.n, &n);

	(void)state;
	/* scan, 2 certificates, 2 hosts, domains, end */
	assert_int_equal(n, 1 + 2 + 2 + N_DOMAIN + 1);
	assert_int_equal(report.frames, 3);
	assert_int_equal(report.file_bytes, g.n);
	assert_true(reader_is_whole(&report));
}

static void
test_torn_at_every_byte(void **state)
{
	size_t last = 0;

	(void)state;
	for (size_t cut = 0; cut < g.n; cut++) {
		size_t n;
		struct reader_report report = read_back(g.bytes, cut, &n);

		assert_true(n >= last && n < g.n_record);
		last = n;
		assert_int_equal(report.damaged_frames, 0);
		/* a cut between frames leaves a whole file without `end` */
		if (!report.torn_tail)
			assert_true(cut == 0 || n > 0);
		else
			assert_true(report.torn_at < cut);
	}
	assert_int_equal(last, g.n_record - 1);
}

static void
test_bit_flips(void **state)
{
	char *copy = xmalloc(g.n);
	unsigned seed = 1;
	size_t reported = 0;

	(void)state;
	for (size_t i = 0; i < 1000; i++) {
		struct reader_report report;
		size_t bit, n;

		seed = seed * 1103515245u + 12345u;
		bit = (size_t)(seed >> 8) % (g.n * 8);
		memcpy(copy, g.bytes, g.n);
		copy[bit / 8] = (char)(copy[bit / 8] ^ 1 << bit % 8);
		report = read_back(copy, g.n, &n);
		reported += !reader_is_whole(&report);
		if (n < g.n_record && reader_is_whole(&report))
			fail_msg("bit %zu: a record is lost in silence", bit);
	}
	/* one bit of a frame's header means nothing (RFC 8878) */
	assert_true(reported > 990);
	free(copy);
}

/* A damaged frame costs its records, not those behind it. */
static void
test_damage_in_the_middle(void **state)
{
	size_t first = ZSTD_findFrameCompressedSize(g.bytes, g.n);
	size_t second = ZSTD_findFrameCompressedSize(g.bytes + first,
	    g.n - first);
	char *copy = xmalloc(g.n);
	struct reader_report report;
	size_t n;

	(void)state;
	memcpy(copy, g.bytes, g.n);
	copy[first + second / 2] ^= 0x40;
	report = read_back(copy, g.n, &n);
	assert_int_equal(n, 2); /* scan and end */
	assert_int_equal(report.damaged_frames, 1);
	assert_int_equal(report.damaged_at, first);
	assert_false(report.torn_tail);
	/* the same where not even its magic number is left */
	memset(copy + first, 0, second);
	report = read_back(copy, g.n, &n);
	assert_int_equal(n, 2);
	assert_int_equal(report.damaged_frames, 1);
	/* and where it is gone with a part of the next one's head */
	memset(copy + first, 0, second + 2);
	report = read_back(copy, g.n, &n);
	assert_int_equal(n, 1);
	assert_true(report.torn_tail);
	assert_int_equal(report.torn_at, first);
	free(copy);
}

static void
test_garbage_behind(void **state)
{
	char *copy = xmalloc(g.n + 5000);
	struct reader_report report;
	size_t n;

	(void)state;
	memcpy(copy, g.bytes, g.n);
	memset(copy + g.n, 0, 5000); /* lost pages */
	report = read_back(copy, g.n + 5000, &n);
	assert_int_equal(n, g.n_record);
	assert_true(report.torn_tail);
	assert_int_equal(report.torn_at, g.n);
	free(copy);
}

/* ---- frames of other tools ---- */

static size_t
pack_frame(char *out, size_t cap, const void *p, size_t n, bool checksum,
    bool size)
{
	ZSTD_CCtx *c = ZSTD_createCCtx();
	ZSTD_inBuffer in = { p, n, 0 };
	ZSTD_outBuffer to = { out, cap, 0 };

	ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, checksum);
	ZSTD_CCtx_setParameter(c, ZSTD_c_contentSizeFlag, size);
	while (ZSTD_compressStream2(c, &to, &in, ZSTD_e_end) != 0)
		;
	ZSTD_freeCCtx(c);
	return to.pos;
}

static void
test_other_frames(void **state)
{
	static const struct {
		const char *name, *plain;
		size_t n;
		bool checksum, size;
		uint64_t records;
		bool whole;
	} rows[] = {
		{ "ours", "\x81\xa1""a\x01", 4, true, true, 1, true },
		{ "no size", "\x81\xa1""a\x01", 4, true, false, 1, true },
		{ "no checksum", "\x81\xa1""a\x01", 4, false, true, 0, false },
		{ "empty", "", 0, true, true, 0, true },
		{ "no map", "\x01", 1, true, true, 0, false },
		{ "half a map", "\x81\xa1""a", 3, true, true, 0, false },
		{ "a map and a half", "\x80\x81", 2, true, true, 0, false },
	};
	char out[256], error[128];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct reader_report report;
		struct reader *r;

		write_file(g.path, out, pack_frame(out, sizeof(out),
		    rows[i].plain, rows[i].n, rows[i].checksum, rows[i].size));
		r = reader_open(g.path, error, sizeof(error));
		while (reader_next(r) != NULL)
			;
		reader_report(r, &report);
		reader_close(r);
		if (report.records != rows[i].records ||
		    reader_is_whole(&report) != rows[i].whole)
			fail_msg("row %s", rows[i].name);
	}
}

static void
test_skippable_frame(void **state)
{
	char *copy = xmalloc(g.n + 12);
	struct reader_report report;
	size_t n;

	(void)state;
	memcpy(copy, "\x50\x2a\x4d\x18\x04\0\0\0abcd", 12);
	memcpy(copy + 12, g.bytes, g.n);
	report = read_back(copy, g.n + 12, &n);
	assert_int_equal(n, g.n_record);
	assert_true(reader_is_whole(&report));
	free(copy);
}

/* A few KiB that unpack to more empty records than anybody may claim. */
static void
test_bomb(void **state)
{
	size_t plain = (64u << 20) + 1, cap = ZSTD_compressBound(plain);
	char *maps = xmalloc(plain), *out = xmalloc(cap);
	struct reader_report report;
	size_t n;

	(void)state;
	memset(maps, 0x80, plain);
	report = read_back(out, pack_frame(out, cap, maps, plain, true, true),
	    &n);
	assert_int_equal(report.damaged_frames, 1);
	report = read_back(out, pack_frame(out, cap, maps, plain, true,
	    false), &n);
	assert_int_equal(report.damaged_frames, 1);
	free(maps);
	free(out);
}

/* Behind damage a few false beginnings are passed over, not any number. */
static void
test_false_magic(void **state)
{
	const size_t many = 1u << 16;
	char *p = xmalloc(4 * many + g.n);
	struct reader_report report;
	size_t n;

	(void)state;
	for (size_t i = 0; i < many; i++)
		memcpy(p + 4 * i, "\x28\xb5\x2f\xfd", 4);
	memcpy(p + 4 * many, g.bytes, g.n);
	report = read_back(p, 4 * many + g.n, &n);
	assert_int_equal(n, 0);
	assert_true(report.torn_tail);
	report = read_back(p + 4 * (many - 100), 400 + g.n, &n);
	assert_int_equal(n, g.n_record);
	assert_int_equal(report.damaged_frames, 1);
	assert_false(report.torn_tail);
	free(p);
}

/* ---- msgpack that lies ---- */

static void
test_plain_is_sound(void **state)
{
	static const struct {
		const char *name, *bytes;
		size_t n;
		bool sound;
	} rows[] = {
		{ "nothing", "", 0, true },
		{ "two records", "\x80\x81\xa1k\xc0", 5, true },
		{ "a number", "\x07", 1, false },
		{ "a list", "\x90", 1, false },
		{ "a key that is a number", "\x81\x01\x01", 3, false },
		{ "a value missing", "\x81\xa1k", 3, false },
		{ "a string too short", "\x81\xa1k\xa5""abc", 7, false },
		{ "map32 of 4 G", "\xdf\xff\xff\xff\xff", 5, false },
		{ "array32 of 4 G", "\x81\xa1k\xdd\xff\xff\xff\xff", 8, false },
		{ "bin32 of 4 G", "\x81\xa1k\xc6\xff\xff\xff\xff", 8, false },
		{ "ext32 of 4 G", "\x81\xa1k\xc9\xff\xff\xff\xff", 8, false },
		{ "the type never used", "\x81\xa1k\xc1", 4, false },
		{ "every width", "\x89\xa1""a\xcc\x01\xa1""b\xcd\x01\x02\xa1""c"
		    "\xce\x01\x02\x03\x04\xa1""d\xcf\1\2\3\4\5\6\7\x08\xa1""e"
		    "\xd0\x01\xa1""f\xca\1\2\3\4\xa1""g\xcb\1\2\3\4\5\6\7\x08"
		    "\xa1""h\xd4\1\2\xa1""i\xc7\1\5\x09", 61, true },
		{ "depth 16", "\x81\xa1k\x91\x91\x91\x91\x91\x91\x91\x91\x91"
		    "\x91\x91\x91\x91\x91\x91\x01", 19, true },
		{ "depth 17", "\x81\xa1k\x91\x91\x91\x91\x91\x91\x91\x91\x91"
		    "\x91\x91\x91\x91\x91\x91\x91\x01", 20, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (plain_is_sound(slice_make(rows[i].bytes, rows[i].n)) !=
		    rows[i].sound)
			fail_msg("row %s", rows[i].name);
}

/* ---- opening, and adding up ---- */

static void
test_open_errors(void **state)
{
	char error[128];

	(void)state;
	assert_null(reader_open("/nonexistent/x.mxc", error, sizeof(error)));
	assert_string_equal(error,
	    "/nonexistent/x.mxc: No such file or directory");
	assert_null(reader_open("/", error, sizeof(error)));
	assert_non_null(strstr(error, "folder"));
}

static void
test_inspection(void **state)
{
	size_t first = ZSTD_findFrameCompressedSize(g.bytes, g.n);
	struct arena *a = arena_new();
	struct inspection i;
	char error[128];

	(void)state;
	assert_true(inspect_file(a, g.whole, &i, error, sizeof(error)));
	assert_true(inspection_is_good(&i));
	assert_int_equal(word_count(&i.types, SLICE_LIT("domain")), N_DOMAIN);
	assert_int_equal(i.mismatches.n, 0);
	/* the frame of `end` alone is gone */
	write_file(g.path, g.bytes, g.n - 40);
	assert_true(inspect_file(a, g.path, &i, error, sizeof(error)));
	assert_false(inspection_is_good(&i));
	assert_false(i.has_end);
	/* something stands behind `end` */
	memcpy(g.bytes + g.n, g.bytes, first);
	write_file(g.path, g.bytes, g.n + first);
	assert_true(inspect_file(a, g.path, &i, error, sizeof(error)));
	assert_true(reader_is_whole(&i.report));
	assert_false(i.has_end);
	arena_free(a);
}

/* An `end` that claims one domain more, and one finding too few. */
static void
test_end_that_lies(void **state)
{
	struct sink_config config = { .path = g.path, .level = 1,
		.force = true };
	struct arena *a = arena_new();
	struct sample_domain d;
	struct inspection i;
	struct tally tally;
	struct record *r;
	char error[128];
	struct sink *s = sink_open(&config, error, sizeof(error));

	(void)state;
	sample_full(a, &d);
	r = sample_scan_record();
	sink_post(s, &r, 1, NULL, NULL);
	r = record_domain(&d.meta, &d.facts, &d.judgement);
	sink_post(s, &r, 1, NULL, NULL);
	sink_drain(s, &tally);
	tally.domains++;
	tally.finding[FINDING_STARTTLS_ABSENT]--;
	r = sample_end_record(&tally);
	sink_post(s, &r, 1, NULL, NULL);
	assert_true(sink_close(s));
	assert_true(inspect_file(a, g.path, &i, error, sizeof(error)));
	assert_true(reader_is_whole(&i.report));
	assert_false(inspection_is_good(&i));
	assert_int_equal(i.mismatches.n, 2);
	assert_true(slice_eq(((struct mismatch *)i.mismatches.p)[0].what,
	    SLICE_LIT("domains")));
	assert_true(slice_eq(((struct mismatch *)i.mismatches.p)[1].what,
	    SLICE_LIT("findings starttls.absent")));
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_torn_at_every_byte),
		cmocka_unit_test(test_bit_flips),
		cmocka_unit_test(test_damage_in_the_middle),
		cmocka_unit_test(test_garbage_behind),
		cmocka_unit_test(test_other_frames),
		cmocka_unit_test(test_skippable_frame),
		cmocka_unit_test(test_bomb),
		cmocka_unit_test(test_false_magic),
		cmocka_unit_test(test_plain_is_sound),
		cmocka_unit_test(test_open_errors),
		cmocka_unit_test(test_inspection),
		cmocka_unit_test(test_end_that_lies),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
