# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands behind and around Services, as the cluster has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from .._calico.inventory import Inventory
from .._calico.snapshot import Snapshot
from .._cluster.errors import ApiAbsent
from .._cluster.gateway import Gateway
from .._cluster.resources import ENDPOINT_SLICES, HOST_ENDPOINTS, NODES, SERVICE_L2_STATUSES, SERVICES
from .._cluster.snapshot import read_snapshot
from .._service.announcers import announcers
from .._service.selection import listed_for, service_type
from .._service.surroundings import HealthChecks, Surroundings, surroundings
from .settings import Reading, read_felix, read_settings

Object = Mapping[str, Any]


def around(gateway: Gateway, backend: str | None, services: Sequence[Object]) -> Surroundings:
    """What is behind these Services and around them; more of the cluster where one of them has a load balancer.

    Raises Forbidden and the like where EndpointSlices, Nodes or Services cannot be read; all else is not known then.
    """
    balanced = any(service_type(service) == "LoadBalancer" for service in services)
    listed = gateway.list(SERVICES) if balanced else ()
    found = surroundings(slices_of(gateway, services), gateway.list(NODES), listed, services)
    if not balanced:
        return replace(found, settings=read_settings(gateway, read_felix(gateway), [*found.nodes]))
    read = Reading()
    announced = read.part(SERVICE_L2_STATUSES.kind, lambda: _announced(gateway))
    guarded = read.part(HOST_ENDPOINTS.kind, lambda: bool(gateway.list(HOST_ENDPOINTS)))
    # Few clusters have host endpoints; what policy says at them depends on all the rest.
    snapshot = read_snapshot(gateway, backend, staged=False) if guarded else None
    calico = read_felix(gateway) if snapshot is None else Inventory(snapshot)
    settings = read_settings(gateway, calico, [*found.nodes])
    unknown = {**settings.unknown, **read.unread, **({} if snapshot is None else _unread(snapshot))}
    nobody_knows = HealthChecks(uncertain=frozenset(found.nodes) if guarded is None else frozenset())
    return replace(
        found,
        settings=replace(settings, unknown=unknown),
        announcers=announced or {},
        health_checks=nobody_knows if snapshot is None else _health_checks(snapshot, calico),
    )


def _announced(gateway: Gateway) -> Mapping[str, frozenset[str]]:
    try:
        return announcers(gateway.list(SERVICE_L2_STATUSES))
    except ApiAbsent:
        return {}


def _unread(snapshot: Snapshot) -> dict[str, str]:
    return {**snapshot.unread, **{f"tier {tier}": reason for tier, reason in snapshot.unread_tiers.items()}}


def _health_checks(snapshot: Snapshot, inventory: Inventory) -> HealthChecks:
    # What judges policies takes longer to import than all the rest of the module.
    from .._calico.table import DecisionTable
    from .._service.health_check_policy import health_checks

    return health_checks(DecisionTable(snapshot, inventory=inventory))


def slices_of(gateway: Gateway, services: Sequence[Object]) -> list[Object]:
    """The EndpointSlices of these Services, and others of their namespaces."""
    return [piece for namespace in namespaces_of(services) for piece in gateway.list(ENDPOINT_SLICES, namespace)]


def namespaces_of(services: Sequence[Object]) -> tuple[str, ...]:
    """The namespaces to list for these Services, ``("",)`` for all of them at once."""
    return listed_for(tuple(dict.fromkeys(service["metadata"]["namespace"] for service in services)))
