# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of Felix on a node, as far as policy depends on them.

Follows https://docs.tigera.io/calico/latest/reference/resources/felixconfig: the environment of calico-node comes before the
configuration of the node, that before ``default``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .inventory import Inventory
from .matching import Flow
from .nets import Address, parse_net
from .policies import Direction
from .protocols import NUMBERS, protocol_number
from .snapshot import Object, items, mapping, text

FAILSAFE: Mapping[Direction, str] = {"Ingress": "failsafeInboundHostPorts", "Egress": "failsafeOutboundHostPorts"}
OWN_HOST = "defaultEndpointToHostAction"

_TCP, _UDP = NUMBERS["TCP"], NUMBERS["UDP"]
_BOTH_WAYS = tuple((_TCP, port) for port in (179, 2379, 2380, 5473, 6443, 6666, 6667))
_DEFAULT_FAILSAFE: Mapping[Direction, tuple[tuple[int, int], ...]] = {
    "Ingress": ((_TCP, 22), (_UDP, 68), *_BOTH_WAYS),
    "Egress": ((_UDP, 53), (_UDP, 67), *_BOTH_WAYS),
}


class Unsettled(Exception):
    """A setting is not known; the text says why."""


def setting(inventory: Inventory, node: str, name: str) -> Any:
    """The setting's value on the node, None where nothing sets it. Raises Unsettled."""
    if inventory.unread("FelixConfiguration"):
        raise Unsettled(f"FelixConfiguration was not read: {inventory.unread('FelixConfiguration')}")
    environment = inventory.felix_environment()
    if name.upper() in environment:
        # Lists have a form of their own there.
        value = environment[name.upper()]
        if value is None or name != OWN_HOST:
            raise Unsettled(f"{name} is set in the environment of calico-node, in a form that is not read")
        return value
    configurations = inventory.felix_configurations()
    if any(c.get("nodeSelector") and c.get(name) is not None for c in configurations.values()):
        raise Unsettled(f"a FelixConfiguration with a nodeSelector sets {name}")
    for configuration in (f"node.{node}", "default"):
        value = configurations.get(configuration, {}).get(name)
        if value is not None:
            return value
    return None


def action_to_own_host(inventory: Inventory, node: str) -> str:
    """What the node does with what its Pods send to itself: Drop, Accept or Return. Raises Unsettled."""
    value = setting(inventory, node, OWN_HOST)
    if value is not None:
        return text(value)
    if not inventory.felix_environment_is_known():
        # Felix drops by default, but Calico's own manifests and operator set Accept, in the environment.
        raise Unsettled(f"{OWN_HOST} is in no FelixConfiguration, and the environment of calico-node is not known")
    return "Drop"


def is_failsafe(inventory: Inventory, node: str, direction: Direction, flow: Flow) -> bool | None:
    """Whether a failsafe port lets the traffic pass; None where the address at the other end would decide. Raises Unsettled."""
    value = setting(inventory, node, FAILSAFE[direction])
    if value is None:
        return (flow.traffic.protocol, flow.traffic.port) in _DEFAULT_FAILSAFE[direction]
    other = flow.source if direction == "Ingress" else flow.destination
    answers = [_opens(mapping(entry), flow, other.address) for entry in items(value)]
    return True if True in answers else None if None in answers else False


def _opens(entry: Object, flow: Flow, other: Address | None) -> bool | None:
    # Felix reads the protocol in any case.
    protocol = protocol_number(text(entry.get("protocol")).upper() or "TCP")
    if (protocol, entry.get("port")) != (flow.traffic.protocol, flow.traffic.port):
        return False
    net = parse_net(entry.get("net")) if entry.get("net") else None
    if net is None:
        return True
    return None if other is None else other in net
