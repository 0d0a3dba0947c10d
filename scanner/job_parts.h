/* SPDX-License-Identifier: Apache-2.0
 *
 * job_parts.h: what the files of scanner/job.h share with each other: the
 * journey (job.c), its stages (job_stages.c), and waiting outside the window
 * (job_park.c).
 */
#pragma once

#include "scanner/hostbook.h"
#include "scanner/job.h"
#include "scanner/parking.h"
#include "scanner/rules/judge.h"
#include "scanner/run.h"

enum stage {
#define STAGE(symbol, word, enter, sentence) STAGE_##symbol,
#include "scanner/stages.def"
#undef STAGE
	STAGE_DONE
};

/* What a job needs while it is worked on. */
struct work {
	struct job *job;
	struct arena *arena;
	struct domain_meta meta;
	struct domain_facts facts;
	struct sts_rrset sts;
	struct judgement judgement;
	uint64_t waiting_ms;     /* for hosts, since then; 0: it does not */
	TAILQ_ENTRY(work) link;  /* of worker->waiting */
	struct work *spare;      /* of worker->spare: done, to be used again */
};

/* A parked one is this, the block, and the questions. */
struct job {
	struct worker *worker;
	struct job *next, *prev; /* of worker->jobs */
	struct work *work;       /* NULL: parked */
	struct parked *parked;   /* NULL: not */
	struct host_question *question; /* one a host, its name behind all */
	uint64_t started_mono_ms;
	uint32_t legs_open;
	enum stage stage;
	bool has_place;          /* in the window */
};

/* Fresh, or used before and blank again. */
struct work *work_new(struct job *j);
void work_free(struct work *k); /* NULL is fine */

/* ctx: the job.  One question of its stage was answered. */
void job_on_leg(void *ctx);

/* Hosts are asked and not all there: it may be parked from now on. */
void job_wait(struct job *j);
/* They are: facts are open again, if they were packed. */
void job_wait_no_more(struct job *j);

#define STAGE(symbol, word, enter, sentence) void enter(struct job *j);
#include "scanner/stages.def"
#undef STAGE
