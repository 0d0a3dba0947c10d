#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# unvalidated.sh: a resolver that is not on loopback is believed in everything
# but DNSSEC, unless --trust-ad vouches for it; and all that tells so.  Such an
# address is to be had in a network of its own alone.
set -u
. "$(dirname "$0")/lib.sh"

if [ "${MXCENSUS_IN_NET:-}" != own ]; then
	skip "another address needs a network namespace, not allowed here"
	finish
fi
far=192.0.2.53
ip addr add "$far/32" dev lo
lab_up tests/worlds/dane.jsonl
near=$(sed -E 's/.*--resolver ([0-9.]+):.*/\1/' "$dir/lab/scan.args")
sed -E "s/--resolver [^ ]+/--resolver $far/; s/--trust-ad//" \
	"$dir/lab/scan.args" >"$dir/far.args"

"$python" - "$far" "$near" <<-'PYTHON' &
	import socket, socketserver, sys
	class Pass(socketserver.BaseRequestHandler):
	    def handle(self) -> None:
	        with socket.socket(type=socket.SOCK_DGRAM) as to:
	            to.settimeout(5)
	            to.sendto(self.request[0], (sys.argv[2], 53))
	            self.request[1].sendto(to.recv(65535), self.client_address)
	socketserver.ThreadingUDPServer((sys.argv[1], 53), Pass).serve_forever()
PYTHON
trap 'kill %1 2>/dev/null; cleanup' EXIT

# The DNS alone: how hosts answer does not matter here.
ask() {
	local out=$1
	shift
	# shellcheck disable=SC2046
	"$MXCENSUS" scan $(cat "$dir/far.args") --stages dns "$@" \
		"$dir/lab/list.txt" -o "$out"
}
head_says() {
	"$MXCENSUS" cat --type scan "$1" | grep -q "\"unvalidated\":$2"
}
# Nothing is said of DNSSEC, nor is DANE judged where there is a host; but a
# resolver that rejects an answer says itself why (RFC 8914): bogus.
nothing_known() {
	"$MXCENSUS" cat --type domain,mx "$1" >"$dir/a.jsonl" &&
		[ "$(wc -l <"$dir/a.jsonl")" -gt 40 ] &&
		! grep '"ad":' "$dir/a.jsonl" &&
		! grep -E '"dane":"(ok|mismatch|unusable|insecure|absent)"' \
			"$dir/a.jsonl" &&
		grep -q '"verdict_dane":"inconclusive"' "$dir/a.jsonl"
}
check_says() {
	# shellcheck disable=SC2046
	"$MXCENSUS" check $(sed -E 's/--(smtp|policy)-window [0-9]+//g' \
		"$dir/far.args") "$1" >"$dir/page" </dev/null
	cat "$dir/page"
	grep -q "DANE .*unvalidated" "$dir/page"
}
not_told() {
	! "$MXCENSUS" info "$1" | grep unvalidated
}

check "the scan runs" ask "$dir/a.mxc"
check "it is unvalidated" head_says "$dir/a.mxc" true
check "nothing is known of DNSSEC, nor of DANE" nothing_known "$dir/a.mxc"
check "info tells" grep -q "DNSSEC *unvalidated" \
	<("$MXCENSUS" info "$dir/a.mxc")
check "check tells" check_says \
	"$(sed -n 1p "$dir/lab/list.txt" | sed 's/.*,//')"
check "--trust-ad vouches for it" ask "$dir/b.mxc" --trust-ad
check "then it is not unvalidated" head_says "$dir/b.mxc" false
check "nor does info say so" not_told "$dir/b.mxc"
check "and much is known" grep -q '"ad":true' \
	<("$MXCENSUS" cat --type domain "$dir/b.mxc")
finish
