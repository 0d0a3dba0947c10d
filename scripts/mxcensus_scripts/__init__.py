# SPDX-License-Identifier: Apache-2.0
"""Statistics over scans: the commands in scripts/ and what they share.

trouble    one clear line instead of a traceback
program    runs `mxcensus cat` and `mxcensus schema`; nothing here reads .mxc
store      records into DuckDB, SQL files out of scripts/sql/ over them
tables     what a table is, and its shape for machines
text       what it looks like for people
summarize  the command
"""
