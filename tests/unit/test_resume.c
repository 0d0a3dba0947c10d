/* SPDX-License-Identifier: Apache-2.0
 *
 * test_resume.c: what of a damaged file counts as done, and that a file which
 * is gone on with is whole and adds up.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output/blob.h"
#include "output/checkpoint.h"
#include "output/digest_set.h"
#include "output/frame_writer.h"
#include "output/inspect.h"
#include "output/object.h"
#include "output/recount.h"
#include "output/sink.h"
#include "output/unpack.h"
#include "scanner/line_set.h"
#include "tests/unit/facts_sample.h"
#include "tests/unit/temp_file.h"

#include "scanner/base/banned.h"

#define FRAMES 6
#define DOMAINS 5 /* a frame */

static void
post(struct sink *s, struct record *r)
{
	sink_post(s, &r, 1, NULL, NULL);
}

static struct record *
domain_record(struct arena *a, uint64_t line)
{
	struct sample_domain d;

	if (line % 3 == 0)
		sample_full(a, &d);
	else if (line % 3 == 1)
		sample_nxdomain(&d, line, SLICE_LIT("none.example"));
	else
		sample_mail(a, &d, line, SLICE_LIT("a.example"),
		    SLICE_LIT("mx.a.example"));
	d.meta.line = line;
	return record_domain(&d.meta, &d.facts, &d.judgement);
}

static void
add(struct frame_writer *w, struct record *r, struct tally *tally)
{
	frame_writer_add(w, r->bytes, r->n);
	tally_record(tally, r);
	record_free(r);
}

/* A scan record, then frames of domains, the first with host and certs. */
static void
write_file(struct tally *tally, uint64_t end[FRAMES + 1])
{
	struct arena *a = arena_new();
	struct sample_host host;
	struct cert_facts cert;
	char error[256];
	struct frame_writer *w = frame_writer_open(temp_path, true, 3, error,
	    sizeof(error));

	assert_non_null(w);
	*tally = (struct tally){ .domains = 0 };
	add(w, sample_scan_record(), tally);
	for (uint64_t f = 0; f <= FRAMES; f++) {
		assert_true(frame_writer_flush(w, error, sizeof(error)));
		end[f] = frame_writer_bytes(w);
		if (f == 0) {
			sample_cert(a, &cert, 1);
			add(w, record_cert(&cert), tally);
			sample_host_full(a, &host);
			add(w, record_mx(&host.meta, &host.facts,
			    &host.state), tally);
		}
		for (uint64_t i = 1; i <= DOMAINS && f < FRAMES; i++)
			add(w, domain_record(a, f * DOMAINS + i), tally);
	}
	assert_true(frame_writer_close(w));
	arena_free(a);
}

struct found {
	uint64_t records, end;
	struct tally tally;
	bool is_blank;
};

static struct found
read_back(void)
{
	int fd = open(temp_path, O_RDONLY);
	struct checkpoint *c = checkpoint_new(fd);
	struct found f = { .records = 0 };
	const msgpack_object *record;

	while ((record = checkpoint_next(c)) != NULL) {
		f.records++;
		assert_true(recount_record(&f.tally, record));
		assert_true(checkpoint_frame_begin(c) <
		    checkpoint_frame_end(c));
	}
	assert_null(checkpoint_next(c));
	assert_int_equal(checkpoint_error(c), 0);
	f.end = checkpoint_frame_end(c);
	f.is_blank = checkpoint_is_blank(c);
	checkpoint_free(c);
	close(fd);
	return f;
}

static uint64_t
whole_before(const uint64_t end[FRAMES + 1], uint64_t at)
{
	uint64_t whole = 0;

	for (size_t i = 0; i <= FRAMES; i++)
		if (end[i] <= at)
			whole = end[i];
	return whole;
}

/* ---- what counts ---- */

static void
test_recount(void **state)
{
	struct tally tally;
	uint64_t end[FRAMES + 1];
	struct found f;

	(void)state;
	write_file(&tally, end);
	f = read_back();
	assert_int_equal(f.end, end[FRAMES]);
	assert_int_equal(f.records, 3 + FRAMES * DOMAINS);
	assert_int_equal(f.tally.domains, FRAMES * DOMAINS);
	assert_memory_equal(&f.tally, &tally, sizeof(tally));
}

/* A word of a later version cannot be counted, so nothing is guessed. */
static void
test_unknown_word(void **state)
{
	static const char text[] = "\x83\xa4type\xa6""domain\xa7verdict\xa5"
	    "later\xacverdict_dane\xa4none";
	msgpack_unpacked u;
	struct tally tally = { .domains = 0 };
	size_t at = 0;

	(void)state;
	msgpack_unpacked_init(&u);
	assert_int_equal(msgpack_unpack_next(&u, text, sizeof(text) - 1, &at),
	    MSGPACK_UNPACK_SUCCESS);
	assert_false(recount_record(&tally, &u.data));
	msgpack_unpacked_destroy(&u);
}

/* Cut anywhere: what is whole before stays, nothing else. */
static void
test_truncated(void **state)
{
	struct tally tally;
	uint64_t end[FRAMES + 1];

	(void)state;
	write_file(&tally, end);
	for (uint64_t at = end[FRAMES]; at-- > 0;) {
		struct found f;

		assert_int_equal(truncate(temp_path, (off_t)at), 0);
		f = read_back();
		assert_int_equal(f.end, whole_before(end, at));
		assert_int_equal(f.is_blank, at < end[0]);
	}
}

static void
flip(uint64_t at, unsigned bit)
{
	int fd = open(temp_path, O_RDWR);
	unsigned char byte;

	assert_int_equal(pread(fd, &byte, 1, (off_t)at), 1);
	byte ^= (unsigned char)(1u << bit);
	assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
	close(fd);
}

/* One bit anywhere: its frame and all behind it do not count. */
static void
test_flipped(void **state)
{
	struct tally tally;
	uint64_t end[FRAMES + 1];

	(void)state;
	write_file(&tally, end);
	for (uint64_t at = 0; at < end[FRAMES]; at++) {
		unsigned bit = (unsigned)(at * 7 % 8);
		struct found f;

		flip(at, bit);
		f = read_back();
		/* a frame's reserved bits say nothing and are not checked */
		if (f.end != end[FRAMES])
			assert_int_equal(f.end, whole_before(end, at));
		else
			assert_memory_equal(&f.tally, &tally, sizeof(tally));
		flip(at, bit);
	}
	assert_int_equal(read_back().end, end[FRAMES]);
}

static bool
is_blank(const void *bytes, size_t n)
{
	FILE *f = fopen(temp_path, "w");
	struct found found;

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	fclose(f);
	found = read_back();
	assert_int_equal(found.end, 0);
	return found.is_blank;
}

static void
test_blank(void **state)
{
	char *large = xcalloc(1, 100000);

	(void)state;
	assert_true(is_blank("", 0));
	assert_true(is_blank("\x28\xb5", 2));
	assert_true(is_blank("\x28\xb5\x2f\xfd\x24\x10", 6));
	assert_true(is_blank("\0\0\0\0\0\0", 6));
	assert_false(is_blank("a list of mine\n", 15));
	assert_false(is_blank("\0\0\0\0\0a", 6));
	assert_false(is_blank(large, 100000));
	memcpy(large, "\x28\xb5\x2f\xfd", 4);
	assert_false(is_blank(large, 100000));
	free(large);
}

/* ---- going on ---- */

/* As scanner/resume.c does: what is there, and a writer behind it. */
static struct sink *
go_on(uint64_t at, const struct tally *tally, struct digest_set *certs)
{
	char error[256];
	struct sink_config config = { .path = temp_path, .level = 3,
		.certs = certs, .tally = tally };

	config.writer = frame_writer_reopen(temp_path, 3, error, sizeof(error));
	assert_non_null(config.writer);
	assert_true(frame_writer_cut(config.writer, at, error,
	    sizeof(error)));
	return sink_open(&config, error, sizeof(error));
}

static void
write_rest(struct sink *s, const struct cert_facts *cert)
{
	struct arena *a = arena_new();
	struct tally sum;

	post(s, sample_session_record());
	post(s, record_cert(cert));
	for (uint64_t line = 2 * DOMAINS + 1; line <= FRAMES * DOMAINS; line++)
		post(s, domain_record(a, line));
	sink_drain(s, &sum);
	post(s, sample_end_record(&sum));
	assert_true(sink_close(s));
	arena_free(a);
}

/* A torn third frame, cut; the certificate of the first is not repeated. */
static void
test_go_on(void **state)
{
	struct arena *a = arena_new();
	struct tally tally;
	struct digest_set certs;
	struct inspection seen;
	struct cert_facts cert;
	uint64_t end[FRAMES + 1];
	struct found f;
	char error[256];

	(void)state;
	write_file(&tally, end);
	assert_int_equal(truncate(temp_path, (off_t)end[3] - 5), 0);
	f = read_back();
	assert_int_equal(f.end, end[2]);
	sample_cert(a, &cert, 1);
	digest_set_init(&certs);
	digest_set_add(&certs, cert.sha256);
	write_rest(go_on(f.end, &f.tally, &certs), &cert);
	digest_set_release(&certs);
	assert_true(inspect_file(a, temp_path, &seen, error, sizeof(error)));
	assert_int_equal(seen.mismatches.n, 0);
	assert_true(reader_is_whole(&seen.report));
	assert_int_equal(word_count(&seen.types, SLICE_LIT("domain")),
	    FRAMES * DOMAINS);
	assert_int_equal(word_count(&seen.types, SLICE_LIT("cert")), 1);
	assert_int_equal(word_count(&seen.types, SLICE_LIT("session")), 1);
	f = read_back();
	assert_memory_equal(&f.tally, &tally, sizeof(tally));
	arena_free(a);
}

/* Two that go on with one file would tear it. */
static void
test_claimed(void **state)
{
	struct tally tally;
	uint64_t end[FRAMES + 1];
	struct frame_writer *w;
	char error[256];

	(void)state;
	write_file(&tally, end);
	w = frame_writer_reopen(temp_path, 3, error, sizeof(error));
	assert_non_null(w);
	assert_null(frame_writer_reopen(temp_path, 3, error, sizeof(error)));
	assert_non_null(strstr(error, "another scan"));
	assert_true(frame_writer_close(w));
	assert_int_equal(read_back().end, end[FRAMES]); /* not touched */
	assert_null(frame_writer_reopen("/dev/null", 3, error,
	    sizeof(error)));
	assert_non_null(strstr(error, "no regular file"));
	assert_null(frame_writer_reopen(temp_dir, 3, error, sizeof(error)));
}

/* The session record passes from file to file as it is. */
static void
test_session(void **state)
{
	const struct slice resolver = SLICE_LIT("192.0.2.1:53");
	struct session_meta meta = { .version = SLICE_LIT("0.1.0"),
		.resolver = &resolver, .n_resolver = 1, .started_ms = 5,
		.domains = 12 };
	struct record *r = record_session(&meta), *again;
	msgpack_unpacked u;
	size_t at = 0;

	(void)state;
	msgpack_unpacked_init(&u);
	assert_int_equal(msgpack_unpack_next(&u, r->bytes, r->n, &at),
	    MSGPACK_UNPACK_SUCCESS);
	assert_true(object_is(&u.data, SLICE_LIT("session")));
	assert_null(object_get(&u.data, "previous_reason"));
	again = record_session_again(&u.data);
	assert_int_equal(again->type, RECORD_SESSION);
	assert_int_equal(again->n, r->n);
	assert_memory_equal(again->bytes, r->bytes, r->n);
	record_free(again);
	record_free(r);
	msgpack_unpacked_destroy(&u);
}

static void
test_line_set(void **state)
{
	struct line_set s = { .bits = NULL };

	(void)state;
	assert_false(line_set_has(&s, 1));
	line_set_init(&s, 16);
	line_set_add(&s, 1);
	line_set_add(&s, 16);
	for (uint64_t i = 1; i < 40; i++)
		assert_int_equal(line_set_has(&s, i), i == 1 || i == 16);
	line_set_release(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recount),
		cmocka_unit_test(test_unknown_word),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_flipped),
		cmocka_unit_test(test_blank),
		cmocka_unit_test(test_go_on),
		cmocka_unit_test(test_claimed),
		cmocka_unit_test(test_session),
		cmocka_unit_test(test_line_set),
	};

	return cmocka_run_group_tests(tests, temp_file_set_up,
	    temp_file_tear_down);
}
