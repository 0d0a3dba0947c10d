/* SPDX-License-Identifier: Apache-2.0
 *
 * job.h: one domain's journey through the stages of stages.def.
 *
 * A job owns an arena with all its facts.  It lives on the loop of its worker
 * and is freed when its record has been handed to the sink.
 */
#pragma once

#include "scanner/source.h"
#include "scanner/worker.h"

struct job;

/* On the worker's loop: a journey begins.  The name is copied. */
void job_start(struct worker *w, const struct source_name *name);
/* Drops every job of a worker whose loop has stopped. */
void jobs_free(struct worker *w);
