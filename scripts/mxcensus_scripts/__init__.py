# SPDX-License-Identifier: Apache-2.0
"""Statistics over scans: the commands in scripts/ and what they share.

trouble    one clear line instead of a traceback
program    runs `mxcensus cat` and `mxcensus schema`; nothing here reads .mxc
inputs     .mxc files and exported folders, and which of them are one scan
schema     the relations' columns, out of what the program says
store      records into DuckDB, SQL files out of scripts/sql/ over them
names      whose a name is: mxcensus parse name, asked in bulk
command    what all command lines share; progress the line they show
tables     what a table is, and its shape for machines
text       what it looks like for people

The commands: summarize, diff (with changes), trend, report, export (with
publish and redact), reports, who (with its question, findings and text).
"""
