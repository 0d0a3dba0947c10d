/* SPDX-License-Identifier: Apache-2.0
 *
 * reach.h: which addresses and names may be contacted.
 *
 * Special-purpose addresses (data/special-purpose.txt) never are, unless
 * --allow-net names them; --only-net admits nothing else; --exclude wins over
 * everything.  -4 and -6 and a missing IPv6 route make a family `local`.
 * One object for the run, shared by all workers, immutable but for the
 * exclusions, which a reload swaps under a lock.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "scanner/rules/facts.h"

struct netrange {
	struct address network; /* bits behind the prefix are zero */
	uint8_t prefix; /* bits */
};

/* "192.0.2.0/24", "2001:db8::/32" or a bare address; false: no such thing. */
bool netrange_parse(struct slice s, struct netrange *out);
/* The block of `bits` that holds the address. */
struct netrange netrange_of(const struct address *a, unsigned bits);
bool netrange_has(const struct netrange *r, const struct address *a);
/* Does the whole block lie within one special-purpose block? */
bool netrange_is_special(const struct netrange *r);
bool address_parse(struct slice s, struct address *out);
/* Text form; out holds at least 46 bytes. */
void address_format(const struct address *a, char *out, size_t cap);
int address_cmp(const struct address *a, const struct address *b);
bool address_is_special(const struct address *a);

struct reach_config {
	const struct netrange *allow; /* borrowed during reach_new() only */
	size_t n_allow;
	const struct netrange *only;
	size_t n_only;
	bool ipv4, ipv6; /* false: this family is not used */
};

struct reach;

struct reach *reach_new(const struct reach_config *config);
void reach_free(struct reach *r);
/*
 * Reads n exclusion files, which hold together and in place of what was read
 * before: a domain, host name, address or CIDR a line, '#' begins a comment; a
 * name excludes itself and everything below it.
 * False: one is unreadable or has a bad line; `error` (of `cap` bytes) says
 * which.  The old list stays then.
 */
bool reach_exclude_files(struct reach *r, const char *const *path, size_t n,
    char *error, size_t cap);
/*
 * OUTCOME_OK, or why not, the first that holds: EXCLUDED by the file,
 * SPECIAL_ADDRESS, EXCLUDED by --only-net, LOCAL (family not available).
 */
enum outcome reach_address(struct reach *r, const struct address *a);
/* Is this domain or host name excluded? */
bool reach_name_excluded(struct reach *r, struct slice name);
/* Is every address that may be contacted a special-purpose one? */
bool reach_is_private(const struct reach *r);
