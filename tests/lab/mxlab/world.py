# SPDX-License-Identifier: Apache-2.0
"""world LIST --seed S --rates FILE: a world for a list of names, with truth.
world --evolve OLD --seed S: the world of the week after.

Data flow: world_names reads the list, world_rates the weights, world_plan
gives every name one kind of each section, world_build writes the line from
the tables of kinds (world_txt, world_policy, world_hosts, world_providers),
world_mx says how a policy misses the MX hosts, and world_truth concludes what
a sender would do.  Nothing of the scanner is asked, so that a scan of the
world measures the scanner.

Each line carries its plan.  world_evolve changes some plans (world_change,
world_lapse for look-ups that fail for a week), has their lines built anew and
tells what happened.

The same list or world, seed and rates give the same bytes on every machine.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Iterable, Iterator, TextIO

from .world_build import Site, house_line, provider_line
from .world_evolve import WorldError, evolve, read_world
from .world_hosts import OPERATORS
from .world_names import Entry, ListError, read_list
from .world_plan import choose
from .world_providers import PROVIDERS
from .world_rates import Rates, RatesError

RATES = Path(__file__).resolve().parents[3] / "data" / "rates.toml"


def make_world(entries: list[Entry], rates: Rates, seed: str) -> \
        Iterator[dict]:
    """Every line of the world: the mail houses, then the list in its order."""
    zones = [house.zone for house in OPERATORS.values()] + list(PROVIDERS)
    for entry in entries:
        for zone in zones:
            if (entry.name == zone or entry.name.endswith("." + zone)):
                raise ListError(f"{entry.name} is in the list, but {zone} "
                                "is one of the world's mail houses; leave it "
                                "out")
    for house in OPERATORS.values():
        yield house_line(house)
    for provider in PROVIDERS.values():
        yield provider_line(provider)
    for entry, plan in choose(entries, rates, seed):
        yield Site(entry, plan, seed).line()


def options(argv: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="world", description="Give every name of a list a mail "
        "configuration drawn from the rates, or let a week pass in a world, "
        "and write what a scan must find.")
    parser.add_argument("list", metavar="LIST", nargs="?",
                        help="a file or -: one name a line, or rank,name")
    parser.add_argument("--evolve", metavar="OLD",
                        help="a world; writes the one of the next week")
    parser.add_argument("--seed", required=True,
                        help="any text; the same text gives the same world")
    parser.add_argument("--rates", default=str(RATES), metavar="FILE",
                        help="the weights (data/rates.toml)")
    parser.add_argument("--events", metavar="FILE",
                        help="with --evolve: what happened, a line each")
    chosen = parser.parse_args(argv)
    if (chosen.list is None) == (chosen.evolve is None):
        parser.error("give either a LIST or --evolve OLD")
    if chosen.events and not chosen.evolve:
        parser.error("--events needs --evolve")
    return chosen


def write_lines(file: TextIO, lines: Iterable[dict]) -> None:
    """One JSON object a line."""
    for line in lines:
        file.write(json.dumps(line) + "\n")
    file.flush()


def work(chosen: argparse.Namespace) -> None:
    """Make the world that was asked for."""
    rates = Rates.read(chosen.rates)
    if chosen.list is not None:
        write_lines(sys.stdout, make_world(read_list(chosen.list), rates,
                                           chosen.seed))
        return
    lines, events = evolve(read_world(chosen.evolve), rates, chosen.seed)
    if chosen.events:
        try:
            with open(chosen.events, "w", encoding="utf-8") as file:
                write_lines(file, events)
        except OSError as error:
            raise WorldError(f"cannot write {chosen.events}: "
                             f"{error.strerror}") from error
    write_lines(sys.stdout, lines)


def main(argv: list[str] | None = None) -> int:
    """Write the world to standard output."""
    chosen = options(argv)
    try:
        work(chosen)
    except (ListError, RatesError, WorldError) as error:
        print(f"world: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
