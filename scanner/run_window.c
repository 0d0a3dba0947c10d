/* SPDX-License-Identifier: Apache-2.0
 *
 * run_window.c: how many domains are in flight, parked, done; and when a scan
 * is over.  Touched by all threads, under one lock.
 */
#include "scanner/base/log.h"
#include "scanner/run.h"

#include "scanner/base/banned.h"

/* Of the window, which must be free before a waiting reader is woken. */
#define WAKE_PART 8

enum run_stop
run_stopping(struct run *r)
{
	return (enum run_stop)atomic_load(&r->_shared.stop);
}

static bool
is_crowded(const struct run *r)
{
	return atomic_load(&r->_shared.parked) >= r->options->max_parked;
}

/* The reader is woken for a part of the window, not for each place of it. */
static void
wake_reader(struct run *r)
{
	struct run_shared *s = &r->_shared;
	uint64_t window = r->options->window;

	if (!s->reader_waits || is_crowded(r) || s->in_flight > window -
	    (window + WAKE_PART - 1) / WAKE_PART)
		return;
	s->reader_waits = false;
	pthread_cond_signal(&s->room);
}

uint32_t
run_admit(struct run *r, uint32_t want, bool may_wait)
{
	struct run_shared *s = &r->_shared;
	uint64_t window = r->options->window, n = 0;

	pthread_mutex_lock(&s->lock);
	s->reader_waits = may_wait && (s->in_flight >= window ||
	    is_crowded(r));
	while (s->reader_waits && run_stopping(r) == STOP_NONE)
		pthread_cond_wait(&s->room, &s->lock);
	s->reader_waits = false;
	if (s->in_flight < window && !is_crowded(r) &&
	    run_stopping(r) == STOP_NONE)
		n = window - s->in_flight < want ? window - s->in_flight : want;
	s->in_flight += n;
	pthread_mutex_unlock(&s->lock);
	return (uint32_t)n;
}

/* On the control loop: everything was taken, or time is up. */
static void
on_finished(void *ctx)
{
	struct run *r = ctx;

	loop_stop(r->control);
}

static bool
is_finished(struct run_shared *s)
{
	return s->reader_done && s->in_flight == 0 &&
	    atomic_load(&s->parked) == 0;
}

void
run_give_back(struct run *r, uint32_t places)
{
	struct run_shared *s = &r->_shared;
	bool finished;

	pthread_mutex_lock(&s->lock);
	s->in_flight -= places;
	finished = is_finished(s);
	pthread_mutex_unlock(&s->lock);
	if (finished)
		loop_post(r->control, on_finished, r);
}

bool
run_park(struct run *r)
{
	struct run_shared *s = &r->_shared;
	bool ok;

	pthread_mutex_lock(&s->lock);
	ok = !is_crowded(r);
	if (ok) {
		atomic_fetch_add(&s->parked, 1);
		s->in_flight--;
		wake_reader(r);
	}
	pthread_mutex_unlock(&s->lock);
	return ok;
}

static void
release(struct run *r, bool was_parked)
{
	struct run_shared *s = &r->_shared;
	bool finished;

	atomic_fetch_add(&s->done, 1);
	pthread_mutex_lock(&s->lock);
	if (was_parked)
		atomic_fetch_sub(&s->parked, 1);
	else
		s->in_flight--;
	finished = is_finished(s);
	wake_reader(r);
	pthread_mutex_unlock(&s->lock);
	if (finished)
		loop_post(r->control, on_finished, r);
}

void
run_release(void *run)
{
	release(run, false);
}

void
run_release_parked(void *run)
{
	release(run, true);
}

void
run_reader_done(struct run *r)
{
	struct run_shared *s = &r->_shared;
	bool finished;

	pthread_mutex_lock(&s->lock);
	s->reader_done = true;
	finished = is_finished(s);
	pthread_mutex_unlock(&s->lock);
	if (finished)
		loop_post(r->control, on_finished, r);
}

/* A file that cannot be written leaves nothing to wait for. */
void
run_sink_failed(void *run, const char *error)
{
	struct run *r = run;

	log_error("%s", error);
	run_ask_stop(r, STOP_FAILED);
	loop_post(r->control, on_finished, r);
}

/* What is in flight would fail as well: there is nothing to wait for. */
void
run_uplink_failed(void *run)
{
	struct run *r = run;

	run_ask_stop(r, STOP_NO_SUCCESS);
	loop_post(r->control, on_finished, r);
}

void
run_ask_stop(struct run *r, enum run_stop why)
{
	int none = STOP_NONE;

	atomic_compare_exchange_strong(&r->_shared.stop, &none, (int)why);
	pthread_mutex_lock(&r->_shared.lock);
	r->_shared.reader_waits = false;
	pthread_cond_broadcast(&r->_shared.room);
	pthread_mutex_unlock(&r->_shared.lock);
}
