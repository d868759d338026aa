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

_NO_ENVIRONMENT = "the environment of calico-node, which comes first, is not known: its DaemonSet is not there"
_TCP, _UDP = NUMBERS["TCP"], NUMBERS["UDP"]
_IPIP, _VXLAN_PORT = 4, 4789
_BOTH_WAYS = tuple((_TCP, port) for port in (179, 2379, 2380, 5473, 6443, 6666, 6667))
_DEFAULT_FAILSAFE: Mapping[Direction, tuple[tuple[int, int], ...]] = {
    "Ingress": ((_TCP, 22), (_UDP, 68), *_BOTH_WAYS),
    "Egress": ((_UDP, 53), (_UDP, 67), *_BOTH_WAYS),
}


class Unsettled(Exception):
    """A setting is not known; the text says why."""


def setting(inventory: Inventory, node: str, name: str) -> Any:
    """The setting's value on the node, None where nothing sets it. Raises Unsettled."""
    environment = _environment(inventory)
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


def _environment(inventory: Inventory) -> Mapping[str, str | None]:
    """What is set in the environment of calico-node, nothing where there is no such DaemonSet. Raises Unsettled."""
    if inventory.unread("FelixConfiguration"):
        raise Unsettled(f"FelixConfiguration was not read: {inventory.unread('FelixConfiguration')}")
    if inventory.unread("DaemonSet"):
        raise Unsettled(f"calico-node, whose environment comes first, was not read: {inventory.unread('DaemonSet')}")
    environment = inventory.felix_environment()
    if environment is None:
        raise Unsettled("the environment of calico-node comes from elsewhere, which is not read")
    return environment


def word(inventory: Inventory, node: str, name: str) -> str:
    """A setting of one word, or true or false, in lower case; empty where nothing sets it. Raises Unsettled."""
    environment = _environment(inventory)
    if not inventory.felix_environment_is_known():
        raise Unsettled(_NO_ENVIRONMENT)
    value = environment[name.upper()] if name.upper() in environment else setting(inventory, node, name)
    if value is None and name.upper() in environment:
        raise Unsettled(f"{name} is set in the environment of calico-node, from elsewhere")
    return "" if value is None else str(value).lower()


def action_to_own_host(inventory: Inventory, node: str) -> str:
    """What the node does with what its Pods send to itself: Drop, Accept or Return. Raises Unsettled."""
    value = setting(inventory, node, OWN_HOST)
    if not inventory.felix_environment_is_known():
        # Calico's own manifests and its operator set Accept there, and it comes before every FelixConfiguration.
        raise Unsettled(_NO_ENVIRONMENT)
    return "Drop" if value is None else text(value)


def is_failsafe(inventory: Inventory, node: str, direction: Direction, flow: Flow) -> bool | None:
    """Whether a failsafe port lets the traffic pass; None where a port or an address that is not known would decide.

    Raises Unsettled.
    """
    value, protocol, port = setting(inventory, node, FAILSAFE[direction]), flow.traffic.protocol, flow.traffic.port
    if value is None:
        if port is None and any(protocol == of_port for of_port, _number in _DEFAULT_FAILSAFE[direction]):
            return None
        return (protocol, port) in _DEFAULT_FAILSAFE[direction]
    other = flow.source if direction == "Ingress" else flow.destination
    answers = [_opens(mapping(entry), flow, other.address) for entry in items(value)]
    return True if True in answers else None if None in answers else False


def _opens(entry: Object, flow: Flow, other: Address | None) -> bool | None:
    # Felix reads the protocol in any case.
    protocol = protocol_number(text(entry.get("protocol")).upper() or "TCP")
    net = parse_net(entry.get("net")) if entry.get("net") else None
    # Felix skips an entry with a network that it cannot read.
    if protocol != flow.traffic.protocol or (entry.get("net") and net is None):
        return False
    if flow.traffic.port != entry.get("port"):
        return None if flow.traffic.port is None else False
    if net is None:
        return True
    return None if other is None else other in net


def drops_encapsulated(inventory: Inventory, node: str, flow: Flow) -> str:
    """The setting by which Felix drops what a Pod encapsulates, before policy; empty where it does not. Raises Unsettled."""
    name = ""
    if flow.traffic.protocol == _IPIP:
        name = "allowIPIPPacketsFromWorkloads"
    elif flow.traffic.protocol == _UDP and flow.traffic.port == (setting(inventory, node, "vxlanPort") or _VXLAN_PORT):
        name = "allowVXLANPacketsFromWorkloads"
    return name if name and setting(inventory, node, name) is not True else ""
