# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which Service holds a port of the nodes."""

from __future__ import annotations

from .._calico.errors import NetguardError
from .._cluster.gateway import Gateway
from .._cluster.resources import SERVICES
from .._service.selection import full_name
from .._service.surroundings import node_ports_of


def holder(gateway: Gateway, port: int) -> str | None:
    """The Service that has the port as a node port or for its health check; None where none is seen to.

    It only explains a failure, so that an account that may not list the Services of all namespaces still gets that.
    """
    try:
        services = gateway.list(SERVICES)
    except NetguardError:
        return None
    return next((full_name(service) for service in services if port in node_ports_of(service)), None)
