/* SPDX-License-Identifier: Apache-2.0
 *
 * json.h: records as JSON lines, the way `mxcensus cat` prints them.
 *
 * Digests are hexadecimal, certificates base64, text that is not UTF-8 is
 * {"b64": "..."}.  Fields that the table does not know, of a later version,
 * pass through.
 */
#pragma once

#include <msgpack.h>
#include <stdbool.h>

#include "scanner/base/text.h"

struct json_fields;

struct json_options {
	bool stable;  /* no volatile fields; those left in the table's order */
	bool explain; /* a domain's findings with their sentences */
	const struct json_fields *fields; /* NULL: all of them */
};

struct json_out {
	char *p;
	size_t n, cap;
};

void json_out_release(struct json_out *o);
/*
 * Appends the record and a newline; nothing where none of the chosen fields is
 * in it.
 */
void json_record(struct json_out *o, const msgpack_object *record,
    const struct json_options *options);
