/* SPDX-License-Identifier: Apache-2.0
 *
 * file_args.c: options of `judge` and `merge`.
 */
#include "scanner/file_args.h"

#include <getopt.h>

#include "scanner/base/banned.h"

bool
file_args_parse(int argc, char **argv, struct file_args *out)
{
	static const struct option longs[] = {
		{ "output", required_argument, NULL, 'o' },
		{ "force", no_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int o;

	*out = (struct file_args){ .out = NULL };
	optind = 0;
	while ((o = getopt_long(argc, argv, "o:h", longs, NULL)) != -1) {
		if (o == 'o')
			out->out = optarg;
		else if (o == 'f')
			out->force = true;
		else if (o == 'h')
			out->help = true;
		else
			return false;
	}
	out->file = argv + optind;
	out->n_file = (size_t)(argc - optind);
	return out->help || (out->n_file > 0 && out->out != NULL);
}
