/* SPDX-License-Identifier: Apache-2.0
 *
 * sts_id.c: the id of an MTA-STS record as a time stamp.
 *
 * RFC 8461 3.1 leaves an id opaque; most are the time when the policy was
 * changed, since the RFC's own example is.
 */
#include "scanner/rules/sts.h"

#include "scanner/base/banned.h"

enum { YEAR_FIRST = 2016, YEAR_LAST = 2099 };
enum { SECONDS_DIGITS = 10, MILLISECONDS_DIGITS = 13 };

#define DAY_SECONDS INT64_C(86400)

static bool
is_leap(uint64_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static uint64_t
days_of_month(uint64_t year, uint64_t month)
{
	static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30,
		31, 30, 31 };

	return days[month - 1] + (month == 2 && is_leap(year) ? 1u : 0u);
}

/* Midnight of a day that exists. */
static int64_t
seconds_of_date(uint64_t year, uint64_t month, uint64_t day)
{
	uint64_t days = day - 1;

	for (uint64_t y = 1970; y < year; y++)
		days += is_leap(y) ? 366 : 365;
	for (uint64_t m = 1; m < month; m++)
		days += days_of_month(year, m);
	return (int64_t)days * DAY_SECONDS;
}

/* So many digits from the front of s. */
static bool
take_number(struct slice *s, size_t digits, uint64_t *out)
{
	if (s->n < digits ||
	    !slice_to_u64(slice_upto(*s, digits), digits, out))
		return false;
	*s = slice_from(*s, digits);
	return true;
}

static bool
take_date(struct slice *s, int64_t *seconds)
{
	uint64_t year, month, day;

	if (!take_number(s, 4, &year) || year < YEAR_FIRST ||
	    year > YEAR_LAST || !take_number(s, 2, &month) || month < 1 ||
	    month > 12 || !take_number(s, 2, &day) || day < 1 ||
	    day > days_of_month(year, month))
		return false;
	*seconds = seconds_of_date(year, month, day);
	return true;
}

/* HH, HHMM or HHMMSS, to the end. */
static bool
read_clock(struct slice s, int64_t *seconds)
{
	static const struct {
		uint64_t below;
		int64_t seconds;
	} units[] = { { 24, 3600 }, { 60, 60 }, { 60, 1 } };

	*seconds = 0;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		uint64_t n;

		if (!take_number(&s, 2, &n) || n >= units[i].below)
			return false;
		*seconds += (int64_t)n * units[i].seconds;
		if (s.n == 0)
			return true;
	}
	return false;
}

static bool
read_date_and_clock(struct slice s, int64_t *seconds)
{
	int64_t clock = 0;
	bool has_t;

	if (slice_ends(s, SLICE_LIT("Z")))
		s.n--;
	if (!take_date(&s, seconds))
		return false;
	has_t = slice_starts(s, SLICE_LIT("T"));
	s = slice_from(s, has_t ? 1 : 0);
	if ((s.n > 0 || has_t) && !read_clock(s, &clock))
		return false;
	*seconds += clock;
	return true;
}

static bool
begins_with_year(struct slice s)
{
	uint64_t year;

	return take_number(&s, 4, &year) && year >= YEAR_FIRST &&
	    year <= YEAR_LAST;
}

/* Seconds or milliseconds since 1970. */
static bool
read_count(struct slice s, int64_t *seconds)
{
	uint64_t n;

	if ((s.n != SECONDS_DIGITS && s.n != MILLISECONDS_DIGITS) ||
	    !slice_to_u64(s, s.n, &n))
		return false;
	*seconds = (int64_t)(s.n == MILLISECONDS_DIGITS ? n / 1000 : n);
	return *seconds >= seconds_of_date(YEAR_FIRST, 1, 1) &&
	    *seconds < seconds_of_date(YEAR_LAST + 1, 1, 1);
}

bool
sts_id_time(struct slice id, int64_t *seconds)
{
	bool is_time;

	*seconds = 0;
	/* 2026010199 is a date and a serial number, no time in 2034. */
	is_time = begins_with_year(id) ? read_date_and_clock(id, seconds) :
	    read_count(id, seconds);
	if (!is_time)
		*seconds = 0;
	return is_time;
}
