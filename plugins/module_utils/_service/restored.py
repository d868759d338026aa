# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to be done about one Service so that it has again what it had before a run, by that run's backup."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .external_traffic_policy import (
    CHANGED_SINCE,
    IGNORED_BY_ANNOTATION,
    ORIGINAL,
    TO_CHANGE,
    UNCHANGED,
    Decision,
    annotations_of,
    can_have_policy,
    external_traffic_policy,
    opted_out,
    patch_of,
)
from .selection import full_name

Object = Mapping[str, Any]


@dataclass(frozen=True)
class Restored:
    """The state before a run: for each Service, by NAMESPACE/NAME, what it had, and what the run made of it."""

    services: Mapping[str, tuple[Object, Object]]

    def decide(self, service: Object) -> Decision:
        """The decision on the Service as it was read. Only what nobody has changed since is put back."""
        before, after = self.services[full_name(service)]
        if opted_out(service):
            return IGNORED_BY_ANNOTATION
        if service["metadata"].get("uid") != before["metadata"].get("uid"):
            return Decision(CHANGED_SINCE, "it is another Service of that name now")
        if _written(service) == _written(before):
            return Decision(UNCHANGED, f"it is {external_traffic_policy(service)}, as before")
        if _written(service) != _written(after) or not can_have_policy(service):
            is_now, was = external_traffic_policy(service), external_traffic_policy(after)
            return Decision(CHANGED_SINCE, f"somebody has changed it since: it is {is_now}, the run had made it {was}")
        return Decision(TO_CHANGE, f"it was {external_traffic_policy(before)}", _back(service, before))


def _written(service: Object) -> tuple[str, str | None]:
    """What a run writes; the port for health checks follows from it."""
    return external_traffic_policy(service), annotations_of(service).get(ORIGINAL)


def _back(service: Object, before: Object) -> dict[str, Any]:
    value = external_traffic_policy(before)
    port = before["spec"].get("healthCheckNodePort")
    spec = {"externalTrafficPolicy": value, **({"healthCheckNodePort": port} if port and value == "Local" else {})}
    return patch_of(service, spec, {ORIGINAL: annotations_of(before).get(ORIGINAL)})
