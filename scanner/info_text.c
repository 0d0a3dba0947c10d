/* SPDX-License-Identifier: Apache-2.0
 *
 * info_text.c: an inspection in 80 columns.  Text out of the file is somebody
 * else's: control characters never reach the terminal.
 */
#include "scanner/info_text.h"

#include <stdio.h>
#include <time.h>

#include "scanner/base/banned.h"

#define LABEL_COLUMNS 14
#define TEXT_BYTES 65  /* what fits behind a label, and a NUL */
#define NUMBER_BYTES 32

/* Printable, and cut to the room behind a label. */
static const char *
shown(struct slice s, char *p)
{
	struct strbuf b = strbuf_of(p, TEXT_BYTES);
	bool is_text = slice_is_utf8(s);

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		bool bad = c < 0x20 || c == 0x7f || (c >= 0x80 && !is_text);

		strbuf_char(&b, bad ? '?' : s.p[i]);
	}
	if (b.cut) {
		/* no half of a character at the end */
		while (b.n > TEXT_BYTES - 4 ||
		    (b.n > 0 && ((unsigned char)p[b.n] & 0xc0) == 0x80))
			b.n--;
		p[b.n] = '\0';
		b.cut = false;
		strbuf_add(&b, SLICE_LIT("..."));
	}
	return p;
}

static const char *
grouped(uint64_t v, char *p)
{
	char digits[24];
	int n = snprintf(digits, sizeof(digits), "%ju", (uintmax_t)v);
	struct strbuf b = strbuf_of(p, NUMBER_BYTES);

	for (int i = 0; i < n; i++) {
		if (i > 0 && (n - i) % 3 == 0)
			strbuf_char(&b, ',');
		strbuf_char(&b, digits[i]);
	}
	return p;
}

static const char *
bytes_text(uint64_t v, char *p)
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB" };
	double d = (double)v;
	size_t u = 0;

	while (d >= 999.5 && u + 1 < sizeof(units) / sizeof(units[0])) {
		d /= 1000;
		u++;
	}
	snprintf(p, NUMBER_BYTES, u == 0 || d >= 99.5 ? "%.0f %s" : "%.1f %s",
	    d, units[u]);
	return p;
}

static const char *
date_text(uint64_t ms, char *p)
{
	time_t t = (time_t)(ms / 1000);
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL ||
	    strftime(p, NUMBER_BYTES, "%Y-%m-%d %H:%M:%S UTC", &tm) == 0)
		snprintf(p, NUMBER_BYTES, "?");
	return p;
}

static const char *
duration_text(uint64_t ms, char *p)
{
	uint64_t s = ms / 1000;

	if (s < 60)
		snprintf(p, NUMBER_BYTES, "%.1f s", (double)ms / 1000);
	else if (s < 3600)
		snprintf(p, NUMBER_BYTES, "%ju min %02ju s",
		    (uintmax_t)(s / 60), (uintmax_t)(s % 60));
	else
		snprintf(p, NUMBER_BYTES, "%ju h %02ju min",
		    (uintmax_t)(s / 3600), (uintmax_t)(s / 60 % 60));
	return p;
}

static void
label(const char *name)
{
	printf("  %-*s", LABEL_COLUMNS, name);
}

static void
line_of_text(const char *name, struct slice s)
{
	char text[TEXT_BYTES];

	if (s.n == 0)
		return;
	label(name);
	printf("%s\n", shown(s, text));
}

static void
header(const struct inspection *i)
{
	char text[NUMBER_BYTES], version[TEXT_BYTES];

	if (!i->has_scan) {
		label("header");
		printf("none: the first record is no `scan`\n");
		return;
	}
	line_of_text("list", i->list);
	line_of_text("sha256", i->list_sha256);
	label("made by");
	printf("mxcensus %s, format %ju\n", shown(i->version, version),
	    (uintmax_t)i->format);
	if (i->judged_version.n > 0) {
		label("judged by");
		printf("mxcensus %s, again\n", shown(i->judged_version,
		    version));
	}
	line_of_text("on", i->vantage);
	line_of_text("EHLO name", i->ehlo_name);
	line_of_text("stages", i->stages);
	line_of_text("resolvers", i->resolvers);
	if (i->unvalidated)
		line_of_text("DNSSEC", SLICE_LIT("unvalidated: no resolver's "
		    "AD is believed, DANE is unknown"));
	line_of_text("notes", i->notes);
	label("started");
	printf("%s\n", date_text(i->started_ms, text));
}

static void
ending(const struct inspection *i)
{
	char a[NUMBER_BYTES], b[NUMBER_BYTES], c[NUMBER_BYTES];
	char reason[TEXT_BYTES];

	label("ended");
	if (!i->has_end) {
		printf("no `end`: the scan was stopped, or is still running\n");
		return;
	}
	printf("%s\n", date_text(i->ended_ms, a));
	label("");
	printf("%s, after %s\n", shown(i->reason, reason),
	    duration_text(i->duration_ms, b));
	label("asked");
	printf("%s DNS queries\n", grouped(i->dns_queries, a));
	label("");
	printf("%s connections to policy hosts, %s to MX hosts\n",
	    grouped(i->policy_connects, b), grouped(i->smtp_connects, c));
}

static void
count_line(struct slice word, uint64_t n)
{
	char text[TEXT_BYTES], number[NUMBER_BYTES];

	printf("    %-26.26s%14s\n", shown(word, text), grouped(n, number));
}

static void
records(const struct inspection *i)
{
	char plain[NUMBER_BYTES], packed[NUMBER_BYTES];
	const struct reader_report *r = &i->report;

	printf("\n  records\n");
	for (size_t k = 0; k < i->types.v.n; k++)
		count_line(word_count_at(&i->types, k)->word,
		    word_count_at(&i->types, k)->n);
	count_line(SLICE_LIT("in all"), r->records);
	printf("    %s of records in a file of %s",
	    bytes_text(r->plain_bytes, plain),
	    bytes_text(r->file_bytes, packed));
	if (r->file_bytes > 0)
		printf(" (%.1f : 1)", (double)r->plain_bytes /
		    (double)r->file_bytes);
	printf("\n");
}

static void
verdict_line(const struct inspection *i, struct slice word)
{
	char text[TEXT_BYTES], a[NUMBER_BYTES], b[NUMBER_BYTES];

	printf("    %-26.26s%14s%14s\n", shown(word, text),
	    grouped(word_count(&i->verdicts, word), a),
	    grouped(word_count(&i->verdicts_dane, word), b));
}

/* Our words in their order, then those of a later version. */
static void
verdicts(const struct inspection *i)
{
	uint64_t domains = word_count(&i->types, SLICE_LIT("domain"));
	uint64_t known = 0;

	if (domains == 0)
		return;
	printf("\n  %-28s%14s%14s\n", "verdict", "MTA-STS", "DANE");
	for (size_t v = 0; v < VERDICT_COUNT; v++) {
		struct slice word = slice_of(verdict_word((enum verdict)v));

		known += word_count(&i->verdicts, word);
		if (word_count(&i->verdicts, word) > 0 ||
		    word_count(&i->verdicts_dane, word) > 0)
			verdict_line(i, word);
	}
	if (known < domains)
		count_line(SLICE_LIT("others"), domains - known);
}

static void
rejected(const struct inspection *i)
{
	char number[NUMBER_BYTES];

	if (!i->has_end)
		return;
	printf("\n  rejected lines, of %s read\n",
	    grouped(i->list_lines, number));
	for (size_t k = 0; k < i->rejected.v.n; k++)
		count_line(word_count_at(&i->rejected, k)->word,
		    word_count_at(&i->rejected, k)->n);
	if (i->rejected.v.n == 0)
		count_line(SLICE_LIT("none"), 0);
}

static void
integrity(const struct inspection *i)
{
	char text[160], a[NUMBER_BYTES], b[NUMBER_BYTES];
	const struct mismatch *m = i->mismatches.p;

	reader_describe(&i->report, text, sizeof(text));
	printf("\n  integrity\n    %-18s%s, each with its checksum right\n",
	    "frames", grouped(i->report.frames, a));
	printf("    %-18s%s\n", "file", text);
	if (!i->has_end) {
		printf("    %-18s%s\n", "end adds up", "there is no `end`");
		return;
	}
	printf("    %-18s%s\n", "end adds up", i->mismatches.n == 0 ? "yes" :
	    "no");
	for (size_t k = 0; k < i->mismatches.n; k++) {
		char what[TEXT_BYTES];

		printf("      %-36.36s end says %s, the file holds %s\n",
		    shown(m[k].what, what), grouped(m[k].claimed, a),
		    grouped(m[k].found, b));
	}
}

void
info_text(const char *path, const struct inspection *i)
{
	printf("%s\n", path);
	header(i);
	ending(i);
	records(i);
	verdicts(i);
	rejected(i);
	integrity(i);
}
