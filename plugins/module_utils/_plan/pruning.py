# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policies that a baseline once had and no longer lists."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from .._calico.errors import InvalidInput, NetguardError
from .steps import Plan, baseline_of, being_deleted, in_preferred_order, removals

Prune = Literal["none", "report", "delete"]
Live = Mapping[str, Mapping[str, Any]]


class TooManyToPrune(NetguardError):
    """More policies would be removed than is allowed, as with a list that was cut off or a name that was mixed up."""

    code = "too_many_to_prune"


@dataclass(frozen=True)
class Pruning:
    """What is to happen to unlisted policies of the baseline ``name``, whose listed ones are ``listed``."""

    prune: Prune
    name: str
    listed: frozenset[str]
    max_prune: int

    def leftovers(self, live: Live) -> tuple[str, ...]:
        """Names of live policies that carry this baseline's label and are not listed; one without the label never is.

        A policy that is live under two names, one of them listed, is listed; one that is deleted already is left out.
        """
        listed = {live[name]["metadata"].get("uid") for name in self.listed if name in live}
        return tuple(
            sorted(
                name
                for name, item in live.items()
                if baseline_of(item) == self.name
                and name not in self.listed
                and item["metadata"].get("uid") not in listed
                and not being_deleted(item)
            )
        )

    def added_to(self, plan: Plan, live: Live) -> Plan:
        """The plan, with their deletion, in the order of all deletions. Raises TooManyToPrune."""
        names = self.leftovers(live) if self.prune == "delete" else ()
        self.require_few(names)
        return replace(plan, steps=in_preferred_order([*plan.steps, *removals(names, live)]))

    def require_few(self, names: Collection[str]) -> None:
        """Raises TooManyToPrune where these are more than may be removed."""
        if len(names) > self.max_prune:
            raise TooManyToPrune(
                f"{len(names)} policies of the baseline {self.name} are not listed, max_prune is {self.max_prune}: "
                f"{_some(names)}",
                "Check the list and the name of the baseline, or raise max_prune.",
            )


def checked_pruning(params: Mapping[str, Any], listed: Sequence[str]) -> Pruning:
    """The options about pruning. Raises InvalidInput where they do not go together."""
    given = [params[option] for option in ("policies", "src", "default_policies")]
    if params["prune"] == "delete" and all(value is None for value in given):
        raise InvalidInput(
            "prune is delete, and no policies are given",
            "Give policies, src or default_policies, so that it is clear what stays.",
        )
    if params["max_prune"] < 0:
        raise InvalidInput(f"max_prune is {params['max_prune']}, below 0", "Give a number of policies.")
    return Pruning(params["prune"], params["name"], frozenset(listed), params["max_prune"])


def _some(names: Iterable[str]) -> str:
    listed = list(names)
    return ", ".join(listed[:10]) + (f" and {len(listed) - 10} more" if len(listed) > 10 else "")
