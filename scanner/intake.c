/* SPDX-License-Identifier: Apache-2.0
 *
 * intake.c: one open batch a worker, and places of the window in advance.
 */
#include "scanner/intake.h"

#include <stdlib.h>

#include "scanner/base/arena.h"
#include "scanner/job.h"

#include "scanner/base/banned.h"

#define BATCH_NAMES 64

struct intake_batch {
	STAILQ_ENTRY(intake_batch) link;
	struct worker *worker;
	struct arena *arena; /* of the names' text */
	size_t n;
	struct source_name name[BATCH_NAMES];
};

struct intake {
	struct run *run;
	uint32_t places; /* taken in the window, and not yet by a name */
	struct intake_batch *open[RUN_WORKERS_MAX]; /* NULL: none */
};

struct intake *
intake_new(struct run *r)
{
	struct intake *in = xcalloc(1, sizeof(*in));

	in->run = r;
	return in;
}

static void
batch_free(struct intake_batch *b)
{
	if (b == NULL)
		return;
	arena_free(b->arena);
	free(b);
}

/* On the worker's loop. */
static void
on_batch(void *ctx)
{
	struct intake_batch *b = ctx;

	STAILQ_INSERT_TAIL(&b->worker->batches, b, link);
}

/* The run is stopping: these are not begun with. */
static void
leave_out(struct run *r, const struct intake_batch *b)
{
	atomic_fetch_sub(&r->_shared.admitted, b->n);
	run_give_back(r, (uint32_t)b->n);
}

bool
intake_start(void *worker)
{
	struct worker *w = worker;
	struct intake_batch *b = STAILQ_FIRST(&w->batches);

	if (b == NULL)
		return false;
	STAILQ_REMOVE_HEAD(&w->batches, link);
	if (run_stopping(w->run) == STOP_NONE)
		for (size_t i = 0; i < b->n; i++)
			job_start(w, &b->name[i]);
	else
		leave_out(w->run, b);
	batch_free(b);
	return true;
}

void
intake_drop(struct worker *w)
{
	struct intake_batch *b;

	while ((b = STAILQ_FIRST(&w->batches)) != NULL) {
		STAILQ_REMOVE_HEAD(&w->batches, link);
		batch_free(b);
	}
}

static void
hand_over(struct intake *in, size_t i)
{
	struct intake_batch *b = in->open[i];

	in->open[i] = NULL;
	if (b != NULL)
		loop_post(b->worker->loop, on_batch, b);
}

void
intake_flush(struct intake *in)
{
	for (size_t i = 0; i < in->run->n_worker; i++)
		hand_over(in, i);
}

static struct intake_batch *
open_batch(struct intake *in, size_t i)
{
	struct intake_batch *b = in->open[i];

	if (b == NULL) {
		b = xmalloc(sizeof(*b));
		b->worker = in->run->worker[i];
		b->arena = arena_new();
		b->n = 0;
		in->open[i] = b;
	}
	return b;
}

static bool
take_place(struct intake *in)
{
	if (in->places == 0)
		in->places = run_admit(in->run, BATCH_NAMES, false);
	if (in->places == 0) {
		intake_flush(in);
		in->places = run_admit(in->run, BATCH_NAMES, true);
	}
	if (in->places == 0)
		return false;
	in->places--;
	atomic_fetch_add(&in->run->_shared.admitted, 1);
	return true;
}

bool
intake_add(struct intake *in, const struct source_name *name)
{
	size_t i = run_owner_index(in->run, name->name);
	struct intake_batch *b;
	struct source_name *to;

	if (!take_place(in))
		return false;
	b = open_batch(in, i);
	to = &b->name[b->n++];
	*to = *name;
	to->name = arena_slice(b->arena, name->name);
	to->input = arena_slice(b->arena, name->input);
	if (b->n == BATCH_NAMES)
		hand_over(in, i);
	return true;
}

void
intake_end(struct intake *in)
{
	intake_flush(in);
	run_give_back(in->run, in->places);
	in->places = 0;
}

void
intake_free(struct intake *in)
{
	for (size_t i = 0; i < in->run->n_worker; i++)
		batch_free(in->open[i]);
	free(in);
}
