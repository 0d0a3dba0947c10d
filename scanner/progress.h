/* SPDX-License-Identifier: Apache-2.0
 *
 * progress.h: what a person sees while a scan runs: one status line a second
 * on a terminal, a plain line now and then elsewhere, nothing with -q, and
 * the same as JSON lines in --status-file.
 */
#pragma once

#include <stdbool.h>

#include "scanner/run.h"

struct progress;

/* NULL: the status file cannot be written; one line was logged. */
struct progress *progress_new(struct run *run);
/* Once a second, from the main thread. */
void progress_tick(struct progress *p);
/* Takes the status line away and says how it went. */
void progress_end(struct progress *p, const char *reason);
void progress_free(struct progress *p);
