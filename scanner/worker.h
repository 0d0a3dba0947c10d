/* SPDX-License-Identifier: Apache-2.0
 *
 * worker.h: one thread with its loop, its three pools, its jobs and its part
 * of the hostbook.
 *
 * A domain belongs to the worker its name hashes to, an MX host likewise.
 * Everything here is touched by the worker's own thread only, but for what
 * stands in run.h as shared.
 */
#pragma once

#include <pthread.h>
#include <sys/queue.h>

#include "workers/dns_pool.h"
#include "workers/loop.h"
#include "workers/policy_pool.h"
#include "workers/smtp_pool.h"
#include "workers/stats.h"
#include "workers/tls.h"

struct hostbook;
struct job;
struct run;
struct work;

struct intake_batch;

TAILQ_HEAD(work_line, work);
STAILQ_HEAD(intake_line, intake_batch);

struct worker {
	struct run *run;
	struct loop *loop;
	struct stats stats;
	struct dns_pool *dns;
	struct tls *tls;            /* these three: NULL with DNS alone */
	struct policy_pool *policy;
	struct smtp_pool *smtp;
	struct hostbook *hosts;
	struct intake_line batches; /* names to begin with */
	struct job *jobs; /* in flight or parked, doubly linked */
	struct work_line waiting; /* for MX hosts, the longest first */
	struct work *spare;       /* memory of those that are done */
	bool parking_armed;       /* a message will look at them */
	pthread_t thread;
	bool started;
};

/* NULL: one line was logged. */
struct worker *worker_new(struct run *run);
/* False: one line was logged. */
bool worker_start(struct worker *w);
/* Stops the loop and waits for the thread. */
void worker_stop(struct worker *w);
/* After every worker was stopped; jobs in flight are dropped. */
void worker_free(struct worker *w);
