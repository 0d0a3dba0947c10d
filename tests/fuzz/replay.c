/* SPDX-License-Identifier: Apache-2.0
 *
 * replay.c: feeds every file of a corpus to a fuzz target once, so that what
 * fuzzing found stays fixed where no fuzzer is installed.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
replay(const char *dir, const char *name)
{
	char path[4096];
	uint8_t *data;
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "rb");
	if (f == NULL) {
		perror(path);
		return 1;
	}
	data = malloc(1 << 20);
	n = data == NULL ? 0 : fread(data, 1, 1 << 20, f);
	fclose(f);
	LLVMFuzzerTestOneInput(data, n);
	free(data);
	return 0;
}

int
main(int argc, char **argv)
{
	int failed = 0, done = 0;

	for (int i = 1; i < argc; i++) {
		DIR *d = opendir(argv[i]);
		struct dirent *e;

		if (d == NULL) {
			perror(argv[i]);
			return 1;
		}
		while ((e = readdir(d)) != NULL) {
			if (e->d_name[0] == '.')
				continue;
			failed += replay(argv[i], e->d_name);
			done++;
		}
		closedir(d);
	}
	printf("%d passed, %d failed\n", done - failed, failed);
	return failed != 0 || done == 0;
}
