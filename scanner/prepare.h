/* SPDX-License-Identifier: Apache-2.0
 *
 * prepare.h: from options to a run, shared by the commands that scan.
 *
 *   prepare_new() -> prepare_reach() -> who are we? -> prepare_pools()
 *     -> prepared_scan() -> prepare_free()
 *
 * Everything that can be found out before the first domain is found out by
 * the first steps; each that fails has logged one line.
 */
#pragma once

#include "scanner/manifest.h"
#include "scanner/run.h"

/* The options are borrowed until prepare_free(). */
struct run *prepare_new(const struct options *o);
/* Which stages run, and which addresses may be contacted. */
bool prepare_reach(struct run *r);
/* Pools within the limit of files, and the list, open. */
bool prepare_pools(struct run *r, struct list_facts *list);
/* Sends; the records are in options->output.  Exit status of a scan. */
int prepared_scan(struct run *r, const struct list_facts *list);
void prepare_free(struct run *r);
