/* SPDX-License-Identifier: Apache-2.0
 *
 * progress.c: counters of all workers as one line.
 * Reads relaxed atomics only; nothing here steers the scan.
 */
#include "scanner/progress.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "scanner/base/arena.h"
#include "scanner/base/log.h"

#include "scanner/base/banned.h"

#define PLAIN_EVERY_S 10
#define RATE_SECONDS 10 /* the rate is over the last seconds */

struct totals {
	uint64_t done, inconclusive, lines, parked;
	uint64_t dns, policy, smtp, waiting; /* in flight */
	uint64_t queries, answers, connects;
};

struct progress {
	struct run *run;
	FILE *status;
	bool terminal;
	uint64_t ticks;
	uint64_t seen[RATE_SECONDS]; /* done at each of the last ticks */
};

struct progress *
progress_new(struct run *run)
{
	const struct options *o = run->options;
	struct progress *p = xcalloc(1, sizeof(*p));

	p->run = run;
	p->terminal = isatty(STDERR_FILENO) && !o->quiet;
	if (o->status_file == NULL)
		return p;
	p->status = fopen(o->status_file, "ae");
	if (p->status != NULL)
		return p;
	log_errno(errno, "cannot write the status file %s", o->status_file);
	free(p);
	return NULL;
}

void
progress_free(struct progress *p)
{
	if (p == NULL)
		return;
	if (p->status != NULL)
		fclose(p->status);
	free(p);
}

static struct totals
add_up(struct run *run)
{
	struct totals t = {
		.done = atomic_load(&run->_shared.done),
		.inconclusive = atomic_load(&run->_shared.inconclusive),
		.lines = atomic_load(&run->_shared.lines),
		.parked = atomic_load(&run->_shared.parked),
	};

	for (size_t i = 0; i < run->n_worker; i++) {
		struct stats *s = &run->worker[i]->stats;

		t.dns += STAT_GET(s->dns_in_flight);
		t.policy += STAT_GET(s->policy_in_flight);
		t.smtp += STAT_GET(s->smtp_in_flight);
		t.waiting += STAT_GET(s->smtp_waiting);
		t.queries += STAT_GET(s->dns_queries);
		t.answers += STAT_GET(s->dns_answers);
		t.connects += STAT_GET(s->smtp_connects);
	}
	return t;
}

/* 1234567 as 1,234,567 */
static void
add_number(struct strbuf *b, uint64_t n)
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%" PRIu64, n);

	for (int i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			strbuf_char(b, ',');
		strbuf_char(b, digits[i]);
	}
}

static void
add_duration(struct strbuf *b, uint64_t seconds)
{
	if (seconds >= 3600)
		strbuf_fmt(b, "%" PRIu64 ":%02" PRIu64 ":%02" PRIu64,
		    seconds / 3600, seconds / 60 % 60, seconds % 60);
	else
		strbuf_fmt(b, "%" PRIu64 ":%02" PRIu64, seconds / 60,
		    seconds % 60);
}

/* Domains still to come: by lines, since not every line is a name. */
static uint64_t
expected(const struct progress *p, const struct totals *t)
{
	uint64_t admitted = atomic_load(&p->run->_shared.admitted);
	uint64_t skipped = atomic_load(&p->run->_shared.skipped);
	uint64_t lines = p->run->list_lines;

	if (lines == 0 || t->lines == 0 || t->lines >= lines)
		return admitted;
	lines = (uint64_t)((double)(admitted + skipped) / (double)t->lines *
	    (double)lines);
	/* never below `done` */
	return lines > admitted + skipped ? lines - skipped : admitted;
}

static double
rate(const struct progress *p, const struct totals *t)
{
	uint64_t span = p->ticks < RATE_SECONDS ? p->ticks : RATE_SECONDS;
	uint64_t then = p->ticks < RATE_SECONDS ? 0 :
	    p->seen[p->ticks % RATE_SECONDS];

	return span == 0 ? 0 : (double)(t->done - then) / (double)span;
}

static double
percent(uint64_t part, uint64_t whole)
{
	return whole == 0 ? 0 : 100.0 * (double)part / (double)whole;
}

static void
describe(const struct progress *p, const struct totals *t, struct strbuf *b)
{
	uint64_t whole = expected(p, t);
	double per_second = rate(p, t);

	add_number(b, t->done);
	if (p->run->list_lines > 0) {
		strbuf_char(b, '/');
		add_number(b, whole);
		strbuf_fmt(b, "  %.0f%%", percent(t->done, whole));
	}
	strbuf_fmt(b, "  %.0f/s", per_second);
	if (p->run->list_lines > 0 && per_second > 0) {
		strbuf_add(b, SLICE_LIT("  ETA "));
		add_duration(b, (uint64_t)((double)(whole - t->done) /
		    per_second + 0.5));
	}
	strbuf_add(b, SLICE_LIT("  | dns "));
	add_number(b, t->dns);
	strbuf_add(b, SLICE_LIT("  policy "));
	add_number(b, t->policy);
	strbuf_add(b, SLICE_LIT("  smtp "));
	add_number(b, t->smtp);
	if (t->waiting > 0) {
		strbuf_add(b, SLICE_LIT(" +"));
		add_number(b, t->waiting);
		strbuf_add(b, SLICE_LIT(" waiting"));
	}
	if (t->parked > 0) {
		strbuf_add(b, SLICE_LIT("  parked "));
		add_number(b, t->parked);
	}
	strbuf_fmt(b, "  | inconclusive %.1f%%",
	    percent(t->inconclusive, t->done));
}

static size_t
terminal_columns(void)
{
	struct winsize w;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 10)
		return w.ws_col - 1u;
	return 79;
}

static void
write_status(struct progress *p, const struct totals *t)
{
	fprintf(p->status, "{\"time_ms\": %" PRId64 ", \"done\": %" PRIu64
	    ", \"expected\": %" PRIu64 ", \"rate\": %.1f, \"dns\": %" PRIu64
	    ", \"policy\": %" PRIu64 ", \"smtp\": %" PRIu64
	    ", \"waiting\": %" PRIu64 ", \"inconclusive\": %" PRIu64
	    ", \"dns_queries\": %" PRIu64 ", \"smtp_connects\": %" PRIu64
	    ", \"parked\": %" PRIu64 "}\n", clock_wall_ms(), t->done,
	    expected(p, t), rate(p, t), t->dns, t->policy, t->smtp, t->waiting,
	    t->inconclusive, t->queries, t->connects, t->parked);
	fflush(p->status);
}

void
progress_tick(struct progress *p)
{
	struct totals t = add_up(p->run);
	char line[512];
	struct strbuf b = strbuf_of(line, sizeof(line));

	p->ticks++;
	describe(p, &t, &b);
	p->seen[p->ticks % RATE_SECONDS] = t.done;
	if (p->status != NULL)
		write_status(p, &t);
	if (p->terminal) {
		size_t columns = terminal_columns();

		if (b.n > columns)
			line[columns] = '\0';
		log_status(line);
	} else if (p->ticks % PLAIN_EVERY_S == 0) {
		log_info("%s", line);
	}
}

void
progress_end(struct progress *p, const char *reason)
{
	struct totals t = add_up(p->run);
	uint64_t ms = clock_mono_ms() - p->run->started_mono_ms;
	char line[512];
	struct strbuf b = strbuf_of(line, sizeof(line));

	if (p->terminal)
		log_status("");
	if (p->status != NULL)
		write_status(p, &t);
	add_number(&b, t.done);
	strbuf_fmt(&b, " domains in %.1f s (%s), ", (double)ms / 1000,
	    reason);
	add_number(&b, t.queries);
	strbuf_add(&b, SLICE_LIT(" DNS queries, "));
	add_number(&b, t.connects);
	strbuf_add(&b, SLICE_LIT(" SMTP connections"));
	log_info("%s", line);
}
