# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to be done about the ``externalTrafficPolicy`` of one Service.

https://kubernetes.io/docs/tasks/access-application-cluster/create-external-load-balancer/#preserving-the-client-source-ip
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .hazard import Hazard
from .selection import service_type

ORIGINAL = "netguard.calico/original"
OPT_OUT = "netguard.calico/external-traffic-policy"
POLICIES = ("Local", "Cluster")

UNCHANGED, TO_CHANGE, IGNORED, NOT_APPLICABLE, BROKEN = "unchanged", "to_change", "ignored", "not_applicable", "broken"
CHANGED_SINCE, REFUSED = "changed_since", "refused"


@dataclass(frozen=True)
class Decision:
    """``status`` with its ``reason``; ``patch`` is the merge patch where it is to_change, ``wanted`` the value then.

    ``hazards`` is what may go wrong for clients with that value; where it is refused, it is their reason.
    """

    status: str
    reason: str
    patch: Mapping[str, Any] | None = None
    wanted: str | None = None
    hazards: tuple[Hazard, ...] = ()


IGNORED_BY_ANNOTATION = Decision(IGNORED, f"its annotation {OPT_OUT} says ignore")


@dataclass(frozen=True)
class Present:
    """The state in which the Service has this policy; whether its former value is recorded for putting it back."""

    policy: str = "Local"
    record_original: bool = True

    def decide(self, service: Mapping[str, Any]) -> Decision:
        if opted_out(service):
            return IGNORED_BY_ANNOTATION
        if not can_have_policy(service):
            return Decision(NOT_APPLICABLE, f"{service_type(service)} has no address outside the cluster")
        value = external_traffic_policy(service)
        if value == self.policy:
            return Decision(UNCHANGED, f"it is {value}")
        annotations = {}
        if self.record_original and ORIGINAL not in annotations_of(service):
            annotations[ORIGINAL] = json.dumps(_original(service), sort_keys=True)
        patch = patch_of(service, {"externalTrafficPolicy": self.policy}, annotations)
        return Decision(TO_CHANGE, f"it is {value}, not {self.policy}", patch, self.policy)


@dataclass(frozen=True)
class Absent:
    """The state in which the Service has what was recorded before the first change."""

    def decide(self, service: Mapping[str, Any]) -> Decision:
        if opted_out(service):
            return IGNORED_BY_ANNOTATION
        recorded = annotations_of(service).get(ORIGINAL)
        if recorded is None:
            return Decision(UNCHANGED, f"it has no annotation {ORIGINAL}")
        original = recorded_original(service)
        if original is None:
            return Decision(BROKEN, f"the annotation {ORIGINAL} is not what was recorded: {recorded[:80]}")
        if not can_have_policy(service):
            # Its type has changed since; the server cleared the field, so that only the record is left.
            return Decision(TO_CHANGE, "only its record is left", patch_of(service, {}, {ORIGINAL: None}), None)
        spec = dict(original)
        if spec["externalTrafficPolicy"] != "Local":
            spec.pop("healthCheckNodePort", None)
        reason = f"{spec['externalTrafficPolicy']} was recorded"
        return Decision(TO_CHANGE, reason, patch_of(service, spec, {ORIGINAL: None}), spec["externalTrafficPolicy"])


def external_traffic_policy(service: Mapping[str, Any]) -> str:
    """The value in force: Cluster where the field is absent."""
    return str((service.get("spec") or {}).get("externalTrafficPolicy") or "Cluster")


def can_have_policy(service: Mapping[str, Any]) -> bool:
    """Whether the API server accepts the field: NodePort, LoadBalancer, and ClusterIP with externalIPs."""
    spec = service.get("spec") or {}
    kind = service_type(service)
    return kind in ("NodePort", "LoadBalancer") or (kind == "ClusterIP" and bool(spec.get("externalIPs")))


def opted_out(service: Mapping[str, Any]) -> bool:
    """Whether the Service's owner wants it left alone, in either state."""
    return annotations_of(service).get(OPT_OUT) == "ignore"


def annotations_of(service: Mapping[str, Any]) -> Mapping[str, str]:
    """The Service's annotations."""
    return service["metadata"].get("annotations") or {}


def _original(service: Mapping[str, Any]) -> dict[str, Any]:
    original: dict[str, Any] = {"externalTrafficPolicy": external_traffic_policy(service)}
    port = (service.get("spec") or {}).get("healthCheckNodePort")
    return {**original, "healthCheckNodePort": port} if port else original


def recorded_original(service: Mapping[str, Any]) -> dict[str, Any] | None:
    """The fields as they were before the first change; None where nothing is recorded, or nothing that can be read."""
    try:
        original = json.loads(annotations_of(service).get(ORIGINAL, "null"))
    except ValueError:
        return None
    if not isinstance(original, dict) or original.get("externalTrafficPolicy") not in POLICIES:
        return None
    port = original.get("healthCheckNodePort")
    if port is not None and (not isinstance(port, int) or isinstance(port, bool)):
        return None
    return {key: original[key] for key in ("externalTrafficPolicy", "healthCheckNodePort") if original.get(key)}


def patch_of(service: Mapping[str, Any], spec: Mapping[str, Any], annotations: Mapping[str, Any]) -> dict[str, Any]:
    """The merge patch that sets these fields and annotations, on the very version that was read; None takes one away."""
    metadata: dict[str, Any] = {"resourceVersion": service["metadata"]["resourceVersion"]}
    if annotations:
        metadata["annotations"] = dict(annotations)
    return {"metadata": metadata, "spec": dict(spec)} if spec else {"metadata": metadata}
