/* SPDX-License-Identifier: Apache-2.0
 *
 * dns_name.c: domain names on the wire and in presentation form.
 *
 * Compression pointers must lead strictly backwards, so that no name can loop
 * and none costs more than its message is long (RFC 1035 4.1.4).  Escapes are
 * ldns' business.  Below dns_message.c and dns_rdata.c; memory is the arena's.
 */
#include <ldns/ldns.h>
#include <stdlib.h>
#include <string.h>

#include "scanner/base/limits.h"
#include "workers/dns_wire.h"

#include "scanner/base/banned.h"

#define NAME_TEXT_MAX (4 * DNS_NAME_WIRE_MAX + 1)

bool
dns_name_read(struct cursor *c, struct dns_name *out)
{
	struct cursor at = *c;
	size_t barrier = c->at; /* a pointer must lead before this */
	bool jumped = false;

	out->n = 0;
	for (;;) {
		uint8_t n = cursor_u8(&at);
		struct slice label;

		if (at.failed)
			return false;
		if (n >= 0xc0) {
			size_t target = (size_t)(n & 0x3f) << 8;

			target |= cursor_u8(&at);
			if (at.failed || target >= barrier)
				return false;
			if (!jumped)
				cursor_seek(c, at.at);
			jumped = true;
			barrier = target;
			cursor_seek(&at, target);
			continue;
		}
		label = cursor_bytes(&at, n);
		if (n > LIMIT_LABEL_BYTES || at.failed ||
		    out->n + 1 + n > sizeof(out->b))
			return false;
		out->b[out->n++] = n;
		for (size_t i = 0; i < label.n; i++)
			out->b[out->n++] = (uint8_t)ascii_lower(label.p[i]);
		if (n == 0)
			break;
	}
	if (!jumped)
		cursor_seek(c, at.at);
	return !c->failed;
}

bool
dns_name_eq(const struct dns_name *a, const struct dns_name *b)
{
	return a->n == b->n && memcmp(a->b, b->b, a->n) == 0;
}

struct slice
dns_name_text(struct arena *a, const struct dns_name *name)
{
	uint8_t bytes[DNS_NAME_WIRE_MAX];
	struct slice text;
	ldns_rdf *rdf;
	char *s;

	if (name->n <= 1)
		return SLICE_LIT(".");
	memcpy(bytes, name->b, name->n);
	rdf = ldns_rdf_new(LDNS_RDF_TYPE_DNAME, name->n, bytes);
	s = rdf == NULL ? NULL : ldns_rdf2str(rdf);
	ldns_rdf_free(rdf);
	text = slice_of(s);
	if (text.n > 0)
		text.n--; /* the root dot */
	text = arena_slice(a, text);
	free(s);
	return text;
}

size_t
dns_name_write(struct slice name, uint8_t *out)
{
	char text[NAME_TEXT_MAX + 1];
	ldns_rdf *rdf = NULL;
	size_t n;

	if (name.n == 0 || name.n >= sizeof(text) ||
	    slice_find(name, '\0') < name.n)
		return 0;
	memcpy(text, name.p, name.n);
	text[name.n] = '\0';
	if (ldns_str2rdf_dname(&rdf, text) != LDNS_STATUS_OK)
		return 0;
	n = ldns_rdf_size(rdf);
	if (n > DNS_NAME_WIRE_MAX)
		n = 0;
	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)ascii_lower((char)ldns_rdf_data(rdf)[i]);
	ldns_rdf_deep_free(rdf);
	return n;
}
