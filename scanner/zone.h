/* SPDX-License-Identifier: Apache-2.0
 *
 * zone.h: the delegated names of a zone file (RFC 1035 5.1), line by line.
 *
 * Only what a list needs: owners, $ORIGIN, parentheses, quoted text,
 * comments; of the records only SOA (the apex) and NS.
 */
#pragma once

#include "scanner/base/limits.h"
#include "scanner/base/text.h"

struct zone {
	char origin[LIMIT_NAME_BYTES + 2]; /* with root dot */
	char owner[LIMIT_NAME_BYTES + 2];  /* of the last record */
	char apex[LIMIT_NAME_BYTES + 2];
	char last[LIMIT_NAME_BYTES + 2];   /* last delegation given out */
	int depth;                         /* of open parentheses */
	bool quoted;                       /* inside a quoted string */
};

/* Does this line look like one of a zone file? */
bool zone_looks_like(struct slice line);
void zone_init(struct zone *z);
/*
 * Feeds one line; true where it holds the first NS record of a delegation,
 * whose name (with root dot, borrowed from z) is in *name.  NS records of one
 * owner stand together in zone files; a later one is given out again.
 */
bool zone_line(struct zone *z, struct slice line, struct slice *name);
