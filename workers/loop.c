/* SPDX-License-Identifier: Apache-2.0
 *
 * loop.c: the skin over libuv.
 *
 * Two inboxes under one mutex: a FIFO of messages to run at once, and a heap
 * of messages to run at a time.  Whoever posts wakes the owner by uv_async;
 * the owner swaps the FIFO for an empty one and runs it without the lock, so
 * that a handler may post again.  The memory of both is the loop's own and is
 * reused.  Who posts owns ctx.  Beside them a heap of deadlines, which belong
 * to the owner's thread alone.
 */
#include "workers/loop.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "scanner/base/arena.h"

#include "scanner/base/banned.h"

#define NS_PER_MS 1000000u
/* Turns that loop_free() grants closing handles: one closes, one sees to it
 * that a close callback which closes others is served as well. */
#define CLOSING_TURNS 16

struct message {
	loop_message_fn *fn; /* NULL: forgotten */
	void *ctx;
	uint64_t when_ms;
	uint64_t order; /* among messages of the same time */
};

struct messages {
	struct message *m;
	size_t n, cap;
};

struct loop {
	uv_loop_t uv;
	uv_async_t wake;
	uv_timer_t timer; /* until the first timed message */
	struct due_heap due;
	uv_timer_t due_timer;  /* until the first of them, or earlier */
	uint64_t due_armed_ms; /* 0: not armed */
	struct messages batch; /* being run */
	size_t batch_at;
	struct {
		pthread_mutex_t mutex;
		struct messages inbox;
		struct messages timed; /* a binary heap */
		uint64_t order;
	} _shared;
};

static void
messages_push(struct messages *list, struct message m)
{
	if (list->n == list->cap) {
		list->cap = list->cap ? list->cap * 2 : 64;
		list->m = xrealloc(list->m, list->cap * sizeof(*list->m));
	}
	list->m[list->n++] = m;
}

static bool
message_earlier(const struct message *a, const struct message *b)
{
	if (a->when_ms != b->when_ms)
		return a->when_ms < b->when_ms;
	return a->order < b->order;
}

static void
messages_swap(struct messages *heap, size_t i, size_t j)
{
	struct message m = heap->m[i];

	heap->m[i] = heap->m[j];
	heap->m[j] = m;
}

static void
heap_push(struct messages *heap, struct message m)
{
	size_t i = heap->n;

	messages_push(heap, m);
	while (i > 0 && message_earlier(&heap->m[i], &heap->m[(i - 1) / 2])) {
		messages_swap(heap, i, (i - 1) / 2);
		i = (i - 1) / 2;
	}
}

static struct message
heap_pop(struct messages *heap)
{
	struct message first = heap->m[0];
	size_t i = 0;

	heap->m[0] = heap->m[--heap->n];
	for (;;) {
		size_t least = i, child = 2 * i + 1;

		for (size_t k = child; k < child + 2 && k < heap->n; k++)
			if (message_earlier(&heap->m[k], &heap->m[least]))
				least = k;
		if (least == i)
			return first;
		messages_swap(heap, i, least);
		i = least;
	}
}

/* Moves what is due to the inbox; true: something is left to wait for. */
static bool
take_due_locked(struct loop *l, uint64_t *next_ms)
{
	uint64_t now = loop_clock_ms();

	while (l->_shared.timed.n > 0 && l->_shared.timed.m[0].when_ms <= now)
		messages_push(&l->_shared.inbox, heap_pop(&l->_shared.timed));
	if (l->_shared.timed.n == 0)
		return false;
	*next_ms = l->_shared.timed.m[0].when_ms;
	return true;
}

static void on_timer(uv_timer_t *timer);

static void
arm_timer(struct loop *l, bool waiting, uint64_t next_ms)
{
	uint64_t now;

	if (!waiting) {
		uv_timer_stop(&l->timer);
		return;
	}
	uv_update_time(&l->uv);
	now = loop_clock_ms();
	uv_timer_start(&l->timer, on_timer,
	    next_ms > now ? next_ms - now : 1, 0);
}

/* Runs one batch; what its handlers post waits for the next turn. */
static void
serve(struct loop *l)
{
	struct messages empty = l->batch;
	uint64_t next_ms = 0;
	bool waiting;

	empty.n = 0;
	pthread_mutex_lock(&l->_shared.mutex);
	waiting = take_due_locked(l, &next_ms);
	l->batch = l->_shared.inbox;
	l->_shared.inbox = empty;
	pthread_mutex_unlock(&l->_shared.mutex);
	arm_timer(l, waiting, next_ms);
	for (l->batch_at = 0; l->batch_at < l->batch.n; l->batch_at++) {
		struct message m = l->batch.m[l->batch_at];

		if (m.fn != NULL)
			m.fn(m.ctx);
	}
	l->batch.n = 0;
}

static void
on_wake(uv_async_t *wake)
{
	serve(wake->data);
}

static void
on_timer(uv_timer_t *timer)
{
	serve(timer->data);
}

/* ---- Deadlines ---- */

static void on_due_timer(uv_timer_t *timer);

/* A timer that fires too early costs less than one moved at each change. */
static void
arm_due(struct loop *l)
{
	const struct due *first = due_first(&l->due);
	uint64_t now = uv_now(&l->uv);

	if (first == NULL || (l->due_armed_ms != 0 &&
	    l->due_armed_ms <= first->at_ms))
		return;
	l->due_armed_ms = first->at_ms > now ? first->at_ms : now;
	uv_timer_start(&l->due_timer, on_due_timer, l->due_armed_ms - now, 0);
}

/* What becomes due meanwhile waits for the next turn. */
static void
on_due_timer(uv_timer_t *timer)
{
	struct loop *l = timer->data;
	uint64_t now = uv_now(&l->uv);
	struct due *d;

	l->due_armed_ms = 0;
	for (size_t n = l->due.n; n > 0; n--) {
		d = due_first(&l->due);
		if (d == NULL || d->at_ms > now)
			break;
		due_clear(&l->due, d);
		d->fire(l, d);
	}
	arm_due(l);
}

void
loop_due_set(struct loop *l, struct due *d, uint64_t at_ms)
{
	due_set(&l->due, d, at_ms);
	arm_due(l);
}

void
loop_due_clear(struct loop *l, struct due *d)
{
	due_clear(&l->due, d);
}

/* ---- The loop ---- */

struct loop *
loop_new(void)
{
	struct loop *l = xcalloc(1, sizeof(*l));

	if (uv_loop_init(&l->uv) != 0) {
		free(l);
		return NULL;
	}
	if (uv_async_init(&l->uv, &l->wake, on_wake) != 0) {
		uv_loop_close(&l->uv);
		free(l);
		return NULL;
	}
	l->wake.data = l;
	uv_timer_init(&l->uv, &l->timer);
	l->timer.data = l;
	uv_timer_init(&l->uv, &l->due_timer);
	l->due_timer.data = l;
	pthread_mutex_init(&l->_shared.mutex, NULL);
	return l;
}

void
loop_free(struct loop *l)
{
	int turns = 0;

	if (l == NULL)
		return;
	uv_close((uv_handle_t *)&l->wake, NULL);
	uv_close((uv_handle_t *)&l->timer, NULL);
	uv_close((uv_handle_t *)&l->due_timer, NULL);
	do
		uv_run(&l->uv, UV_RUN_NOWAIT);
	while (uv_loop_alive(&l->uv) && ++turns < CLOSING_TURNS);
	/* A handle that is left belongs to a pool that was not freed. */
	if (uv_loop_close(&l->uv) != 0)
		assert(!"loop_free: a handle is still open");
	pthread_mutex_destroy(&l->_shared.mutex);
	due_release(&l->due);
	free(l->batch.m);
	free(l->_shared.inbox.m);
	free(l->_shared.timed.m);
	free(l);
}

uv_loop_t *
loop_uv(struct loop *l)
{
	return &l->uv;
}

void
loop_run(struct loop *l)
{
	uv_run(&l->uv, UV_RUN_DEFAULT);
}

void
loop_post(struct loop *l, loop_message_fn *fn, void *ctx)
{
	struct message m = { .fn = fn, .ctx = ctx };
	bool was_empty;

	pthread_mutex_lock(&l->_shared.mutex);
	was_empty = l->_shared.inbox.n == 0;
	messages_push(&l->_shared.inbox, m);
	/* Under the lock: after a stop the owner may free the loop as soon as
	 * it has seen the message. */
	if (was_empty)
		uv_async_send(&l->wake);
	pthread_mutex_unlock(&l->_shared.mutex);
}

void
loop_post_at(struct loop *l, uint64_t when_ms, loop_message_fn *fn, void *ctx)
{
	struct message m = { .fn = fn, .ctx = ctx, .when_ms = when_ms };

	pthread_mutex_lock(&l->_shared.mutex);
	m.order = ++l->_shared.order;
	heap_push(&l->_shared.timed, m);
	if (l->_shared.timed.m[0].order == m.order)
		uv_async_send(&l->wake);
	pthread_mutex_unlock(&l->_shared.mutex);
}

static void
messages_forget(struct messages *list, size_t from, loop_message_fn *fn,
    void *ctx)
{
	for (size_t i = from; i < list->n; i++)
		if (list->m[i].fn == fn && list->m[i].ctx == ctx)
			list->m[i].fn = NULL;
}

void
loop_unpost(struct loop *l, loop_message_fn *fn, void *ctx)
{
	messages_forget(&l->batch, 0, fn, ctx);
	pthread_mutex_lock(&l->_shared.mutex);
	messages_forget(&l->_shared.inbox, 0, fn, ctx);
	messages_forget(&l->_shared.timed, 0, fn, ctx);
	pthread_mutex_unlock(&l->_shared.mutex);
}

static void
on_stop(void *ctx)
{
	struct loop *l = ctx;

	uv_stop(&l->uv);
}

void
loop_stop(struct loop *l)
{
	loop_post(l, on_stop, l);
}

uint64_t
loop_now_ms(struct loop *l)
{
	return uv_now(&l->uv);
}

uint64_t
loop_clock_ms(void)
{
	return uv_hrtime() / NS_PER_MS;
}

int64_t
loop_wall_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / NS_PER_MS;
}
