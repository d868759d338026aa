# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan as something to approve: the same digest for plans that do the same to the same policies."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .._calico.canonical import canonical_spec
from .._calico.errors import InvalidInput, NetguardError
from .steps import Plan, Step


class PlanDiffers(NetguardError):
    """What would be done is not what was approved."""

    code = "plan_differs"


@dataclass(frozen=True)
class Approval:
    """Which plan may be carried out on which cluster: ``approved`` is its digest, None where any may.

    ``cluster`` is the cluster's uid, None where it cannot be read.
    """

    approved: str | None = None
    cluster: str | None = None

    def digest(self, plan: Plan) -> str:
        """The SHA-256, in hexadecimal digits, of the plan's steps in their order, and of the cluster's uid.

        It counts what is written, and what is taken away: specs in normal form, and each field that differs with its live
        value. What the server numbers does not count, nor do labels and annotations of others.
        """
        content = {"cluster": self.cluster, "steps": [_content(step) for step in plan.steps]}
        text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def require(self, plan: Plan) -> None:
        """Raises PlanDiffers where the plan is not the approved one. One that writes nothing needs no approval."""
        if self.approved is None or not plan.steps or self.digest(plan) == self.approved:
            return
        steps = ", ".join(map(str, plan.steps))
        raise PlanDiffers(
            f"The plan is not the approved one ({self.approved}); it is {self.digest(plan)}: {steps}",
            "Run in check mode without plan_digest, look at the plan, and give its digest.",
        )


ANY_PLAN = Approval()


def approved_digest(text: str | None) -> str | None:
    """The digest as it is compared. Raises InvalidInput for what is none; an empty one would approve everything."""
    if text is None:
        return None
    digest = text.strip().lower()
    if not re.fullmatch(r"[0-9a-f]{64}", digest):
        raise InvalidInput(
            f"plan_digest is {text!r}, not 64 hexadecimal digits",
            "Give the plan_digest of a run in check mode, or leave it out.",
        )
    return digest


def _content(step: Step) -> dict[str, Any]:
    differing = [difference.as_result() for difference in step.difference]
    return {"action": step.action, "kind": step.kind, "name": step.name, "difference": differing, **_written(step)}


def _written(step: Step) -> Mapping[str, Any]:
    """The whole of what is written or deleted; labels and annotations where they are all the plan's own."""
    item = (step.before if step.action == "delete" else step.after) or {}
    metadata = item.get("metadata") or {}
    own = {part: metadata.get(part) or {} for part in ("labels", "annotations")} if step.action == "create" else {}
    return {"spec": canonical_spec(item.get("spec") or {}), **own}
