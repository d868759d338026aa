# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands behind and around Services, as the cluster has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from .._cluster.errors import ApiAbsent
from .._cluster.gateway import Gateway
from .._cluster.resources import ENDPOINT_SLICES, HOST_ENDPOINTS, NODES, SERVICE_L2_STATUSES, SERVICES
from .._service.announcers import announcers
from .._service.selection import listed_for, service_type
from .._service.surroundings import HealthChecks, Surroundings, surroundings
from .settings import Reading, read_felix, read_settings

Object = Mapping[str, Any]


def around(gateway: Gateway, backend: str | None, services: Sequence[Object]) -> Surroundings:
    """What is behind these Services and around them; more of the cluster where one of them has a load balancer.

    Raises Forbidden and the like where EndpointSlices, Nodes or Services cannot be read; all else is not known then.
    """
    slices = slices_of(gateway, services)
    if not any(service_type(service) == "LoadBalancer" for service in services):
        found = surroundings(slices, gateway.list(NODES), (), services)
        return replace(found, settings=read_settings(gateway, read_felix(gateway), [*found.nodes]))
    found = surroundings(slices, gateway.list(NODES), gateway.list(SERVICES), services)
    read = Reading()
    announced = read.part(SERVICE_L2_STATUSES.kind, lambda: _announced(gateway))
    checks = read.part(HOST_ENDPOINTS.kind, lambda: _health_checks(gateway, backend, read.unread))
    settings = read_settings(gateway, read_felix(gateway), [*found.nodes])
    return replace(
        found,
        settings=replace(settings, unknown={**settings.unknown, **read.unread}),
        announcers=announced or {},
        health_checks=HealthChecks(uncertain=frozenset(found.nodes)) if checks is None else checks,
    )


def _announced(gateway: Gateway) -> Mapping[str, frozenset[str]]:
    try:
        return announcers(gateway.list(SERVICE_L2_STATUSES))
    except ApiAbsent:
        return {}


def _health_checks(gateway: Gateway, backend: str | None, unread: dict[str, str]) -> HealthChecks:
    """What policy says at the nodes' ports; without host endpoints, which most clusters do not have, it says nothing.

    What it depends on and could not be read is added to ``unread``.
    """
    if not gateway.list(HOST_ENDPOINTS):
        return HealthChecks()
    # What judges policies takes longer to import than all the rest of the module, and few clusters have host endpoints.
    from .._calico.table import DecisionTable
    from .._cluster.snapshot import read_snapshot
    from .._service.health_check_policy import health_checks

    snapshot = read_snapshot(gateway, backend, staged=False)
    unread |= {**snapshot.unread, **{f"tier {tier}": reason for tier, reason in snapshot.unread_tiers.items()}}
    return health_checks(DecisionTable(snapshot))


def slices_of(gateway: Gateway, services: Sequence[Object]) -> list[Object]:
    """The EndpointSlices of these Services, and others of their namespaces."""
    return [piece for namespace in namespaces_of(services) for piece in gateway.list(ENDPOINT_SLICES, namespace)]


def namespaces_of(services: Sequence[Object]) -> tuple[str, ...]:
    """The namespaces to list for these Services, ``("",)`` for all of them at once."""
    return listed_for(tuple(dict.fromkeys(service["metadata"]["namespace"] for service in services)))
