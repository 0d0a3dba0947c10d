/* SPDX-License-Identifier: Apache-2.0
 *
 * loop.h: one event loop of one worker thread, and its inbox.
 *
 * A thin skin over libuv: the loop, a clock, and messages that other threads
 * post to the owner, to be run at once or at a time.  A post never blocks.
 * Everything else that a worker touches belongs to its own thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "workers/due.h"

struct loop;

typedef void loop_message_fn(void *ctx);

struct loop *loop_new(void);
/*
 * After loop_run() has returned and every pool on the loop has been freed;
 * runs what is left of their closing handles.  Messages not run are dropped.
 */
void loop_free(struct loop *l);
/* The libuv loop, for handles of the pools that live on it. */
uv_loop_t *loop_uv(struct loop *l);
/* Runs until loop_stop(); call from the worker's thread. */
void loop_run(struct loop *l);
/* From any thread; messages run in the order in which they were posted. */
void loop_post(struct loop *l, loop_message_fn *fn, void *ctx);
/* From any thread: fn runs on the loop, not before loop_clock_ms() is when. */
void loop_post_at(struct loop *l, uint64_t when_ms, loop_message_fn *fn,
    void *ctx);
/*
 * Forgets every message (fn, ctx) that has not begun to run.  From the
 * loop's own thread, or while the loop does not run: ctx may be freed then.
 */
void loop_unpost(struct loop *l, loop_message_fn *fn, void *ctx);
/* From any thread.  What was posted before runs before loop_run() returns. */
void loop_stop(struct loop *l);
/*
 * Deadlines of connections, on the loop's own thread: an embedded entry (zero
 * but for fire) for each, which costs a fifth of a timer handle and needs no
 * closing.  d->fire(loop, d) is called once, not before loop_now_ms() is at_ms
 * and never from within loop_due_set(), which moves an entry that is set.
 */
void loop_due_set(struct loop *l, struct due *d, uint64_t at_ms);
/* Fine where it is not set, or has fired. */
void loop_due_clear(struct loop *l, struct due *d);
/* Milliseconds of a monotonic clock, as of this turn of the loop. */
uint64_t loop_now_ms(struct loop *l);
/* The same clock, read now, from any thread. */
uint64_t loop_clock_ms(void);
/* The time of day, ms since 1970: for records alone, it may jump. */
int64_t loop_wall_ms(void);
