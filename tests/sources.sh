#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# sources.sh: the files of the checkout in the working directory, one a line:
# tracked ones and new ones that are not ignored, without build folders.
# Outside a git checkout: all files.  style.sh and lengths.sh read it.

set -eu

if [ "$(git rev-parse --show-prefix 2>/dev/null || echo none)" = "" ]; then
	git ls-files --cached --others --exclude-standard
else
	find . -type f ! -path './.git/*' | sed 's|^\./||'
fi |
grep -Ev '^build[^/]*/|(^|/)__pycache__/' | sort -u |
while IFS= read -r file; do
	if [ -f "$file" ] && [ -s "$file" ]; then
		printf '%s\n' "$file"
	fi
done
