/* SPDX-License-Identifier: Apache-2.0
 *
 * manifest.h: the scan record of a run.
 */
#pragma once

#include "scanner/run.h"

/* What is known of the list before it is scanned. */
struct list_facts {
	bool regular; /* else the other two are unknown */
	uint64_t lines;
	uint8_t sha256[32];
};

struct resume;

/*
 * The session record of a scan that is gone on with, in place of the scan
 * record.
 */
void manifest_post_session(struct run *r, const struct resume *from);
/* Hands the record to the sink; workers exist, nothing else was posted. */
void manifest_post(struct run *r, const struct list_facts *list);
