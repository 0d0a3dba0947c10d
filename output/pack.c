/* SPDX-License-Identifier: Apache-2.0
 *
 * pack.c: the checked skin over msgpack-c.
 *
 * A map's header is one byte until it is closed; a map of more than 15 pairs
 * then gets the two bytes more that its count needs.
 */
#include "output/pack.h"

#include <string.h>

#include "scanner/base/arena.h"
#include "scanner/base/log.h"

#include "scanner/base/banned.h"

#define BUFFER_FIRST_BYTES 512
#define FIXSTR_MAX 31
#define FIXSTR 0xa0
#define FIXMAP_MAX 15
#define FIXMAP 0x80
#define MAP16 0xde

/* msgpack's writer callback; memory that is missing ends the program. */
static int
append(void *buffer, const char *bytes, size_t n)
{
	if (n > 0 && msgpack_sbuffer_write(buffer, bytes, n) != 0)
		log_fatal("out of memory (a record of %zu bytes)", n);
	return 0;
}

static struct pack_level *
top(struct packer *p)
{
	return &p->level[p->depth - 1];
}

static void
write_ascii(struct packer *p, const char *s, size_t n)
{
	char fixstr[1 + FIXSTR_MAX];

	if (n > FIXSTR_MAX) {
		msgpack_pack_str(&p->out, n);
		msgpack_pack_str_body(&p->out, s, n);
		return;
	}
	/* keys and words: head and body in one piece, for speed */
	fixstr[0] = (char)(FIXSTR | n);
	if (n > 0)
		memcpy(fixstr + 1, s, n);
	append(&p->buffer, fixstr, 1 + n);
}

static void
write_str(struct packer *p, struct slice s)
{
	if (slice_is_utf8(s)) {
		write_ascii(p, s.p, s.n);
	} else {
		msgpack_pack_bin(&p->out, s.n);
		msgpack_pack_bin_body(&p->out, s.p, s.n);
	}
}

static void
push(struct packer *p, enum object o, bool is_volatile)
{
	char header = (char)FIXMAP;

	if (p->depth == PACK_DEPTH)
		log_fatal("a record nests deeper than %d", PACK_DEPTH);
	p->level[p->depth++] = (struct pack_level){
		.object = o,
		.next = object_first(o),
		.header = p->buffer.size,
		.is_volatile = is_volatile,
	};
	append(&p->buffer, &header, 1);
}

/* Checks the field against table and open map, then writes its key. */
static void
key(struct packer *p, enum field f, enum field_type type)
{
	const struct field_row *row = field_row(f);
	struct pack_level *l = top(p);

	if (field_object(f) != l->object || row->type != type || f < l->next)
		log_fatal("record.def: field %s.%s does not fit here "
		    "(object, type or order)", row->object, row->name);
	l->next = f + 1;
	l->n++;
	write_ascii(p, row->name, field_name_bytes(f));
}

static void
check_sub(enum field f, enum object o)
{
	if (field_sub(f) != o)
		log_fatal("record.def: %s.%s holds no such map",
		    field_row(f)->object, field_row(f)->name);
}

void
pack_begin(struct packer *p, enum object o)
{
	*p = (struct packer){ .depth = 0 };
	/* msgpack's own first piece, 8 KiB, is none malloc keeps at hand. */
	p->buffer.alloc = BUFFER_FIRST_BYTES;
	p->buffer.data = xmalloc(BUFFER_FIRST_BYTES);
	msgpack_packer_init(&p->out, &p->buffer, append);
	push(p, o, false);
	pack_str(p, object_first(o),
	    slice_of(field_row(object_first(o))->object));
}

struct record *
pack_finish(struct packer *p, enum record_type type)
{
	struct record *r;

	pack_map_close(p);
	if (p->depth != 0)
		log_fatal("a record was finished with a map open");
	r = xmalloc(sizeof(*r) + p->buffer.size);
	*r = (struct record){ .type = type, .tally = p->tally };
	r->n = p->buffer.size;
	memcpy(r->bytes, p->buffer.data, r->n);
	msgpack_sbuffer_destroy(&p->buffer);
	return r;
}

void
pack_str(struct packer *p, enum field f, struct slice s)
{
	key(p, f, FIELD_STR);
	write_str(p, s);
}

void
pack_str_if(struct packer *p, enum field f, struct slice s)
{
	if (s.n > 0)
		pack_str(p, f, s);
}

void
pack_bin(struct packer *p, enum field f, const void *bytes, size_t n)
{
	key(p, f, FIELD_BIN);
	pack_item_bin(p, bytes, n);
}

void
pack_uint(struct packer *p, enum field f, uint64_t v)
{
	key(p, f, FIELD_UINT);
	msgpack_pack_uint64(&p->out, v);
}

void
pack_uint_if(struct packer *p, enum field f, uint64_t v)
{
	if (v != 0)
		pack_uint(p, f, v);
}

void
pack_bool(struct packer *p, enum field f, bool v)
{
	key(p, f, FIELD_BOOL);
	if (v)
		msgpack_pack_true(&p->out);
	else
		msgpack_pack_false(&p->out);
}

void
pack_flag_if(struct packer *p, enum field f, bool v)
{
	if (v)
		pack_bool(p, f, true);
}

void
pack_tri(struct packer *p, enum field f, enum tri v)
{
	if (v == TRI_UNKNOWN) {
		key(p, f, FIELD_BOOL);
		msgpack_pack_nil(&p->out);
	} else {
		pack_bool(p, f, v == TRI_YES);
	}
}

void
pack_tri_if(struct packer *p, enum field f, enum tri v)
{
	if (v != TRI_UNKNOWN)
		pack_tri(p, f, v);
}

void
pack_time(struct packer *p, enum field f, int64_t ms)
{
	key(p, f, FIELD_TIME);
	msgpack_pack_int64(&p->out, ms);
}

void
pack_seconds(struct packer *p, enum field f, int64_t s)
{
	key(p, f, FIELD_SECONDS);
	msgpack_pack_int64(&p->out, s);
}

void
pack_word(struct packer *p, enum field f, const char *word)
{
	key(p, f, FIELD_WORD);
	write_ascii(p, word, strlen(word));
}

void
pack_outcome(struct packer *p, enum field f, enum outcome o)
{
	static const char name[] = "outcome";

	pack_word(p, f, outcome_word(o));
	if (field_row(f)->stable && !top(p)->is_volatile &&
	    field_name_bytes(f) == sizeof(name) - 1 &&
	    memcmp(field_row(f)->name, name, sizeof(name) - 1) == 0)
		p->tally.outcome[o]++;
}

void
pack_nil(struct packer *p, enum field f)
{
	key(p, f, field_row(f)->type);
	msgpack_pack_nil(&p->out);
}

void
pack_strs(struct packer *p, enum field f, const struct slice *s, size_t n)
{
	key(p, f, FIELD_STRS);
	pack_item_strs(p, s, n);
}

void
pack_strs_if(struct packer *p, enum field f, const struct slice *s, size_t n)
{
	if (n > 0)
		pack_strs(p, f, s, n);
}

void
pack_map_open(struct packer *p, enum field f, enum object o)
{
	bool is_volatile = top(p)->is_volatile || !field_row(f)->stable;

	check_sub(f, o);
	key(p, f, FIELD_MAP);
	push(p, o, is_volatile);
}

/* Room for the wider header; maps inside are closed and move along. */
static void
widen(struct packer *p, size_t at, uint32_t n)
{
	const char more[2] = { 0, 0 };
	char *h;

	if (n > UINT16_MAX)
		log_fatal("a map of %u pairs in a record", (unsigned)n);
	append(&p->buffer, more, sizeof(more));
	h = p->buffer.data + at;
	memmove(h + 3, h + 1, p->buffer.size - at - 3);
	h[0] = (char)MAP16;
	h[1] = (char)(n >> 8);
	h[2] = (char)(n & 0xff);
}

void
pack_map_close(struct packer *p)
{
	struct pack_level *l = top(p);

	if (l->n <= FIXMAP_MAX)
		p->buffer.data[l->header] = (char)(FIXMAP | l->n);
	else
		widen(p, l->header, l->n);
	p->depth--;
}

void
pack_list(struct packer *p, enum field f, size_t n)
{
	key(p, f, field_row(f)->type);
	msgpack_pack_array(&p->out, n);
}

void
pack_item_open(struct packer *p, enum field f, enum object o)
{
	check_sub(f, o);
	push(p, o, top(p)->is_volatile || !field_row(f)->stable);
}

void
pack_item_str(struct packer *p, struct slice s)
{
	write_str(p, s);
}

void
pack_item_strs(struct packer *p, const struct slice *s, size_t n)
{
	msgpack_pack_array(&p->out, n);
	for (size_t i = 0; i < n; i++)
		write_str(p, s[i]);
}

void
pack_item_bin(struct packer *p, const void *bytes, size_t n)
{
	msgpack_pack_bin(&p->out, n);
	msgpack_pack_bin_body(&p->out, n == 0 ? "" : bytes, n);
}

void
pack_counts_open(struct packer *p, enum field f)
{
	key(p, f, FIELD_COUNTS);
	push(p, OBJECT_COUNT, false);
}

void
pack_count(struct packer *p, const char *word, uint64_t n)
{
	if (top(p)->object != OBJECT_COUNT)
		log_fatal("a count is written outside a map of counts");
	write_ascii(p, word, strlen(word));
	msgpack_pack_uint64(&p->out, n);
	top(p)->n++;
}
