/* SPDX-License-Identifier: Apache-2.0
 *
 * resume.c: what a file says that is done.
 *
 * One pass over its whole frames gives lines, certificates, hosts and counts;
 * a second one, which few files need, the certificate names that a host's
 * state may lack (ta_names.h).
 */
#include "scanner/resume.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "output/checkpoint.h"
#include "output/frame_writer.h"
#include "output/object.h"
#include "output/recount.h"
#include "output/unpack.h"
#include "scanner/base/log.h"
#include "scanner/hostbook.h"
#include "scanner/resume_same.h"
#include "scanner/rules/judge.h"
#include "scanner/ta_names.h"

#include "scanner/base/banned.h"

struct reading {
	struct run *run;
	const struct list_facts *list;
	struct resume *out;
	struct checkpoint *file;
	struct arena *work;      /* of one record */
	struct ta_names names;
	uint64_t n_record;
	const char *wrong;       /* why it cannot be gone on with */
};

/* ---- record by record ---- */

static void
take_domain(struct reading *g, const msgpack_object *record)
{
	uint64_t line = 0;

	if (!object_uint(record, "line", &line) || line == 0 ||
	    line > g->list->lines)
		g->wrong = "holds a line that the list does not have";
	else
		line_set_add(&g->run->finished, line);
}

static void
take_mx(struct reading *g, const msgpack_object *record, bool with_names)
{
	struct host_facts f;
	struct mx_meta meta;
	struct host_state state;

	if (!unpack_mx(g->work, record, &meta, &f)) {
		g->wrong = "holds an mx record that this version cannot read";
		return;
	}
	if (!ta_names_want(&g->names, &f) && with_names)
		return;
	state = judge_host(&f);
	ta_names_of(&g->names, &f, g->work, &state);
	for (size_t i = 0; i < f.n_address && !with_names; i++)
		addressbook_put(g->run->addresses, &f.address[i]);
	hostbook_put(run_owner(g->run, f.host)->hosts, f.host, &state);
}

static void
take_cert(struct reading *g, const msgpack_object *record)
{
	struct slice sha256 = object_text(record, "sha256");

	if (sha256.n != 32)
		g->wrong = "holds a certificate without digest";
	else
		digest_set_add(&g->out->certs, (const uint8_t *)sha256.p);
}

static void
take_end(struct reading *g, const msgpack_object *record)
{
	g->out->has_end = unpack_end(g->out->arena, record, &g->out->end);
	if (!g->out->has_end)
		g->wrong = "ends in a way that this version does not know";
	else if (checkpoint_frame_begin(g->file) < g->out->cut_at)
		g->wrong = "was packed again: its end cannot be cut off";
}

static void
take_scan(struct reading *g, const msgpack_object *record)
{
	g->wrong = g->n_record > 1 ? "holds several scans" :
	    resume_difference(g->work, record, g->run, g->list);
}

static void
take(struct reading *g, const msgpack_object *record)
{
	arena_clear(g->work);
	g->n_record++;
	if (g->out->has_end) {
		g->wrong = "goes on behind its end";
		return;
	}
	if (object_is(record, SLICE_LIT("scan")))
		take_scan(g, record);
	else if (g->n_record == 1)
		g->wrong = "does not begin with a scan record";
	else if (object_is(record, SLICE_LIT("domain")))
		take_domain(g, record);
	else if (object_is(record, SLICE_LIT("mx")))
		take_mx(g, record, false);
	else if (object_is(record, SLICE_LIT("cert")))
		take_cert(g, record);
	else if (object_is(record, SLICE_LIT("end")))
		take_end(g, record);
	else if (!object_is(record, SLICE_LIT("session")))
		g->wrong = "holds records of a type that this version does "
		    "not know";
	if (g->wrong == NULL && !recount_record(&g->out->tally, record))
		g->wrong = "holds words that this version does not know";
	if (!g->out->has_end)
		g->out->cut_at = checkpoint_frame_end(g->file);
}

/* The hosts that want names, once more, with the names before them. */
static void
read_names(struct reading *g, int fd)
{
	struct checkpoint *file = checkpoint_new(fd);
	const msgpack_object *record;
	struct cert_facts cert;

	while ((record = checkpoint_next(file)) != NULL &&
	    checkpoint_frame_begin(file) < g->out->cut_at) {
		arena_clear(g->work);
		if (object_is(record, SLICE_LIT("cert"))) {
			if (unpack_cert_names(g->work, record, &cert))
				ta_names_take(&g->names, &cert);
		} else if (object_is(record, SLICE_LIT("mx"))) {
			take_mx(g, record, true);
		}
	}
	checkpoint_free(file);
}

/* ---- the file ---- */

static uint64_t
file_bytes(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 ? (uint64_t)st.st_size : 0;
}

static enum resume_result
refuse(const struct reading *g, const char *why)
{
	log_error("%s %s; it cannot be gone on with", g->run->options->output,
	    why);
	return RESUME_REFUSED;
}

static enum resume_result
start_afresh(const struct reading *g)
{
	log_info("%s holds nothing yet: the scan starts afresh",
	    g->run->options->output);
	g->out->cut_at = 0;
	return RESUME_FRESH;
}

static enum resume_result
read_records(struct reading *g, int fd)
{
	const char *path = g->run->options->output;
	const msgpack_object *record;
	uint64_t whole, all = file_bytes(fd);

	while (g->wrong == NULL && (record = checkpoint_next(g->file)) != NULL)
		take(g, record);
	if (g->wrong != NULL)
		return refuse(g, g->wrong);
	if (checkpoint_error(g->file) != 0) {
		log_error("%s: cannot read: %s", path,
		    strerrordesc_np(checkpoint_error(g->file)));
		return RESUME_FAILED;
	}
	if (g->n_record == 0)
		return checkpoint_is_blank(g->file) ? start_afresh(g) :
		    refuse(g, "is damaged from its beginning, or no .mxc "
		    "file");
	if (g->out->has_end && strcmp(g->out->end.reason, "complete") == 0) {
		log_info("%s is complete: nothing is left to do", path);
		return RESUME_COMPLETE;
	}
	whole = checkpoint_frame_end(g->file);
	g->out->cut_bytes = all > whole ? all - whole : 0;
	if (g->names.wanted.n > 0)
		read_names(g, fd);
	return RESUME_ON;
}

static enum resume_result
read_file(struct run *r, const struct list_facts *list, struct resume *out)
{
	struct reading g = { .run = r, .list = list, .out = out };
	int fd = frame_writer_fd(out->writer);
	enum resume_result result;

	line_set_init(&r->finished, list->lines);
	g.work = arena_new();
	g.file = checkpoint_new(fd);
	ta_names_init(&g.names, r->hash_key);
	result = read_records(&g, fd);
	ta_names_release(&g.names);
	checkpoint_free(g.file);
	arena_free(g.work);
	if (result != RESUME_ON)
		return result;
	if (out->cut_bytes > 0)
		log_warn("%s: %llu bytes from byte %llu on are no whole frames "
		    "and are cut; their domains are asked again",
		    r->options->output, (unsigned long long)out->cut_bytes,
		    (unsigned long long)(file_bytes(fd) - out->cut_bytes));
	log_info("%s: going on after %llu domains and %llu MX hosts",
	    r->options->output, (unsigned long long)out->tally.domains,
	    (unsigned long long)out->tally.mx_hosts);
	return RESUME_ON;
}

enum resume_result
resume_read(struct run *r, const struct list_facts *list, struct resume *out)
{
	const struct options *o = r->options;
	char error[1024];
	struct stat st;

	*out = (struct resume){ .arena = arena_new() };
	digest_set_init(&out->certs);
	if (strcmp(o->list, "-") == 0 || !list->regular) {
		log_error("--resume reads the list again; give a file, not %s",
		    strcmp(o->list, "-") == 0 ? "standard input" : o->list);
		return RESUME_REFUSED;
	}
	if (strcmp(o->output, "-") == 0) {
		log_error("--resume reads its output; give -o FILE.mxc");
		return RESUME_REFUSED;
	}
	if (stat(o->output, &st) != 0) {
		log_info("%s does not exist: the scan starts afresh",
		    o->output);
		return RESUME_FRESH;
	}
	out->writer = frame_writer_reopen(o->output, (int)o->level, error,
	    sizeof(error));
	if (out->writer == NULL) {
		log_error("%s", error);
		return RESUME_REFUSED;
	}
	return read_file(r, list, out);
}

bool
resume_cut(struct resume *s)
{
	char error[1024];

	if (s->writer == NULL ||
	    frame_writer_cut(s->writer, s->cut_at, error, sizeof(error)))
		return true;
	log_error("%s", error);
	return false;
}

void
resume_release(struct resume *s)
{
	if (s->arena == NULL)
		return;
	if (s->writer != NULL)
		frame_writer_close(s->writer);
	digest_set_release(&s->certs);
	arena_free(s->arena);
}
