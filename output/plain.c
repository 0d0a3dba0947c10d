/* SPDX-License-Identifier: Apache-2.0
 *
 * plain.c: a walk over msgpack that checks without allocating, then
 * msgpack-c for what passed.
 */
#include "output/plain.h"

#include "scanner/base/limits.h"

#include "scanner/base/banned.h"

#define DEPTH_MAX 16 /* ours nest 6 deep; msgpack-c itself stops at 32 */

enum shape { SHAPE_BYTES, SHAPE_STR, SHAPE_ARRAY, SHAPE_MAP, SHAPE_BAD };

/* One value's head: what follows it, and how many (bytes, items, pairs). */
struct head {
	enum shape shape;
	uint64_t n;
};

static uint32_t
read_length(struct cursor *c, unsigned bytes)
{
	return bytes == 1 ? cursor_u8(c) : bytes == 2 ? cursor_u16(c) :
	    cursor_u32(c);
}

/* The types 0xc0 to 0xdf (msgpack specification, "formats"). */
static struct head
read_long_head(struct cursor *c, uint8_t type)
{
	if (type == 0xc0 || type == 0xc2 || type == 0xc3)
		return (struct head){ SHAPE_BYTES, 0 };
	if (type >= 0xc4 && type <= 0xc6) /* bin */
		return (struct head){ SHAPE_BYTES,
			read_length(c, 1u << (type - 0xc4)) };
	if (type >= 0xc7 && type <= 0xc9) /* ext: a type byte and the data */
		return (struct head){ SHAPE_BYTES,
			read_length(c, 1u << (type - 0xc7)) + UINT64_C(1) };
	if (type == 0xca || type == 0xcb) /* float */
		return (struct head){ SHAPE_BYTES, type == 0xca ? 4 : 8 };
	if (type >= 0xcc && type <= 0xd3) /* integer */
		return (struct head){ SHAPE_BYTES, 1u << (type & 3) };
	if (type >= 0xd4 && type <= 0xd8) /* fixext */
		return (struct head){ SHAPE_BYTES, 1 + (1u << (type - 0xd4)) };
	if (type >= 0xd9 && type <= 0xdb)
		return (struct head){ SHAPE_STR,
			read_length(c, 1u << (type - 0xd9)) };
	if (type == 0xdc || type == 0xdd)
		return (struct head){ SHAPE_ARRAY,
			read_length(c, 2u << (type - 0xdc)) };
	if (type == 0xde || type == 0xdf)
		return (struct head){ SHAPE_MAP,
			read_length(c, 2u << (type - 0xde)) };
	return (struct head){ SHAPE_BAD, 0 };
}

static struct head
read_head(struct cursor *c)
{
	uint8_t type = cursor_u8(c);

	if (type <= 0x7f || type >= 0xe0)
		return (struct head){ SHAPE_BYTES, 0 };
	if (type <= 0x8f)
		return (struct head){ SHAPE_MAP, type & 0x0f };
	if (type <= 0x9f)
		return (struct head){ SHAPE_ARRAY, type & 0x0f };
	if (type <= 0xbf)
		return (struct head){ SHAPE_STR, type & 0x1f };
	return read_long_head(c, type);
}

static bool walk_value(struct cursor *c, unsigned depth);

static bool
walk_key(struct cursor *c)
{
	struct head h = read_head(c);

	if (h.shape != SHAPE_STR)
		return false;
	cursor_skip(c, (size_t)h.n);
	return !c->failed;
}

/* Every item takes a byte at least, so the bytes left bound the count. */
static bool
walk_items(struct cursor *c, struct head h, unsigned depth)
{
	if (h.n > cursor_left(c) || depth == DEPTH_MAX)
		return false;
	for (uint64_t i = 0; i < h.n; i++) {
		if (h.shape == SHAPE_MAP && !walk_key(c))
			return false;
		if (!walk_value(c, depth + 1))
			return false;
	}
	return true;
}

static bool
walk_value(struct cursor *c, unsigned depth)
{
	struct head h = read_head(c);

	switch (h.shape) {
	case SHAPE_BYTES:
	case SHAPE_STR:
		cursor_skip(c, (size_t)h.n);
		return !c->failed;
	case SHAPE_ARRAY:
	case SHAPE_MAP:
		return !c->failed && walk_items(c, h, depth);
	case SHAPE_BAD:
		return false;
	}
	return false;
}

bool
plain_is_sound(struct slice plain)
{
	struct cursor c = cursor_of(plain.p, plain.n);

	while (cursor_left(&c) > 0) {
		size_t start = c.at;
		struct head h = read_head(&c);

		if (c.failed || h.shape != SHAPE_MAP || !walk_items(&c, h, 0))
			return false;
		if (c.at - start > LIMIT_RECORD_BYTES)
			return false;
	}
	return true;
}

void
plain_init(struct plain *p, struct slice sound)
{
	*p = (struct plain){ .bytes = sound };
	msgpack_unpacked_init(&p->unpacked);
}

const msgpack_object *
plain_next(struct plain *p)
{
	p->from = p->at;
	if (p->at >= p->bytes.n ||
	    msgpack_unpack_next(&p->unpacked, p->bytes.p, p->bytes.n,
	    &p->at) != MSGPACK_UNPACK_SUCCESS)
		return NULL;
	return &p->unpacked.data;
}

struct slice
plain_record(const struct plain *p)
{
	return slice_make(p->bytes.p + p->from, p->at - p->from);
}

void
plain_release(struct plain *p)
{
	msgpack_unpacked_destroy(&p->unpacked);
}
