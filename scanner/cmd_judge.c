/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_judge.c: `mxcensus judge`: today's rules over stored facts, without the
 * network.
 *
 * The old file is read twice: a survey says whether it can be judged at all
 * and which certificates are wanted (ta_names.h, dane_again.h); then record by
 * record, in the file's order.  DANE is compared anew from chains and TLSA
 * sets, other facts stand as they are.  An mx record stands before the domain
 * records that name its host, a certificate before those that show it, so the
 * second reading never has to wait.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "output/object.h"
#include "output/reader.h"
#include "output/sink.h"
#include "output/unpack.h"
#include "scanner/base/log.h"
#include "scanner/commands.h"
#include "scanner/dane_again.h"
#include "scanner/file_args.h"
#include "scanner/rules/name.h"
#include "scanner/run.h"
#include "scanner/slice_map.h"
#include "scanner/ta_names.h"

#include "scanner/base/banned.h"

#define LEVEL 3            /* of zstd, as `scan` has it */
#define POSTED_MAX 1024    /* records that may wait for the writer */

enum status { STATUS_OK, STATUS_INPUT, STATUS_DAMAGED, STATUS_FAILED };

/*
 * A host may have a record of what its address said to another name, and
 * behind it one of its own: each domain keeps to what it was told.  Own facts
 * will do for both, shared ones only for whom they were good enough.
 */
struct known_host {
	const struct host_state *own, *shared; /* NULL: there is none */
};

struct judging {
	const char *in, *out;
	bool force;
	struct sink *sink;
	struct arena *work;        /* of one record */
	struct slice_map hosts;    /* name: struct known_host */
	struct ta_names certs;
	struct dane_again dane;
	size_t n_posted;           /* since the writer was waited for */
	uint64_t n_domain;
	uint64_t n_unreadable;     /* records left out */
	uint64_t n_lost;           /* domains with a host without mx record */
	bool has_end;
	atomic_bool write_failed;  /* by the writer's thread */
};

static const char usage[] =
    "usage: mxcensus judge [--force] FILE -o FILE.mxc\n";

static void
print_help(void)
{
	printf("%s\n"
	    "Applies today's rules to the facts of an older file and writes "
	    "a new one.\n"
	    "Nothing is sent to anybody.  The scan record then names both "
	    "versions.\n\n"
	    "  -o FILE.mxc  where the new records go\n"
	    "  --force      replace that file\n"
	    "  --help       this text\n\n"
	    "Exit status: 0 all was judged; 1 usage, or the file cannot be "
	    "judged; 2 the old\n"
	    "file is damaged or has no end, and what is whole was judged; "
	    "3 the new file\n"
	    "cannot be written.\n", usage);
}

/* ---- survey ---- */

static bool
is_known_type(const msgpack_object *record)
{
	static const char *const types[] = { "scan", "session", "domain",
		"mx", "cert", "end" };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (object_is(record, slice_of(types[i])))
			return true;
	return false;
}

static void
want_names(struct judging *g, const msgpack_object *record)
{
	struct host_facts f;
	struct mx_meta meta;

	if (!unpack_mx(g->work, record, &meta, &f))
		return;
	ta_names_want(&g->certs, &f);
	dane_again_want(&g->dane, &f);
}

/* NULL: it can be judged; else what is wrong with the file. */
static const char *
survey_records(struct judging *g, struct reader *r)
{
	const msgpack_object *record;
	size_t n_record = 0, n_scan = 0;
	uint64_t format = 0;

	while ((record = reader_next(r)) != NULL) {
		n_record++;
		if (!is_known_type(record))
			return "holds records of a type this version does "
			    "not know; judge it with the version that wrote "
			    "it, or a later one";
		if (object_is(record, SLICE_LIT("scan"))) {
			object_uint(record, "format", &format);
			if (format != RECORD_FORMAT)
				return "has a format this version does not "
				    "know";
			if (n_scan++ > 0)
				return "holds several scans; judge the file "
				    "of each";
		} else if (object_is(record, SLICE_LIT("mx"))) {
			arena_clear(g->work);
			want_names(g, record);
		}
	}
	return n_record > 0 ? NULL :
	    "holds no record; give a file that `mxcensus scan` wrote";
}

static bool
survey(struct judging *g)
{
	const char *wrong;
	char error[512];
	struct reader *r;

	if (strcmp(g->in, "-") == 0) {
		log_error("judge reads its file twice; give a file, not "
		    "standard input");
		return false;
	}
	r = reader_open(g->in, error, sizeof(error));
	if (r == NULL) {
		log_error("%s", error);
		return false;
	}
	wrong = survey_records(g, r);
	if (wrong != NULL)
		log_error("%s %s", g->in, wrong);
	reader_close(r);
	return wrong == NULL;
}

/* ---- the new file ---- */

static void
on_write_failed(void *ctx, const char *error)
{
	struct judging *g = ctx;

	log_error("%s", error);
	atomic_store(&g->write_failed, true);
}

static bool
is_same_file(const char *one, const char *other)
{
	struct stat a, b;

	return stat(one, &a) == 0 && stat(other, &b) == 0 &&
	    a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

static bool
open_out(struct judging *g)
{
	struct sink_config c = { .path = g->out, .level = LEVEL,
		.force = g->force, .failed = on_write_failed, .ctx = g };
	char error[512];

	if (is_same_file(g->in, g->out)) {
		log_error("%s is the file to be judged; give the new one "
		    "another name", g->out);
		return false;
	}
	g->sink = sink_open(&c, error, sizeof(error));
	if (g->sink == NULL)
		log_error("%s", error);
	return g->sink != NULL;
}

/* NULL: the record could not be read and is left out. */
static void
post(struct judging *g, struct record *record)
{
	struct tally tally;

	if (record == NULL) {
		g->n_unreadable++;
		return;
	}
	sink_post(g->sink, &record, 1, NULL, NULL);
	if (++g->n_posted < POSTED_MAX)
		return;
	sink_drain(g->sink, &tally);
	g->n_posted = 0;
}

/* ---- record by record ---- */

static struct record *
judge_cert(struct judging *g, const msgpack_object *record)
{
	struct cert_facts c;

	if (!unpack_cert_names(g->work, record, &c))
		return NULL;
	ta_names_take(&g->certs, &c);
	dane_again_take(&g->dane, &c);
	return record_cert_again(record);
}

static void
know_host(struct judging *g, struct slice name, const struct host_state *state)
{
	struct known_host *k = slice_map_get(&g->hosts, name);

	if (k == NULL) {
		k = arena_alloc(g->hosts.arena, sizeof(*k));
		slice_map_put(&g->hosts, name, k);
	}
	if (state->shared)
		k->shared = state;
	else
		k->own = state;
}

static const struct host_state *
known_state(const struct judging *g, const struct domain_host *h)
{
	const struct known_host *k = slice_map_get(&g->hosts, h->host);

	if (k == NULL)
		return NULL;
	return h->state.shared && k->shared != NULL ? k->shared : k->own;
}

static struct record *
judge_mx(struct judging *g, const msgpack_object *record)
{
	struct host_facts f;
	struct host_state *state;
	struct mx_meta meta;

	if (!unpack_mx(g->work, record, &meta, &f))
		return NULL;
	dane_again(&g->dane, g->work,
	    (meta.started_ms + meta.elapsed_ms) / 1000, &f);
	state = arena_alloc(g->hosts.arena, sizeof(*state));
	*state = judge_host(&f);
	ta_names_of(&g->certs, &f, g->hosts.arena, state);
	know_host(g, f.host, state);
	return record_mx(&meta, &f, state);
}

/*
 * A host whose record is lost to damage is one of which nothing is known.
 * Literals and localhost have none; where an older version did ask for one,
 * the answer does not count.
 */
static bool
find_state(struct judging *g, struct domain_host *h)
{
	struct host_facts none = { .host = h->host,
		.is_literal = name_is_address(h->host) ||
		    name_is_localhost(h->host) };
	const struct host_state *known = none.is_literal ? NULL :
	    known_state(g, h);

	h->state = known != NULL ? *known : judge_host(&none);
	return known != NULL || none.is_literal;
}

static struct record *
judge_one_domain(struct judging *g, const msgpack_object *record)
{
	struct domain_facts f;
	struct domain_meta meta;
	struct judgement j;
	bool is_lost = false;

	if (!unpack_domain(g->work, record, &meta, &f))
		return NULL;
	for (size_t i = 0; i < f.n_host; i++)
		if (!find_state(g, &f.host[i]))
			is_lost = true;
	g->n_lost += is_lost;
	g->n_domain++;
	judge_domain(g->work, &f, &j);
	return record_domain(&meta, &f, &j);
}

/* The counts of what was written; a scan of which some is lost has failed. */
static struct record *
judge_end(struct judging *g, struct reader *r, const msgpack_object *record)
{
	struct reader_report report;
	struct end_meta m;

	if (!unpack_end(g->work, record, &m))
		return NULL;
	reader_report(r, &report);
	if (report.damaged_frames > 0 || g->n_unreadable > 0)
		m.reason = "failed";
	sink_drain(g->sink, &m.tally);
	g->has_end = true;
	return record_end(&m);
}

static struct record *
judge_record(struct judging *g, struct reader *r, const msgpack_object *o)
{
	arena_clear(g->work);
	if (object_is(o, SLICE_LIT("domain")))
		return judge_one_domain(g, o);
	if (object_is(o, SLICE_LIT("mx")))
		return judge_mx(g, o);
	if (object_is(o, SLICE_LIT("cert")))
		return judge_cert(g, o);
	if (object_is(o, SLICE_LIT("end")))
		return judge_end(g, r, o);
	if (object_is(o, SLICE_LIT("session")))
		return record_session_again(o);
	return record_scan_judged(o, slice_of(MXCENSUS_VERSION),
	    clock_wall_ms());
}

/* One line about what the old file lacks; OK where it lacks nothing. */
static enum status
report_lacks(const struct judging *g, const struct reader *r)
{
	struct reader_report report;
	char text[512] = "";

	reader_report(r, &report);
	if (!reader_is_whole(&report))
		reader_describe(&report, text, sizeof(text));
	else if (!g->has_end)
		(void)snprintf(text, sizeof(text), "has no end record");
	else if (g->n_unreadable == 0 && g->n_lost == 0)
		return STATUS_OK;
	log_warn("%s: %s%swhat is whole was judged (%llu records unreadable, "
	    "%llu domains with a host that has no mx record)", g->in, text,
	    text[0] == '\0' ? "" : "; ", (unsigned long long)g->n_unreadable,
	    (unsigned long long)g->n_lost);
	return STATUS_DAMAGED;
}

static enum status
judge_file(struct judging *g)
{
	const msgpack_object *record;
	enum status status;
	char error[512];
	struct reader *r = reader_open(g->in, error, sizeof(error));

	if (r == NULL) {
		log_error("%s", error);
		return STATUS_INPUT;
	}
	while (!atomic_load(&g->write_failed) && !g->has_end &&
	    (record = reader_next(r)) != NULL)
		post(g, judge_record(g, r, record));
	/* what follows an end is damage at most, and the report wants it */
	while (!atomic_load(&g->write_failed) && reader_next(r) != NULL)
		g->n_unreadable++;
	status = atomic_load(&g->write_failed) ? STATUS_FAILED :
	    report_lacks(g, r);
	reader_close(r);
	return status;
}

static enum status
judge(struct judging *g)
{
	enum status status;

	if (!survey(g) || !open_out(g))
		return STATUS_INPUT;
	status = judge_file(g);
	if (!sink_close(g->sink) || status == STATUS_FAILED)
		return STATUS_FAILED;
	log_info("%llu domains judged by the rules of %s",
	    (unsigned long long)g->n_domain, MXCENSUS_VERSION);
	return status;
}

int
cmd_judge(int argc, char **argv)
{
	struct judging g = { .in = NULL };
	struct file_args args;
	enum status status;
	uint64_t key[2];

	if (!file_args_parse(argc, argv, &args) ||
	    (!args.help && args.n_file != 1)) {
		fputs(usage, stderr);
		return STATUS_INPUT;
	}
	if (args.help) {
		print_help();
		return STATUS_OK;
	}
	g.in = args.file[0];
	g.out = args.out;
	g.force = args.force;
	if (getrandom(key, sizeof(key), 0) < 0)
		log_fatal("no random numbers: %s", strerrordesc_np(errno));
	g.work = arena_new();
	slice_map_init(&g.hosts, key);
	ta_names_init(&g.certs, key);
	dane_again_init(&g.dane, key);
	status = judge(&g);
	ta_names_release(&g.certs);
	dane_again_release(&g.dane);
	slice_map_release(&g.hosts);
	arena_free(g.work);
	return (int)status;
}
