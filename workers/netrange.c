/* SPDX-License-Identifier: Apache-2.0
 *
 * netrange.c: addresses and blocks of addresses: text, order, membership, and
 * which of them are special-purpose (RFC 6890).  Pure.
 *
 * The table of special-purpose blocks is made from data/special-purpose.txt
 * by workers/special_purpose.awk.
 */
#include "workers/reach.h"

#include <arpa/inet.h>
#include <string.h>

#include "scanner/base/banned.h"

#define BITS_IPV4 32
#define BITS_IPV6 128

static const struct netrange special[] = {
#include "special_purpose.inc"
	/* Ways to write an IPv4 address in IPv6, whatever the table says:
	 * mapped (RFC 4291 2.5.5.2), NAT64 (RFC 6052), 6to4 (RFC 3056). */
	{ { 6, { [10] = 0xff, [11] = 0xff } }, 96 },
	{ { 6, { 0x00, 0x64, 0xff, 0x9b } }, 96 },
	{ { 6, { 0x20, 0x02 } }, 16 },
};

static unsigned
address_bits(const struct address *a)
{
	return a->family == 4 ? BITS_IPV4 : BITS_IPV6;
}

bool
address_parse(struct slice s, struct address *out)
{
	char text[INET6_ADDRSTRLEN];

	if (s.n == 0 || s.n >= sizeof(text))
		return false;
	if (memchr(s.p, '\0', s.n) != NULL)
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	memset(out, 0, sizeof(*out));
	if (inet_pton(AF_INET, text, out->bytes) == 1)
		out->family = 4;
	else if (inet_pton(AF_INET6, text, out->bytes) == 1)
		out->family = 6;
	return out->family != 0;
}

void
address_format(const struct address *a, char *out, size_t cap)
{
	if (cap == 0)
		return;
	if (inet_ntop(a->family == 4 ? AF_INET : AF_INET6, a->bytes, out,
	    (socklen_t)cap) == NULL)
		out[0] = '\0';
}

int
address_cmp(const struct address *a, const struct address *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(a->bytes, b->bytes, address_bits(a) / 8);
}

/* Clears all bits behind the first `bits`. */
static struct address
address_mask(const struct address *a, unsigned bits)
{
	struct address out = *a;

	for (unsigned i = 0; i < sizeof(out.bytes); i++) {
		if (i * 8 >= bits)
			out.bytes[i] = 0;
		else if (bits - i * 8 < 8)
			out.bytes[i] &= (uint8_t)(0xff00u >> (bits - i * 8));
	}
	return out;
}

struct netrange
netrange_of(const struct address *a, unsigned bits)
{
	struct netrange r = { address_mask(a, bits), (uint8_t)bits };

	return r;
}

bool
netrange_parse(struct slice s, struct netrange *out)
{
	size_t slash = slice_find(s, '/');
	struct address a;
	uint64_t bits;

	if (!address_parse(slice_upto(s, slash), &a))
		return false;
	bits = address_bits(&a);
	if (slash < s.n && !slice_to_u64(slice_from(s, slash + 1), 3, &bits))
		return false;
	if (bits > address_bits(&a))
		return false;
	*out = netrange_of(&a, (unsigned)bits);
	return true;
}

bool
netrange_has(const struct netrange *r, const struct address *a)
{
	struct address masked;

	if (r->network.family != a->family)
		return false;
	masked = address_mask(a, r->prefix);
	return address_cmp(&masked, &r->network) == 0;
}

bool
netrange_is_special(const struct netrange *r)
{
	for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++)
		if (special[i].prefix <= r->prefix &&
		    netrange_has(&special[i], &r->network))
			return true;
	return false;
}

bool
address_is_special(const struct address *a)
{
	struct netrange whole = netrange_of(a, address_bits(a));

	return netrange_is_special(&whole);
}
