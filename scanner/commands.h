/* SPDX-License-Identifier: Apache-2.0
 *
 * commands.h: the subcommands.  Each takes its own argv (argv[0] is its name)
 * and returns the exit status of the program.
 */
#pragma once

int cmd_scan(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_cat(int argc, char **argv);
int cmd_info(int argc, char **argv);
int cmd_merge(int argc, char **argv);
int cmd_judge(int argc, char **argv);
int cmd_parse(int argc, char **argv);
int cmd_schema(int argc, char **argv);
int cmd_help(int argc, char **argv);
