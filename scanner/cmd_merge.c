/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_merge.c: `mxcensus merge`: shards, or parts of a scan, into one file.
 */
#include <stdio.h>

#include "scanner/commands.h"
#include "scanner/file_args.h"
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

int
cmd_merge(int argc, char **argv)
{
	struct file_args args;

	if (!file_args_parse(argc, argv, &args)) {
		fputs(usage, stderr);
		return (int)MERGE_REFUSED;
	}
	if (args.help) {
		print_help();
		return 0;
	}
	return (int)merge_files(&(struct merge_config){ .file = args.file,
		.n_file = args.n_file, .out = args.out, .force = args.force,
		.level = LEVEL });
}
