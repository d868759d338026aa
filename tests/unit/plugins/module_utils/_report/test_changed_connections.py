# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a change opens and cuts is told so that every word of it holds."""

from __future__ import annotations

from typing import Any

from ansible_collections.netguard.calico.plugins.module_utils._calico.changes import Comparison
from ansible_collections.netguard.calico.plugins.module_utils._calico.snapshot import snapshot
from ansible_collections.netguard.calico.plugins.module_utils._calico.table import DecisionTable
from ansible_collections.netguard.calico.plugins.module_utils._calico.traffic_classes import TrafficClass
from ansible_collections.netguard.calico.plugins.module_utils._report.changed_connections import (
    ChangedConnections,
    changed_connections,
)

Object = dict[str, Any]
_Triple = tuple[int, int, TrafficClass]


def pod(namespace: str, name: str, *addresses: str, node: str = "n1", **labels: str) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": {"nodeName": node},
        "status": {"phase": "Running", "podIPs": [{"ip": address} for address in addresses]},
    }


def node(name: str, address: str) -> Object:
    addresses = [{"type": "InternalIP", "address": address}]
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}, "status": {"addresses": addresses}}


def namespace(name: str) -> Object:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def ingress(*rules: Object, selector: str = "app == 'web'", name: str = "changed") -> Object:
    spec = {"selector": selector, "types": ["Ingress"], "ingress": list(rules)}
    return {
        "apiVersion": "projectcalico.org/v3",
        "kind": "GlobalNetworkPolicy",
        "metadata": {"name": name},
        "spec": spec,
    }


WEB = pod("a", "web", "10.0.0.1", app="web")
ONE, TWO = pod("b", "one", "10.0.0.3", r="1"), pod("b", "two", "10.0.0.4", r="2")
NAMESPACES = [namespace("a"), namespace("b")]
ALLOW: Object = {"action": "Allow"}


def told(objects: list[Object], *changed: Object) -> tuple[ChangedConnections, ...]:
    before = snapshot([*NAMESPACES, *objects], {}, {})
    return changed_connections(Comparison(DecisionTable(before), DecisionTable(before.with_change(list(changed), []))))


def traffic(*rules: Object) -> list[str]:
    """What of all traffic to one Pod is told of."""
    (found,) = told([WEB, ONE], ingress(*rules))
    return list(found.traffic)


def deny(protocol: str, **conditions: Any) -> Object:
    return {"action": "Deny", "protocol": protocol, **conditions}


def test_source_ports_are_told() -> None:
    assert traffic(deny("TCP", source={"ports": [666]}), ALLOW) == ["TCP from source port 666"]
    assert traffic(deny("UDP", source={"ports": [53]}, destination={"ports": ["1:1024"]}), ALLOW) == [
        "UDP 1-1024 from source port 53"
    ]
    assert traffic(deny("TCP", source={"notPorts": [666]}), ALLOW) == ["TCP from source ports 1-665, 667-65535"]
    # What is left is no product, so that it takes two texts, neither of which says too much.
    only = {"action": "Allow", "protocol": "TCP", "source": {"ports": [666]}, "destination": {"ports": [80]}}
    assert traffic(only, deny("TCP"), ALLOW) == [
        "TCP 1-79, 81-65535",
        "TCP 80 from source ports 1-665, 667-65535",
    ]
    (found,) = told([WEB, ONE], ingress(deny("TCP", source={"ports": [666]}), ALLOW))
    assert found.example.endswith(" to pod a/web, TCP 1 from source port 666")


def test_icmp_types_and_codes_are_told() -> None:
    assert traffic(deny("ICMP", icmp={"type": 8}), ALLOW) == ["ICMP type 8"]
    assert traffic(deny("ICMP", icmp={"type": 3, "code": 1}), ALLOW) == ["ICMP type 3 code 1"]
    assert traffic(deny("ICMP", notICMP={"type": 8}), ALLOW) == ["ICMP types 0-7, 9-255"]
    assert traffic({"action": "Allow", "protocol": "ICMP", "icmp": {"type": 3, "code": 255}}, deny("ICMP"), ALLOW) == [
        "ICMP types 0-2, 4-255",
        "ICMP type 3 codes 0-254",
    ]
    assert traffic(deny("ICMP"), ALLOW) == ["ICMP"]
