/* SPDX-License-Identifier: Apache-2.0
 *
 * uri.h: the URIs of a TLS-RPT record: grammar and use as a destination.
 * RFC 3986 3, RFC 6068 2 (mailto), RFC 8460 3.
 */
#pragma once

#include "scanner/base/text.h"

/*
 * The generic syntax of RFC 3986, without the bytes "," "!" ";" that RFC 8460
 * 3 wants percent-encoded.
 */
bool uri_is_valid(struct slice uri);

/* Can a report be sent there? */
enum uri_use {
	URI_USE_PLAIN, /* mailto: with an address, https: with a host */
	URI_USE_ODD,   /* https: with a host of a single label */
	URI_USE_NONE,  /* another scheme, no address, no host */
};

/* Of a URI that is valid. */
enum uri_use uri_report_use(struct slice uri);
