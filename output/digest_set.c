/* SPDX-License-Identifier: Apache-2.0
 *
 * digest_set.c: open addressing over digests, which are their own hash.
 * Filled to four fifths at most, then doubled.
 */
#include "output/digest_set.h"

#include <stdlib.h>
#include <string.h>

#include "scanner/base/arena.h"

#include "scanner/base/banned.h"

#define SLOTS_FIRST 1024

static const uint8_t zero[32];

void
digest_set_init(struct digest_set *s)
{
	*s = (struct digest_set){ .n_slot = SLOTS_FIRST };
	s->slot = xcalloc(s->n_slot, sizeof(s->slot[0]));
}

void
digest_set_release(struct digest_set *s)
{
	free(s->slot);
	s->slot = NULL;
}

static bool
is_free(const uint8_t slot[32])
{
	return memcmp(slot, zero, sizeof(zero)) == 0;
}

/* The digest's slot, or the free one where it belongs. */
static size_t
place(const struct digest_set *s, const uint8_t digest[32])
{
	uint64_t hash;
	size_t i;

	memcpy(&hash, digest, sizeof(hash));
	i = hash & (s->n_slot - 1);
	while (!is_free(s->slot[i]) && memcmp(s->slot[i], digest, 32) != 0)
		i = (i + 1) & (s->n_slot - 1);
	return i;
}

static void
grow(struct digest_set *s)
{
	struct digest_set bigger = *s;

	bigger.n_slot *= 2;
	bigger.slot = xcalloc(bigger.n_slot, sizeof(bigger.slot[0]));
	for (size_t i = 0; i < s->n_slot; i++)
		if (!is_free(s->slot[i]))
			memcpy(bigger.slot[place(&bigger, s->slot[i])],
			    s->slot[i], 32);
	free(s->slot);
	*s = bigger;
}

bool
digest_set_has(const struct digest_set *s, const uint8_t digest[32])
{
	if (is_free(digest))
		return s->has_zero;
	return !is_free(s->slot[place(s, digest)]);
}

bool
digest_set_add(struct digest_set *s, const uint8_t digest[32])
{
	size_t i;

	if (is_free(digest)) {
		bool is_new = !s->has_zero;

		s->has_zero = true;
		return is_new;
	}
	i = place(s, digest);
	if (!is_free(s->slot[i]))
		return false;
	if ((s->n + 1) * 5 > s->n_slot * 4) {
		grow(s);
		i = place(s, digest);
	}
	memcpy(s->slot[i], digest, 32);
	s->n++;
	return true;
}
