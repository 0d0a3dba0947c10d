# SPDX-License-Identifier: Apache-2.0
"""One Postfix instance for the MX hosts that a world wants to be real.

Own configuration, queue and data folders; one smtpd service per address, with
the host's name and certificate.  They lie in DIR or, where Postfix's own user
cannot reach that, in a temporary folder that DIR/run/postfix.home names.
Nothing is ever queued: the scanner sends no mail, and no service that could
deliver any is configured.
"""
from __future__ import annotations

import grp
import os
import pwd
import shutil
import stat
import tempfile
from pathlib import Path
from typing import Any

from mxlab.plan import Plan
from mxlab.process import Crew, listening

MASTER = "/usr/lib/postfix/sbin/master"
WAIT_S = 30
QUEUE = ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold",
         "incoming", "maildrop", "pid", "private", "public", "saved", "trace")


def is_usable() -> bool:
    """Postfix needs its programs, root, and its own user."""
    if os.geteuid() != 0 or not os.access(MASTER, os.X_OK):
        return False
    try:
        user = pwd.getpwnam("postfix")
        grp.getgrnam("postdrop")
    except KeyError:
        return False
    # In a user namespace the user may exist by name and not by number.
    return _is_mapped("uid_map", user.pw_uid)


def _is_mapped(name: str, number: int) -> bool:
    try:
        rows = Path(f"/proc/self/{name}").read_text().splitlines()
    except OSError:
        return True
    for row in rows:
        first, _, count = (int(word) for word in row.split())
        if first <= number < first + count:
            return True
    return False


def _is_reachable(path: Path) -> bool:
    """True when everybody may pass through every folder down to a path."""
    return all(above.stat().st_mode & stat.S_IXOTH
               for above in [path, *path.parents])


def make_home(folder: Path) -> Path:
    """The folder of the instance; `master` opens files in it unprivileged."""
    home = folder / "postfix"
    if not _is_reachable(folder):
        home = Path(tempfile.mkdtemp(prefix="mxlab-postfix-"))
        home.chmod(0o755)
    home.mkdir(exist_ok=True)
    (folder / "run" / "postfix.home").write_text(str(home))
    return home


def remove_home(folder: Path) -> None:
    """Leave nothing behind outside DIR."""
    try:
        home = Path((folder / "run" / "postfix.home").read_text())
    except OSError:
        return
    if home.name.startswith("mxlab-postfix-"):
        shutil.rmtree(home, ignore_errors=True)


def _main_cf(folder: Path, home: Path) -> str:
    queue = home / "queue"
    data = home / "data"
    return "\n".join([
        "compatibility_level = 3.6",
        f"queue_directory = {queue}",
        f"data_directory = {data}",
        "command_directory = /usr/sbin",
        "daemon_directory = /usr/lib/postfix/sbin",
        "mail_owner = postfix", "setgid_group = postdrop",
        f"maillog_file = {folder / 'log' / 'postfix.log'}",
        f"maillog_file_prefixes = {folder / 'log'}",
        "inet_protocols = ipv4", "inet_interfaces = all",
        "mydestination =", "local_recipient_maps =",
        "alias_maps =", "alias_database =", "mynetworks =",
        "smtpd_peername_lookup = no", "disable_dns_lookups = yes",
        "smtpd_client_connection_count_limit = 0",
        "smtpd_client_connection_rate_limit = 0",
        "smtpd_banner = $myhostname ESMTP Postfix",
        "smtpd_tls_security_level = may", "smtpd_tls_loglevel = 1",
        "smtpd_relay_restrictions = reject",
        "default_process_limit = 200", "max_idle = 20s", ""])


def _master_cf(points: list[dict[str, Any]], home: Path) -> str:
    rows = []
    for number, point in enumerate(points):
        chain = home / f"chain-{number:05d}.pem"
        key = Path(point["key"]).read_bytes()
        chain.write_bytes(key + Path(point["chain"]).read_bytes())
        chain.chmod(0o600)
        rows += [f"{point['address']}:{point['port']} inet n - n - - smtpd",
                 f"  -o myhostname={point['host']}",
                 f"  -o syslog_name=lab/{point['address']}",
                 f"  -o smtpd_tls_chain_files={chain}"]
    rows += ["tlsmgr unix - - n 1000? 1 tlsmgr",
             "rewrite unix - - n - - trivial-rewrite",
             "proxymap unix - - n - - proxymap",
             "anvil unix - - n - 1 anvil",
             "postlog unix-dgram n - n - 1 postlogd", ""]
    return "\n".join(rows)


def write_config(points: list[dict[str, Any]], folder: Path) -> list[str]:
    """All folders and files of the instance; returns the command."""
    home = make_home(folder)
    user = pwd.getpwnam("postfix")
    postdrop = grp.getgrnam("postdrop").gr_gid
    (home / "etc").mkdir()
    (home / "data").mkdir()
    os.chown(home / "data", user.pw_uid, user.pw_gid)
    for name in QUEUE:
        path = home / "queue" / name
        path.mkdir(parents=True)
        if name != "pid":
            os.chown(path, user.pw_uid, -1)
            path.chmod(0o700)
    os.chown(home / "queue" / "public", user.pw_uid, postdrop)
    (home / "queue" / "public").chmod(0o710)
    os.chown(home / "queue" / "maildrop", user.pw_uid, postdrop)
    (home / "queue" / "maildrop").chmod(0o730)
    (home / "etc" / "main.cf").write_text(_main_cf(folder, home))
    (home / "etc" / "master.cf").write_text(_master_cf(points, home))
    return [MASTER, "-c", str(home / "etc"), "-d"]


def start(plan: Plan, crew: Crew) -> None:
    """Start the instance when the world asks for it."""
    if plan.postfix:
        crew.start("postfix", write_config(plan.postfix, crew.folder))


def wait(plan: Plan, crew: Crew) -> None:
    """Every address of the instance listens."""
    if plan.postfix:
        port = plan.ground.smtp_port
        wanted = {(point["address"], port) for point in plan.postfix}
        crew.wait("postfix", lambda: wanted <= listening(port), WAIT_S)
