/* SPDX-License-Identifier: Apache-2.0
 *
 * job.c: from a name to its record.
 *
 * Each stage starts its questions ("legs") and is left when all of them are
 * answered.  A stage that has nothing to ask is left at once.
 */
#include <stdlib.h>

#include "scanner/base/arena.h"
#include "scanner/job_parts.h"

#include "scanner/base/banned.h"

static void job_advance(struct job *j);

/* ---- life ---- */

struct work *
work_new(struct job *j)
{
	struct worker *w = j->worker;
	struct work *k = w->spare;
	struct arena *arena = k == NULL ? arena_new() : k->arena;

	if (k == NULL)
		k = xmalloc(sizeof(*k));
	else
		w->spare = k->spare;
	*k = (struct work){ .job = j, .arena = arena };
	return k;
}

void
work_free(struct work *k)
{
	struct worker *w;

	if (k == NULL)
		return;
	w = k->job->worker;
	if (k->waiting_ms > 0)
		TAILQ_REMOVE(&w->waiting, k, link);
	arena_clear(k->arena);
	k->spare = w->spare;
	w->spare = k;
}

static void
job_free(struct job *j)
{
	if (j->prev != NULL)
		j->prev->next = j->next;
	else if (j->worker->jobs == j)
		j->worker->jobs = j->next;
	if (j->next != NULL)
		j->next->prev = j->prev;
	work_free(j->work);
	parked_free(j->parked);
	free(j->question);
	free(j);
}

void
jobs_free(struct worker *w)
{
	struct work *k;

	while (w->jobs != NULL)
		job_free(w->jobs);
	while ((k = w->spare) != NULL) {
		w->spare = k->spare;
		arena_free(k->arena);
		free(k);
	}
}

void
job_start(struct worker *w, const struct source_name *name)
{
	struct job *j = xcalloc(1, sizeof(*j));
	struct work *k;

	j->worker = w;
	j->next = w->jobs;
	if (w->jobs != NULL)
		w->jobs->prev = j;
	w->jobs = j;
	j->has_place = true;
	k = j->work = work_new(j);
	k->facts.name = arena_slice(k->arena, name->name);
	k->meta.line = name->line;
	k->meta.rank = name->rank;
	k->meta.input = arena_slice(k->arena, name->input);
	k->meta.single_resolver = w->run->dns.n_resolver == 1;
	k->meta.started_ms = clock_wall_ms();
	j->started_mono_ms = clock_mono_ms();
	j->stage = STAGE_DISCOVER;
	j->legs_open = 1;
	job_advance(j);
}

/* ---- legs ---- */

/* One question of the stage was answered. */
void
job_on_leg(void *ctx)
{
	struct job *j = ctx;

	if (--j->legs_open > 0)
		return;
	job_wait_no_more(j);
	j->legs_open = 1;
	j->stage++;
	job_advance(j);
}

/*
 * Enters the stage that j->stage names and goes on while stages end at once.
 * legs_open counts one for the entering itself, so that legs answered early
 * cannot leave a stage that is still being entered.
 */
static void
job_advance(struct job *j)
{
	static void (*const enter[])(struct job *) = {
#define STAGE(symbol, word, enter_, sentence) [STAGE_##symbol] = enter_,
#include "scanner/stages.def"
#undef STAGE
	};

	while (j->stage != STAGE_DONE) {
		enter[j->stage](j);
		if (--j->legs_open > 0)
			return;
		j->legs_open = 1;
		j->stage++;
	}
	job_free(j);
}
