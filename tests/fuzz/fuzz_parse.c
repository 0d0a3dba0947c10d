/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_parse.c: the kinds of `mxcensus parse` that read JSON told by somebody
 * else: every line is answered or has an error, never both.
 */
#include <assert.h>
#include <stdint.h>

#include "scanner/parse_question.h"

#include "scanner/base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
ask(struct arena *a, void (*parse)(struct question *q), struct slice input)
{
	struct question q = { .arena = a, .input = input };

	q.answer = json_object();
	parse(&q);
	assert((q.error == NULL) ==
	    (json_object_get(q.answer, "valid") != NULL));
	json_decref(q.answer);
	arena_clear(a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice input = slice_make(data, size);
	struct arena *a = arena_new();

	ask(a, parse_http, input);
	ask(a, parse_sts_eval, input);
	ask(a, parse_tlsa_chain, input);
	ask(a, parse_rpt_json, input);
	ask(a, parse_rpt_result, input);
	arena_free(a);
	return 0;
}
