/* SPDX-License-Identifier: Apache-2.0
 *
 * parse_name.c: a domain or host name as the scanner reads it: its A-labels,
 * where its registrable part begins, and who is known to run what is below it.
 * The scripts group by these answers.
 */
#include "scanner/parse_question.h"

#include "scanner/rules/name.h"
#include "scanner/rules/provider.h"

#include "scanner/base/banned.h"

void
parse_name(struct question *q)
{
	const struct finding_set none = { { 0 } };
	struct slice name;
	enum name_error e = name_normalize(q->arena, q->input, &name);

	put_verdict(q, e == NAME_OK, false, &none);
	if (e != NAME_OK) {
		put(q, "why", json_string(name_error_word(e)));
		return;
	}
	put_slice(q, "name", name);
	put_slice(q, "registrable", name_registrable(name));
	put_slice(q, "provider_sts", provider_of(PROVIDER_STS, name));
	put_slice(q, "provider_tlsrpt", provider_of(PROVIDER_TLSRPT, name));
	put_slice(q, "provider_mx", provider_of(PROVIDER_MX, name));
}
