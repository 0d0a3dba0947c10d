/* SPDX-License-Identifier: Apache-2.0
 *
 * smtp.c: one line of an SMTP reply (RFC 5321 4.2) and the keywords of EHLO
 * (4.1.1.1).  Pure; the dialogue of workers/ feeds it line by line.
 */
#include "scanner/rules/smtp.h"

#include "scanner/base/banned.h"

#define CODE_DIGITS 3

/* RFC 5321 4.2: Reply-code = %x32-35 %x30-35 %x30-39; any second digit here. */
static uint32_t
code_of(struct slice line)
{
	uint64_t code;

	if (line.n < CODE_DIGITS ||
	    !slice_to_u64(slice_upto(line, CODE_DIGITS), CODE_DIGITS, &code) ||
	    code < 200 || code > 599)
		return 0;
	return (uint32_t)code;
}

struct smtp_line
smtp_line_parse(struct slice line)
{
	struct smtp_line out = { SMTP_LINE_BAD, 0, SLICE_EMPTY };
	uint32_t code = code_of(line);

	if (code == 0)
		return out;
	if (line.n == CODE_DIGITS || line.p[CODE_DIGITS] == ' ')
		out.kind = SMTP_LINE_LAST;
	else if (line.p[CODE_DIGITS] == '-')
		out.kind = SMTP_LINE_MORE;
	else
		return out;
	out.code = code;
	out.text = slice_from(line, CODE_DIGITS + 1);
	return out;
}

bool
smtp_is_keyword(struct slice text, struct slice keyword)
{
	if (!slice_starts_nocase(text, keyword))
		return false;
	return text.n == keyword.n || ascii_is_wsp(text.p[keyword.n]);
}
