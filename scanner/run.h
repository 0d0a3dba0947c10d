/* SPDX-License-Identifier: Apache-2.0
 *
 * run.h: one scan: its workers, its window, its end.
 *
 *   reader thread --intake--> worker loops --sink--> run_release()
 *
 * The reader waits for places in the window (run_admit()); a job keeps its
 * place until the writer has taken its record, or until it is parked.  Parked
 * jobs need no place to go on, so they never wait for the reader or for each
 * other.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "output/sink.h"
#include "scanner/addressbook.h"
#include "scanner/line_set.h"
#include "scanner/options.h"
#include "scanner/source.h"
#include "scanner/uplink.h"
#include "scanner/worker.h"
#include "workers/gate.h"
#include "workers/reach.h"

#define RUN_WORKERS_MAX 64

enum run_stop {
	STOP_NONE,
	STOP_INTERRUPTED, /* by the user */
	STOP_INPUT,       /* the list cannot be read on */
	STOP_FAILED,      /* our own trouble */
	STOP_NO_SUCCESS,  /* nothing answers any more: no_success */
};

struct run_shared {
	pthread_mutex_t lock;
	pthread_cond_t room;
	uint64_t in_flight;        /* under the lock */
	bool reader_waits;         /* under the lock: for room */
	_Atomic uint64_t parked;   /* likewise; others may look */
	bool reader_done;          /* under the lock */
	_Atomic int stop;          /* enum run_stop */
	_Atomic uint64_t admitted;
	_Atomic uint64_t skipped;  /* finished in an earlier session */
	_Atomic uint64_t done;     /* records taken by the writer */
	_Atomic uint64_t inconclusive; /* of them: something stayed unknown */
	_Atomic uint64_t rejected;
	_Atomic uint64_t lines;    /* of the list, read */
};

struct intake;

struct run {
	const struct options *options;
	struct dns_config dns;
	struct policy_config policy;
	struct smtp_config smtp;
	struct tls_config tls;
	bool wants_policy, wants_smtp;
	unsigned also;             /* questions beyond, as also_parse() says */
	bool probes_policy;        /* without a record, too */
	bool ipv6;                 /* may IPv6 addresses be contacted? */
	struct reach *reach;
	struct gate *smtp_gate;
	struct gate *policy_gate;
	struct uplink *uplink;     /* NULL: --min-success 0 */
	struct addressbook *addresses;
	struct sink *sink;
	struct source *source;
	struct intake *intake;     /* of the reader */
	struct loop *control;      /* of the main thread */
	struct worker *worker[RUN_WORKERS_MAX];
	size_t n_worker;
	uint64_t hash_key[2];      /* which worker owns a name */
	struct line_set finished;  /* in earlier sessions; not changed */
	uint64_t list_lines;       /* 0: not known before the end */
	int64_t started_ms;        /* since 1970 */
	uint64_t started_mono_ms;
	char user_agent[512];
	struct run_shared _shared;
};

int64_t clock_wall_ms(void);  /* since 1970 */
uint64_t clock_mono_ms(void);

struct worker *run_owner(struct run *r, struct slice name);
size_t run_owner_index(const struct run *r, struct slice name);
/*
 * Takes up to `want` places in the window; 0: there is none, or as many jobs
 * as may be are parked, or the run is stopping.  With may_wait it waits until
 * enough is free to be worth the reader's while.
 */
uint32_t run_admit(struct run *r, uint32_t want, bool may_wait);
/* Places that were taken and not needed. */
void run_give_back(struct run *r, uint32_t places);
/*
 * Any thread: a job leaves the window and waits outside.  False: as many as
 * may be do so; it keeps its place.
 */
bool run_park(struct run *r);
/*
 * A record was taken (any thread; sink_taken_fn), of a job with a place in
 * the window or of a parked one.
 */
void run_release(void *run);
void run_release_parked(void *run);
/* The reader has nothing more to give. */
void run_reader_done(struct run *r);
/* Any thread: no more admissions; what is in flight may finish. */
void run_ask_stop(struct run *r, enum run_stop why);
enum run_stop run_stopping(struct run *r);

/* Nothing answers any more (of struct uplink_config). */
void run_uplink_failed(void *run);
/* The writer gave up (of struct sink_config). */
void run_sink_failed(void *run, const char *error);

/* Runs the scan that cmd_scan prepared; exit status of the program. */
int run_scan(struct run *r);
