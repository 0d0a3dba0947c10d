/* SPDX-License-Identifier: Apache-2.0
 *
 * provider.h: who publishes records and policies for others.  Pure.
 *
 * The table is made from data/providers.tsv, the list people can read.
 */
#pragma once

#include "scanner/base/text.h"

enum provider_service {
	PROVIDER_STS,    /* publishes _mta-sts records and policy files */
	PROVIDER_TLSRPT, /* receives TLS reports */
	PROVIDER_MX,     /* runs MX hosts */
};

/*
 * The provider with the longest suffix that the name equals or ends in at a
 * label boundary; empty: none known.  The slice is static.
 * `name`: lower-case A-labels, no root dot.
 */
struct slice provider_of(enum provider_service service, struct slice name);

/* The first of an alias chain that belongs to one. */
struct slice provider_of_chain(enum provider_service service,
    const struct slice *name, size_t n);
