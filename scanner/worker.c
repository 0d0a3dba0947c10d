/* SPDX-License-Identifier: Apache-2.0
 *
 * worker.c: puts one worker together and takes it apart.
 */
#include "scanner/worker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "scanner/base/arena.h"
#include "scanner/base/log.h"
#include "scanner/hostbook.h"
#include "scanner/intake.h"
#include "scanner/job.h"
#include "scanner/run.h"

#include "scanner/base/banned.h"

static bool
make_pools(struct worker *w)
{
	struct run *run = w->run;
	struct dns_config dns = run->dns;
	struct smtp_config smtp = run->smtp;
	char error[512];

	uplink_watch(run->uplink, &dns, &smtp);
	dns.refill = intake_start;
	dns.refill_ctx = w;
	w->dns = dns_pool_new(w->loop, &dns, &w->stats);
	if (w->dns == NULL) {
		log_errno(errno, "cannot open DNS sockets; raise the limit of "
		    "open files (ulimit -n) or lower --workers");
		return false;
	}
	if (!run->wants_policy && !run->wants_smtp)
		return true; /* and no trusted roots to read */
	w->tls = tls_new(&run->tls, error, sizeof(error));
	if (w->tls == NULL) {
		log_error("%s", error);
		return false;
	}
	w->policy = policy_pool_new(w->loop, &run->policy, w->tls, run->reach,
	    run->policy_gate, &w->stats);
	w->smtp = smtp_pool_new(w->loop, &smtp, w->tls, run->reach,
	    run->smtp_gate, &w->stats);
	return w->policy != NULL && w->smtp != NULL;
}

struct worker *
worker_new(struct run *run)
{
	struct worker *w = xcalloc(1, sizeof(*w));

	w->run = run;
	w->loop = loop_new();
	TAILQ_INIT(&w->waiting);
	STAILQ_INIT(&w->batches);
	w->hosts = hostbook_new(w);
	if (make_pools(w))
		return w;
	worker_free(w);
	return NULL;
}

static void *
thread_main(void *arg)
{
	struct worker *w = arg;

	loop_run(w->loop);
	return NULL;
}

bool
worker_start(struct worker *w)
{
	int error = pthread_create(&w->thread, NULL, thread_main, w);

	w->started = error == 0;
	if (error != 0)
		log_errno(error, "cannot start a worker thread; lower "
		    "--workers");
	return w->started;
}

void
worker_stop(struct worker *w)
{
	if (!w->started)
		return;
	loop_stop(w->loop);
	pthread_join(w->thread, NULL);
	w->started = false;
}

void
worker_free(struct worker *w)
{
	if (w == NULL)
		return;
	smtp_pool_free(w->smtp);
	policy_pool_free(w->policy);
	dns_pool_free(w->dns);
	hostbook_free(w->hosts);
	intake_drop(w);
	jobs_free(w);
	tls_free(w->tls);
	loop_free(w->loop);
	free(w);
}
