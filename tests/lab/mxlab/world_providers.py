# SPDX-License-Identifier: Apache-2.0
"""Those to whom domains delegate their policy host and their STS record.

One house of our own, and two that are known by name (Ashiq, Fiebig, Chung, ACM
IMC 2025, table 2), so that a scan can tell who they are.  Each has one zone in
the world; what a customer's alias points to is made of the customer's name.
"""

from __future__ import annotations

from dataclasses import dataclass

LABEL_BYTES = 63


@dataclass(frozen=True)
class Provider:
    """How a provider names the place of one customer."""

    zone: str
    place: str = ""      # of a customer; {a.com}, {a-com}; empty: one for all

    def host(self, customer: str) -> str:
        """Where the customer's policy host points to."""
        return self._place(customer) or f"mta-sts.{self.zone}"

    def gone(self, customer: str) -> str:
        """Where it points to when the provider has dropped the customer."""
        return self._place(customer) or f"gone.{self.zone}"

    def text(self) -> str:
        """Where every customer's record points to."""
        return f"_mta-sts.{self.zone}"

    def _place(self, customer: str) -> str:
        dashed = customer.replace(".", "-")
        place = self.place
        if len(dashed) > LABEL_BYTES:
            place = place.replace("{a-com}", "{a.com}")
        return place.replace("{a.com}", customer).replace("{a-com}", dashed)


POLICY_HOUSE = "policy-house.example"
PROVIDERS = {one.zone: one for one in (
    Provider(POLICY_HOUSE),
    Provider("sdmarc.net", "{a.com}._mta-sts.sdmarc.net"),
    Provider("mta-sts.tech", "{a-com}._mta.mta-sts.tech"))}
