/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_merge.c: `mxcensus merge`: shards, or parts of a scan, into one file.
 */
#include <getopt.h>
#include <stdio.h>

#include "scanner/commands.h"
#include "scanner/merge.h"

#include "scanner/base/banned.h"

#define LEVEL 3 /* of zstd, as `scan` has it */

static const char usage[] =
    "usage: mxcensus merge [--force] FILE... -o FILE.mxc\n";

static void
print_help(void)
{
	printf("%s\n"
	    "Puts the shards of a scan, or parts of it, into one file: every "
	    "line, MX host\n"
	    "and certificate once, the counts of the end made anew.  The "
	    "files must be of one\n"
	    "list and made with the same options; else the first difference "
	    "is named.\n\n"
	    "  -o FILE.mxc  where the records go\n"
	    "  --force      replace that file\n"
	    "  --help       this text\n\n"
	    "Of several records of a line the first is kept; of an MX host "
	    "the one that found\n"
	    "something out, then the latest.\n\n"
	    "Exit status: 0 the files are the whole list; 1 usage, or they "
	    "cannot be merged;\n"
	    "2 some of the list is missing, and what is there was merged; "
	    "3 the new file\n"
	    "cannot be written.\n", usage);
}

static bool
parse(int argc, char **argv, struct merge_config *c, bool *help)
{
	static const struct option longs[] = {
		{ "output", required_argument, NULL, 'o' },
		{ "force", no_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int o;

	optind = 0;
	while ((o = getopt_long(argc, argv, "o:h", longs, NULL)) != -1) {
		if (o == 'o')
			c->out = optarg;
		else if (o == 'f')
			c->force = true;
		else if (o == 'h')
			*help = true;
		else
			return false;
	}
	c->file = argv + optind;
	c->n_file = (size_t)(argc - optind);
	return *help || (c->n_file > 0 && c->out != NULL);
}

int
cmd_merge(int argc, char **argv)
{
	struct merge_config c = { .level = LEVEL };
	bool help = false;

	if (!parse(argc, argv, &c, &help)) {
		fputs(usage, stderr);
		return (int)MERGE_REFUSED;
	}
	if (help) {
		print_help();
		return 0;
	}
	return (int)merge_files(&c);
}
