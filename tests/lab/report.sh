#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# report.sh: a scan of the lab as a page in a real browser, on a narrow and a
# wide screen: it draws without an error, asks for nothing, fits, and does what
# its buttons say.  Without Chromium these checks are skipped, and counted so.
set -u
. "$(dirname "$0")/lib.sh"

chromium=$(command -v chromium || command -v chromium-browser)
if [ -z "$chromium" ]; then
	skip "no chromium to look at the page of scripts/report with"
	finish
fi

# browse PAGE WIDTH NAME: the page as a browser leaves it, in NAME.dom; what it
# said in NAME.log; what it asked for in NAME.net.  A window has at least 500
# pixels, hence the frame; what the page posts to it is written into it.
browse() {
	cat >"$dir/frame.html" <<-END
	<!doctype html><meta charset="utf-8"><script>
	addEventListener("message", (event) => {
		const node = document.createElement("pre");
		node.id = "probe";
		node.textContent = event.data;
		document.body.append(node);
	});
	</script><body style="margin: 0"><iframe src="$1" style="border: 0;
	width: $2px; height: 900px"></iframe>
	END
	timeout 120 "$chromium" --headless=new --no-sandbox --disable-gpu \
		--user-data-dir="$dir/profile" --no-first-run \
		--disable-extensions --disable-background-networking \
		--disable-component-update --disable-sync \
		--window-size=1500,1000 --virtual-time-budget=8000 \
		--enable-logging=stderr --v=0 --log-net-log="$dir/$3.net" \
		--net-log-capture-mode=Everything --dump-dom \
		"file://$dir/frame.html" \
		>"$dir/$3.dom" 2>"$dir/$3.log" &&
		[ -s "$dir/$3.dom" ] && [ -s "$dir/$3.net" ]
}

# quiet NAME: nothing on the console, nothing asked for.
quiet() {
	"$python" tests/lab/read_browser.py "$dir/$1.log" "$dir/$1.net"
}

noticed() {
	! quiet "$1" >"$dir/noticed" && grep -q "$2" "$dir/noticed"
}

# probe NAME WIDTH: what the probe inside the page wrote into it.
probe() {
	tr '\n\0' '  ' <"$dir/$1.dom" | grep -o '<pre id="probe">[^<]*' \
		>"$dir/probe.log"
	sed 's/ \(ok\|FAILED\): /\n&/g' "$dir/probe.log"
	grep -q ">$2 px wide .* [1-9][0-9]* passed, 0 failed" "$dir/probe.log"
}

head -n 300 data/sample.txt >"$dir/names.txt"
tests/lab/world "$dir/names.txt" --seed 7 --rates data/rates.toml \
	>"$dir/world.jsonl" || { echo "no world"; failed=1; finish; }
lab_up "$dir/world.jsonl"
check "a scan" scan "$dir/one.mxc"
check "a second scan" scan "$dir/two.mxc"
tests/lab/lab down --dir "$dir/lab" >/dev/null 2>&1

check "a page" scripts/report "$dir/two.mxc" "$dir/one.mxc" \
	-o "$dir/page.html"
check "a page with a probe and hostile data in it" env PYTHONPATH=scripts \
	"$python" tests/lab/probe_page.py "$dir/page.html" "$dir/probed.html"
for width in 390 1440; do
	check "$width px: drawn" browse page.html $width plain
	check "$width px: no error, no request" quiet plain
	check "$width px: probed" browse probed.html $width probed
	check "$width px: all as the probe expects" probe probed $width
	check "$width px: hostile data: no error, no request" quiet probed
done

# That these checks can fail: a page that does what none should.
printf '%s' '<!doctype html><script>missing()</script>' \
	'<img src="http://127.0.0.1:9/x.png">' >"$dir/bad.html"
check "a bad page is drawn" browse bad.html 390 bad
check "its error is noticed" noticed bad 'console: .*missing'
check "its request is noticed" noticed bad 'request: .*127.0.0.1:9/x.png'
finish
