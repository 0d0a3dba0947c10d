# SPDX-License-Identifier: Apache-2.0
"""One Exim daemon for the MX hosts that a world wants to be another MTA.

Exim brings GnuTLS, which no other server of the lab speaks.  Its package and
Postfix's shut each other out, so `deps.sh tests` unpacks it into build/mta
without installing it; the user that the program insists on exists in a
passwd file of the lab alone (nss_wrapper).  No router, no transport: nothing
could be delivered.
"""
from __future__ import annotations

import os
import pwd
from pathlib import Path
from typing import Any

from mxlab import homes
from mxlab.plan import Plan
from mxlab.process import Crew, listening

WORDS = frozenset(("exim",))
ROOT = Path(__file__).resolve().parents[3]
USER = "Debian-exim"
WRAPPER = "libnss_wrapper.so"
WAIT_S = 30


def program() -> str | None:
    """Where Exim is: unpacked by deps.sh, or installed."""
    for path in (ROOT / "build/mta/usr/sbin/exim4", Path("/usr/sbin/exim4")):
        if os.access(path, os.X_OK):
            return str(path)
    return None


def is_usable() -> bool:
    """It needs its program, root, and somebody to become."""
    if os.geteuid() != 0 or program() is None or not any(
            Path("/usr").glob(f"lib*/**/{WRAPPER}")):
        return False
    return homes.is_mapped("uid_map", pwd.getpwnam("nobody").pw_uid)


def priorities(limits: dict[str, str]) -> str:
    """TLS versions of a world in GnuTLS's words."""
    names = ("1.0", "1.1", "1.2", "1.3")
    low = names.index(limits.get("min", "1.2"))
    high = names.index(limits.get("max", "1.3"))
    return "NORMAL:-VERS-ALL" + "".join(
        f":+VERS-TLS{name}" for name in names[low:high + 1])


def _table(path: Path, rows: list[tuple[str, str]]) -> str:
    """A file of values by address, and the expansion that reads it."""
    path.write_text("".join(f"{key}: {value}\n" for key, value in rows))
    return f"${{lookup{{$received_ip_address}}lsearch{{{path}}}{{$value}}}}"


def _config(points: list[dict[str, Any]], home: Path) -> str:
    hosts, chains, keys, limits = [], [], [], []
    for number, point in enumerate(points):
        address = point["address"]
        for what, rows in (("chain", chains), ("key", keys)):
            copy = home / f"{what}-{number:05d}.pem"
            copy.write_bytes(Path(point[what]).read_bytes())
            rows.append((address, str(copy)))
        hosts.append((address, point["host"]))
        limits.append((address, priorities(point["spec"].get("tls") or {})))
    here = " ; ".join(address for address, _ in hosts)
    return "\n".join([
        "primary_hostname = exim.lab.test", "keep_environment =",
        f"smtp_active_hostname = {_table(home / 'hosts', hosts)}",
        f"tls_certificate = {_table(home / 'chains', chains)}",
        f"tls_privatekey = {_table(home / 'keys', keys)}",
        f"tls_require_ciphers = {_table(home / 'limits', limits)}",
        f"local_interfaces = <; {here}",
        f"daemon_smtp_ports = {points[0]['port']}",
        "tls_advertise_hosts = *", "acl_smtp_mail = deny",
        f"spool_directory = {home / 'spool'}",
        f"log_file_path = {home / '%slog'}",
        f"pid_file_path = {home / 'spool' / 'exim.pid'}",
        "log_selector = +smtp_connection +smtp_no_mail +incoming_interface",
        "smtp_accept_max = 0", "smtp_accept_queue_per_connection = 0", ""])


def write_config(points: list[dict[str, Any]], folder: Path) -> Path:
    """All files of the daemon; returns their folder."""
    home = homes.make(folder, "exim")
    user = pwd.getpwnam("nobody")
    (home / "exim.conf").write_text(_config(points, home))
    (home / "passwd").write_text(
        "root:x:0:0::/:/bin/false\n"
        f"{USER}:x:{user.pw_uid}:{user.pw_gid}::/:/bin/false\n")
    (home / "group").write_text(f"root:x:0:\n{USER}:x:{user.pw_gid}:\n")
    (home / "spool").mkdir()
    logs = [home / f"{kind}log" for kind in ("main", "reject", "panic")]
    for path in logs:
        path.touch()
    for path in (home / "spool", *logs, *home.glob("key-*.pem")):
        os.chown(path, user.pw_uid, user.pw_gid)
    for path in home.glob("key-*.pem"):
        path.chmod(0o600)
    # One log per server under DIR/log, wherever the daemon may write it.
    (folder / "log" / "exim.log").symlink_to(home / "mainlog")
    return home


def start(plan: Plan, crew: Crew) -> None:
    """Start the daemon when the world asks for it."""
    if not plan.exim:
        return
    home = write_config(plan.exim, crew.folder)
    crew.start("exim-daemon", [
        program() or "exim4", "-C", str(home / "exim.conf"), "-bdf"],
        {"LD_PRELOAD": WRAPPER, "NSS_WRAPPER_PASSWD": str(home / "passwd"),
         "NSS_WRAPPER_GROUP": str(home / "group")})


def wait(plan: Plan, crew: Crew) -> None:
    """Every address of the daemon listens."""
    if plan.exim:
        port = plan.ground.smtp_port
        wanted = {(point["address"], port) for point in plan.exim}
        crew.wait("exim-daemon", lambda: wanted <= listening(port), WAIT_S)
