/* SPDX-License-Identifier: Apache-2.0
 *
 * blob.h: what an encoded record is between the encoder and the sink: its
 * bytes, and what it adds to the counts of `end`.
 */
#pragma once

#include "output/record.h"

struct record_tally {
	enum verdict verdict;      /* of a domain record */
	enum verdict verdict_dane;
	struct finding_set findings;
	uint16_t outcome[OUTCOME_COUNT];
};

struct record {
	enum record_type type;
	uint8_t sha256[32]; /* of a certificate */
	struct record_tally tally;
	size_t n;
	char bytes[]; /* one msgpack map */
};

void tally_record(struct tally *into, const struct record *r);
