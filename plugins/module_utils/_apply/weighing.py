# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan weighed on the live cluster: what it does to connections, and in which order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .._calico.precedence import tier_of
from .._calico.snapshot import Snapshot, name_of
from .._cluster.callees import read_callees
from .._cluster.errors import Conflict
from .._cluster.gateway import Gateway
from .._cluster.snapshot import read_snapshot
from .._plan.allowance import Allowance
from .._plan.consequences import Consequences, weighed
from .._plan.course import Course
from .._plan.guard import Guarded, guarded
from .._plan.lockout import Lockout, judged
from .._plan.steps import Plan, Step
from .rehearsal import Rehearsal


@dataclass(frozen=True)
class Weighed:
    """A plan in its order, what it does to connections, what becomes of expectations, and whether it locks out."""

    plan: Plan
    consequences: Consequences
    guarded: Guarded
    lockout: Lockout

    def require(self, allowance: Allowance) -> None:
        """Raises LocksOut, InterruptsConnections, OpensConnections or ExpectationNotMet for what is not allowed."""
        self.lockout.require()
        self.consequences.require(allowance)
        self.guarded.require(allowance.on_unknown)


def weighed_live(gateway: Gateway, backend: str | None, rehearsal: Rehearsal, allowance: Allowance) -> Weighed:
    """The plan, weighed. Reads what verdicts depend on, where there is something to be written.

    What cannot be read is among the consequences. Raises Conflict where a policy is no longer the one that was planned on.
    """
    if not rehearsal.plan.steps:
        return Weighed(rehearsal.plan, Consequences(), Guarded(), Lockout())
    snapshot = read_snapshot(gateway, backend, staged=False)
    hidden = [step.before for step in rehearsal.plan.steps if step.before is not None and _is_hidden(step, snapshot)]
    snapshot = snapshot.with_change(hidden, [])
    for step in rehearsal.plan.steps:
        _require_unchanged(step, snapshot)
    plan, consequences = weighed(snapshot, rehearsal.plan, rehearsal.answers)
    interrupts = bool(consequences.interruptions) and allowance.interruption
    course = Course(snapshot, plan, rehearsal.answers, interrupts=interrupts)
    lockout = judged(course, read_callees(gateway), allowance)
    return Weighed(plan, consequences, guarded(course, allowance.expectations), lockout)


def _is_hidden(step: Step, snapshot: Snapshot) -> bool:
    """Whether a policy may be read by its name, and is not in lists, since the account may not list those of its tier."""
    unread = bool({"GlobalNetworkPolicy", "Tier"} & set(snapshot.unread))
    tier = tier_of((step.before or {}).get("spec") or {})
    return (unread or tier in snapshot.unread_tiers) and _live(step, snapshot) is None


def _require_unchanged(step: Step, snapshot: Snapshot) -> None:
    live = _live(step, snapshot)
    if _version(live) != _version(step.before):
        raise Conflict(f"GlobalNetworkPolicy {step.name} was changed while its change was planned", "Run again.")


def _live(step: Step, snapshot: Snapshot) -> Mapping[str, Any] | None:
    name = step.name if step.before is None else name_of(step.before)
    return next((item for item in snapshot.of("GlobalNetworkPolicy") if name_of(item) == name), None)


def _version(item: Mapping[str, Any] | None) -> Any:
    return None if item is None else item["metadata"].get("resourceVersion")
