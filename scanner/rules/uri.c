/* SPDX-License-Identifier: Apache-2.0
 *
 * uri.c: RFC 3986 as far as a TLS-RPT destination needs it.
 *
 *   URI    = scheme ":" hier-part [ "?" query ] [ "#" fragment ]
 *   scheme = ALPHA *( ALPHA / DIGIT / "+" / "-" / "." )
 *
 * Pure; used by tlsrpt_record.c alone.
 */
#include "scanner/rules/uri.h"

#include "scanner/rules/name.h"

#include "scanner/base/banned.h"

static bool
is_scheme_byte(char c)
{
	return ascii_is_alnum(c) || c == '+' || c == '-' || c == '.';
}

/* unreserved and sub-delims, less the bytes that RFC 8460 3 excludes */
static bool
is_plain_byte(char c)
{
	return ascii_is_alnum(c) || slice_find(SLICE_LIT("-._~$&'()*+=:@/"),
	    c) < sizeof("-._~$&'()*+=:@/") - 1;
}

static bool
is_hex_digit(char c)
{
	c = ascii_lower(c);
	return ascii_is_digit(c) || (c >= 'a' && c <= 'f');
}

/* Length of the scheme, 0 where there is none. */
static size_t
scheme_length(struct slice uri)
{
	size_t colon = slice_find(uri, ':');

	if (colon == 0 || colon == uri.n || !ascii_is_alpha(uri.p[0]))
		return 0;
	for (size_t i = 0; i < colon; i++)
		if (!is_scheme_byte(uri.p[i]))
			return 0;
	return colon;
}

/* One byte, or three of a percent-encoding, at i; 0 where it is neither. */
static size_t
unit_length(struct slice s, size_t i)
{
	if (s.p[i] != '%')
		return is_plain_byte(s.p[i]) ? 1 : 0;
	if (i + 2 < s.n && is_hex_digit(s.p[i + 1]) && is_hex_digit(s.p[i + 2]))
		return 3;
	return 0;
}

/* Path, query, fragment: "?" as often as one likes, "#" once. */
static bool
is_tail(struct slice s)
{
	bool in_fragment = false;

	for (size_t i = 0; i < s.n;) {
		size_t n = unit_length(s, i);

		if (n == 0) {
			if (s.p[i] == '#' && !in_fragment)
				in_fragment = true;
			else if (s.p[i] != '?')
				return false;
			n = 1;
		}
		i += n;
	}
	return true;
}

/* [ userinfo "@" ] host [ ":" port ] of "//..."; the host alone. */
static struct slice
host_of(struct slice authority)
{
	size_t at = slice_find(authority, '@');
	size_t end;

	if (at < authority.n)
		authority = slice_from(authority, at + 1);
	if (slice_starts(authority, SLICE_LIT("["))) {
		end = slice_find(authority, ']');
		return slice_upto(authority, end + 1);
	}
	return slice_upto(authority, slice_find(authority, ':'));
}

static struct slice
authority_of(struct slice hier)
{
	size_t end = 0;

	if (!slice_starts(hier, SLICE_LIT("//")))
		return SLICE_EMPTY;
	hier = slice_from(hier, 2);
	while (end < hier.n && hier.p[end] != '/' && hier.p[end] != '?' &&
	    hier.p[end] != '#')
		end++;
	return slice_upto(hier, end);
}

/* "[" IPv6 address "]": enough of it to tell it from garbage. */
static bool
is_bracketed(struct slice host)
{
	if (host.n < 4 || host.p[0] != '[' || host.p[host.n - 1] != ']')
		return false;
	for (size_t i = 1; i + 1 < host.n; i++)
		if (!is_hex_digit(host.p[i]) && host.p[i] != ':' &&
		    host.p[i] != '.')
			return false;
	return slice_find(host, ':') < host.n;
}

bool
uri_is_valid(struct slice uri)
{
	size_t scheme = scheme_length(uri);
	struct slice hier, authority, host;

	if (scheme == 0)
		return false;
	hier = slice_from(uri, scheme + 1);
	authority = authority_of(hier);
	host = host_of(authority);
	if (is_bracketed(host)) {
		/* RFC 3986 3.2.2: the only place for brackets. */
		size_t before = (size_t)(host.p - hier.p);

		return is_tail(slice_upto(hier, before)) &&
		    is_tail(slice_from(hier, before + host.n));
	}
	return is_tail(hier);
}

/* RFC 6068 2: "mailto:" addr-spec [ "?" headers ]. */
static enum uri_use
mailto_use(struct slice rest)
{
	struct slice address = slice_upto(rest, slice_find(rest, '?'));
	size_t at = slice_find(address, '@');
	struct slice domain = slice_from(address, at + 1);

	if (at == 0 || at == address.n || !name_is_domain(domain))
		return URI_USE_NONE;
	return URI_USE_PLAIN;
}

static enum uri_use
https_use(struct slice rest)
{
	struct slice host = host_of(authority_of(rest));

	if (is_bracketed(host))
		return URI_USE_PLAIN;
	if (slice_ends(host, SLICE_LIT(".")))
		host.n--;
	if (!name_is_domain(host))
		return URI_USE_NONE;
	return slice_find(host, '.') < host.n ? URI_USE_PLAIN : URI_USE_ODD;
}

enum uri_use
uri_report_use(struct slice uri)
{
	/* RFC 8460 3: mailto and https; schemes are case-insensitive. */
	if (slice_starts_nocase(uri, SLICE_LIT("mailto:")))
		return mailto_use(slice_from(uri, sizeof("mailto:") - 1));
	if (slice_starts_nocase(uri, SLICE_LIT("https:")))
		return https_use(slice_from(uri, sizeof("https:") - 1));
	return URI_USE_NONE;
}
