/* SPDX-License-Identifier: Apache-2.0
 *
 * check_options.h: the options of `mxcensus check`: those of a scan that make
 * sense for a few domains, and its own.
 */
#pragma once

#include "scanner/options.h"

struct check_options {
	struct options scan;
	bool json, suggest, tlsrpt;
	const char *organization, *contact_info; /* NULL: not given */
	char **domain; /* borrowed from argv */
	size_t n_domain;
};

/* BAD: one clear line was logged. */
enum options_result check_options_parse(int argc, char **argv,
    struct check_options *o);
void check_options_help(FILE *out);
/* The options and exit statuses of check for the man page, roff. */
void check_options_man(FILE *out);
