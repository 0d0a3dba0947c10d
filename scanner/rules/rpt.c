/* SPDX-License-Identifier: Apache-2.0
 *
 * rpt.c: the members of a TLS report and what each may hold (RFC 8460 4.4),
 * its result types (4.3) and time stamps (RFC 3339 5.6).
 *
 * Where the RFC shows a member and neither calls it optional nor says what
 * its absence means, a report stays valid without it and is told apart.
 */
#include "scanner/rules/rpt.h"

#include <arpa/inet.h>
#include <string.h>

#include "scanner/rules/name.h"

#include "scanner/base/banned.h"

static const struct rpt_member report_members[] = {
	{ "organization-name", RPT_IS_TEXT, RPT_BAD },
	{ "date-range", RPT_IS_OBJECT, RPT_BAD },
	{ "contact-info", RPT_IS_MAILBOX, RPT_SILENT },
	{ "report-id", RPT_IS_TEXT, RPT_BAD },
	{ "policies", RPT_IS_OBJECTS, RPT_BAD },
};

static const struct rpt_member date_range_members[] = {
	{ "start-datetime", RPT_IS_DATE_TIME, RPT_BAD },
	{ "end-datetime", RPT_IS_DATE_TIME, RPT_BAD },
};

static const struct rpt_member entry_members[] = {
	{ "policy", RPT_IS_OBJECT, RPT_BAD },
	{ "summary", RPT_IS_OBJECT, RPT_SILENT },
	{ "failure-details", RPT_IS_OBJECTS, RPT_GOOD },
};

static const struct rpt_member policy_members[] = {
	{ "policy-type", RPT_IS_POLICY_TYPE, RPT_BAD },
	{ "policy-string", RPT_IS_TEXTS, RPT_GOOD },
	{ "policy-domain", RPT_IS_DOMAIN, RPT_SILENT },
	{ "mx-host", RPT_IS_TEXTS, RPT_GOOD },
};

static const struct rpt_member summary_members[] = {
	{ "total-successful-session-count", RPT_IS_COUNT, RPT_SILENT },
	{ "total-failure-session-count", RPT_IS_COUNT, RPT_SILENT },
};

static const struct rpt_member detail_members[] = {
	{ "result-type", RPT_IS_RESULT_TYPE, RPT_BAD },
	{ "sending-mta-ip", RPT_IS_ADDRESS, RPT_GOOD },
	{ "receiving-mx-hostname", RPT_IS_TEXT, RPT_GOOD },
	{ "receiving-mx-helo", RPT_IS_TEXT, RPT_GOOD },
	{ "receiving-ip", RPT_IS_ADDRESS, RPT_GOOD },
	{ "failed-session-count", RPT_IS_COUNT, RPT_SILENT },
	{ "additional-information", RPT_IS_TEXT, RPT_GOOD },
	{ "failure-reason-code", RPT_IS_TEXT, RPT_GOOD },
};

#define MEMBERS(table) { table, sizeof(table) / sizeof((table)[0]) }

const struct rpt_member *
rpt_members(enum rpt_object object, size_t *n)
{
	static const struct {
		const struct rpt_member *member;
		size_t n;
	} of[RPT_OBJECTS] = {
		[RPT_REPORT] = MEMBERS(report_members),
		[RPT_DATE_RANGE] = MEMBERS(date_range_members),
		[RPT_ENTRY] = MEMBERS(entry_members),
		[RPT_POLICY] = MEMBERS(policy_members),
		[RPT_SUMMARY] = MEMBERS(summary_members),
		[RPT_DETAIL] = MEMBERS(detail_members),
	};

	*n = of[object].n;
	return of[object].member;
}

static bool
is_among(struct slice token, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (slice_eq(token, slice_of(words[i])))
			return true;
	return false;
}

bool
rpt_is_result_type(struct slice token)
{
	static const char *const words[] = {
		"starttls-not-supported", "certificate-host-mismatch",
		"certificate-expired", "certificate-not-trusted",
		"validation-failure", "tlsa-invalid", "dnssec-invalid",
		"dane-required", "sts-policy-fetch-error",
		"sts-policy-invalid", "sts-webpki-invalid",
	};

	return is_among(token, words, sizeof(words) / sizeof(words[0]));
}

bool
rpt_is_policy_type(struct slice token)
{
	static const char *const words[] = { "tlsa", "sts",
		"no-policy-found" };

	return is_among(token, words, sizeof(words) / sizeof(words[0]));
}

/* Exactly n digits, from low to high. */
static bool
digits(struct cursor *c, size_t n, int low, int high, int *out)
{
	uint64_t value = 0;

	if (!slice_to_u64(cursor_bytes(c, n), n, &value))
		return false;
	*out = (int)value;
	return *out >= low && *out <= high;
}

static int
days_in(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31,
		30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap ? 1 : 0);
}

static int64_t
days_since_1970(int year, int month, int day)
{
	/* Years from March, so that the leap day is the last of one. */
	int64_t y = month > 2 ? year : year - 1;
	int64_t m = (month + 9) % 12;

	/* 719469: the days from the 1st of March of year 0 to 1970, plus 1 */
	return 365 * y + (y >= 0 ? y / 4 - y / 100 + y / 400 : -1) +
	    (153 * m + 2) / 5 + day - 719469;
}

/* "Z" or an offset, in seconds east of UTC; the end must follow. */
static bool
zone(struct cursor *c, int64_t *east)
{
	int hours, minutes;
	bool west;

	*east = 0;
	if (cursor_lit(c, SLICE_LIT("Z")) || cursor_lit(c, SLICE_LIT("z")))
		return cursor_left(c) == 0;
	west = cursor_lit(c, SLICE_LIT("-"));
	if ((!west && !cursor_lit(c, SLICE_LIT("+"))) ||
	    !digits(c, 2, 0, 23, &hours) || !cursor_lit(c, SLICE_LIT(":")) ||
	    !digits(c, 2, 0, 59, &minutes))
		return false;
	*east = (hours * 60 + minutes) * (west ? -60 : 60);
	return cursor_left(c) == 0;
}

bool
rpt_date_time(struct slice s, int64_t *seconds)
{
	struct cursor c = cursor_of(s.p, s.n);
	int year, month, day, hour, minute, second;
	int64_t east;

	if (!digits(&c, 4, 0, 9999, &year) ||
	    !cursor_lit(&c, SLICE_LIT("-")) ||
	    !digits(&c, 2, 1, 12, &month) ||
	    !cursor_lit(&c, SLICE_LIT("-")) ||
	    !digits(&c, 2, 1, days_in(year, month), &day))
		return false;
	if ((!cursor_lit(&c, SLICE_LIT("T")) &&
	    !cursor_lit(&c, SLICE_LIT("t"))) ||
	    !digits(&c, 2, 0, 23, &hour) || !cursor_lit(&c, SLICE_LIT(":")) ||
	    !digits(&c, 2, 0, 59, &minute) ||
	    !cursor_lit(&c, SLICE_LIT(":")) ||
	    !digits(&c, 2, 0, 60, &second))
		return false;
	if (cursor_lit(&c, SLICE_LIT(".")) &&
	    cursor_run(&c, ascii_is_digit, s.n).n == 0)
		return false;
	if (!zone(&c, &east))
		return false;
	*seconds = days_since_1970(year, month, day) * 86400 + hour * 3600 +
	    minute * 60 + second - east;
	return true;
}

static bool
is_mailbox(struct slice s)
{
	size_t at = slice_find(s, '@');

	return at > 0 && at < s.n && name_is_domain(slice_from(s, at + 1));
}

static bool
is_address(struct slice s)
{
	char text[INET6_ADDRSTRLEN];
	unsigned char bytes[16];

	if (s.n >= sizeof(text) || slice_find(s, '\0') < s.n)
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	return inet_pton(AF_INET, text, bytes) == 1 ||
	    inet_pton(AF_INET6, text, bytes) == 1;
}

/* NULL: the text is one of its type; else what is wrong. */
/* flat switch */
static const char *
text_fault(enum rpt_type type, struct slice s, enum rpt_grade *grade)
{
	int64_t seconds;

	*grade = RPT_BAD;
	switch (type) {
	case RPT_IS_DATE_TIME:
		return rpt_date_time(s, &seconds) ? NULL :
		    "is no date-time of RFC 3339";
	case RPT_IS_DOMAIN:
		return name_is_domain(s) ? NULL :
		    "is no domain name of A-labels";
	case RPT_IS_POLICY_TYPE:
		return rpt_is_policy_type(s) ? NULL :
		    "is none of tlsa, sts, no-policy-found";
	case RPT_IS_RESULT_TYPE:
		return rpt_is_result_type(s) ? NULL :
		    "is no result type of RFC 8460 section 4.3";
	case RPT_IS_MAILBOX:
		*grade = RPT_SILENT;
		return is_mailbox(s) ? NULL : "is no mail address";
	case RPT_IS_ADDRESS:
		*grade = RPT_SILENT;
		return is_address(s) ? NULL : "is no IP address";
	case RPT_IS_TEXTS:
		*grade = RPT_SILENT;
		return "is a string where an array of strings is due";
	case RPT_IS_COUNT:
		return "is a string where a count is due";
	case RPT_IS_OBJECT:
	case RPT_IS_OBJECTS:
		return "is a string where an object or array is due";
	case RPT_IS_TEXT:
		break;
	}
	return NULL;
}

static const char *
list_fault(const struct rpt_member *member, const struct rpt_value *value,
    enum rpt_grade *grade)
{
	*grade = RPT_BAD;
	if (member->type == RPT_IS_TEXTS)
		return value->all_strings ? NULL :
		    "is no array of strings only";
	if (member->type != RPT_IS_OBJECTS)
		return "is an array, which is not due here";
	if (value->n > 0 || member->if_absent != RPT_BAD)
		return NULL;
	*grade = RPT_SILENT;
	return "is an empty array";
}

/* flat switch */
enum rpt_grade
rpt_check(const struct rpt_member *member, const struct rpt_value *value,
    const char **why)
{
	enum rpt_grade grade = RPT_BAD;

	*why = NULL;
	switch (value->shape) {
	case RPT_ABSENT:
		grade = member->if_absent;
		*why = grade == RPT_GOOD ? NULL : "is missing";
		break;
	case RPT_NULL:
		/* An absent member told as null: the RFC knows no such. */
		if (member->if_absent != RPT_BAD)
			grade = RPT_SILENT;
		*why = "is null";
		break;
	case RPT_STRING:
		*why = text_fault(member->type, value->text, &grade);
		break;
	case RPT_NATURAL:
		*why = member->type == RPT_IS_COUNT ? NULL :
		    "is a number, which is not due here";
		break;
	case RPT_LIST:
		*why = list_fault(member, value, &grade);
		break;
	case RPT_MAP:
		*why = member->type == RPT_IS_OBJECT ? NULL :
		    "is an object, which is not due here";
		break;
	case RPT_OTHER:
		*why = member->type == RPT_IS_COUNT ?
		    "is no integer from 0 up" : "is of the wrong type";
		break;
	}
	return *why == NULL ? RPT_GOOD : grade;
}
