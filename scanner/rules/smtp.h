/* SPDX-License-Identifier: Apache-2.0
 *
 * smtp.h: SMTP replies (RFC 5321 4.2) and EHLO keywords (4.1.1.1), pure.
 */
#pragma once

#include "scanner/base/text.h"

enum smtp_line_kind {
	SMTP_LINE_LAST,  /* "250 text" or "250" */
	SMTP_LINE_MORE,  /* "250-text" */
	SMTP_LINE_BAD,   /* no reply line */
};

struct smtp_line {
	enum smtp_line_kind kind;
	uint32_t code;      /* 200..599, 0 where bad */
	struct slice text;  /* behind the code and its separator */
};

/* One line without its CR LF. */
struct smtp_line smtp_line_parse(struct slice line);

/* Is this EHLO line (behind the code) the STARTTLS keyword, in any case? */
bool smtp_is_keyword(struct slice text, struct slice keyword);
