/* SPDX-License-Identifier: Apache-2.0
 *
 * dns_rdata_text.c: records that are kept as text alone: NS, CNAME, DS, CAA.
 *
 * Their presentation form, always the same for the same bytes (RFC 1035 5.1,
 * RFC 4034 5.3, RFC 8659 4.1.1), each bounded before it is kept.  Called by
 * dns_rdata.c; the memory is the arena's.
 */
#include "scanner/base/limits.h"
#include "workers/dns_wire.h"

#include "scanner/base/banned.h"

#define DS_HEAD_BYTES 4 /* key tag, algorithm, digest type */
#define ESCAPED_BYTES 4 /* of one byte, as \DDD */
#define TAG_BYTES_MAX 255

/* A name may be compressed, so it is read within the whole message. */
static bool
name_text(struct arena *a, struct slice message, const struct dns_rr *rr,
    struct slice *out)
{
	struct cursor c = cursor_of(message.p, message.n);
	struct dns_name name;

	cursor_seek(&c, rr->data_at);
	if (!dns_name_read(&c, &name) || c.at != rr->data_at + rr->data_n)
		return false;
	*out = dns_name_text(a, &name);
	return true;
}

static struct slice
upto(struct dns_gather *g, struct slice s, size_t most)
{
	g->is_cut |= s.n > most;
	return slice_upto(s, most);
}

/* RFC 4034 5.1; a DS without digest says nothing. */
static bool
ds_text(struct dns_gather *g, struct slice data, struct slice *out)
{
	struct cursor c = cursor_of(data.p, data.n);
	char hex[2 * LIMIT_DS_DIGEST_BYTES + 1];
	unsigned tag = cursor_u16(&c), algorithm = cursor_u8(&c);
	unsigned type = cursor_u8(&c);
	struct slice digest;

	if (data.n <= DS_HEAD_BYTES)
		return false;
	digest = upto(g, cursor_bytes(&c, cursor_left(&c)),
	    LIMIT_DS_DIGEST_BYTES);
	hex_encode((const uint8_t *)digest.p, digest.n, hex);
	for (char *p = hex; *p != '\0'; p++)
		if (*p >= 'a' && *p <= 'f')
			*p = (char)(*p - 'a' + 'A');
	*out = arena_fmt(g->a, "%u %u %u %s", tag, algorithm, type, hex);
	return true;
}

/* RFC 1035 5.1: what is no plain letter inside a character-string. */
static void
add_escaped(struct strbuf *b, struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char byte = (unsigned char)s.p[i];

		if (byte < 0x20 || byte > 0x7e)
			strbuf_fmt(b, "\\%03u", (unsigned)byte);
		else if (byte == '"' || byte == '\\')
			strbuf_fmt(b, "\\%c", byte);
		else
			strbuf_char(b, s.p[i]);
	}
}

/* RFC 8659 4.1: flags, a tag of at least one byte, the value. */
static bool
caa_text(struct dns_gather *g, struct slice data, struct slice *out)
{
	char text[ESCAPED_BYTES * (TAG_BYTES_MAX + LIMIT_CAA_VALUE_BYTES) + 16];
	struct strbuf b = strbuf_of(text, sizeof(text));
	struct cursor c = cursor_of(data.p, data.n);
	unsigned flags = cursor_u8(&c);
	struct slice tag = cursor_bytes(&c, cursor_u8(&c));

	if (c.failed || tag.n == 0)
		return false;
	strbuf_fmt(&b, "%u ", flags);
	add_escaped(&b, tag);
	strbuf_add(&b, SLICE_LIT(" \""));
	add_escaped(&b, upto(g, cursor_bytes(&c, cursor_left(&c)),
	    LIMIT_CAA_VALUE_BYTES));
	strbuf_char(&b, '"');
	*out = arena_slice(g->a, strbuf_slice(&b));
	return true;
}

bool
dns_text_add(struct dns_gather *g, struct slice message,
    const struct dns_rr *rr)
{
	struct slice data = slice_upto(slice_from(message, rr->data_at),
	    rr->data_n);
	struct slice text;
	bool ok;

	if (g->type == DNS_DS)
		ok = ds_text(g, data, &text);
	else if (g->type == DNS_CAA)
		ok = caa_text(g, data, &text);
	else
		ok = name_text(g->a, message, rr, &text);
	if (ok)
		*(struct slice *)vec_push(g->a, &g->rr) = text;
	return ok;
}
