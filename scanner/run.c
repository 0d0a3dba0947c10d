/* SPDX-License-Identifier: Apache-2.0
 *
 * run.c: the life of a scan.
 *
 *   main thread    signals, status line, start and end
 *   reader thread  list -> window -> workers
 *   workers        jobs
 *   writer         sink; gives places of the window back
 *
 * A first SIGINT or SIGTERM stops the reader and gives what is in flight a
 * deadline; a second one ends at once.  Either way the file is whole.
 */
#include "scanner/run.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "scanner/base/log.h"
#include "scanner/intake.h"
#include "scanner/preflight.h"
#include "scanner/progress.h"

#include "scanner/base/banned.h"

struct control {
	struct run *run;
	struct progress *progress;
	uv_signal_t interrupt, terminate, hangup;
	uv_timer_t second;
	uint64_t drain_until_ms; /* 0: not draining */
	bool ending;
};

int64_t
clock_wall_ms(void)
{
	return loop_wall_ms();
}

uint64_t
clock_mono_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

size_t
run_owner_index(const struct run *r, struct slice name)
{
	return slice_hash(name, r->hash_key) % r->n_worker;
}

struct worker *
run_owner(struct run *r, struct slice name)
{
	return r->worker[run_owner_index(r, name)];
}

/* ---- the reader ---- */

static void
on_list_wait(void *ctx)
{
	intake_flush(ctx);
}

static void *
reader_main(void *arg)
{
	struct run *r = arg;
	struct source_name name;
	enum source_result result = SOURCE_END;
	int old;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old);
	source_on_wait(r->source, on_list_wait, r->intake);
	while (run_stopping(r) == STOP_NONE &&
	    (result = source_next(r->source, &name)) == SOURCE_NAME) {
		atomic_store(&r->_shared.lines, source_lines(r->source));
		if (line_set_has(&r->finished, name.line)) {
			atomic_fetch_add(&r->_shared.skipped, 1);
			continue;
		}
		if (!intake_add(r->intake, &name))
			break;
	}
	intake_end(r->intake);
	atomic_store(&r->_shared.rejected, source_rejected_total(r->source));
	if (result == SOURCE_FAILED) {
		log_error("%s; the records so far are kept",
		    source_error(r->source));
		run_ask_stop(r, STOP_INPUT);
	}
	run_reader_done(r);
	return NULL;
}

/* ---- control ---- */

static void
read_exclusions(struct run *r)
{
	const struct option_list *files = &r->options->exclude;
	char error[512];

	if (files->n == 0)
		return;
	if (!reach_exclude_files(r->reach, files->v, files->n, error,
	    sizeof(error))) {
		log_warn("%s; the old exclusions stay", error);
		return;
	}
	for (size_t i = 0; i < files->n; i++)
		log_info("read %s again", files->v[i]);
}

static void
on_signal(uv_signal_t *handle, int number)
{
	struct control *c = handle->data;
	struct run *r = c->run;

	if (number == SIGHUP) {
		read_exclusions(r);
		return;
	}
	if (run_stopping(r) != STOP_NONE) {
		log_info("leaving now");
		loop_stop(r->control);
		return;
	}
	log_info("stopping: %u s for what is in flight; once more to leave "
	    "now", (unsigned)(r->options->drain_ms / 1000));
	run_ask_stop(r, STOP_INTERRUPTED);
}

static void
on_second(uv_timer_t *handle)
{
	struct control *c = handle->data;
	struct run *r = c->run;
	uint64_t now = clock_mono_ms();

	progress_tick(c->progress);
	sink_settled(r->sink, uplink_settled_ms(r->uplink, now));
	if (run_stopping(r) == STOP_NONE)
		return;
	if (c->drain_until_ms == 0)
		c->drain_until_ms = now + r->options->drain_ms;
	if (now >= c->drain_until_ms)
		loop_stop(r->control);
}

static void
watch_signal(struct control *c, uv_signal_t *handle, int number)
{
	uv_signal_init(loop_uv(c->run->control), handle);
	handle->data = c;
	uv_signal_start(handle, on_signal, number);
	uv_unref((uv_handle_t *)handle);
}

static void
control_start(struct control *c)
{
	uv_loop_t *uv = loop_uv(c->run->control);

	watch_signal(c, &c->interrupt, SIGINT);
	watch_signal(c, &c->terminate, SIGTERM);
	watch_signal(c, &c->hangup, SIGHUP);
	uv_timer_init(uv, &c->second);
	c->second.data = c;
	uv_timer_start(&c->second, on_second, 1000, 1000);
}

static void
control_end(struct control *c)
{
	uv_close((uv_handle_t *)&c->interrupt, NULL);
	uv_close((uv_handle_t *)&c->terminate, NULL);
	uv_close((uv_handle_t *)&c->hangup, NULL);
	uv_close((uv_handle_t *)&c->second, NULL);
	/* The handles are in our caller's frame: see them off in time. */
	uv_run(loop_uv(c->run->control), UV_RUN_NOWAIT);
}

/* ---- the end ---- */

static const char *
reason_word(struct run *r)
{
	switch (run_stopping(r)) {
	case STOP_NONE:
		return "complete";
	case STOP_INTERRUPTED:
		return "interrupted";
	case STOP_INPUT:
	case STOP_FAILED:
		return "failed";
	case STOP_NO_SUCCESS:
		return "no_success";
	}
	return "failed";
}

/* The one line of STOP_NO_SUCCESS, once its stretch is out of the file. */
static void
say_what_failed(const struct run *r, const struct uplink_story *story,
    bool was_cut, const struct tally *withheld)
{
	uint64_t ago_ms = clock_mono_ms() - story->since_ms;
	time_t since = (time_t)((clock_wall_ms() - (int64_t)ago_ms) / 1000);
	struct tm utc;
	char what[80], kept[160];
	struct strbuf b = strbuf_of(what, sizeof(what));

	gmtime_r(&since, &utc);
	if (story->is_dns)
		strbuf_add(&b, SLICE_LIT("the resolvers or the uplink fail"));
	else
		strbuf_fmt(&b, "port %u is filtered here, or the uplink fails",
		    r->smtp.port);
	b = strbuf_of(kept, sizeof(kept));
	if (was_cut)
		strbuf_fmt(&b, "%llu records of that stretch were withheld; "
		    "--resume asks them again",
		    (unsigned long long)(withheld->domains +
		    withheld->mx_hosts + withheld->certificates));
	else
		strbuf_add(&b, SLICE_LIT("the records of that stretch cannot "
		    "be taken back from this output"));
	log_error("%s: since %02d:%02d:%02d UTC (%llu s) %llu of %llu %s were "
	    "answered; %s", what, utc.tm_hour, utc.tm_min, utc.tm_sec,
	    (unsigned long long)(ago_ms / 1000),
	    (unsigned long long)story->answered,
	    (unsigned long long)story->asked,
	    story->is_dns ? "DNS questions" : "connects", kept);
}

/*
 * The list, or a user's patience, may end before an outage has lasted long
 * enough to be told.
 */
static void
look_back(struct run *r)
{
	enum run_stop stop = run_stopping(r);

	if ((stop != STOP_NONE && stop != STOP_INTERRUPTED) ||
	    !uplink_doubts_dns(r->uplink) ||
	    preflight_answers(&r->dns, false) > 0)
		return;
	uplink_confirm_dns(r->uplink);
	run_ask_stop(r, STOP_NO_SUCCESS);
}

/* Failures of ours are in no file: their lines are asked again. */
static void
withhold(struct run *r)
{
	struct uplink_story story;
	struct tally withheld = { .domains = 0 };
	bool was_cut;

	if (run_stopping(r) == STOP_FAILED ||
	    !uplink_story(r->uplink, &story))
		return;
	was_cut = sink_withhold(r->sink, story.withhold_ms, &withheld);
	atomic_fetch_sub(&r->_shared.done, withheld.domains);
	/* which of them were, nobody knows: most */
	if (atomic_load(&r->_shared.inconclusive) <= withheld.domains)
		atomic_store(&r->_shared.inconclusive, 0);
	else
		atomic_fetch_sub(&r->_shared.inconclusive, withheld.domains);
	say_what_failed(r, &story, was_cut, &withheld);
}

static void
post_end(struct run *r)
{
	struct end_meta m = { .reason = reason_word(r) };
	struct rejected_count rejected[NAME_ERROR_COUNT];
	struct record *record;

	sink_drain(r->sink, &m.tally);
	source_digest(r->source, m.list_sha256);
	m.list_lines = source_lines(r->source);
	for (int e = NAME_OK + 1; e < NAME_ERROR_COUNT; e++) {
		uint64_t n = source_rejected(r->source, (enum name_error)e);

		if (n > 0)
			rejected[m.n_rejected++] = (struct rejected_count){
				name_error_word((enum name_error)e), n };
	}
	m.rejected = rejected;
	m.ended_ms = clock_wall_ms();
	m.duration_ms = clock_mono_ms() - r->started_mono_ms;
	for (size_t i = 0; i < r->n_worker; i++) {
		struct stats *s = &r->worker[i]->stats;

		m.dns_queries += STAT_GET(s->dns_queries);
		m.policy_connects += STAT_GET(s->policy_connects);
		m.smtp_connects += STAT_GET(s->smtp_connects);
	}
	record = record_end(&m);
	sink_post(r->sink, &record, 1, NULL, NULL);
}

static bool
start_workers(struct run *r)
{
	for (size_t i = 0; i < r->n_worker; i++)
		if (!worker_start(r->worker[i]))
			return false;
	return true;
}

static int
exit_status(struct run *r)
{
	switch (run_stopping(r)) {
	case STOP_NONE:
		return 0;
	case STOP_INTERRUPTED:
	case STOP_NO_SUCCESS:
		return 2;
	case STOP_INPUT:
		return 1;
	case STOP_FAILED:
		return 3;
	}
	return 3;
}

int
run_scan(struct run *r)
{
	struct control c = { .run = r, .progress = progress_new(r) };
	pthread_t reader;
	bool reading = false;

	if (c.progress == NULL)
		return 1;
	control_start(&c);
	r->intake = intake_new(r);
	reading = start_workers(r) &&
	    pthread_create(&reader, NULL, reader_main, r) == 0;
	if (reading) {
		loop_run(r->control);
		pthread_cancel(reader); /* it may wait for standard input */
		pthread_join(reader, NULL);
	} else {
		run_ask_stop(r, STOP_FAILED);
	}
	intake_free(r->intake);
	for (size_t i = 0; i < r->n_worker; i++)
		worker_stop(r->worker[i]);
	look_back(r);
	withhold(r);
	progress_end(c.progress, reason_word(r));
	post_end(r);
	control_end(&c);
	progress_free(c.progress);
	return exit_status(r);
}
