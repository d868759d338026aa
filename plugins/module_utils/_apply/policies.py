# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""GlobalNetworkPolicies brought to the wanted state: read, plan, rehearse, write; a conflict leads to a new plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .._calico.errors import NetguardError
from .._calico.manifest import Policy
from .._cluster.errors import Conflict
from .._cluster.gateway import Gateway
from .._cluster.resources import GLOBAL_NETWORK_POLICIES
from .._plan.allowance import Allowance
from .._plan.digest import ANY_PLAN, Approval
from .._plan.owners import require_not_managed
from .._plan.steps import Plan, Step
from .names import by_wanted_name
from .preconditions import require_tiers, require_unlocked
from .progress import UNHEARD, Progress
from .rehearsal import rehearsed
from .weighing import Weighed, weighed_live
from .writing import written

PLANS = 3

Live = Mapping[str, Mapping[str, Any]]
Planner = Callable[[Live], Plan]
Reader = Callable[[], Live]


class PartlyWritten(NetguardError):
    """A write failed after others had succeeded; the message says which."""

    code = "partly_written"
    changed = True


@dataclass(frozen=True)
class Change:
    """What is to be done: how to read the live policies by name, and how to plan on them.

    ``policies`` are those that were given, ``present`` those of them that are to be there afterwards. ``take_over`` lets it
    change what a GitOps tool manages. ``backend`` is how the cluster serves Calico's API. ``progress`` is told how far it is.
    """

    read: Reader
    plan: Planner
    backend: str | None
    allowance: Allowance
    policies: Sequence[Policy] = ()
    present: Sequence[Policy] = ()
    approval: Approval = ANY_PLAN
    take_over: bool = False
    progress: Progress = UNHEARD


@dataclass(frozen=True)
class Outcome:
    """What was done or would be: the steps, the live policies before, those that were written, as answered, and what follows."""

    plan: Plan
    live: Live
    answers: Mapping[str, Mapping[str, Any] | None]
    weighed: Weighed

    def after(self, name: str) -> Mapping[str, Any] | None:
        """The policy of that name as it is afterwards."""
        return self.answers[name] if name in self.answers else self.live.get(name)


def planned(gateway: Gateway, change: Change) -> Outcome:
    """The plan that the server accepts dry, on what is live now. Nothing is written."""
    return _repeated(lambda: _planned(gateway, change))


def carried_out(gateway: Gateway, change: Change) -> Outcome:
    """The same plan, written. Raises PartlyWritten when a write fails after another one has succeeded."""
    return _repeated(lambda: _written(gateway, _planned(gateway, change), change.progress))


def _planned(gateway: Gateway, change: Change) -> Outcome:
    change.progress.phase("reading policies")
    live = change.read()
    plan = change.plan(live)
    require_tiers(gateway, plan, change.present)
    change.progress.phase("trying the plan by dry runs")
    rehearsal = rehearsed(gateway, plan)
    if not change.take_over:
        require_not_managed(rehearsal.plan, change.policies)
    if rehearsal.plan.steps:
        require_unlocked(gateway)
    change.progress.phase("judging what the plan does to connections")
    weighed = weighed_live(gateway, change.backend, rehearsal, change.allowance.expectations)
    change.approval.require(weighed.plan)
    weighed.require(change.allowance)
    return Outcome(weighed.plan, live, rehearsal.answers, weighed)


def all_and_named_policies(gateway: Gateway, names: Sequence[str]) -> Live:
    """Every GlobalNetworkPolicy of the cluster by name, the named ones asked for by name where the list lacks them.

    Raises Forbidden for one that is hidden: Calico's API server leaves policies of tiers that the account may not see out of
    a list without a word.
    """
    live = by_wanted_name(gateway, gateway.list(GLOBAL_NETWORK_POLICIES), names)
    hidden = [one_policy(gateway, name) for name in names if name not in live]
    return {**live, **{name: item for found in hidden for name, item in found.items()}}


def one_policy(gateway: Gateway, name: str) -> Live:
    """The GlobalNetworkPolicy of that name, if there is one."""
    found = gateway.get(GLOBAL_NETWORK_POLICIES, name)
    return {} if found is None else {name: found}


def _repeated(attempt: Callable[[], Outcome]) -> Outcome:
    for _again in range(PLANS - 1):
        try:
            return attempt()
        except Conflict:
            continue
    return attempt()


def _written(gateway: Gateway, outcome: Outcome, progress: Progress) -> Outcome:
    progress.writes(len(outcome.plan.steps))
    answers: dict[str, Mapping[str, Any] | None] = {}
    for step in outcome.plan.steps:
        try:
            answers[step.name] = written(gateway, step, outcome.answers[step.name])
        except NetguardError as error:
            if not answers:
                raise
            raise _partly_written(outcome.plan, step, len(answers), error) from error
    return replace(outcome, answers=answers)


def _partly_written(plan: Plan, failed: Step, done: int, error: NetguardError) -> PartlyWritten:
    names = ", ".join(map(str, plan.steps[:done]))
    return PartlyWritten(
        f"{done} of {len(plan.steps)} writes were done ({names}), then {failed} failed: {error.message}",
        "Nothing was undone; run again to go on from here.",
    )
