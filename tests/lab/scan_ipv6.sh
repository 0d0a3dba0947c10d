#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# scan_ipv6.sh: MX hosts on IPv6.  Outside a network of its own there is only
# ::1, so this one runs nowhere else.
set -u
. "$(dirname "$0")/lib.sh"

if [ "${MXCENSUS_IN_NET:-}" != own ]; then
	skip "IPv6 cases need a network namespace, which is not allowed here"
	finish
fi
for i in 1 2 3 4; do
	ip addr add "fd00:6d78::$i/128" dev lo nodad
done
lab_up tests/lab/own-net/ipv6.jsonl
ipv6=(--allow-net fd00:6d78::/32 --only-net fd00:6d78::/32)
check "the scan runs" scan "$dir/a.mxc" "${ipv6[@]}"
check "every story is told as written" \
	tests/lab/lab check --dir "$dir/lab" "$dir/a.mxc"
check "contacts as recorded" \
	tests/lab/lab contacts --dir "$dir/lab" "$dir/a.mxc"

only_four() {
	scan "$dir/b.mxc" -4 "${ipv6[@]}" &&
		"$MXCENSUS" cat --type mx "$dir/b.mxc" |
		grep 'mx.six-alone.example' | grep -q '"outcome":"local"' &&
		"$MXCENSUS" cat --type domain "$dir/b.mxc" |
		grep '"six-policy.example"' | grep -q '"findings":\[\]'
}
check "with -4 an IPv6 address is our own limit, not their fault" only_four
finish
