# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A policy beside one that denies egress to endpoints, for the way to them by nodes' ports."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, collapse_addresses
from typing import Any

from .surroundings import FIRST_NODE_PORT, LAST_NODE_PORT

# As rules spell it.
NODE_PORT_RANGE = f"{FIRST_NODE_PORT}:{LAST_NODE_PORT}"
_SELECTING = ("tier", "order", "selector", "namespaceSelector", "serviceAccountSelector")


def node_port_denial(policy: Mapping[str, Any], nodes: Iterable[IPv4Address | IPv6Address]) -> dict[str, Any]:
    """A GlobalNetworkPolicy that denies those whom ``policy`` selects every node's ports of Services.

    It has the order of ``policy`` and a name that sorts behind it, so that it comes next, and isolates nobody whom ``policy``
    does not isolate. Ports of a client's own node are translated before policy looks, and are no matter of it.
    """
    addresses = list(nodes)
    fours = collapse_addresses(IPv4Network(a) for a in addresses if isinstance(a, IPv4Address))
    sixes = collapse_addresses(IPv6Network(a) for a in addresses if isinstance(a, IPv6Address))
    nets = [*map(str, fours), *map(str, sixes)]
    selecting = {key: policy["spec"][key] for key in _SELECTING if policy["spec"].get(key) is not None}
    destination = {"nets": nets, "ports": [NODE_PORT_RANGE]}
    return {
        "apiVersion": "projectcalico.org/v3",
        "kind": "GlobalNetworkPolicy",
        "metadata": {"name": f"{policy['metadata']['name']}-node-ports"},
        "spec": {
            **selecting,
            "types": ["Egress"],
            "egress": [
                {"action": "Deny", "protocol": protocol, "destination": destination}
                for protocol in ("TCP", "UDP", "SCTP")
            ],
        },
    }
