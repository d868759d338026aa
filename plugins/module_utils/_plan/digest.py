# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan as something to approve: the same digest for plans that do the same to the same policies."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from .._calico.canonical import canonical_spec
from .._calico.errors import NetguardError
from .steps import Plan, Step


class PlanDiffers(NetguardError):
    """What would be done is not what was approved."""

    code = "plan_differs"


def plan_digest(plan: Plan) -> str:
    """The SHA-256, in hexadecimal digits, of the plan's steps in their order.

    It counts what is written, and what is taken away: specs in normal form, and each field that differs with its live
    value. What the server numbers does not count, nor do labels and annotations of others.
    """
    steps = [_content(step) for step in plan.steps]
    text = json.dumps(steps, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def require_approved(plan: Plan, approved: str | None) -> None:
    """Raises PlanDiffers where the plan is not the approved one. One that writes nothing needs no approval."""
    if not approved or not plan.steps or plan_digest(plan) == approved.lower():
        return
    raise PlanDiffers(
        f"The plan is not the approved one: its digest is {plan_digest(plan)}, plan_digest is {approved}",
        "Look at the plan in check mode, and give its plan_digest.",
    )


def _content(step: Step) -> dict[str, Any]:
    differing = [difference.as_result() for difference in step.difference]
    return {"action": step.action, "name": step.name, "difference": differing, **_written(step)}


def _written(step: Step) -> Mapping[str, Any]:
    """The whole of what is created or deleted; an update is told by its differences."""
    if step.action == "update":
        return {}
    item = step.after if step.action == "create" else step.before
    metadata = (item or {}).get("metadata") or {}
    own = {part: metadata.get(part) or {} for part in ("labels", "annotations")} if step.action == "create" else {}
    return {"spec": canonical_spec((item or {}).get("spec") or {}), **own}
