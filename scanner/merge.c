/* SPDX-License-Identifier: Apache-2.0
 *
 * merge.c: the files read three times, each time in their order.
 *
 *   survey   headers, ends, which file has the best record of an MX host
 *   hosts    every certificate once, the chosen mx record of each host
 *   domains  the rest: domain records, once a line
 *
 * so that no record refers forward, although the domain records of one file
 * may need the mx record of another.  Records go over byte for byte.  Memory
 * holds certificates' digests, hosts' names and a bit a line.
 */
#include "scanner/merge.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "output/blob.h"
#include "output/digest_set.h"
#include "output/frame_writer.h"
#include "output/seen_lines.h"
#include "output/merge_run.h"
#include "output/object.h"
#include "output/reader.h"
#include "scanner/base/limits.h"
#include "scanner/base/log.h"
#include "scanner/slice_map.h"

#include "scanner/base/banned.h"

#define ERROR_BYTES 1024

/* The best record of a host. */
struct best {
	size_t file;
	uint64_t record; /* from 1 */
	uint64_t started;
	int worth;
};

struct input {
	const char *path;
	uint64_t n_record;
	bool is_damaged;
};

struct merging {
	const struct merge_config *config;
	struct arena *arena;
	struct input *input;
	struct merge_run run;
	struct slice_map hosts;      /* name: struct best */
	struct digest_set certs;
	struct seen_lines lines;
	struct vec sessions;         /* struct slice: bytes of records */
	struct inspection found;     /* of what is written */
	struct frame_writer *writer;
	uint64_t n_twice;            /* domain records left out */
	uint64_t n_host_twice;       /* mx records left out */
	bool is_damaged, write_failed;
};

/* One file while it is read. */
struct pass {
	struct merging *m;
	size_t file;
	uint64_t record;             /* from 1 */
	struct slice bytes;
	const msgpack_object *object;
};

/* False: stop here. */
typedef bool record_fn(struct pass *p);

/* ---- writing ---- */

static bool
flush(struct merging *m)
{
	char error[ERROR_BYTES];

	if (frame_writer_flush(m->writer, error, sizeof(error)))
		return true;
	log_error("%s", error);
	m->write_failed = true;
	return false;
}

static bool
write_bytes(struct merging *m, struct slice bytes)
{
	frame_writer_add(m->writer, bytes.p, bytes.n);
	return frame_writer_pending(m->writer) < LIMIT_FRAME_BYTES || flush(m);
}

static bool
write_again(struct pass *p)
{
	inspection_count(p->m->arena, &p->m->found, p->object);
	return write_bytes(p->m, p->bytes);
}

/* In a frame of its own. */
static bool
write_alone(struct merging *m, struct record *r)
{
	bool ok = flush(m) && write_bytes(m, slice_make(r->bytes, r->n)) &&
	    flush(m);

	record_free(r);
	return ok;
}

/* ---- survey ---- */

/* Are there addresses that were not asked under the host's name? */
static bool
is_shared(const msgpack_object *mx)
{
	const msgpack_object *list = object_get(mx, "addresses");

	if (list == NULL || list->type != MSGPACK_OBJECT_ARRAY)
		return false;
	for (uint32_t i = 0; i < list->via.array.size; i++)
		if (object_get(&list->via.array.ptr[i], "shared") != NULL)
			return true;
	return false;
}

/*
 * How much is known of a host: what its address told another name, nothing
 * under its own, that it refuses us, or more.  A domain that was judged by
 * shared facts can do with own ones, not the other way round.
 */
static int
worth_of(const msgpack_object *mx)
{
	struct slice word = object_text(mx, "starttls");

	if (is_shared(mx))
		return 0;
	if (word.n == 0 || slice_eq(word, SLICE_LIT("inconclusive")))
		return 1;
	return slice_eq(word, SLICE_LIT("blocked")) ? 2 : 3;
}

static void
survey_host(struct pass *p)
{
	struct merging *m = p->m;
	struct slice name = object_text(p->object, "host");
	struct best *best = slice_map_get(&m->hosts, name), one = {
		.file = p->file, .record = p->record,
		.worth = worth_of(p->object) };

	object_uint(p->object, "started", &one.started);
	if (best == NULL) {
		best = arena_alloc(m->hosts.arena, sizeof(*best));
		*best = one;
		slice_map_put(&m->hosts, name, best);
		return;
	}
	m->n_host_twice++;
	if (one.worth > best->worth || (one.worth == best->worth &&
	    one.started > best->started))
		*best = one;
}

static bool
survey_record(struct pass *p)
{
	struct merging *m = p->m;

	if (object_is(p->object, SLICE_LIT("scan"))) {
		merge_run_scan(&m->run, m->input[p->file].path, p->bytes);
	} else if (p->record == 1) {
		log_error("%s does not begin with a scan record; give files "
		    "that `mxcensus scan` wrote", m->input[p->file].path);
		return false;
	} else if (object_is(p->object, SLICE_LIT("end"))) {
		merge_run_end(&m->run, p->bytes);
	} else if (object_is(p->object, SLICE_LIT("session"))) {
		*(struct slice *)vec_push(m->arena, &m->sessions) =
		    arena_slice(m->arena, p->bytes);
	} else if (object_is(p->object, SLICE_LIT("mx"))) {
		survey_host(p);
	}
	m->input[p->file].n_record = p->record;
	return true;
}

static void
note_damage(struct merging *m, size_t file, size_t first_part,
    const struct reader *r)
{
	struct reader_report report;
	char text[ERROR_BYTES];

	reader_report(r, &report);
	if (reader_is_whole(&report))
		return;
	reader_describe(&report, text, sizeof(text));
	log_warn("%s: %s", m->input[file].path, text);
	m->is_damaged = true;
	for (size_t i = first_part; i < m->run.parts.n; i++)
		merge_part_at(&m->run, i)->is_damaged = true;
}

static bool
survey_file(struct merging *m, size_t file)
{
	struct pass p = { .m = m, .file = file };
	size_t first_part = m->run.parts.n;
	char error[ERROR_BYTES];
	struct reader *r = reader_open(m->input[file].path, error,
	    sizeof(error));
	bool ok = true;

	if (r == NULL) {
		log_error("%s", error);
		return false;
	}
	while (ok && (p.object = reader_next(r)) != NULL) {
		p.record++;
		p.bytes = reader_bytes(r);
		ok = survey_record(&p);
	}
	if (ok && p.record == 0) {
		log_error("%s holds no record; give files that `mxcensus "
		    "scan` wrote", m->input[file].path);
		ok = false;
	}
	if (ok)
		note_damage(m, file, first_part, r);
	reader_close(r);
	return ok;
}

/* ---- the new file ---- */

static bool
write_host(struct pass *p)
{
	struct merging *m = p->m;
	struct slice digest = object_text(p->object, "sha256");

	if (object_is(p->object, SLICE_LIT("cert")))
		return digest.n != 32 || !digest_set_add(&m->certs,
		    (const uint8_t *)digest.p) || write_again(p);
	if (object_is(p->object, SLICE_LIT("mx"))) {
		const struct best *best = slice_map_get(&m->hosts,
		    object_text(p->object, "host"));

		return best == NULL || best->file != p->file ||
		    best->record != p->record || write_again(p);
	}
	return true;
}

static bool
is_written_elsewhere(const msgpack_object *record)
{
	static const char *const types[] = { "scan", "session", "cert", "mx",
		"end" };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (object_is(record, slice_of(types[i])))
			return true;
	return false;
}

/* Record types of a later version go over as they are. */
static bool
write_rest(struct pass *p)
{
	struct merging *m = p->m;
	uint64_t line;

	if (is_written_elsewhere(p->object))
		return true;
	if (object_is(p->object, SLICE_LIT("domain")) &&
	    object_uint(p->object, "line", &line) && line < SEEN_LINES_MAX &&
	    !seen_lines_add(&m->lines, line)) {
		m->n_twice++;
		return true;
	}
	return write_again(p);
}

/* The records that the survey saw: a file may have grown since. */
static bool
each_record(struct merging *m, record_fn *fn)
{
	bool ok = true;

	for (size_t i = 0; i < m->config->n_file && ok; i++) {
		struct pass p = { .m = m, .file = i };
		char error[ERROR_BYTES];
		struct reader *r = reader_open(m->input[i].path, error,
		    sizeof(error));

		if (r == NULL) {
			log_error("%s", error);
			m->write_failed = true;
			return false;
		}
		while (ok && p.record < m->input[i].n_record &&
		    (p.object = reader_next(r)) != NULL) {
			p.record++;
			p.bytes = reader_bytes(r);
			ok = fn(&p);
		}
		reader_close(r);
	}
	return ok;
}

static bool
write_sessions(struct merging *m)
{
	const struct slice *s = m->sessions.p;

	for (size_t i = 0; i < m->sessions.n; i++)
		if (!write_bytes(m, s[i]))
			return false;
	return true;
}

static bool
is_same_file(const char *one, const char *other)
{
	struct stat a, b;

	return stat(one, &a) == 0 && stat(other, &b) == 0 &&
	    a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* Can it be read three times, and is it not the new file? */
static bool
check_input(const struct merge_config *c, const char *path)
{
	struct stat st;

	if (strcmp(path, "-") == 0 ||
	    (stat(path, &st) == 0 && !S_ISREG(st.st_mode) &&
	    !S_ISDIR(st.st_mode))) {
		log_error("%s: merge reads its files several times; give "
		    "regular files", path);
		return false;
	}
	if (is_same_file(path, c->out)) {
		log_error("%s is one of the files to be merged; give the new "
		    "one another name", c->out);
		return false;
	}
	return true;
}

static bool
survey(struct merging *m)
{
	char error[ERROR_BYTES];

	for (size_t i = 0; i < m->config->n_file; i++) {
		m->input[i].path = m->config->file[i];
		if (!check_input(m->config, m->input[i].path) ||
		    !survey_file(m, i))
			return false;
	}
	if (merge_run_check(&m->run, error, sizeof(error)))
		return true;
	log_error("%s", error);
	return false;
}

static void
say_gap(void *ctx, const char *line)
{
	(void)ctx;
	log_warn("%s", line);
}

static void
tell(const struct merging *m)
{
	if (m->n_twice > 0)
		log_warn("domain records left out, since their line has one "
		    "already: %llu",
		    (unsigned long long)m->n_twice);
	log_info("%zu files: %llu domains, %llu MX hosts (%llu more records "
	    "of them left out)", m->config->n_file,
	    (unsigned long long)word_count(&m->found.types,
	    SLICE_LIT("domain")), (unsigned long long)m->hosts.n,
	    (unsigned long long)m->n_host_twice);
}

static enum merge_status
write_all(struct merging *m)
{
	bool whole;

	inspection_init(&m->found);
	if (!write_alone(m, merge_run_header(&m->run)) || !write_sessions(m) ||
	    !each_record(m, write_host) || !each_record(m, write_rest))
		return MERGE_FAILED;
	whole = merge_run_gaps(&m->run, say_gap, m);
	if (!write_alone(m, merge_run_ending(&m->run, &m->found, whole)))
		return MERGE_FAILED;
	tell(m);
	return whole && !m->is_damaged ? MERGE_WHOLE : MERGE_PARTIAL;
}

static enum merge_status
merge(struct merging *m)
{
	const struct merge_config *c = m->config;
	enum merge_status status;
	char error[ERROR_BYTES];

	if (!survey(m))
		return MERGE_REFUSED;
	m->writer = frame_writer_open(c->out, c->force, c->level, error,
	    sizeof(error));
	if (m->writer == NULL) {
		log_error("%s", error);
		return MERGE_REFUSED;
	}
	status = write_all(m);
	if (!frame_writer_close(m->writer))
		status = MERGE_FAILED;
	return status;
}

enum merge_status
merge_files(const struct merge_config *config)
{
	struct merging m = { .config = config, .arena = arena_new(),
		.sessions = VEC_OF(struct slice) };
	enum merge_status status;
	uint64_t key[2];

	if (getrandom(key, sizeof(key), 0) < 0)
		log_fatal("no random numbers: %s", strerrordesc_np(errno));
	m.input = arena_array(m.arena, config->n_file, sizeof(*m.input));
	merge_run_init(&m.run, m.arena);
	slice_map_init(&m.hosts, key);
	digest_set_init(&m.certs);
	seen_lines_init(&m.lines);
	status = merge(&m);
	seen_lines_release(&m.lines);
	digest_set_release(&m.certs);
	slice_map_release(&m.hosts);
	arena_free(m.arena);
	return status;
}
