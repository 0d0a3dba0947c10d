/* SPDX-License-Identifier: Apache-2.0
 *
 * intake.h: names on their way from the reader to the workers, many at once.
 *
 * Handing over a name alone costs two threads a lock, memory that one takes
 * and the other frees, and often a wake-up: as much as one of its questions.
 * The reader's thread hands over; a worker begins with them on its own loop.
 */
#pragma once

#include "scanner/run.h"

struct intake;

struct intake *intake_new(struct run *r);
/*
 * Takes a place in the window for the name, waits for one where there is
 * none, and copies it.  False: the run is stopping.
 */
bool intake_add(struct intake *in, const struct source_name *name);
/* Hands over what was added: before the reader waits for anything. */
void intake_flush(struct intake *in);
/* After the last name: flushes, and gives back the places nobody took. */
void intake_end(struct intake *in);
/* Names that were not handed over are dropped. */
void intake_free(struct intake *in);

/*
 * On the worker's loop: begins with some of the names that were handed over.
 * False: there are none.  Of struct dns_config: a name is begun when its
 * questions can leave soon, so that those of one name stay together, and
 * names that wait cost little.
 */
bool intake_start(void *worker);
/* After the worker's loop has stopped. */
void intake_drop(struct worker *w);
