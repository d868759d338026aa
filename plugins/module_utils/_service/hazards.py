# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What may go wrong for the clients of a Service when its externalTrafficPolicy becomes Local, judged from API objects alone."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from typing import Any

from . import announcers, endpoint_hazards, health_check_port, service_hazards
from .hazard import ENTERED, KINDS, Hazard, by_severity
from .surroundings import Surroundings


def hazards(service: Mapping[str, Any], around: Surroundings, entry_nodes: tuple[str, ...] = ()) -> tuple[Hazard, ...]:
    """What is known to be hazardous about Local for this Service, the gravest first.

    Args:
        entry_nodes: names of the nodes that clients outside use, with globs; empty where that is not known.
    """
    found = chain(
        service_hazards.managed(service),
        service_hazards.put_back(service),
        endpoint_hazards.presence(service, around),
        endpoint_hazards.spread(service, around, entry_nodes),
        service_hazards.shared_address(service, around),
        service_hazards.node_ports(service, around),
        health_check_port.health_check_port(service, around),
        service_hazards.load_balancer(service),
        announcers.announced(service, around),
        endpoint_hazards.dual_stack(service, around),
        service_hazards.applied(service),
        endpoint_hazards.host_network(service, around),
        endpoint_hazards.terminating(service, around),
        service_hazards.proxy(service),
    )
    return by_severity(ENTERED if entry_nodes else KINDS, found)
