/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_help.c: `mxcensus help`, and the man page made from the same tables.
 */
#include <stdio.h>
#include <string.h>

#include "scanner/check_options.h"
#include "scanner/commands.h"
#include "scanner/options.h"

#include "scanner/base/banned.h"

static const struct {
	const char *name, *args, *sentence;
} commands[] = {
	{ "scan", "[options] LIST -o FILE.mxc",
	    "scan every domain of LIST; `mxcensus scan --help` lists the "
	    "options" },
	{ "check", "[options] DOMAIN...",
	    "what protects a domain, what is wrong and how to repair it, for "
	    "people" },
	{ "cat", "[--type T] [--fields A,B.C] [--stable] [--explain] "
	    "[--strict] FILE...",
	    "print records as JSON lines" },
	{ "info", "[--json] [--strict] FILE...",
	    "header, counts and integrity of a file" },
	{ "merge", "[--force] FILE... -o FILE.mxc",
	    "put the shards of a scan, or parts of it, into one file" },
	{ "judge", "FILE -o FILE.mxc",
	    "apply today's rules to the facts of an older file" },
	{ "parse", "KIND", "the rules as a filter: JSON lines in and out" },
	{ "schema", "",
	    "findings, outcomes, record fields and options as JSON" },
	{ "help", "[--man]", "this text, or the man page" },
};

static void
print_help(FILE *out)
{
	fputs("mxcensus measures how inbound mail is protected: MTA-STS, "
	    "TLS-RPT, STARTTLS,\nDANE and DNSSEC, for long lists of domains."
	    "\n\nusage: mxcensus COMMAND ...\n\n", out);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		fprintf(out, "  %s%*s%s\n          %s\n", commands[i].name,
		    commands[i].args[0] == '\0' ? 0 :
		    8 - (int)strlen(commands[i].name), "", commands[i].args,
		    commands[i].sentence);
	fputs("\nA first scan, of a world that runs on this machine: make demo"
	    "\n", out);
}

static void
print_man(void)
{
	fputs(".TH MXCENSUS 1 \"\" \"mxcensus " MXCENSUS_VERSION "\" "
	    "\"User Commands\"\n"
	    ".SH NAME\n"
	    "mxcensus \\- measure how the mail of many domains is protected "
	    "in transit\n"
	    ".SH SYNOPSIS\n", stdout);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		printf(".B mxcensus %s\n%s\n.br\n", commands[i].name,
		    commands[i].args);
	fputs(".SH DESCRIPTION\n"
	    "Reads a list of domains and finds out, for every one of them, "
	    "how its inbound mail is protected: MTA-STS (RFC 8461), TLS-RPT "
	    "(RFC 8460), STARTTLS (RFC 3207) with the certificates behind it, "
	    "DANE (RFC 7672) and DNSSEC.  Writes one compressed file of "
	    "records.  What could not be determined is said to be so and "
	    "never counted as absent.\n"
	    ".SH COMMANDS\n", stdout);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		printf(".TP\n.B %s\n%s.\n", commands[i].name,
		    commands[i].sentence);
	fputs(".SH OPTIONS OF SCAN\n"
	    "LIST is a file or \\- for standard input, plain, .gz or .zst: "
	    "one name a line, a rank,domain CSV, or a zone file, whose "
	    "delegated names are taken.\n", stdout);
	options_man(stdout);
	check_options_man(stdout);
	fputs(".SH EXIT STATUS\n"
	    ".TP\n.B 0\nevery line has its record\n"
	    ".TP\n.B 1\nusage or input\n"
	    ".TP\n.B 2\nstopped early; the file is whole\n"
	    ".TP\n.B 3\nour own failure\n"
	    ".SH SIGNALS\n"
	    "SIGINT and SIGTERM stop reading, give what is in flight "
	    "\\-\\-drain\\-ms to finish and write the end of the file; a "
	    "second one leaves at once.  SIGHUP reads the exclusion files "
	    "again.\n"
	    ".SH GOING ON\n"
	    "The same command with \\-\\-resume goes on with the file of a "
	    "scan that was stopped, killed or ran out of disk: what its "
	    "whole frames hold is not asked again, a torn end is cut.  The "
	    "list must be the same, and every option that can change a "
	    "record; rates, windows, manners, exclusions, resolvers and "
	    "workers may differ.  Standard input cannot be read again.\n"
	    ".SH FILES\n"
	    "The record format is documented in SCHEMA.md.\n", stdout);
}

int
cmd_help(int argc, char **argv)
{
	if (argc >= 2 && strcmp(argv[1], "--man") == 0)
		print_man();
	else
		print_help(argc == 0 ? stderr : stdout);
	return 0;
}
