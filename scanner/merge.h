/* SPDX-License-Identifier: Apache-2.0
 *
 * merge.h: several files of one list into one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct merge_config {
	char **file;
	size_t n_file;
	const char *out;
	int level;       /* of zstd */
	bool force;
};

enum merge_status { MERGE_WHOLE, MERGE_REFUSED, MERGE_PARTIAL,
	MERGE_FAILED };

/* What is refused, missing or twice is said in one line each. */
enum merge_status merge_files(const struct merge_config *config);
