# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to be done about policies, and the plan for it that the server accepts; transaction.py carries it out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .._calico.global_network_policy import KIND, Policy
from .._cluster.errors import Conflict
from .._cluster.gateway import Gateway
from .._cluster.resources import GLOBAL_NETWORK_POLICIES
from .._plan.allowance import Allowance
from .._plan.digest import ANY_PLAN, Approval
from .._plan.owners import require_not_managed
from .._plan.steps import Answers, Plan
from .names import by_wanted_name
from .preconditions import require_tiers, require_unlocked
from .progress import UNHEARD, Progress
from .staging import NO_STAGING, Staging, with_staged_rehearsed
from .undo import NO_UNDO, Undo
from .weighing import Weighed, weighed_live

PLANS = 3

Live = Mapping[str, Mapping[str, Any]]
Planner = Callable[[Live], Plan]
Reader = Callable[[], Live]


@dataclass(frozen=True)
class Change:
    """What is to be done: how to read the live policies by name, and how to plan on them.

    ``policies`` are those that were given, ``present`` those of them that are to be there afterwards. ``take_over`` lets it
    change what a GitOps tool manages. ``backend`` is how the cluster serves Calico's API. ``staging`` is what becomes of staged
    policies. ``progress`` is told how far it is.
    """

    read: Reader
    plan: Planner
    backend: str | None
    allowance: Allowance
    undo: Undo = NO_UNDO
    policies: Sequence[Policy] = ()
    present: Sequence[Policy] = ()
    approval: Approval = ANY_PLAN
    take_over: bool = False
    staging: Staging = NO_STAGING
    progress: Progress = UNHEARD


@dataclass(frozen=True)
class Outcome:
    """What was done or would be: the steps, the live policies before, those that were written, as answered, and what follows.

    ``weighed`` is the plan of enforced policies, ``staged`` are the staged ones before. ``unsaid`` is what was not looked at.
    """

    plan: Plan
    live: Live
    answers: Answers
    weighed: Weighed
    staged: Live
    unsaid: tuple[str, ...] = ()

    def after(self, name: str) -> Mapping[str, Any] | None:
        """The policy of that name as it is afterwards."""
        return self.answers[KIND, name] if (KIND, name) in self.answers else self.live.get(name)


def planned(gateway: Gateway, change: Change) -> Outcome:
    """The plan that the server accepts dry, on what is live now. Nothing is written."""
    for _again in range(PLANS - 1):
        try:
            return _rehearsed(gateway, change)
        except Conflict:
            continue
    return _rehearsed(gateway, change)


def _rehearsed(gateway: Gateway, change: Change) -> Outcome:
    """The plan on what is live at this moment. Raises Conflict where that changes meanwhile."""
    outcome = planned_once(gateway, change)
    if outcome.plan.steps:
        change.undo.with_plan(outcome.plan, outcome.answers).rehearse()
    return outcome


def planned_once(gateway: Gateway, change: Change) -> Outcome:
    """One attempt at a plan. Raises Conflict where what is live changes meanwhile."""
    change.progress.phase("reading policies")
    live, staged = change.read(), change.staging.read()
    plan = change.plan(live)
    require_tiers(gateway, plan, change.present)
    change.progress.phase("trying the plan by dry runs")
    rehearsal = change.staging.rehearse(gateway, plan)
    _require_writable(gateway, change, rehearsal.plan)
    change.progress.phase("judging what the plan does to connections")
    weighed = weighed_live(gateway, change.backend, rehearsal, change.allowance)
    whole = with_staged_rehearsed(gateway, change.staging.plan(weighed.plan, staged.live))
    if whole.answers:
        _require_writable(gateway, change, whole.plan)
    change.approval.require(whole.plan)
    if any(step.kind == KIND for step in whole.plan.steps):
        weighed.require(change.allowance)
    unsaid = tuple(filter(None, (staged.unread, rehearsal.untried)))
    return Outcome(whole.plan, live, {**rehearsal.answers, **whole.answers}, weighed, staged.live, unsaid)


def _require_writable(gateway: Gateway, change: Change, plan: Plan) -> None:
    """Raises ManagedElsewhere for what a GitOps tool manages, and DatastoreLocked."""
    if not change.take_over:
        require_not_managed(plan, change.policies)
    if plan.steps:
        require_unlocked(gateway)


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
