# SPDX-License-Identifier: Apache-2.0
"""`lab up` and `lab down`.

`up` reads the world, plans it, writes zones, certificates and configurations
into DIR, starts every server and waits for each; if one does not come up,
those that did are stopped again and one line says which and why.
"""
from __future__ import annotations

import json
import shutil
import sys
import time
from pathlib import Path

from mxlab import dnsservers, exim, homes, nginx, postfix
from mxlab.errors import LabError
from mxlab.plan import Ground, Plan, make_plan
from mxlab.process import Crew, alive, listening, stop_all
from mxlab.reading import Line, read_worlds
from mxlab.zones import write_zones

OWN = ("run", "conf", "zones", "www", "pki", "log")
MADE = (*OWN, "postfix", "exim")
SERVERS_WAIT_S = 30
ENDPOINT_WAIT_S = 0.02       # a certificate takes 1 ms on an idle machine
SCANNER = "scanner.lab.test"


def prepare(folder: Path) -> None:
    """A fresh set of our own folders inside DIR."""
    if alive(folder):
        raise LabError(f"{folder}: a lab is up in it; run lab down --dir "
                       f"{folder} first")
    marks = [folder / name for name in ("world.jsonl", "pids", "run")]
    if folder.is_dir() and any(folder.iterdir()) \
            and not any(mark.exists() for mark in marks):
        raise LabError(f"{folder}: not empty and no lab's; choose another "
                       "--dir")
    remove_homes(folder)
    for name in MADE:
        shutil.rmtree(folder / name, ignore_errors=True)
    try:
        for name in OWN:
            (folder / name).mkdir(parents=True)
    except OSError as why:
        raise LabError(f"{folder}: cannot make it ({why.strerror})") from None


def check_ground(plan: Plan, dns_port: int) -> None:
    """Refuse a base that another lab holds.

    Binding alone would not tell: two resolvers may share a UDP port, and
    then each gets some of the questions.
    """
    ground = plan.ground
    wanted = {53: {ground.nsd, ground.proxy, ground.backend}}
    wanted.setdefault(dns_port, set()).add(ground.resolver)
    wanted.setdefault(ground.https_port, set()).update(plan.nginx_addresses)
    for point in plan.endpoints + plan.postfix + plan.exim:
        wanted.setdefault(point["port"], set()).add(point["address"])
    for port, addresses in wanted.items():
        taken = {address for address, _ in listening(port)} & addresses
        if taken:
            raise LabError(f"{min(taken)} port {port}: taken; is another lab "
                           f"up with --base {ground.base}? Choose another "
                           "--base")


def write_outputs(lines: list[Line], plan: Plan, folder: Path,
                  port: int, worlds: list[Path]) -> None:
    """What the scan and `check` read."""
    ground = plan.ground
    (folder / "scan.args").write_text(
        f"--resolver {ground.resolver}:{port} --trust-ad "
        f"--ca-file {folder / 'ca.pem'} "
        f"--smtp-port {ground.smtp_port} --https-port {ground.https_port} "
        "--allow-net 127.0.0.0/8 --only-net 127.0.0.0/8 "
        f"--ehlo-name {SCANNER} --contact https://{SCANNER}/ "
        "--connect-timeout-ms 1500 --greeting-timeout-ms 5000 "
        "--session-timeout-ms 12000 --policy-timeout-ms 6000 "
        "--retry-wait-ms 2000 --per-operator 64 --per-net 256 "
        "--rest-ms 200 --policy-rest-ms 2 --smtp-window 150 "
        "--policy-window 100\n")
    rows = [line.domain if line.rank is None else f"{line.rank},{line.domain}"
            for line in lines if line.listed]
    (folder / "list.txt").write_text("".join(f"{row}\n" for row in rows))
    (folder / "world.jsonl").write_text("".join(
        path.read_text(encoding="utf-8").rstrip("\n") + "\n"
        for path in worlds), encoding="utf-8")
    plan.pki.write_anchor(folder / "ca.pem")
    (folder / "run" / "servers.json").write_text(json.dumps({
        "endpoints": plan.endpoints, "faults": plan.tree.faults,
        "zone_faults": plan.tree.zone_faults,
        "proxy": ground.proxy, "nsd": ground.backend}))
    for name, points in (("postfix", plan.postfix), ("exim", plan.exim)):
        (folder / "run" / f"{name}.json").write_text(json.dumps(points))


def remove_homes(folder: Path) -> None:
    """Leave nothing behind outside DIR."""
    homes.remove(folder, "postfix")
    homes.remove(folder, "exim")


def real_servers(lines: list[Line]) -> frozenset[str]:
    """The programs of others that the world wants and that can run here."""
    wanted = {spec.get("server") for line in lines
              for spec in line.smtp.values()}
    real: set[str] = set()
    for title, words, program in (("Postfix", postfix.WORDS, postfix),
                                  ("Exim", exim.WORDS, exim)):
        if not wanted & words:
            continue
        if program.is_usable():
            real |= words
        else:
            print(f"lab: {title} cannot run here (not installed or not "
                  "root): its hosts are served by the lab's own server")
    return frozenset(real)


def start_own(crew: Crew) -> None:
    """The process of our own servers."""
    here = Path(__file__).resolve().parent.parent
    crew.start("servers", [sys.executable, "-m", "mxlab.serve",
                           str(crew.folder)],
               {"PYTHONPATH": str(here), "PYTHONDONTWRITEBYTECODE": "1"})


def wait_own(plan: Plan, crew: Crew) -> None:
    """It says itself when it is ready, or why it cannot be."""
    run = crew.folder / "run"

    def ready() -> bool:
        failed = run / "servers.failed"
        if failed.exists() and failed.read_text().endswith("\n"):
            raise LabError(failed.read_text().strip())
        return (run / "servers.ready").exists()

    crew.wait("servers", ready, SERVERS_WAIT_S
              + ENDPOINT_WAIT_S * len(plan.endpoints))


def start_all(plan: Plan, folder: Path, zones: list[tuple],
              port: int) -> None:
    """Start everything, then wait for everything; clean up on failure."""
    crew = Crew(folder)
    try:
        start_own(crew)
        nginx.start(plan, crew)
        postfix.start(plan, crew)
        exim.start(plan, crew)
        dnsservers.start(plan, crew, zones, port)
        nginx.wait(plan, crew)
        postfix.wait(plan, crew)
        exim.wait(plan, crew)
        wait_own(plan, crew)
    except BaseException:
        stop_all(folder)
        remove_homes(folder)
        raise


def up(worlds: list[Path], folder: Path, ground: Ground, port: int,
       pki: Path | None = None) -> None:
    """Bring a world up; pki is where certificates outlive the lab."""
    begin = time.monotonic()
    folder = folder.resolve()
    if any(char.isspace() or char in "\"$\\" for char in str(folder)):
        raise LabError(f"{folder}: choose a --dir without white space, "
                       "quotes, `$` or a backslash")
    pki = (pki or folder / "pki").resolve()
    if pki != folder / "pki" and folder in (pki, *pki.parents):
        raise LabError(f"{pki}: a lab empties its --dir; choose a --pki "
                       "outside it")
    lines = read_worlds(worlds)
    # The world may be the copy that an earlier `up` left in DIR.
    prepare(folder)
    plan = make_plan(lines, ground, pki, real_servers(lines))
    check_ground(plan, port)
    zones = write_zones(plan.tree, plan.key, folder / "zones")
    write_outputs(lines, plan, folder, port, worlds)
    start_all(plan, folder, zones, port)
    report(lines, plan, time.monotonic() - begin)


def report(lines: list[Line], plan: Plan, seconds: float) -> None:
    """What is up, in a few numbers."""
    signed = sum(zone.signed for zone in plan.tree.zones.values())
    listed = sum(line.listed for line in lines)
    if plan.unserved:
        print(f"lab: {len(plan.unserved)} addresses are not of this machine "
              f"and not served ({plan.unserved[0]})")
    print(f"lab: up in {seconds:.1f} s: {listed} listed domains, "
          f"{len(plan.tree.zones)} zones ({signed} signed), "
          f"{len(plan.sites)} policy hosts in nginx, "
          f"{len(plan.endpoints)} endpoints of our own, "
          f"{len(plan.postfix)} in Postfix, {len(plan.exim)} in Exim")


def down(folder: Path) -> None:
    """Stop what `up` started."""
    if not folder.is_dir():
        raise LabError(f"{folder}: no such directory")
    count = stop_all(folder.resolve())
    remove_homes(folder)
    print(f"lab: stopped {count} processes" if count
          else "lab: nothing was running")
