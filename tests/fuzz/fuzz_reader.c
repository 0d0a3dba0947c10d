/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_reader.c: decompressed bytes as records, printed as JSON.  Whatever
 * passes the structure check must unpack and print as JSON that parses.
 */
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "output/json.h"
#include "output/json_fields.h"
#include "output/plain.h"

#include "scanner/base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_json(const struct json_out *out)
{
	json_error_t error;
	json_t *value = json_loadb(out->p, out->n, JSON_DECODE_INT_AS_REAL |
	    JSON_ALLOW_NUL, &error);

	/* the one thing that JSON allows and this parser does not */
	if (value == NULL &&
	    json_error_code(&error) != json_error_null_byte_in_key)
		abort();
	json_decref(value);
}

static void
print_all(struct slice bytes, bool is_other, const struct json_fields *fields)
{
	const struct json_options options = { is_other, is_other, fields };
	struct json_out out = { .p = NULL };
	const msgpack_object *record;
	struct plain plain;
	size_t used = 0;

	plain_init(&plain, bytes);
	while ((record = plain_next(&plain)) != NULL) {
		if (plain_record(&plain).p != bytes.p + used)
			abort();
		used = plain.at;
		out.n = 0;
		json_record(&out, record, &options);
		if (out.n == 0 && fields != NULL)
			continue; /* it has none of them */
		if (memchr(out.p, '\n', out.n) != out.p + out.n - 1)
			abort();
		check_json(&out);
	}
	if (used != bytes.n)
		abort(); /* sound, and yet not all of it was read */
	plain_release(&plain);
	json_out_release(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice bytes = slice_make(data, size);

	if (plain_is_sound(bytes)) {
		struct json_fields fields = { .n = 0 };

		print_all(bytes, false, NULL);
		print_all(bytes, true, NULL);
		json_fields_add(&fields, SLICE_LIT("name,sts.policy.mode,"
		    "mx.host,a,k.k"));
		print_all(bytes, false, &fields);
		print_all(bytes, true, &fields);
	}
	return 0;
}
