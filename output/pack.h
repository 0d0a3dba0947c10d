/* SPDX-License-Identifier: Apache-2.0
 *
 * pack.h: fields of record.def to msgpack, one record at a time.
 *
 * Every function takes the field's number and stops the program where the
 * field does not belong to the map that is open, has another type or stands
 * before one already written: the file can hold only what the table says, in
 * its order.  `_if` writes nothing where there is nothing to say.
 */
#pragma once

#include <msgpack.h>

#include "output/blob.h"
#include "output/table.h"

#define PACK_DEPTH 8

struct pack_level {
	enum object object; /* OBJECT_COUNT: words to numbers */
	enum field next;    /* fields before it are written or left out */
	size_t header;      /* offset of the map's header */
	uint32_t n;         /* pairs so far */
	bool is_volatile;
};

struct packer {
	msgpack_sbuffer buffer;
	msgpack_packer out;
	struct pack_level level[PACK_DEPTH];
	size_t depth;
	struct record_tally tally;
};

/* Opens the record's map and writes its `type`, the object's first field. */
void pack_begin(struct packer *p, enum object o);
/* Closes it; the packer is released. */
struct record *pack_finish(struct packer *p, enum record_type type);

void pack_str(struct packer *p, enum field f, struct slice s);
void pack_str_if(struct packer *p, enum field f, struct slice s);
void pack_bin(struct packer *p, enum field f, const void *bytes, size_t n);
void pack_uint(struct packer *p, enum field f, uint64_t v);
void pack_uint_if(struct packer *p, enum field f, uint64_t v);
void pack_bool(struct packer *p, enum field f, bool v);
void pack_flag_if(struct packer *p, enum field f, bool v);
void pack_tri(struct packer *p, enum field f, enum tri v);
void pack_tri_if(struct packer *p, enum field f, enum tri v);
void pack_time(struct packer *p, enum field f, int64_t ms);
void pack_seconds(struct packer *p, enum field f, int64_t s);
void pack_word(struct packer *p, enum field f, const char *word);
/* Counted for `end` where the field is named outcome and stays in --stable. */
void pack_outcome(struct packer *p, enum field f, enum outcome o);
void pack_nil(struct packer *p, enum field f);
void pack_strs(struct packer *p, enum field f, const struct slice *s,
    size_t n);
void pack_strs_if(struct packer *p, enum field f, const struct slice *s,
    size_t n);

void pack_map_open(struct packer *p, enum field f, enum object o);
void pack_map_close(struct packer *p);

/*
 * A list of n elements (BINS, WORDS, MAPS, STRLISTS, STRS): exactly n items
 * follow; a map among them is opened by pack_item_open() and closed by
 * pack_map_close().
 */
void pack_list(struct packer *p, enum field f, size_t n);
void pack_item_open(struct packer *p, enum field f, enum object o);
void pack_item_str(struct packer *p, struct slice s);
void pack_item_strs(struct packer *p, const struct slice *s, size_t n);
void pack_item_bin(struct packer *p, const void *bytes, size_t n);

/* COUNTS: pack_count() any number of times, then pack_map_close(). */
void pack_counts_open(struct packer *p, enum field f);
void pack_count(struct packer *p, const char *word, uint64_t n);
