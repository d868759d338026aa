# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One write of a policy; where its answer is lost, the policy is read again to know whether it was done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._calico.canonical import canonical_spec
from .._calico.errors import NetguardError
from .._cluster.errors import AnswerLost
from .._cluster.gateway import Gateway
from .._cluster.resources import GLOBAL_NETWORK_POLICIES
from .._plan.steps import Step

Object = Mapping[str, Any]


class OutcomeUnknown(NetguardError):
    """A write was sent, its answer was lost, and what it was about cannot be read either."""

    code = "outcome_unknown"
    changed = True

    def __init__(self, write: str, lost: NetguardError, unread: NetguardError) -> None:
        super().__init__(
            f"Whether {write} was done is not known: {lost.message} Reading it again failed too: {unread.message}",
            "Run again: what was done is kept, and the rest follows.",
        )


def write(gateway: Gateway, step: Step) -> Object | None:
    """Sends one step; returns the server's object, None after a deletion."""
    if step.action == "create":
        return gateway.create(GLOBAL_NETWORK_POLICIES, dict(step.after or {}))
    if step.action == "update":
        return gateway.replace(GLOBAL_NETWORK_POLICIES, dict(step.after or {}))
    metadata = (step.before or {})["metadata"]
    gateway.delete(GLOBAL_NETWORK_POLICIES, metadata["name"], "", metadata["uid"], metadata["resourceVersion"])
    return None


def written(gateway: Gateway, step: Step) -> Object | None:
    """The same for real, with the live object where the answer was lost and the step was done.

    Raises OutcomeUnknown where that cannot be read, and the step's own error where it was not done.
    """
    try:
        return write(gateway, step)
    except AnswerLost as lost:
        try:
            # Its own name, which in some releases is another than the wanted one.
            live = gateway.get(GLOBAL_NETWORK_POLICIES, (step.before or step.after or {})["metadata"]["name"])
        except NetguardError as unread:
            raise OutcomeUnknown(f"{step.action} {step.name}", lost, unread) from lost
        if not _is_done(step, live):
            raise
        return None if step.action == "delete" else live


def _is_done(step: Step, live: Object | None) -> bool:
    if step.action == "delete":
        return live is None or live["metadata"]["uid"] != (step.before or {})["metadata"]["uid"]
    return live is not None and _holds(step.after or {}, live)


def _holds(sent: Object, live: Object) -> bool:
    """Whether the live object is what was sent, beside labels and annotations that the server or others add."""
    if canonical_spec(sent["spec"]) != canonical_spec(live.get("spec") or {}):
        return False
    return all(
        (sent["metadata"].get(part) or {}).items() <= (live["metadata"].get(part) or {}).items()
        for part in ("labels", "annotations")
    )
