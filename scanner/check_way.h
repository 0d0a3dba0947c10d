/* SPDX-License-Identifier: Apache-2.0
 *
 * check_way.h: where a domain stands on the way none -> testing -> enforce,
 * and what is missing for the next step.
 */
#pragma once

#include "scanner/check_view.h"

enum way_place {
	WAY_UNKNOWN,
	WAY_NO_MAIL, /* nothing to protect */
	WAY_NONE,
	WAY_TESTING,
	WAY_ENFORCE,
};

struct way {
	enum way_place place;
	struct vec steps; /* of struct slice, in the order to be taken */
	bool done;        /* nothing is missing */
};

/* The shortest life of an enforced policy that protects (RFC 8461 3.2). */
#define WAY_MAX_AGE 604800

void check_way(struct arena *a, const struct check_view *v, struct way *out);
