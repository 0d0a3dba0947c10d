/* SPDX-License-Identifier: Apache-2.0
 *
 * sink.c: the queue between workers and the file, and the writer behind it.
 *
 * The lock guards the queue, the set of certificates and the sum; the writer
 * compresses and syncs without it, so a slow disk never holds a worker up.
 * A certificate enters the set when it is posted: whoever sees it there posts
 * behind it, so a record never refers forward.
 *
 * `scan`, `session` and `end` are frames of their own: a scan that is killed
 * leaves a readable file, and `end` can be cut off again.
 */
#include "output/sink.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "output/blob.h"
#include "output/boundary.h"
#include "output/digest_set.h"
#include "output/frame_writer.h"
#include "scanner/base/arena.h"
#include "scanner/base/limits.h"
#include "scanner/base/log.h"

#include "scanner/base/banned.h"

#define ERROR_BYTES 512
/*
 * Waking a thread for each record costs as much as encoding it: after a short
 * queue the writer lets more gather.
 */
#define SHORT_QUEUE 1024
#define LINGER_US 1000

struct batch {
	struct batch *next;
	sink_taken_fn *taken;
	void *ctx;
	bool is_cut;             /* no records: take back what came since */
	uint64_t cut_ms;
	size_t n;
	struct record *record[]; /* NULL: dropped, it was posted before */
};

struct sink {
	struct frame_writer *writer;
	void (*failed)(void *ctx, const char *error);
	void *failed_ctx;
	uint32_t frame_ms;
	struct timespec frame_end; /* when the open frame must be closed */
	bool has_failed;           /* of the writer's thread */
	/* Of what was taken; the writer's, and whose it lets idle: drain. */
	struct tally tally;
	struct boundaries boundaries; /* likewise */
	bool was_cut;
	pthread_t thread;
	_Atomic uint64_t bytes;
	_Atomic uint64_t settled_ms;

	struct {
		pthread_mutex_t lock;
		pthread_cond_t posted, idle;
		struct batch *head, **tail;
		struct digest_set certs;
		bool is_busy;       /* batches are being taken */
		bool is_waiting;    /* to be woken */
		bool closing;
	} _shared;
};

static struct timespec
frame_deadline(uint32_t ms)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += ms / 1000;
	t.tv_nsec += ms % 1000 * 1000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_nsec -= 1000000000;
		t.tv_sec++;
	}
	return t;
}

static bool
is_past(struct timespec t)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec > t.tv_sec ||
	    (now.tv_sec == t.tv_sec && now.tv_nsec >= t.tv_nsec);
}

static uint64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void
fail(struct sink *s, const char *error)
{
	s->has_failed = true;
	if (s->failed != NULL)
		s->failed(s->failed_ctx, error);
}

static void
flush(struct sink *s)
{
	char error[ERROR_BYTES];
	struct boundary end = { .at_ms = now_ms() };

	if (!frame_writer_flush(s->writer, error, sizeof(error))) {
		fail(s, error);
		return;
	}
	end.bytes = frame_writer_bytes(s->writer);
	end.tally = s->tally;
	boundaries_add(&s->boundaries, &end, atomic_load(&s->settled_ms));
	atomic_store(&s->bytes, end.bytes);
}

static void
cut_back(struct sink *s, uint64_t ms)
{
	char error[ERROR_BYTES];
	const struct boundary *to;

	if (s->has_failed || s->boundaries.n == 0 ||
	    !frame_writer_can_cut(s->writer))
		return;
	to = boundaries_find(&s->boundaries, ms);
	frame_writer_forget(s->writer);
	if (!frame_writer_cut(s->writer, to->bytes, error, sizeof(error))) {
		fail(s, error);
		return;
	}
	s->was_cut = true;
	s->tally = to->tally;
	atomic_store(&s->bytes, to->bytes);
}

static bool
stands_alone(enum record_type type)
{
	return type == RECORD_SCAN || type == RECORD_SESSION ||
	    type == RECORD_END;
}

static void
take_record(struct sink *s, struct record *r)
{
	if (!s->has_failed) {
		if (r->type == RECORD_END)
			flush(s);
		if (frame_writer_pending(s->writer) == 0)
			s->frame_end = frame_deadline(s->frame_ms);
		frame_writer_add(s->writer, r->bytes, r->n);
		tally_record(&s->tally, r);
		if (stands_alone(r->type) ||
		    frame_writer_pending(s->writer) >= LIMIT_FRAME_BYTES)
			flush(s);
	}
	record_free(r);
}

static void
take(struct sink *s, struct batch *b)
{
	if (b->is_cut)
		cut_back(s, b->cut_ms);
	for (size_t i = 0; i < b->n; i++)
		if (b->record[i] != NULL)
			take_record(s, b->record[i]);
	if (b->taken != NULL)
		b->taken(b->ctx);
	free(b);
}

/* All that is queued; NULL when the frame's time is up or all is done. */
static struct batch *
next_batches(struct sink *s, bool *done)
{
	struct batch *b;
	int rc = 0;

	pthread_mutex_lock(&s->_shared.lock);
	s->_shared.is_busy = false;
	while (s->_shared.head == NULL && !s->_shared.closing && rc == 0) {
		pthread_cond_broadcast(&s->_shared.idle);
		s->_shared.is_waiting = true;
		if (frame_writer_pending(s->writer) == 0)
			pthread_cond_wait(&s->_shared.posted, &s->_shared.lock);
		else
			rc = pthread_cond_timedwait(&s->_shared.posted,
			    &s->_shared.lock, &s->frame_end);
		s->_shared.is_waiting = false;
	}
	b = s->_shared.head;
	s->_shared.head = NULL;
	s->_shared.tail = &s->_shared.head;
	s->_shared.is_busy = b != NULL;
	*done = b == NULL && s->_shared.closing;
	pthread_mutex_unlock(&s->_shared.lock);
	return b;
}

static void
take_all(struct sink *s, struct batch *b)
{
	const struct timespec linger = { .tv_nsec = LINGER_US * 1000 };
	size_t n = 0;

	while (b != NULL) {
		struct batch *next = b->next;

		take(s, b);
		b = next;
		n++;
	}
	if (n > 0 && n < SHORT_QUEUE)
		nanosleep(&linger, NULL);
}

static void *
writer_main(void *arg)
{
	struct sink *s = arg;
	bool done = false;
	sigset_t block;

	/* write() then says EPIPE or EFBIG; other signals are not for us */
	sigfillset(&block);
	pthread_sigmask(SIG_BLOCK, &block, NULL);
	while (!done) {
		take_all(s, next_batches(s, &done));
		if (done || (frame_writer_pending(s->writer) > 0 &&
		    is_past(s->frame_end)))
			flush(s);
	}
	return NULL;
}

static void
init_shared(struct sink *s)
{
	pthread_condattr_t attr;

	pthread_mutex_init(&s->_shared.lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&s->_shared.posted, &attr);
	pthread_cond_init(&s->_shared.idle, &attr);
	pthread_condattr_destroy(&attr);
	s->_shared.tail = &s->_shared.head;
	digest_set_init(&s->_shared.certs);
}

struct sink *
sink_open(const struct sink_config *config, char *error, size_t cap)
{
	struct frame_writer *writer = config->writer != NULL ?
	    config->writer : frame_writer_open(config->path, config->force,
	    config->level, error, cap);
	struct sink *s;
	int rc;

	if (writer == NULL)
		return NULL;
	s = xcalloc(1, sizeof(*s));
	s->writer = writer;
	s->failed = config->failed;
	s->failed_ctx = config->ctx;
	s->frame_ms = config->frame_ms > 0 ? config->frame_ms :
	    LIMIT_FRAME_MS;
	atomic_store(&s->bytes, frame_writer_bytes(writer));
	if (config->tally != NULL)
		s->tally = *config->tally;
	init_shared(s);
	if (config->certs != NULL) {
		digest_set_release(&s->_shared.certs);
		s->_shared.certs = *config->certs;
		*config->certs = (struct digest_set){ .slot = NULL };
	}
	rc = pthread_create(&s->thread, NULL, writer_main, s);
	if (rc != 0)
		log_fatal("cannot start the writer's thread: %s",
		    strerrordesc_np(rc));
	return s;
}

/* Under the lock. */
static void
enqueue(struct sink *s, struct batch *b)
{
	*s->_shared.tail = b;
	s->_shared.tail = &b->next;
	if (s->_shared.is_waiting)
		pthread_cond_signal(&s->_shared.posted);
}

void
sink_post(struct sink *s, struct record **record, size_t n,
    sink_taken_fn *taken, void *ctx)
{
	struct batch *b = xmalloc(sizeof(*b) + n * sizeof(b->record[0]));

	*b = (struct batch){ .taken = taken, .ctx = ctx, .n = n };
	pthread_mutex_lock(&s->_shared.lock);
	for (size_t i = 0; i < n; i++) {
		b->record[i] = record[i];
		if (record[i]->type == RECORD_CERT &&
		    !digest_set_add(&s->_shared.certs, record[i]->sha256)) {
			record_free(record[i]);
			b->record[i] = NULL;
		}
	}
	enqueue(s, b);
	pthread_mutex_unlock(&s->_shared.lock);
}

void
sink_settled(struct sink *s, uint64_t ms)
{
	atomic_store(&s->settled_ms, ms);
}

bool
sink_withhold(struct sink *s, uint64_t ms, struct tally *withheld)
{
	struct batch *b = xcalloc(1, sizeof(*b));
	struct tally before, after;

	sink_drain(s, &before);
	b->is_cut = true;
	b->cut_ms = ms;
	pthread_mutex_lock(&s->_shared.lock);
	enqueue(s, b);
	pthread_mutex_unlock(&s->_shared.lock);
	sink_drain(s, &after);
	withheld->domains = before.domains - after.domains;
	withheld->mx_hosts = before.mx_hosts - after.mx_hosts;
	withheld->certificates = before.certificates - after.certificates;
	return s->was_cut;
}

bool
sink_has_cert(struct sink *s, const uint8_t sha256[32])
{
	bool has;

	pthread_mutex_lock(&s->_shared.lock);
	has = digest_set_has(&s->_shared.certs, sha256);
	pthread_mutex_unlock(&s->_shared.lock);
	return has;
}

void
sink_drain(struct sink *s, struct tally *out)
{
	pthread_mutex_lock(&s->_shared.lock);
	while (s->_shared.head != NULL || s->_shared.is_busy)
		pthread_cond_wait(&s->_shared.idle, &s->_shared.lock);
	*out = s->tally; /* the writer waits for this lock or for work */
	pthread_mutex_unlock(&s->_shared.lock);
}

uint64_t
sink_bytes_written(struct sink *s)
{
	return atomic_load(&s->bytes);
}

bool
sink_close(struct sink *s)
{
	bool ok;

	pthread_mutex_lock(&s->_shared.lock);
	s->_shared.closing = true;
	pthread_cond_signal(&s->_shared.posted);
	pthread_mutex_unlock(&s->_shared.lock);
	pthread_join(s->thread, NULL);
	ok = frame_writer_close(s->writer) && !s->has_failed;
	digest_set_release(&s->_shared.certs);
	pthread_cond_destroy(&s->_shared.posted);
	pthread_cond_destroy(&s->_shared.idle);
	pthread_mutex_destroy(&s->_shared.lock);
	free(s);
	return ok;
}
