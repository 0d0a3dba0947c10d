/* SPDX-License-Identifier: Apache-2.0
 *
 * check_sample.h: a domain as tests of `mxcensus check` begin with it.
 */
#pragma once

#include "scanner/check_view.h"

#define CHECK_SAMPLE_HOSTS 2

/* A domain in testing whose hosts all pass; `view` points into it. */
struct check_sample {
	struct check_view view;
	struct check_host host[CHECK_SAMPLE_HOSTS];
	struct slice txt, pattern;
};

void check_sample_make(struct check_sample *s);
