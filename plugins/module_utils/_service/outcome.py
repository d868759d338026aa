# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of single Services, as it is returned."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from .decided import Decided, Service
from .external_traffic_policy import BROKEN, CHANGED_SINCE, ORIGINAL
from .hazard import Hazard
from .selection import service_type

# The codes of what is decided to be a failure.
_FAILING = {BROKEN: "record_broken", CHANGED_SINCE: CHANGED_SINCE}


@dataclass(frozen=True)
class ServiceOutcome:
    """What became of one Service: the object before, and as the server answered it; ``code`` says why it failed, or that
    it was not attempted as the run was cancelled; ``hazards`` what the change may do, or would have done, to clients;
    ``conflicts`` how often somebody else changed it just before it was written."""

    namespace: str
    name: str
    type: str
    status: str
    reason: str
    before: Service | None = None
    after: Service | None = None
    code: str | None = None
    hazards: tuple[Hazard, ...] = ()
    conflicts: int = 0

    def as_result(self) -> dict[str, Any]:
        return {
            "namespace": self.namespace,
            "name": self.name,
            "type": self.type,
            "status": self.status,
            "reason": self.reason,
            "code": self.code,
            "hazards": [hazard.as_result() for hazard in self.hazards],
            "before": owned_fields(self.before),
            "after": owned_fields(self.after),
        }


def owned_fields(service: Service | None) -> dict[str, Any] | None:
    """The fields of a Service that this collection writes, or that follow from them."""
    if service is None:
        return None
    spec, annotations = service.get("spec") or {}, service["metadata"].get("annotations") or {}
    fields = {key: spec.get(key) for key in ("externalTrafficPolicy", "healthCheckNodePort")}
    return {key: value for key, value in {**fields, "original": annotations.get(ORIGINAL)}.items() if value is not None}


def without_write(one: Decided) -> ServiceOutcome:
    """The outcome of a decision on which nothing is written."""
    service, decision = one.service, one.decision
    if decision.status in _FAILING:
        return failed(service, _FAILING[decision.status], decision.reason)
    return replace(outcome_of(service, decision.status, decision.reason, service), hazards=decision.hazards)


def failed(service: Service, code: str, reason: str) -> ServiceOutcome:
    """A Service that is not as it is wanted, and why."""
    return replace(outcome_of(service, "failed", reason), code=code)


def outcome_of(service: Service, status: str, reason: str, after: Service | None = None) -> ServiceOutcome:
    """The outcome for a Service as it was read; ``after`` is the object as the server has it then."""
    metadata = service["metadata"]
    return ServiceOutcome(
        metadata["namespace"], metadata["name"], service_type(service), status, reason, service, after
    )
