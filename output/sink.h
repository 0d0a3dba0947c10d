/* SPDX-License-Identifier: Apache-2.0
 *
 * sink.h: the one writer, a thread of its own.
 *
 * Workers post encoded records; the writer keeps their order, drops
 * certificates it has, compresses into independent zstd frames (content
 * checksum) and syncs each closed frame.  `zstd -dc FILE` is the plain
 * msgpack stream.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "output/record.h"

struct digest_set;
struct frame_writer;
struct sink;

struct sink_config {
	const char *path;
	int level;     /* of zstd */
	bool force;    /* replace an existing file */
	uint32_t frame_ms; /* between frames; 0: LIMIT_FRAME_MS */
	/*
	 * A file to go on with: its writer, cut where new frames begin, the
	 * certificates in it and what its records add up to.  The first two
	 * are taken over; opening cannot fail then.  NULL: `path` is opened.
	 */
	struct frame_writer *writer;
	struct digest_set *certs;
	const struct tally *tally;
	/* Called once, from the writer's thread, when writing fails; later
	 * records are dropped.  `error` is one line. */
	void (*failed)(void *ctx, const char *error);
	void *ctx;
};

/* NULL: `error` says what, where and how to fix it (exists, not writable). */
struct sink *sink_open(const struct sink_config *config, char *error,
    size_t cap);

/*
 * Takes n records, written in this order and next to each other; then, when
 * the writer has taken them, calls taken(ctx) from its own thread (NULL:
 * none).  From any thread; never blocks.
 */
typedef void sink_taken_fn(void *ctx);
void sink_post(struct sink *s, struct record **record, size_t n,
    sink_taken_fn *taken, void *ctx);

/*
 * Was a record of this certificate posted already?  False may come twice for
 * the same certificate; the writer drops the second.
 */
bool sink_has_cert(struct sink *s, const uint8_t sha256[32]);

/*
 * sink_withhold() will not ask for a moment (CLOCK_MONOTONIC) before ms: what
 * was posted earlier need not be taken back.  From any thread.
 */
void sink_settled(struct sink *s, uint64_t ms);
/*
 * Takes back what was posted since ms, and what shares a frame with it; never
 * the first record.  Adds up in *withheld what that was.  Call when no more is
 * posted.  False: nothing was taken back, since the output is no file that
 * can be cut, or it failed (which was told).
 */
bool sink_withhold(struct sink *s, uint64_t ms, struct tally *withheld);

/* What has been taken so far; call when no more is posted. */
void sink_drain(struct sink *s, struct tally *out);
uint64_t sink_bytes_written(struct sink *s);

/* Writes what is left, syncs, closes, frees.  False: the file is short. */
bool sink_close(struct sink *s);
