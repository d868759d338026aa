# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One write of a policy; where its answer is lost, the policy is read again to know whether it was done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._calico.canonical import canonical_spec
from .._cluster.errors import AnswerLost
from .._cluster.gateway import Gateway
from .._cluster.resources import WRITTEN
from .._plan.steps import Step, being_deleted
from .lost_answer import OutcomeUnknown, read_until

Object = Mapping[str, Any]


def write(gateway: Gateway, step: Step) -> Object | None:
    """Sends one step; returns the server's object, None after a deletion."""
    resource = WRITTEN[step.kind]
    if step.action == "create":
        return gateway.create(resource, dict(step.after or {}))
    if step.action == "update":
        return gateway.replace(resource, dict(step.after or {}))
    metadata = (step.before or {})["metadata"]
    gateway.delete(resource, metadata["name"], "", metadata["uid"], metadata["resourceVersion"])
    return None


def written(gateway: Gateway, step: Step, expected: Object | None) -> Object | None:
    """The same for real, with the live object where the answer was lost and the step was done.

    ``expected`` is the server's answer to the dry run. Raises the step's own error where it was not done, and
    OutcomeUnknown where the object cannot be read, or is neither what it was nor what it was to be.
    """
    try:
        return write(gateway, step)
    except AnswerLost as lost:
        return _found(gateway, step, expected, lost)


def _found(gateway: Gateway, step: Step, expected: Object | None, lost: AnswerLost) -> Object | None:
    # Its own name, which in some releases is another than the wanted one.
    name = str((step.before or step.after or {})["metadata"]["name"])
    what = str(step)
    live = read_until(
        lambda: gateway.get(WRITTEN[step.kind], name), lambda live: not _untouched(step, live), what, lost
    )
    if _untouched(step, live):
        raise lost
    if step.action == "delete" and _is_deleted(step, live):
        return None
    if live is None or step.after is None or not any(_holds(step.after, s, live) for s in _specs(step, expected)):
        raise OutcomeUnknown(what, lost, "It was changed by somebody else since.")
    return live


def _untouched(step: Step, live: Object | None) -> bool:
    """Whether the live object is the one that was there before the write."""
    if step.before is None or live is None:
        return step.before is live
    was, is_now = step.before["metadata"], live["metadata"]
    return bool(was["uid"] == is_now["uid"] and was["resourceVersion"] == is_now["resourceVersion"])


def _is_deleted(step: Step, live: Object | None) -> bool:
    gone = live is None or live["metadata"]["uid"] != (step.before or {})["metadata"]["uid"]
    return gone or (live is not None and being_deleted(live))


def _specs(step: Step, expected: Object | None) -> list[Mapping[str, Any]]:
    """What was sent, and what the server makes of it."""
    return [(item.get("spec") or {}) for item in (step.after, expected) if item is not None]


def _holds(sent: Object, spec: Mapping[str, Any], live: Object) -> bool:
    """Whether the live object has the spec, and what was sent beside labels and annotations that others add."""
    if canonical_spec(spec) != canonical_spec(live.get("spec") or {}):
        return False
    return all(
        (sent["metadata"].get(part) or {}).items() <= (live["metadata"].get(part) or {}).items()
        for part in ("labels", "annotations")
    )
