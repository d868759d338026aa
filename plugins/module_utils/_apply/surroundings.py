# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands behind and around Services, as the cluster has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from .._cluster.gateway import Gateway
from .._cluster.resources import ENDPOINT_SLICES, NODES, SERVICES
from .._service.selection import listed_for, service_type
from .._service.surroundings import Surroundings, surroundings
from .settings import read_felix, read_settings


def around(gateway: Gateway, services: Sequence[Mapping[str, Any]]) -> Surroundings:
    """The endpoints of these Services, all Nodes, the settings, and all Services where one of these has a load balancer.

    Raises Forbidden and the like where they cannot be read; settings are not known then.
    """
    slices = slices_of(gateway, services)
    balanced = any(service_type(service) == "LoadBalancer" for service in services)
    found = surroundings(slices, gateway.list(NODES), gateway.list(SERVICES) if balanced else (), services)
    return replace(found, settings=read_settings(gateway, read_felix(gateway), [*found.nodes]))


def slices_of(gateway: Gateway, services: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The EndpointSlices of these Services, and others of their namespaces."""
    return [piece for namespace in namespaces_of(services) for piece in gateway.list(ENDPOINT_SLICES, namespace)]


def namespaces_of(services: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """The namespaces to list for these Services, ``("",)`` for all of them at once."""
    return listed_for(tuple(dict.fromkeys(service["metadata"]["namespace"] for service in services)))
