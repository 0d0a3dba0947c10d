/* SPDX-License-Identifier: Apache-2.0
 *
 * json_out.h: JSON tokens into a growing buffer (RFC 8259).
 */
#pragma once

#include <stdint.h>

#include "output/json.h"

void json_raw(struct json_out *o, const char *p, size_t n);
void json_char(struct json_out *o, char c);
void json_uint(struct json_out *o, uint64_t v);
void json_int(struct json_out *o, int64_t v);
void json_double(struct json_out *o, double v); /* not finite: null */
/* A string; where it is not UTF-8, {"b64": "..."}. */
void json_text(struct json_out *o, struct slice s);
void json_hex(struct json_out *o, struct slice s);    /* a string */
void json_base64(struct json_out *o, struct slice s); /* a string */
void json_wrapped(struct json_out *o, struct slice s); /* {"b64": "..."} */
