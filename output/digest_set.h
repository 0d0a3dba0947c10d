/* SPDX-License-Identifier: Apache-2.0
 *
 * digest_set.h: SHA-256 digests seen, 40 to 80 bytes each.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct digest_set {
	uint8_t (*slot)[32]; /* all zero: free */
	size_t n_slot;       /* a power of two */
	size_t n;
	bool has_zero;       /* the one digest that looks like a free slot */
};

void digest_set_init(struct digest_set *s);
void digest_set_release(struct digest_set *s);
bool digest_set_has(const struct digest_set *s, const uint8_t digest[32]);
/* False where it was there already. */
bool digest_set_add(struct digest_set *s, const uint8_t digest[32]);
