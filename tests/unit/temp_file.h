/* SPDX-License-Identifier: Apache-2.0
 *
 * temp_file.h: the name of a file in a folder of its own, for one test.
 */
#pragma once

/* The folder, and a file in it that does not exist yet. */
extern char temp_dir[64], temp_path[96];

/* Of cmocka: make the folder, and remove it with the file. */
int temp_file_set_up(void **state);
int temp_file_tear_down(void **state);
