# SPDX-License-Identifier: Apache-2.0
"""common.py: what the benches share: the line of a figure, the machine, NSD.

A figure is one line, as the design has it: bench NAME VALUE UNIT bar B
ok|short.
"""

import os
import platform
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PROGRAM = os.environ.get("MXCENSUS") or str(ROOT / "build/mxcensus")
NSD_CONF = """server:
  ip-address: {address}@{port}
  server-count: 1
  username: "{user}"
  zonesdir: "{folder}"
  pidfile: "{folder}/nsd.pid"
  xfrdfile: "{folder}/xfrd.state"
  xfrdir: "{folder}"
  zonelistfile: "{folder}/zone.list"
  database: ""
  minimal-responses: yes
  rrl-ratelimit: 0
  rrl-whitelist-ratelimit: 0
remote-control:
  control-enable: no
zone:
  name: "."
  zonefile: zone
"""


def figure(name: str, value: float, unit: str, bar: float | None = None,
           most: bool = True) -> None:
    """One line; a bar is the most, or the least, that is allowed."""
    line = f"bench {name} {value:.6g} {unit}"
    if bar is not None:
        held = value <= bar if most else value >= bar
        line += f" bar {bar:g} {'ok' if held else 'short'}"
    print(line, flush=True)


def print_machine(what: str) -> None:
    """The machine and the date, once a bench."""
    print(f"# {platform.machine()}, {os.cpu_count()} cores, load "
          f"{os.getloadavg()[0]:.1f}, {date.today()}, {what}", flush=True)


def write_nsd_conf(folder: Path, address: str, port: int) -> None:
    """For one NSD that serves the file `zone` of the folder as the root."""
    (folder / "nsd.conf").write_text(NSD_CONF.format(
        address=address, port=port, folder=folder,
        user="" if os.geteuid() else "root"))
