# SPDX-License-Identifier: Apache-2.0
"""nginx for the policy hosts that behave.

One server block per host, told apart by SNI; a name without a block is
refused in the handshake.  The body lies in a file under its real path.  Any
status but 200 is made by error_page, which alone lets nginx put a body of
ours behind a status of ours.
"""
from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from mxlab.errors import LabError
from mxlab.plan import Plan, Site
from mxlab.process import Crew, listening

PATH = "/.well-known/mta-sts.txt"
WAIT_S = 60
MOVED = (301, 302, 303, 307, 308)
_HEADER_NAME = re.compile(r"^[A-Za-z0-9-]+$")

LOG_FORMAT = """log_format contacts escape=json '{"time":$msec,"kind":"https",'
    '"address":"$server_addr","port":$server_port,'
    '"peer":"$remote_addr:$remote_port","host":"$server_name",'
    '"sni":"$ssl_server_name","tls":"$ssl_protocol","request":"$request",'
    '"status":$status,"connection":$connection,'
    '"agent":"$http_user_agent","seconds":$request_time}';"""


def quoted(value: str) -> str:
    """A string of the configuration; nginx has no way to escape `$`."""
    if "$" in value or any(ord(char) < 32 for char in value):
        raise LabError(f"{value!r}: nginx cannot serve a `$` or a control "
                       "character in a header")
    body = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{body}"'


def _headers(site: Site) -> tuple[str, list[str], str | None]:
    """Content type, further headers, and where a redirect goes."""
    content_type: Any = "text/plain"
    others = []
    location = None
    for name, value in (site.spec.get("headers") or {}).items():
        if not _HEADER_NAME.match(name):
            raise LabError(f"{site.host}: {name!r} is no header name")
        if name.lower() == "content-type":
            content_type = value
        elif name.lower() == "location":
            location = value
        elif value is not None:
            others.append(f"add_header {name} {quoted(str(value))} always;")
    fault = site.spec.get("fault") or ""
    if fault.startswith("redirect:"):
        location = fault.partition(":")[2]
    return content_type or "", others, location


def _answer(site: Site, status: int, location: str | None) -> str:
    """What stands in the location of the policy."""
    if status in MOVED:
        return f"return {status} {quoted(location or '')};"
    if status == 200:
        return ""
    return f"error_page 599 ={status} /.body; return 599;"


def server_block(site: Site, port: int, root: Path) -> str:
    """The block of one policy host."""
    status = site.spec.get("status", 200)
    content_type, others, location = _headers(site)
    if location is not None and status == 200:
        status = 301
    return (f"server {{ listen {site.address}:{port} ssl; server_name {site.host};\n"
            f" ssl_certificate {quoted(site.chain.chain)};\n"
            f" ssl_certificate_key {quoted(site.chain.key)};\n"
            f" root {quoted(str(root))}; types {{ }}\n"
            f" default_type {quoted(content_type)}; {' '.join(others)}\n"
            f" location = {PATH} {{ {_answer(site, status, location)} }}\n"
            f" location = /.body {{ internal;"
            f" alias {quoted(str(root) + PATH)}; }}\n"
            " location / { return 404; } }\n")


def write_config(plan: Plan, folder: Path) -> list[str]:
    """nginx.conf and all bodies; returns the command."""
    run = folder / "run"
    port = plan.ground.https_port
    blocks = [f"server {{ listen {address}:{port} ssl default_server;"
              " ssl_reject_handshake on; }\n"
              for address in sorted(plan.nginx_addresses)]
    for number, site in enumerate(plan.sites):
        root = folder / "www" / f"{number:05d}"
        (root / ".well-known").mkdir(parents=True, exist_ok=True)
        (root / PATH[1:]).write_bytes(site.body)
        blocks.append(server_block(site, port, root))
    temporary = "".join(
        f" {kind}_temp_path {quoted(str(run / kind))};\n" for kind in
        ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    error_log = quoted(str(folder / "log" / "nginx.log"))
    user = "" if os.geteuid() else "user root root;\n"
    text = (f"daemon off; master_process off;\n{user}"
            f"pid {quoted(str(run / 'nginx.pid'))};\n"
            f"error_log {error_log} error;\n"
            "worker_rlimit_nofile 8192;\n"
            "events { worker_connections 4096; }\n"
            "http {\n"
            f"{temporary}"
            f" {LOG_FORMAT}\n"
            f" access_log {quoted(str(folder / 'log' / 'nginx.jsonl'))}"
            " contacts;\n"
            " server_names_hash_bucket_size 512;\n"
            " server_names_hash_max_size 65536;\n"
            " ssl_session_tickets off; ssl_session_cache off;\n"
            " ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers"
            ' "DEFAULT:@SECLEVEL=0";\n'
            " keepalive_timeout 10s; server_tokens off;\n"
            f"{''.join(blocks)}}}\n")
    path = folder / "conf" / "nginx.conf"
    path.write_text(text)
    return ["nginx", "-c", str(path), "-p", str(run),
            "-e", str(folder / "log" / "nginx.log")]


def start(plan: Plan, crew: Crew) -> None:
    """Start nginx when the world has policy hosts for it."""
    if not plan.nginx_addresses:
        return
    crew.start("nginx", write_config(plan, crew.folder))


def wait(plan: Plan, crew: Crew) -> None:
    """Every address listens."""
    port = plan.ground.https_port
    if plan.nginx_addresses:
        wanted = {(address, port) for address in plan.nginx_addresses}
        crew.wait("nginx", lambda: wanted <= listening(port), WAIT_S)
