/* SPDX-License-Identifier: Apache-2.0
 *
 * tlsa.c: which TLSA records an SMTP client can use.
 * RFC 6698 2.1 (fields), RFC 7672 3.1.3 (usages 0 and 1 are not for SMTP).
 */
#include "scanner/rules/tlsa.h"

#include "scanner/base/banned.h"

enum { USAGE_DANE_TA = 2, USAGE_DANE_EE = 3 };
enum { SELECTOR_CERT = 0, SELECTOR_SPKI = 1 };
enum { MTYPE_FULL = 0, MTYPE_SHA256 = 1, MTYPE_SHA512 = 2 };

bool
tlsa_is_usable(const struct tlsa_rr *rr)
{
	if (rr->usage != USAGE_DANE_TA && rr->usage != USAGE_DANE_EE)
		return false;
	return tlsa_is_well_formed(rr);
}

bool
tlsa_is_well_formed(const struct tlsa_rr *rr)
{
	if (rr->usage > USAGE_DANE_EE ||
	    (rr->selector != SELECTOR_CERT && rr->selector != SELECTOR_SPKI))
		return false;
	if (rr->mtype == MTYPE_SHA256)
		return rr->data.n == 32;
	if (rr->mtype == MTYPE_SHA512)
		return rr->data.n == 64;
	return rr->mtype == MTYPE_FULL && rr->data.n > 0;
}

size_t
tlsa_count_usable(const struct rrset *set)
{
	size_t n = 0;

	for (size_t i = 0; i < set->n; i++)
		if (tlsa_is_usable(&set->tlsa[i]))
			n++;
	return n;
}

static bool
is_space(char c)
{
	return ascii_is_wsp(c) || c == '\r' || c == '\n';
}

/* The next token; parentheses count as white space and must balance. */
static struct slice
token(struct cursor *c, int *depth)
{
	size_t start;
	int b;

	while ((b = cursor_peek(c)) != -1) {
		if (b == '(')
			(*depth)++;
		else if (b == ')')
			(*depth)--;
		else if (!is_space((char)b))
			break;
		if (*depth < 0 || *depth > 1)
			c->failed = true;
		cursor_skip(c, 1);
	}
	start = c->at;
	while ((b = cursor_peek(c)) != -1 && b != '(' && b != ')' &&
	    !is_space((char)b))
		cursor_skip(c, 1);
	return slice_make(c->p + start, c->failed ? 0 : c->at - start);
}

static bool
token_u8(struct cursor *c, int *depth, uint8_t *out)
{
	uint64_t v;

	if (!slice_to_u64(token(c, depth), 3, &v) || v > UINT8_MAX)
		return false;
	*out = (uint8_t)v;
	return true;
}

bool
tlsa_parse(struct arena *a, struct slice text, struct tlsa_rr *out)
{
	struct cursor c = cursor_of(text.p, text.n);
	char *hex = arena_alloc(a, text.n + 1);
	struct strbuf b = strbuf_of(hex, text.n + 1);
	uint8_t *data = arena_alloc(a, text.n / 2 + 1);
	int depth = 0;
	size_t n;

	if (!token_u8(&c, &depth, &out->usage) ||
	    !token_u8(&c, &depth, &out->selector) ||
	    !token_u8(&c, &depth, &out->mtype))
		return false;
	for (;;) {
		struct slice t = token(&c, &depth);

		if (t.n == 0)
			break;
		strbuf_add(&b, t);
	}
	if (c.failed || depth != 0 || b.n == 0 ||
	    !hex_decode(strbuf_slice(&b), data, text.n / 2 + 1, &n))
		return false;
	out->data = slice_make(data, n);
	return true;
}
