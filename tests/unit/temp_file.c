/* SPDX-License-Identifier: Apache-2.0
 *
 * temp_file.c: a folder under /tmp, for tests that write a file.
 */
#include "tests/unit/temp_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scanner/base/banned.h"

char temp_dir[64], temp_path[96];

int
temp_file_set_up(void **state)
{
	(void)state;
	snprintf(temp_dir, sizeof(temp_dir), "/tmp/mxcensus-test-XXXXXX");
	if (mkdtemp(temp_dir) == NULL)
		return 1;
	snprintf(temp_path, sizeof(temp_path), "%s/f.mxc", temp_dir);
	return 0;
}

int
temp_file_tear_down(void **state)
{
	(void)state;
	unlink(temp_path);
	return rmdir(temp_dir);
}
