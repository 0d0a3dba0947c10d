# SPDX-License-Identifier: Apache-2.0
"""world LIST --seed S --rates FILE: a world for a list of names, with truth.

Data flow: world_names reads the list, world_rates the weights, world_plan
gives every name one kind of each section, world_build writes the line from
the tables of kinds (world_txt, world_policy, world_hosts) and world_truth
concludes what a sender would do.  Nothing of the scanner is asked, so that a
scan of the world measures the scanner.

The same list, seed and rates give the same bytes on every machine.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import Iterator

from .world_build import Site, house_line, policy_house_line
from .world_hosts import OPERATORS, POLICY_HOUSE
from .world_names import Entry, ListError, read_list
from .world_plan import choose
from .world_rates import Rates, RatesError


def make_world(entries: list[Entry], rates: Rates, seed: str) -> \
        Iterator[dict]:
    """Every line of the world: the mail houses, then the list in its order."""
    zones = [house.zone for house in OPERATORS.values()] + [POLICY_HOUSE]
    for entry in entries:
        for zone in zones:
            if (entry.name == zone or entry.name.endswith("." + zone)):
                raise ListError(f"{entry.name} is in the list, but {zone} "
                                "is one of the world's mail houses; leave it "
                                "out")
    for house in OPERATORS.values():
        yield house_line(house)
    yield policy_house_line()
    for entry, plan in choose(entries, rates, seed):
        yield Site(entry, plan, seed).line()


def options(argv: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="world", description="Give every name of a list a mail "
        "configuration drawn from the rates, and write what a scan must find.")
    parser.add_argument("list", metavar="LIST",
                        help="a file or -: one name a line, or rank,name")
    parser.add_argument("--seed", required=True,
                        help="any text; the same text gives the same world")
    parser.add_argument("--rates", required=True, metavar="FILE",
                        help="the weights, as data/rates.toml")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Write the world to standard output."""
    chosen = options(argv)
    try:
        rates = Rates.read(chosen.rates)
        for line in make_world(read_list(chosen.list), rates, chosen.seed):
            sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()
    except (ListError, RatesError) as error:
        print(f"world: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
