# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The port of the nodes that Local opens for load balancers' health checks, and where policy closes it.

https://kubernetes.io/docs/tutorials/services/source-ip/#source-ip-for-services-with-type-loadbalancer
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .external_traffic_policy import recorded_original
from .hazard import Found, Hazard, named
from .selection import service_type
from .surroundings import FIRST_NODE_PORT, LAST_NODE_PORT, Surroundings

_OPENED = "health_check_port_opened"
Object = Mapping[str, Any]


def health_check_port(service: Object, around: Surroundings) -> Found:
    """That every node answers on a port more, and where nobody would get an answer from it."""
    if service_type(service) != "LoadBalancer":
        return
    checks = around.health_checks
    closed = checks.closed & around.usable_nodes
    if closed:
        ports = f"the ports from {FIRST_NODE_PORT} to {LAST_NODE_PORT}"
        yield "health_check_port_blocked", f"policy at the host endpoints of {named(closed)} denies everybody {ports}"
    uncertain = checks.uncertain & around.usable_nodes
    if uncertain:
        said = (
            f"whether health checks get in to {named(uncertain)} depends on policy at host endpoints, or is not known"
        )
        yield "health_check_port_uncertain", said
    port = (service.get("spec") or {}).get("healthCheckNodePort")
    which = f"port {port}" if port else "a port that the API server chooses"
    yield _OPENED, f"every node answers health checks on {which}"


def without_drawn_port(before: Object, after: Object) -> Object:
    """The answer to a dry run, without a port that nobody asked for: the server draws one there that no real run gets."""
    spec = after.get("spec") or {}
    asked = ((before.get("spec") or {}), recorded_original(before) or {})
    if spec.get("healthCheckNodePort") in [each.get("healthCheckNodePort") for each in asked]:
        return after
    return {**after, "spec": {name: value for name, value in spec.items() if name != "healthCheckNodePort"}}


def with_port(hazards: Sequence[Hazard], after: Object) -> tuple[Hazard, ...]:
    """The hazards of a Service that has become Local: now the API server has chosen the port."""
    port = (after.get("spec") or {}).get("healthCheckNodePort")
    chosen = f"port {port}"
    return tuple(
        Hazard(h.id, h.severity, h.message.replace("a port that the API server chooses", chosen), h.remedy)
        if port and h.id == _OPENED
        else h
        for h in hazards
    )
