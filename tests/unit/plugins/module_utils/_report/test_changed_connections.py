# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a change opens and cuts is told so that every word of it holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

from ansible_collections.netguard.calico.plugins.module_utils._calico.changes import Comparison
from ansible_collections.netguard.calico.plugins.module_utils._calico.inventory import Peer
from ansible_collections.netguard.calico.plugins.module_utils._calico.layout import Change
from ansible_collections.netguard.calico.plugins.module_utils._calico.policies import DIRECTIONS
from ansible_collections.netguard.calico.plugins.module_utils._calico.snapshot import Snapshot, snapshot
from ansible_collections.netguard.calico.plugins.module_utils._calico.table import DecisionTable
from ansible_collections.netguard.calico.plugins.module_utils._calico.traffic_classes import TrafficClass
from ansible_collections.netguard.calico.plugins.module_utils._report.change_products import (
    Product,
    products,
)
from ansible_collections.netguard.calico.plugins.module_utils._report.changed_connections import (
    ChangedConnections,
    changed_connections,
)
from clusters import clusters, policies
from hypothesis import given, settings
from hypothesis import strategies as st

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
    comparison = Comparison(DecisionTable(before), DecisionTable(before.with_change(list(changed), [])))
    return changed_connections(comparison, comparison.changes())


def traffic(*rules: Object) -> list[str]:
    """What of all traffic to one Pod is told of."""
    (found,) = told([WEB, ONE], ingress(*rules))
    return list(found.traffic)


def deny(protocol: str, **conditions: Any) -> Object:
    return {"action": "Deny", "protocol": protocol, **conditions}


def test_who_is_cut_from_some_traffic_is_not_said_to_be_cut_from_all() -> None:
    keeps_tcp = {"action": "Allow", "protocol": "TCP", "source": {"selector": "r == '1'"}}
    keeps_others = {"action": "Allow", "notProtocol": "TCP", "source": {"selector": "r == '2'"}}
    tcp, others = told([WEB, ONE, TWO], ingress(keeps_tcp, keeps_others))
    assert (tcp.traffic, tcp.source.endpoints, tcp.example) == (("TCP",), 1, "pod b/two to pod a/web, TCP 1")
    assert others.traffic == ("UDP", "SCTP", "other protocols")
    assert (others.source.endpoints, others.example) == (1, "pod b/one to pod a/web, UDP 1")
    assert not tcp.in_part


def test_what_differs_in_one_of_the_three_only_is_one_entry() -> None:
    rules = [deny("TCP", source={"selector": "has(r)"}, destination={"ports": [80, 443]}), ALLOW]
    (found,) = told([WEB, pod("a", "web-2", "10.0.0.2", app="web"), ONE, TWO], ingress(*rules))
    assert (found.source.endpoints, found.destination.endpoints, found.traffic) == (2, 2, ("TCP 80, 443",))


def test_both_ip_versions_are_one_entry() -> None:
    dual = [pod("a", "web", "10.0.0.1", "fd00::1", app="web"), pod("b", "one", "10.0.0.3", "fd00::3", r="1")]
    (found,) = told(dual, ingress(deny("TCP"), ALLOW))
    assert (found.source.endpoints, found.source.networks) == (1, ("0.0.0.0/0", "::/0"))
    v4, v6 = told(dual, ingress(deny("TCP", ipVersion=4), deny("UDP", ipVersion=6), ALLOW))
    assert {(e.source.networks, e.traffic) for e in (v4, v6)} == {(("0.0.0.0/0",), ("TCP",)), (("::/0",), ("UDP",))}


def test_too_many_entries_are_summed_up_and_say_so() -> None:
    spaces = [f"s{number}" for number in range(20)]
    objects = [
        o for n, s in enumerate(spaces) for o in (namespace(s), pod(s, "p", f"10.0.1.{n}"), pod(s, "q", f"10.0.2.{n}"))
    ]
    own = {"action": "Allow", "source": {"selector": "all()"}}
    isolated = [
        {
            "apiVersion": "projectcalico.org/v3",
            "kind": "NetworkPolicy",
            "metadata": {"name": "own", "namespace": s},
            "spec": {"types": ["Ingress"], "ingress": [own]},
        }
        for s in spaces
    ]
    (found,) = told(objects, *isolated)
    assert (found.in_part, found.as_result()["in_part"]) == (True, True)
    assert str(found).startswith("cut in part at the ingress end: from 40 endpoints in ")
    source, destination = found.example.split(",")[0].split(" to ")
    assert source.split("/")[0] != destination.split("/")[0]


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


def test_no_example_is_a_pod_with_itself() -> None:
    (found,) = told([WEB, pod("b", "later", "10.9.9.9")], ingress(deny("TCP"), ALLOW))
    assert found.example == "pod b/later to pod a/web, TCP 1"
    assert (found.source.endpoints, dict(found.source.namespaces)) == (1, {"b": 1})
    assert not told([WEB], ingress(deny("TCP", source={"selector": "app == 'web'"}), ALLOW))


def test_a_node_is_not_said_to_be_cut_from_its_own_pods() -> None:
    nodes = [node("n1", "192.168.0.1"), node("n2", "192.168.0.2")]
    first, second = ({"source": {"nets": [f"192.168.0.{n}/32"]}} for n in (1, 2))
    assert not told([WEB, *nodes], ingress(deny("TCP", **first), ALLOW))
    (other,) = told([WEB, *nodes], ingress(deny("TCP", source={"nets": ["192.168.0.0/30"]}), ALLOW))
    assert "192.168.0.1/32" not in other.source.networks and "192.168.0.2/32" in other.source.networks
    # A Pod elsewhere is cut from it, the one on the node itself is not counted.
    objects = [WEB, pod("a", "web-2", "10.0.0.2", node="n1", app="web"), *nodes]
    (found,) = told(
        [*objects, pod("b", "web-3", "10.0.0.9", node="n2", app="web")], ingress(deny("TCP", **second), ALLOW)
    )
    assert (found.source.networks, dict(found.destination.namespaces)) == (("192.168.0.2/32",), {"a": 2})
    assert found.example == "node n2 to pod a/web, TCP 1"


def changing(change: Change, versions: set[int]) -> Iterator[_Triple]:
    """Each subject, peer and kind of traffic of a change that policy looks at, of the IP versions that there are."""
    points = change.layout.space.points
    for kinds, peers in change.cells():
        for subject, peer in product(change.subjects, peers):
            if points[subject].endpoint is not points[peer].endpoint and points[peer].version in {*versions, None}:
                yield from ((subject, peer, kind) for kind in kinds)


def meant(claimed: Product, points: Sequence[Peer]) -> Iterator[_Triple]:
    """The same of a product."""
    for subject, peer in product(claimed.subjects, claimed.peers):
        versions = {points[subject].version, points[peer].version} - {None}
        if points[subject].endpoint is not points[peer].endpoint and len(versions) < 2:
            yield from ((subject, peer, kind) for kind in claimed.kinds)


@settings(max_examples=30)
@given(clusters(), st.lists(policies(9), min_size=1, max_size=2))
def test_every_product_is_exact_unless_it_says_that_it_is_in_part(cluster: Snapshot, changed: list[Object]) -> None:
    comparison = Comparison(DecisionTable(cluster), DecisionTable(cluster.with_change(changed, [])))
    points = comparison.space.points
    versions = {p.version for p in points if p.endpoint is not None and p.version is not None} or {4, 6}
    changes = list(comparison.changes())
    for direction in DIRECTIONS:
        of_direction = [change for change in changes if change.layout.direction == direction]
        found = products(of_direction) if of_direction else []
        expected = {triple for change in of_direction for triple in changing(change, versions)}
        claimed = {triple for one in found for triple in meant(one, points)}
        assert claimed >= expected if any(one.in_part for one in found) else claimed == expected
        assert all(one.example in expected for one in found)
