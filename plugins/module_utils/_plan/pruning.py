# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policies that a baseline once had and no longer lists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from .._calico.errors import NetguardError
from .steps import Plan, baseline_of, removals

Prune = Literal["none", "report", "delete"]


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

    def prunable(self, live: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
        """Names of live policies that carry this baseline's label and are not listed; one without the label never is."""
        if self.prune == "none":
            return ()
        return tuple(sorted(n for n, item in live.items() if n not in self.listed and baseline_of(item) == self.name))

    def added_to(self, plan: Plan, live: Mapping[str, Mapping[str, Any]]) -> Plan:
        """The plan, with their deletion behind everything else. Raises TooManyToPrune."""
        names = self.prunable(live) if self.prune == "delete" else ()
        if len(names) > self.max_prune:
            raise TooManyToPrune(
                f"{len(names)} policies of the baseline {self.name} are not listed, max_prune is {self.max_prune}: "
                f"{_some(names)}",
                "Check the list and the name of the baseline, or raise max_prune.",
            )
        return replace(plan, steps=(*plan.steps, *removals(names, live)))


def _some(names: Iterable[str]) -> str:
    listed = list(names)
    return ", ".join(listed[:10]) + (f" and {len(listed) - 10} more" if len(listed) > 10 else "")
