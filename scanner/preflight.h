/* SPDX-License-Identifier: Apache-2.0
 *
 * preflight.h: finds out before the first domain what works at all, so that
 * our trouble is never taken for theirs.
 */
#pragma once

#include <stdbool.h>

#include "workers/dns_pool.h"

/*
 * Resolvers of the options, or of /etc/resolv.conf where there are none.
 * False: one line was logged.
 */
bool preflight_resolvers(const char *const *text, size_t n, bool trust_ad,
    struct dns_config *out);
/* How many of the resolvers answer one question; say: who does not. */
size_t preflight_answers(const struct dns_config *config, bool say);
/*
 * Asks each resolver one question; false where none of them answers (one
 * line was logged).  Silent ones among others are warned of.
 */
bool preflight_dns(const struct dns_config *config);
/* "192.0.2.1:53" or "[2001:db8::1]:53" of resolver i. */
void preflight_resolver_text(const struct dns_config *config, size_t i,
    char *out, size_t cap);
/* Is there a route to the IPv6 internet?  Sends nothing. */
bool preflight_has_ipv6(void);
/*
 * Raises the limit of open files to the hard limit; returns what is to be
 * had.
 */
uint64_t preflight_files(void);
