# SPDX-License-Identifier: Apache-2.0
"""count_records.py FILE.mxc INFO.json: a reader that shares no line with ours.

Counts the records of a file with Python's zstandard and msgpack alone and
compares them with what `mxcensus info --json` says.
"""
import collections
import io
import json
import sys

import msgpack
import zstandard


def count(path: str) -> dict[str, int]:
    """Records by type."""
    counts: collections.Counter[str] = collections.Counter()
    with open(path, "rb") as f:
        plain = zstandard.ZstdDecompressor().stream_reader(
            f, read_across_frames=True)
        with io.BufferedReader(plain) as stream:
            for record in msgpack.Unpacker(stream, raw=False):
                counts[record["type"]] += 1
    return dict(counts)


def main() -> int:
    path, info_path = sys.argv[1:]
    ours = count(path)
    with open(info_path, encoding="utf-8") as f:
        info = json.load(f)
    if isinstance(info, list):
        info = info[0]
    theirs = {k: v for k, v in info["records"].items() if v}
    print("python:", ours, "info:", theirs)
    return 0 if ours == theirs and ours.get("domain") else 1


if __name__ == "__main__":
    sys.exit(main())
