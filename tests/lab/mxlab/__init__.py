# SPDX-License-Identifier: Apache-2.0
"""mxlab: an internet on 127.0.0.0/8 for tests, and the worlds it serves.

The modules named world* make worlds; all others serve them and compare what
a scan found with what a world says.
"""
