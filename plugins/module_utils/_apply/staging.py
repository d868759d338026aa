# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Staged policies beside the enforced ones: how they are read, and tried dry."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from .._calico.global_network_policy import STAGED_KIND, TIER_LABEL, Policy
from .._calico.precedence import tier_of
from .._cluster.errors import ApiAbsent, Forbidden
from .._cluster.gateway import Gateway
from .._cluster.release import STAGED_POLICIES_SINCE, spelled
from .._cluster.resources import STAGED_GLOBAL_NETWORK_POLICIES
from .._plan.steps import Plan
from .names import by_wanted_name
from .preconditions import require_tiers
from .rehearsal import Rehearsal, rehearsed

Live = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class StagedPolicies:
    """Staged policies by the names that are wanted; ``unread`` says why there may be more of them."""

    live: Live = field(default_factory=dict)
    unread: str = ""


def _none() -> StagedPolicies:
    return StagedPolicies()


def _enforced_alone(enforced: Plan, _staged: Live) -> Plan:
    return enforced


@dataclass(frozen=True)
class Staging:
    """What becomes of staged policies: how they are read, and what is written with the plan of enforced ones, or in its place.

    ``rehearse`` is how the plan of enforced ones is tried.
    """

    read: Callable[[], StagedPolicies] = _none
    plan: Callable[[Plan, Live], Plan] = _enforced_alone
    rehearse: Callable[[Gateway, Plan], Rehearsal] = rehearsed


NO_STAGING = Staging()


def staged_policies(gateway: Gateway, backend: str | None, policies: Sequence[Policy]) -> StagedPolicies:
    """All staged policies. Raises Forbidden, also for a tier of ``policies`` that is hidden, and ApiAbsent.

    Calico's API server leaves those of tiers that the account may not see out of a list, unless the list is about a tier.
    """
    hiding = () if backend == "native" else sorted({tier_of(policy.spec) for policy in policies})
    try:
        for tier in hiding:
            gateway.list(STAGED_GLOBAL_NETWORK_POLICIES, "", f"{TIER_LABEL}=={tier}")
        items = gateway.list(STAGED_GLOBAL_NETWORK_POLICIES)
    except ApiAbsent as error:
        raise ApiAbsent(
            f"This cluster does not serve {STAGED_KIND}, which Calico has from {spelled(STAGED_POLICIES_SINCE)} on",
            "Install a newer release, or all of Calico's v3 CRDs; a run in check mode shows a plan without staging it.",
        ) from error
    return StagedPolicies(by_wanted_name(gateway, items, [policy.name for policy in policies]))


def staged_if_readable(gateway: Gateway, backend: str | None, policies: Sequence[Policy]) -> StagedPolicies:
    """The same; none where the cluster does not serve them, or the account may not read them, which ``unread`` then says."""
    try:
        return staged_policies(gateway, backend, policies)
    except ApiAbsent:
        return StagedPolicies()
    except Forbidden as error:
        return StagedPolicies(unread=f"Staged policies of this baseline, if there are any, were left: {error}")


def previewed(gateway: Gateway, plan: Plan) -> Rehearsal:
    """The plan of enforced policies, tried where the account may; else as it is, with the reason."""
    try:
        return rehearsed(gateway, plan)
    except Forbidden as error:
        untried = f"Whether the server accepts the policies that are staged was not tried: {error.message}"
        return Rehearsal(plan, {step.key: step.after for step in plan.steps}, untried)


def with_staged_rehearsed(gateway: Gateway, plan: Plan) -> Rehearsal:
    """The plan, of which the server accepts the staged steps dry, and its answers to these; the others were tried before.

    Raises TierMissing, and what the server answers to a dry run.
    """
    staged = Plan(tuple(step for step in plan.steps if step.kind == STAGED_KIND))
    require_tiers(gateway, staged, ())
    accepted = rehearsed(gateway, staged)
    others = tuple(step for step in plan.steps if step.kind != STAGED_KIND)
    return Rehearsal(replace(plan, steps=(*others, *accepted.plan.steps)), accepted.answers)
