# SPDX-License-Identifier: Apache-2.0
"""hosts_alone.py WHOLE.mxc OUT.mxc | hosts_alone.py --quiet LABDIR

The first writes what a scan would leave that was killed with every host known
and no line finished.  The second says whether the lab's servers saw no SMTP
session since `lab forget`.
"""
import io
import sys
from pathlib import Path

import msgpack
import zstandard

from mxlab import contacts

FRAME = 1 << 20


def write(whole: Path, out: Path) -> int:
    """The scan record, certificates and hosts of a scan, in frames."""
    data = io.BytesIO(whole.read_bytes())
    plain = zstandard.ZstdDecompressor().stream_reader(
        data, read_across_frames=True)
    squeeze = zstandard.ZstdCompressor(write_checksum=True)
    frame, n = b"", 0
    with open(out, "wb") as file:
        for record in msgpack.Unpacker(plain):
            if record["type"] not in ("scan", "cert", "mx"):
                continue
            frame += msgpack.packb(record)
            n += record["type"] == "mx"
            if record["type"] == "scan" or len(frame) > FRAME:
                file.write(squeeze.compress(frame))
                frame = b""
        file.write(squeeze.compress(frame))
    return n


def main() -> int:
    if sys.argv[1] == "--quiet":
        seen = contacts.read_logs(Path(sys.argv[2]))
        print(f"contacts: {seen.sessions.total()} SMTP sessions, "
              f"{seen.policy} fetches")
        return 0 if not seen.sessions and seen.policy else 1
    print(f"{write(Path(sys.argv[1]), Path(sys.argv[2]))} hosts")
    return 0


if __name__ == "__main__":
    sys.exit(main())
