/* SPDX-License-Identifier: Apache-2.0
 *
 * resume.h: going on with an unfinished scan.
 *
 * Nothing but the file says what was done: a line is finished when its domain
 * record stands in a whole frame, a host or certificate is known likewise.
 */
#pragma once

#include "output/digest_set.h"
#include "scanner/base/arena.h"
#include "scanner/manifest.h"
#include "scanner/run.h"

enum resume_result {
	RESUME_FRESH,    /* nothing to go on with: a scan like any other */
	RESUME_ON,
	RESUME_COMPLETE, /* nothing is left to do (one line was logged) */
	RESUME_REFUSED,  /* another list, other options, no file of ours: one
			  * line was logged and the file is as it was */
	RESUME_FAILED,   /* it cannot be read (likewise) */
};

struct resume {
	struct arena *arena;         /* of `end` */
	struct frame_writer *writer; /* NULL: there is no file yet */
	struct digest_set certs;
	struct tally tally;
	uint64_t cut_at;             /* bytes of the file that stay */
	uint64_t cut_bytes;          /* damaged ones behind it, without `end` */
	bool has_end;
	struct end_meta end;
};

/*
 * Reads the file, once the workers exist and before they start: their
 * hostbooks learn its hosts, r->finished its lines.  The file is not changed.
 */
enum resume_result resume_read(struct run *r, const struct list_facts *list,
    struct resume *out);
/* Cuts what is not whole, and `end`.  False: one line was logged. */
bool resume_cut(struct resume *s);
/* A writer that was not handed on is closed. */
void resume_release(struct resume *s);
