# SPDX-License-Identifier: Apache-2.0
"""Next week's world out of this week's, and what happened in between.

Reads the plans that a world carries, changes some of them (world_change.py)
and builds their lines anew; all other lines stay as they are.  Every kind of
event happens at least once where the world has a domain for it, the rest by
the rates.  The same world, seed and rates give the same bytes.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Iterator

from .world_build import Site
from .world_change import EVENTS, FORCED, alongside, plan_of
from .world_names import Entry, relate
from .world_plan import Plan, draw, settle
from .world_rates import Rates
from .world_sample import label

TRIES = 50            # names until a new one is no relative of another
WANTED_KEYS = ("domain", "plan", "expect")


class WorldError(Exception):
    """The world cannot be used; the text is for the person who gave it."""


def read_world(path: str) -> list[dict]:
    """The lines of a world that the generator wrote."""
    lines = []
    try:
        text = Path(path).read_text(encoding="utf-8")
        for number, row in enumerate(text.splitlines(), 1):
            line = json.loads(row)
            if line.get("list", True) and any(
                    key not in line for key in WANTED_KEYS):
                raise WorldError(f"{path}:{number}: no line of a generated "
                                 "world: it carries no plan")
            lines.append(line)
    except (OSError, ValueError, AttributeError) as error:
        raise WorldError(f"cannot read the world {path}: {error}") from error
    return lines


@dataclass
class Domain:
    """One listed domain on its way from one week to the next."""

    entry: Entry
    old: dict
    rng: random.Random
    events: list[str] = field(default_factory=list)
    areas: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        entry = self.entry
        self.line = self.old       # as it stands
        self.plan = Plan.read(plan_of(self.line))
        # nothing happens to names with others above or below them
        self.is_free = not (entry.parents or entry.children or entry.is_top
                            or entry.is_odd)

    def change(self, line: dict, events: list[str],
               areas: frozenset[str]) -> None:
        """Note what happened."""
        self.line, self.plan = line, Plan.read(plan_of(line))
        self.events += events
        self.areas |= areas


def same_verdicts(old: dict, line: dict) -> bool:
    """Does a failed look-up hide what is there, and show nothing else?"""
    return all(line["expect"][key] in (old["expect"][key], "inconclusive")
               for key in ("verdict", "verdict_dane"))


def is_clear(sight: dict) -> bool:
    """Nothing that is not known."""
    return "inconclusive" not in json.dumps(sight)


class Week:
    """The changes of one week."""

    def __init__(self, lines: list[dict], rates: Rates, seed: str) -> None:
        self.rates, self.seed = rates, seed
        self.weights = rates.weights["evolve"]
        self.houses = [line for line in lines if not line.get("list", True)]
        listed = [line for line in lines if line.get("list", True)]
        entries = {line["domain"]: Entry(line["domain"], line.get("rank"))
                   for line in listed}
        relate(entries)
        self.domains = [Domain(entries[line["domain"]], line,
                               self.rng(line["domain"])) for line in listed]
        self.left: list[Domain] = []
        self.joined: list[dict] = []

    def rng(self, *what: str) -> random.Random:
        """The chance behind one choice."""
        return random.Random("/".join((self.seed, "evolve", *what)))

    # ---- one domain

    def changed(self, domain: Domain, event: str) -> Plan | None:
        """The plan after an event, or None where it cannot happen."""
        kind = EVENTS[event]
        if kind.areas & domain.areas or not domain.is_free:
            return None
        return kind.change(domain.plan, domain.rng, domain.line)

    def happens(self, domain: Domain, event: str) -> bool:
        """Let an event happen to a domain if it then shows."""
        plan = self.changed(domain, event)
        if plan is None:
            return False
        kind = EVENTS[event]
        line = Site(domain.entry, plan, domain.line["plan"]["seed"]).line()
        before, after = kind.see(domain.line), kind.see(line)
        if before == after:
            return False
        if event == "lookup_failed_this_week":
            if not same_verdicts(domain.line, line):
                return False
        elif not is_clear(before) or not is_clear(after):
            return False
        if plan.former and plan_of(line).get("consistency") != "none_stale":
            return False
        domain.change(line, [event, *alongside(event, domain.plan, plan)],
                      kind.areas)
        return True

    # ---- all domains

    def force(self) -> None:
        """What has to happen because of last week."""
        for domain in self.domains:
            for event in FORCED:
                if self.happens(domain, event):
                    # a domain that comes back, comes back unchanged
                    domain.areas |= {"sts", "mx", "tlsrpt"}

    def once(self) -> None:
        """Every event once, those with few candidates first."""
        order = list(self.domains)
        self.rng("once").shuffle(order)
        able = {event: [domain for domain in order
                        if self.changed(domain, event) is not None]
                for event, weight in self.weights.items()
                if weight > 0 and event in EVENTS}
        for event in sorted(able, key=lambda event: len(able[event])):
            for domain in able[event]:
                if not domain.events and self.happens(domain, event):
                    break

    def draw_event(self, domain: Domain) -> str | None:
        """An event by the rates, of those that can happen."""
        toss = domain.rng.random()
        for event, weight in self.weights.items():
            if event in EVENTS and self.changed(domain, event) is not None:
                toss -= weight
                if toss < 0:
                    return event
        return None

    def by_rates(self) -> None:
        """The rest; seldom two things happen in one week."""
        for domain in self.domains:
            if not domain.events:
                event = self.draw_event(domain)
                if event is None or not self.happens(domain, event):
                    continue
            if self.rates.happens(domain.rng, "second_event"):
                able = [event for event in self.weights if event in EVENTS
                        and self.changed(domain, event) is not None]
                if able:
                    self.happens(domain, domain.rng.choice(able))

    # ---- the list

    def count(self, event: str) -> int:
        """How many domains leave or join."""
        weight = self.weights[event]
        return max(1, round(weight * len(self.domains))) if weight > 0 else 0

    def churn(self) -> None:
        """Some leave the list, others take their places."""
        rng = self.rng("churn")
        idle = [domain for domain in self.domains
                if domain.is_free and not domain.events]
        self.left = rng.sample(idle, min(len(idle), self.count("left_list")))
        ranks = [domain.entry.rank for domain in self.left]
        last = max((domain.entry.rank or 0 for domain in self.domains),
                   default=0)
        if not last:
            ranks = []
        for number in range(self.count("joined_list")):
            if number == len(ranks):
                last += 1 if last else 0
                ranks.append(last or None)
            line = self.newcomer(rng, ranks[number])
            if line is not None:
                self.joined.append(line)

    def newcomer(self, rng: random.Random, rank: int | None) -> dict | None:
        """A name that nobody had, with a configuration by the rates."""
        taken = {line["domain"]: Entry(line["domain"])
                 for line in (*self.houses, *self.joined)}
        taken |= {domain.entry.name: Entry(domain.entry.name)
                  for domain in self.domains}
        for _ in range(TRIES):
            entry = Entry(f"{label(rng)}.{rng.choice(('example', 'test'))}",
                          rank)
            if entry.name in taken:
                continue
            relate({one.name: one for one in
                    [*(Entry(name) for name in taken), entry]})
            if not (entry.parents or entry.children):
                plan = settle(draw(self.rates, rng), entry, True)
                return Site(entry, plan, self.seed).line()
        return None

    # ---- what comes out

    def run(self) -> None:
        """Everything, in the order of who may not wait."""
        self.force()
        self.once()
        self.by_rates()
        self.churn()

    def lines(self) -> Iterator[dict]:
        """The new world; newcomers stand where their rank is."""
        gone = {id(domain) for domain in self.left}
        listed = [domain.line for domain in self.domains
                  if id(domain) not in gone] + self.joined
        if all("rank" in line for line in listed):
            listed.sort(key=lambda line: line["rank"])
        yield from self.houses
        yield from listed

    def events(self) -> Iterator[dict]:
        """What happened, and every verdict that is another one."""
        gone = {id(domain) for domain in self.left}
        for domain in self.domains:
            name = domain.entry.name
            if id(domain) in gone:
                yield {"domain": name, "event": "left_list",
                       "from": {"rank": domain.entry.rank}, "to": {}}
                continue
            for event in domain.events:
                see = EVENTS[event].see
                yield {"domain": name, "event": event,
                       "from": see(domain.old), "to": see(domain.line)}
            verdicts = [line["expect"]["verdict"]
                        for line in (domain.old, domain.line)]
            if verdicts[0] != verdicts[1] and "inconclusive" not in verdicts:
                yield {"domain": name, "event": "verdict",
                       "from": verdicts[0], "to": verdicts[1]}
        for line in self.joined:
            yield {"domain": line["domain"], "event": "joined_list",
                   "from": {}, "to": {"rank": line.get("rank")}}


def evolve(lines: list[dict], rates: Rates,
           seed: str) -> tuple[list[dict], list[dict]]:
    """The world of next week, and the events on the way to it."""
    week = Week(lines, rates, seed)
    week.run()
    return list(week.lines()), list(week.events())
