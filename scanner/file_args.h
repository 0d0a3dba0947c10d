/* SPDX-License-Identifier: Apache-2.0
 *
 * file_args.h: the command line of a command that makes one file of others.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* [--force] FILE... -o FILE, or --help; all text is argv's. */
struct file_args {
	const char *out;
	char **file;
	size_t n_file;
	bool force;
	bool help; /* then nothing else matters */
};

/* False: no FILE, no -o, or an option that does not exist (was said). */
bool file_args_parse(int argc, char **argv, struct file_args *out);
