/* SPDX-License-Identifier: Apache-2.0
 *
 * job_park.c: a job that waits for MX hosts longer than LIMIT_PARK_AFTER_MS
 * leaves the window: its facts are packed (parking.h) and opened again when
 * the last host is there.
 */
#include <stdlib.h>

#include "scanner/base/arena.h"
#include "scanner/base/limits.h"
#include "scanner/emit.h"
#include "scanner/job_parts.h"

#include "scanner/base/banned.h"

static void on_park_due(void *ctx);

static void
arm_parking(struct worker *w, uint64_t when_ms)
{
	if (w->parking_armed || TAILQ_EMPTY(&w->waiting))
		return;
	w->parking_armed = true;
	loop_post_at(w->loop, when_ms, on_park_due, w);
}

void
job_wait(struct job *j)
{
	struct worker *w = j->worker;

	j->work->waiting_ms = loop_now_ms(w->loop);
	TAILQ_INSERT_TAIL(&w->waiting, j->work, link);
	arm_parking(w, j->work->waiting_ms + LIMIT_PARK_AFTER_MS);
}

static void
job_park(struct job *j)
{
	struct work *k = j->work;
	struct emission e = emission_begin(j->worker->run->sink, k->arena);

	emission_policy(&e, &k->facts.policy);
	emission_post_certs(&e);
	j->parked = parked_new(&k->meta, &k->facts);
	j->has_place = false;
	work_free(k);
	j->work = NULL;
}

/* The longest waiting first; where no more may be parked, they stay. */
static void
on_park_due(void *ctx)
{
	struct worker *w = ctx;
	uint64_t now = loop_now_ms(w->loop);
	struct work *k;

	w->parking_armed = false;
	while ((k = TAILQ_FIRST(&w->waiting)) != NULL &&
	    k->waiting_ms + LIMIT_PARK_AFTER_MS <= now && run_park(w->run))
		job_park(k->job);
	if (k == NULL)
		return;
	arm_parking(w, k->waiting_ms + LIMIT_PARK_AFTER_MS > now ?
	    k->waiting_ms + LIMIT_PARK_AFTER_MS : now + LIMIT_PARK_AFTER_MS);
}

static void
job_unpark(struct job *j)
{
	struct work *k = work_new(j);

	parked_open(j->parked, k->arena, j->question, &k->meta, &k->facts);
	k->meta.single_resolver = j->worker->run->dns.n_resolver == 1;
	j->work = k;
	parked_free(j->parked);
	j->parked = NULL;
}

void
job_wait_no_more(struct job *j)
{
	if (j->work == NULL) {
		job_unpark(j);
	} else if (j->work->waiting_ms > 0) {
		TAILQ_REMOVE(&j->worker->waiting, j->work, link);
		j->work->waiting_ms = 0;
	}
}
