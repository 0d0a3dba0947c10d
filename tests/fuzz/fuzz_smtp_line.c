/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_smtp_line.c: one reply line; code and text lie within it.
 */
#include <assert.h>
#include <stdint.h>

#include "scanner/rules/smtp.h"

#include "scanner/base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice line = slice_make(data, size);
	struct smtp_line l = smtp_line_parse(line);

	if (l.kind == SMTP_LINE_BAD)
		assert(l.code == 0 && l.text.n == 0);
	else
		assert(l.code >= 200 && l.code <= 599 &&
		    l.text.n + 3 <= line.n);
	if (smtp_is_keyword(l.text, SLICE_LIT("STARTTLS")))
		assert(l.text.n >= 8);
	return 0;
}
