#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# deps.sh [tests]: installs what mxcensus needs from the distribution's
# packages; with `tests` also a browser to look at the page of scripts/report
# with, which is large and which one test alone wants, and Exim, unpacked into
# build/mta, as a second mail server for the lab.
#
# On Debian and its kin, as root or with sudo; packages that are there are not
# asked for again.  Elsewhere it lists what is missing and stops.  Servers of
# the lab are installed without being started: the lab starts its own.

set -eu

build="gcc make pkg-config libc6-dev libldns-dev libuv1-dev
	libcurl4-openssl-dev libssl-dev libmsgpack-dev libzstd-dev zlib1g-dev
	libidn2-dev libpsl-dev libjansson-dev"
scripts="python3 python3-venv ca-certificates"
# Tests: unit test library, function lengths, and the servers of the lab with
# the tools that look at them beside our own scanner.
lab="libcmocka-dev universal-ctags nsd unbound nginx-light postfix
	ldnsutils bind9-dnsutils curl openssl zstd gzip util-linux iproute2
	libdata-messagepack-perl"
browser=
exim=
root=$(CDPATH= cd -- "$(dirname -- "$0")/.." && pwd)
if [ "${1:-}" = tests ] && [ ! -x "$root/build/mta/usr/sbin/exim4" ] &&
    [ ! -x /usr/sbin/exim4 ]; then
	exim=exim4-daemon-light
fi
if [ "${1:-}" = tests ] && ! command -v chromium >/dev/null &&
    ! command -v chromium-browser >/dev/null; then
	browser=chromium
fi

die()
{
	echo "deps.sh: $*" >&2
	exit 1
}

missing_packages()
{
	for package in $build $scripts $lab; do
		# A package may be there under another name that provides it.
		dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null |
			grep -q '^install ok installed' ||
			{ [ "$package" = nginx-light ] &&
			command -v nginx >/dev/null; } ||
			{ [ "$package" = nginx-light ] &&
			[ -x /usr/sbin/nginx ]; } ||
			printf '%s ' "$package"
	done
}

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
	ok=yes
	for tool in cc pkg-config python3; do
		command -v "$tool" >/dev/null || {
			echo "missing: $tool" >&2
			ok=no
		}
	done
	for library in libuv libcurl libssl libzstd zlib libidn2 libpsl \
	    jansson ldns; do
		pkg-config --exists "$library" 2>/dev/null || {
			echo "missing: library $library with its headers" >&2
			ok=no
		}
	done
	pkg-config --exists msgpack-c 2>/dev/null ||
		pkg-config --exists msgpack 2>/dev/null || {
		echo "missing: library msgpack-c with its headers" >&2
		ok=no
	}
	[ "$ok" = yes ] ||
		die "this is no Debian system: install what is missing with" \
		    "its own packages"
	exit 0
fi

missing=$(missing_packages)
[ -n "$missing$browser$exim" ] || exit 0

as_root=
if [ "$(id -u)" -ne 0 ]; then
	# Exim alone is no reason to stop; the lab says that it has none.
	[ -n "$missing$browser" ] || command -v sudo >/dev/null || exit 0
	command -v sudo >/dev/null ||
		die "run as root or install sudo; missing packages: $missing"
	as_root=sudo
fi
echo "installing: $missing$browser${browser:+ }$exim"

# Installing a server must not start it: its port may be in use, and nobody
# asked for a running mail server.
policy=/usr/sbin/policy-rc.d
made_policy=
if [ ! -e "$policy" ]; then
	printf '#!/bin/sh\nexit 101\n' | $as_root tee "$policy" >/dev/null
	$as_root chmod 755 "$policy"
	made_policy=yes
fi
cleanup()
{
	[ -z "$made_policy" ] || $as_root rm -f "$policy"
}
trap cleanup EXIT

log=$(mktemp)
apt()
{
	$as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
		-o Dpkg::Use-Pty=0 "$@" >>"$log" 2>&1
}
# Debian lets one mail server be installed, and that is Postfix; the other is
# unpacked, with its libraries and what stands in for its user installed.
unpack_exim()
{
	deb=$1
	(cd "$deb" && apt-get -q download "$exim") >>"$log" 2>&1 || return 1
	libraries=$(dpkg-deb -f "$deb"/*.deb Depends | tr ',' '\n' |
		sed -n 's/^ *\(lib[^ |(]*\).*/\1/p')
	# shellcheck disable=SC2086
	apt install --no-install-recommends libnss-wrapper $libraries ||
		return 1
	# Not as packed: without its set-user-id bit.
	dpkg-deb -x "$deb"/*.deb "$deb/files" &&
		install -D -m 755 "$deb/files/usr/sbin/exim4" \
			"$root/build/mta/usr/sbin/exim4"
}
# shellcheck disable=SC2086
if ! { apt update && { [ -z "$missing" ] ||
    apt install --no-install-recommends $missing; }; }; then
	tail -n 15 "$log" >&2
	[ -n "$missing" ] || {
		echo "deps.sh: no packages can be had; tests without" \
			"$browser${browser:+ }$exim" >&2
		exit 0
	}
	die "the packages could not be installed (log: $log)"
fi
# Not every kin of Debian has it; the test says that it was skipped.
if [ -n "$browser" ] && ! apt install --no-install-recommends "$browser"; then
	echo "deps.sh: $browser could not be installed; the page of" \
		"scripts/report will not be looked at" >&2
fi
if [ -n "$exim" ]; then
	deb=$(mktemp -d)
	unpack_exim "$deb" ||
		echo "deps.sh: $exim could not be unpacked; the lab's own" \
			"server will stand in for it" >&2
	rm -rf "$deb"
fi
rm -f "$log"
