# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks the server, by dry run, what a write would do, before anything is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from .._calico.canonical import canonical_spec
from .._calico.global_network_policy import Policy
from .._cluster.gateway import Gateway
from .._cluster.resources import GLOBAL_NETWORK_POLICIES
from .._plan.difference import Difference, differences
from .._plan.steps import Answers, Plan, Step, desired_object
from .writing import write


def confirmed_differences(gateway: Gateway, live: Mapping[str, Any], policy: Policy) -> tuple[Difference, ...]:
    """The differences that a write would really remove: what the server restores by itself is the server's.

    Raises what the gateway raises, Forbidden for an account that may only read.
    """
    found = differences(live, policy)
    if not found:
        return ()
    answer = gateway.rehearsal().replace(GLOBAL_NETWORK_POLICIES, desired_object(live, policy))
    return () if _same(live, answer) else found


@dataclass(frozen=True)
class Rehearsal:
    """A plan that the server accepts, and its answers; ``untried`` says why it was not asked."""

    plan: Plan
    answers: Answers
    untried: str = ""


def rehearsed(gateway: Gateway, plan: Plan) -> Rehearsal:
    """The plan without the updates that would change nothing, each write having been accepted by the server dry.

    A refusal raises here, before the first write.
    """
    dry = gateway.rehearsal()
    answers = {step.key: write(dry, step) for step in plan.steps}
    kept = tuple(step for step in plan.steps if not _restored(step, answers[step.key]))
    return Rehearsal(replace(plan, steps=kept), {step.key: answers[step.key] for step in kept})


def _restored(step: Step, answer: Mapping[str, Any] | None) -> bool:
    return step.action == "update" and answer is not None and _same(step.before or {}, answer)


def _same(live: Mapping[str, Any], answer: Mapping[str, Any]) -> bool:
    return canonical_spec(live.get("spec") or {}) == canonical_spec(answer.get("spec") or {}) and all(
        ((live.get("metadata") or {}).get(part) or {}) == ((answer.get("metadata") or {}).get(part) or {})
        for part in ("labels", "annotations")
    )
