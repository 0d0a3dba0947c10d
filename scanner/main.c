/* SPDX-License-Identifier: Apache-2.0
 *
 * main.c: finds the subcommand and hands over.  Nothing else.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "scanner/base/log.h"
#include "scanner/commands.h"

#include "scanner/base/banned.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "scan", cmd_scan },
	{ "check", cmd_check },
	{ "cat", cmd_cat },
	{ "info", cmd_info },
	{ "merge", cmd_merge },
	{ "judge", cmd_judge },
	{ "parse", cmd_parse },
	{ "schema", cmd_schema },
	{ "help", cmd_help },
	{ "--help", cmd_help },
	{ "-h", cmd_help },
};

int
main(int argc, char **argv)
{
	if (argc < 2) {
		cmd_help(0, NULL);
		return 1;
	}
	if (strcmp(argv[1], "--version") == 0) {
		printf("mxcensus %s\n", MXCENSUS_VERSION);
		return 0;
	}
	/* A peer that closes must be an error of that write, not our end. */
	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	log_error("unknown command %s; `mxcensus help` lists them", argv[1]);
	return 1;
}
