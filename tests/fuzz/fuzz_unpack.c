/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_unpack.c: records of strangers back to facts, judged and written
 * again.  What was written once is written the same way ever after.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "output/blob.h"
#include "output/object.h"
#include "output/plain.h"
#include "output/unpack.h"

#include "scanner/base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct record *
domain_again(struct arena *a, const msgpack_object *o)
{
	const struct host_facts none = { .host = SLICE_LIT("") };
	struct domain_facts f;
	struct domain_meta meta;
	struct judgement j;

	if (!unpack_domain(a, o, &meta, &f))
		return NULL;
	for (size_t i = 0; i < f.n_host; i++)
		f.host[i].state = judge_host(&none);
	judge_domain(a, &f, &j);
	return record_domain(&meta, &f, &j);
}

static struct record *
mx_again(struct arena *a, const msgpack_object *o)
{
	struct host_facts f;
	struct host_state state;
	struct mx_meta meta;

	if (!unpack_mx(a, o, &meta, &f))
		return NULL;
	state = judge_host(&f);
	return record_mx(&meta, &f, &state);
}

static struct record *
again(struct arena *a, const msgpack_object *o)
{
	struct end_meta end;
	struct cert_facts cert;

	if (object_is(o, SLICE_LIT("domain")))
		return domain_again(a, o);
	if (object_is(o, SLICE_LIT("mx")))
		return mx_again(a, o);
	if (object_is(o, SLICE_LIT("end")))
		return unpack_end(a, o, &end) ? record_end(&end) : NULL;
	if (object_is(o, SLICE_LIT("cert")))
		return unpack_cert_names(a, o, &cert) ?
		    record_cert_again(o) : NULL;
	return record_scan_judged(o, SLICE_LIT("1"), 1);
}

/* Written again from what was written: the same bytes. */
static void
check_fixed(struct arena *a, const struct record *first)
{
	struct slice bytes = slice_make(first->bytes, first->n);
	struct record *second;
	struct plain p;

	if (!plain_is_sound(bytes))
		return; /* strangers' bytes can swell beyond a record */
	plain_init(&p, bytes);
	second = again(a, plain_next(&p));
	if (second == NULL || second->n != first->n ||
	    memcmp(second->bytes, first->bytes, first->n) != 0)
		abort();
	record_free(second);
	plain_release(&p);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice bytes = slice_make(data, size);
	struct arena *a = arena_new();
	const msgpack_object *record;
	struct plain p;

	if (plain_is_sound(bytes)) {
		plain_init(&p, bytes);
		while ((record = plain_next(&p)) != NULL) {
			struct record *first = again(a, record);

			if (first != NULL)
				check_fixed(a, first);
			record_free(first);
			arena_clear(a);
		}
		plain_release(&p);
	}
	arena_free(a);
	return 0;
}
