# SPDX-License-Identifier: Apache-2.0
"""The rates: how often each kind is drawn.

data/rates.toml has one table a section, one weight a kind.  The tables of
kinds in world_txt, world_policy, world_hosts and world_plan say what a kind
means; a kind that only one of the two knows is an error, so neither can drift.
"""

from __future__ import annotations

import random
import tomllib
from pathlib import Path

from .world_hosts import DANE, HOSTS, OPERATORS
from .world_policy import POLICIES
from .world_txt import STS, TLSRPT

EXISTENCE = (
    "mail", "implicit", "implicit_refuse", "no_mail", "nxdomain", "null_mx",
    "null_mx_sts", "null_beside", "literal_only", "literal_beside", "localhost_only",
    "localhost_beside", "mx_servfail", "mx_refused", "zone_servfail",
    "zone_silent", "zone_bogus", "mx_truncated")
CONSISTENCY = (
    "all", "all_wildcard", "wider", "partial", "partial_stray", "none_self",
    "none_domain", "none_stale", "none_whole", "none_third_label",
    "none_typo", "none_tld", "none_depth")
MODES = ("enforce", "testing", "none")
SHARES = ("signed", "sts", "tlsrpt_with_sts", "tlsrpt_without_sts",
          "second_host", "second_event")
# What may happen to a domain in a week, and to the list; world_change.py.
EVENTS = (
    "adopted", "withdrawn", "removed_abruptly", "mode_changed",
    "record_broken", "record_repaired", "policy_broken", "policy_repaired",
    "policy_changed_same_id", "id_changed_same_policy", "policy_changed",
    "mx_changed", "mx_changed_policy_stale", "certificate_renewed",
    "certificate_expired", "tlsa_stale", "tlsa_rolled", "provider_moved",
    "tlsrpt_added", "tlsrpt_removed", "dane_added", "dane_removed",
    "appeared", "vanished", "lookup_failed_this_week", "left_list",
    "joined_list")
# Kinds that are reached through another section and never drawn.
NOT_DRAWN = {"sts": {"none"}, "tlsrpt": {"absent"}, "operator": {"lapsed"},
             "dane": {"stale"}}
SECTIONS: dict[str, tuple[str, ...]] = {
    "existence": EXISTENCE,
    "operator": ("own", *OPERATORS),
    "host": tuple(HOSTS),
    "sts": tuple(STS),
    "policy": tuple(POLICIES),
    "mode": MODES,
    "consistency": CONSISTENCY,
    "tlsrpt": tuple(TLSRPT),
    "dane": tuple(DANE),
    "evolve": EVENTS,
}


class RatesError(Exception):
    """The rates cannot be used; the text is for the person who wrote them."""


class Rates:
    """The weights of one file, checked, ready to draw from."""

    def __init__(self, tables: dict, where: str) -> None:
        self.where = where
        self.shares = {key: self._share(tables, key) for key in SHARES}
        self.weights: dict[str, dict[str, float]] = {}
        for section, kinds in SECTIONS.items():
            drawn = [kind for kind in kinds
                     if kind not in NOT_DRAWN.get(section, ())]
            self.weights[section] = self._table(tables, section, drawn)
        ages = tables.get("max_age", {})
        if not ages or not all(str(age).isdigit() for age in ages):
            raise RatesError(f"{where}: [max_age]: one weight for each number "
                             "of seconds")
        self.weights["max_age"] = self._table(tables, "max_age", list(ages))
        odd = sorted(set(tables) - set(self.weights) - {"share"})
        if odd:
            raise RatesError(f"{where}: [{odd[0]}] is no section; known are "
                             f"share, {', '.join(self.weights)}")

    @classmethod
    def read(cls, path: str) -> "Rates":
        """Read and check a file."""
        try:
            tables = tomllib.loads(Path(path).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError,
                tomllib.TOMLDecodeError) as error:
            raise RatesError(f"cannot read the rates {path}: {error}") \
                from error
        return cls(tables, path)

    def _share(self, tables: dict, key: str) -> float:
        value = tables.get("share", {}).get(key)
        if not isinstance(value, (int, float)) or not 0 <= value <= 1:
            raise RatesError(f"{self.where}: [share] {key}: needs a number "
                             "from 0 to 1")
        return float(value)

    def _table(self, tables: dict, section: str,
               kinds: list[str]) -> dict[str, float]:
        table = tables.get(section, {})
        odd = sorted(set(table) ^ set(kinds))
        if odd:
            what = ("is no kind of it" if odd[0] in table
                    else "has no weight")
            raise RatesError(f"{self.where}: [{section}]: {odd[0]} {what}")
        for kind, weight in table.items():
            if not isinstance(weight, (int, float)) or weight < 0:
                raise RatesError(f"{self.where}: [{section}] {kind}: needs a "
                                 "weight of 0 or more")
        if not sum(table.values()) > 0:
            raise RatesError(f"{self.where}: [{section}]: all weights are 0")
        return {kind: float(table[kind]) for kind in kinds}

    def kinds(self) -> list[tuple[str, str]]:
        """Every (section, kind) with a weight, in the order of the tables.

        What happens in a week is no kind of domain.
        """
        return [(section, kind) for section, table in self.weights.items()
                for kind, weight in table.items()
                if weight > 0 and section != "evolve"]

    def draw(self, rng: random.Random, section: str) -> str:
        """One kind by weight."""
        table = self.weights[section]
        return rng.choices(list(table), list(table.values()))[0]

    def happens(self, rng: random.Random, key: str) -> bool:
        """One toss of a [share]."""
        return rng.random() < self.shares[key]
