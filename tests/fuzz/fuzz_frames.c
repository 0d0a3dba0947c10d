/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_frames.c: any bytes as a file: the reader ends, and what it reports
 * fits what it gave out.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "output/reader.h"

#include "scanner/base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* How many records there are; strict: none behind the first damage. */
static uint64_t
read_all(const char *path, size_t size, bool strict)
{
	struct reader_report report;
	char error[128];
	uint64_t n = 0;
	struct reader *r = reader_open(path, error, sizeof(error));

	if (r == NULL)
		abort();
	if (strict)
		reader_be_strict(r);
	while (reader_next(r) != NULL)
		n++;
	reader_report(r, &report);
	if (report.records != n || report.file_bytes > size ||
	    (report.torn_tail && report.torn_at > size) ||
	    (n > 0 && report.frames == 0) ||
	    (strict && report.refused == reader_is_whole(&report)) ||
	    (!strict && report.refused))
		abort();
	reader_close(r);
	return n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("frames", 0);
	char path[64];

	if (fd == -1 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (read_all(path, size, true) > read_all(path, size, false))
		abort();
	close(fd);
	return 0;
}
