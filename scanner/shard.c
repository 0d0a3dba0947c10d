/* SPDX-License-Identifier: Apache-2.0
 *
 * shard.c: shards by a hash of the name.
 */
#include "scanner/shard.h"

#include "scanner/base/banned.h"

#define DIGITS_MAX 6

/* Without leading zeros: the text stands in the scan record as it is. */
static bool
parse_number(struct slice s, uint64_t *out)
{
	return slice_to_u64(s, DIGITS_MAX, out) && s.p[0] != '0' &&
	    *out <= SHARD_MAX;
}

bool
shard_parse(const char *text, struct shard *out)
{
	struct slice s = slice_of(text);
	size_t slash = slice_find(s, '/');

	*out = (struct shard){ 0, 0 };
	if (text == NULL)
		return true;
	return parse_number(slice_upto(s, slash), &out->index) &&
	    parse_number(slice_from(s, slash + 1), &out->n) &&
	    out->index <= out->n;
}

bool
shard_has(const struct shard *s, struct slice name)
{
	static const uint64_t key[2] = { 0, 0 };

	return s->n == 0 || slice_hash(name, key) % s->n == s->index - 1;
}
