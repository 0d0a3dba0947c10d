# SPDX-License-Identifier: Apache-2.0
"""One Postfix instance for the MX hosts that a world wants to be real.

Own configuration, queue and data folders; one smtpd service per address, with
the host's name and certificate, or postscreen before it: `postscreen` hands a
client over once it has waited for the greeting, `postscreen_deep` goes on to
speak SMTP itself, with TLS through tlsproxy.  Nothing is ever queued: the scanner sends no mail, and no service that could
deliver any is configured.
"""
from __future__ import annotations

import grp
import os
import pwd
from pathlib import Path
from typing import Any

from mxlab import homes
from mxlab.plan import Plan
from mxlab.process import Crew, listening

WORDS = frozenset(("postfix", "postscreen", "postscreen_deep"))
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
    return homes.is_mapped("uid_map", user.pw_uid)


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
        "postscreen_greet_wait = 2s", "postscreen_greet_action = enforce",
        "postscreen_access_list =", "postscreen_dnsbl_sites =",
        "postscreen_tls_security_level = may",
        "default_process_limit = 200", "max_idle = 20s", ""])


def _versions(limits: dict[str, str]) -> str:
    """TLS versions of a world in Postfix's words; empty: its own."""
    bounds = [f"{sign}TLSv{limits[key].removesuffix('.0')}"
              for key, sign in (("min", ">="), ("max", "<="))
              if key in limits]
    return ", ".join(bounds)


def _service(name: str, kind: str, program: str, options: list[str],
             many: str = "-") -> list[str]:
    private = "n" if kind == "inet" else "y"
    return [f"{name} {kind} {private} - n - {many} {program}",
            *(f"  -o {option}" for option in options)]


def _services(number: int, point: dict[str, Any], home: Path) -> list[str]:
    """The services of one address: smtpd, or postscreen in front of it."""
    chain = home / f"chain-{number:05d}.pem"
    chain.write_bytes(Path(point["key"]).read_bytes()
                      + Path(point["chain"]).read_bytes())
    chain.chmod(0o600)
    place = f"{point['address']}:{point['port']}"
    common = [f"myhostname={point['host']}",
              f"syslog_name=lab/{point['address']}",
              f"smtpd_tls_chain_files={chain}"]
    versions = _versions(point["spec"].get("tls") or {})
    if versions:
        common.append(f"{{smtpd_tls_mandatory_protocols={versions}}}")
        common.append(f"{{smtpd_tls_protocols={versions}}}")
    if point["spec"].get("server") == "postfix":
        return _service(place, "inet", "smtpd", common)
    front = [*common, f"smtpd_service_name=smtpd-{number}",
             f"tlsproxy_service_name=tlsproxy-{number}",
             f"postscreen_cache_map=btree:$data_directory/seen-{number}"]
    if point["spec"].get("server") == "postscreen_deep":
        front.append("postscreen_pipelining_enable=yes")
    return [*_service(place, "inet", "postscreen", front, "1"),
            *_service(f"smtpd-{number}", "pass", "smtpd", common),
            *_service(f"tlsproxy-{number}", "unix", "tlsproxy", common, "0")]


def _master_cf(points: list[dict[str, Any]], home: Path) -> str:
    rows = []
    for number, point in enumerate(points):
        rows += _services(number, point, home)
    rows += ["tlsmgr unix - - n 1000? 1 tlsmgr",
             "rewrite unix - - n - - trivial-rewrite",
             "proxymap unix - - n - - proxymap",
             "dnsblog unix - - n - 0 dnsblog",
             "anvil unix - - n - 1 anvil",
             "postlog unix-dgram n - n - 1 postlogd", ""]
    return "\n".join(rows)


def write_config(points: list[dict[str, Any]], folder: Path) -> list[str]:
    """All folders and files of the instance; returns the command."""
    home = homes.make(folder, "postfix")
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
