/* SPDX-License-Identifier: Apache-2.0
 *
 * fail_sync.c: preloaded, a disk that gives up: from the FAIL_SYNC_AFTERth
 * call on, fdatasync() says EIO.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

int
fdatasync(int fd)
{
	static atomic_int calls;
	const char *after = getenv("FAIL_SYNC_AFTER");

	if (after != NULL && ++calls >= atoi(after)) {
		errno = EIO;
		return -1;
	}
	return (int)syscall(SYS_fdatasync, fd);
}
