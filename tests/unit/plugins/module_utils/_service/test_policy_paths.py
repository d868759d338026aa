# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""On which paths policies decide what they decide directly, on three nodes as they were measured on real ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.netguard.calico.plugins.module_utils._calico.baseline import Placeholders, default_manifests
from ansible_collections.netguard.calico.plugins.module_utils._calico.snapshot import snapshot
from ansible_collections.netguard.calico.plugins.module_utils._calico.table import DecisionTable
from ansible_collections.netguard.calico.plugins.module_utils._service.data_plane import KubeProxy, LocalDetection
from ansible_collections.netguard.calico.plugins.module_utils._service.path_table import PathTable
from ansible_collections.netguard.calico.plugins.module_utils._service.policy_paths import policy_paths
from ansible_collections.netguard.calico.plugins.module_utils._service.settings import (
    KubeProxySettings,
    Pool,
    Settings,
)

Object = dict[str, Any]
KIND = "GlobalNetworkPolicy"
NODES = {"n1": "172.30.0.11", "n2": "172.30.0.12", "n3": "172.30.0.13"}
BY_CIDR = LocalDetection(cluster_cidr="10.244.0.0/16")
KNOWN = Settings(
    kube_proxy=KubeProxySettings("iptables", KubeProxy(BY_CIDR)),
    pools=(Pool("pods", "10.244.0.0/16", nat_outgoing=True, is_tunnelled=False),),
    bpf=False,
    appends=False,
    nodes_excluded=False,
)
# Whoever is outside may not come, save one network.
OUTSIDE = {
    "apiVersion": "projectcalico.org/v3",
    "kind": KIND,
    "metadata": {"name": "from-office"},
    "spec": {
        "order": 1,
        "selector": "app == 'web'",
        "types": ["Ingress"],
        "ingress": [{"action": "Allow", "source": {"nets": ["192.0.2.0/24"]}}, {"action": "Deny"}],
    },
}


def thing(kind: str, name: str, namespace: str = "", labels: dict[str, str] | None = None, **rest: Any) -> Object:
    place = {"namespace": namespace} if namespace else {}
    version = "discovery.k8s.io/v1" if kind == "EndpointSlice" else "v1"
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, **place, "labels": labels or {}}, **rest}


def node(name: str, tunnel: str = "") -> Object:
    annotations = {"projectcalico.org/IPv4IPIPTunnelAddr": tunnel} if tunnel else {}
    made = thing("Node", name, status={"addresses": [{"type": "InternalIP", "address": NODES[name]}]})
    return {**made, "metadata": {**made["metadata"], "annotations": annotations}}


def pod(name: str, on: str, address: str, **labels: str) -> Object:
    status = {"phase": "Running", "podIPs": [{"ip": address}]}
    return thing("Pod", name, "shop", labels, spec={"nodeName": on, "containers": []}, status=status)


def service(policy: str, type: str = "NodePort", ingress: Sequence[Object] = (), **spec: Any) -> Object:
    ports = [{"port": 80, "protocol": "TCP", **({"nodePort": 30080} if type != "ClusterIP" else {})}]
    return thing(
        "Service",
        "web",
        "shop",
        spec={"type": type, "clusterIP": "10.96.0.9", "externalTrafficPolicy": policy, "ports": ports, **spec},
        status={"loadBalancer": {"ingress": list(ingress)}},
    )


def slices(more: Sequence[Object] = ()) -> Object:
    labels = {"kubernetes.io/service-name": "web"}
    behind = [*more, {"addresses": ["10.244.2.10"], "nodeName": "n2", "conditions": {"ready": True}}]
    ports = [{"name": "", "port": 8080, "protocol": "TCP"}]
    return thing("EndpointSlice", "web-1", "shop", labels, addressType="IPv4", endpoints=behind, ports=ports)


def found(
    of: Object,
    policies: Sequence[Object],
    settings: Settings = KNOWN,
    nodes: Sequence[Object] = tuple(map(node, NODES)),
    limit: int = 1000,
    more: Sequence[Object] = (),
    behind: Sequence[Object] = (),
    unread: dict[str, str] | None = None,
) -> PathTable:
    objects = [
        *nodes,
        thing("Namespace", "shop"),
        thing("ServiceAccount", "default", "shop"),
        pod("web", "n2", "10.244.2.10", app="web", area="dummy"),
        pod("client", "n3", "10.244.3.10"),
        of,
        slices(behind),
        *policies,
        *more,
    ]
    live = snapshot(objects, unread or {}, {})
    own = {(KIND, "", item["metadata"]["name"]) for item in policies}
    return policy_paths(live, settings, DecisionTable(live), own, limit)


def rows(
    result: PathTable, policy: str, end: str, client: str, is_read: bool = True
) -> dict[str, tuple[str, list[str]]]:
    """By path, whether the policy matches, and the reasons why it does not."""
    return {
        row["path"]: (row["matches"], [reason["id"] for reason in row["reasons"]])
        for row in result.as_result(is_read)
        if (row["policy"], row["end"], row["client"]) == (policy, end, client)
    }


MATCHES: tuple[str, list[str]] = ("always", [])


@pytest.mark.parametrize("policy", ["Local", "Cluster"])
def test_an_egress_deny_is_past_where_another_nodes_port_is_asked(policy: str) -> None:
    seen = rows(found(service(policy), default_manifests(Placeholders())), "global-egress-deny", "egress", "pod")
    past = ("never", ["bypassed_by_node_port"])
    # A node takes its own Pods to all endpoints, under Local too, before policy looks.
    expected = {"pod_ip": MATCHES, "cluster_ip": MATCHES, "node_port_own": MATCHES, "node_port_with_endpoint": past}
    if policy == "Cluster":
        expected["node_port_without_endpoint"] = past
    assert seen == expected


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("Local", {"node_port_with_endpoint": MATCHES}),
        (
            "Cluster",
            {
                "node_port_with_endpoint": MATCHES,
                "node_port_without_endpoint": ("sometimes", ["client_not_seen"]),
            },
        ),
    ],
)
def test_an_ingress_rule_on_clients_outside_matches_under_local(
    policy: str, expected: dict[str, tuple[str, list[str]]]
) -> None:
    assert rows(found(service(policy), [OUTSIDE]), "from-office", "ingress", "outside") == expected


@pytest.mark.parametrize(
    ("ingress", "expected"),
    [
        ({"ip": "203.0.113.5"}, MATCHES),
        ({"ip": "203.0.113.5", "ipMode": "Proxy"}, ("unknown", ["bypassed_by_proxy_load_balancer"])),
        ({"hostname": "edge.example.com"}, ("unknown", ["bypassed_by_proxy_load_balancer"])),
    ],
)
def test_a_load_balancer_that_is_a_proxy_hides_the_client(ingress: Object, expected: tuple[str, list[str]]) -> None:
    balanced = service("Local", "LoadBalancer", [ingress])
    for client in ("outside", "pod"):
        assert rows(found(balanced, [OUTSIDE]), "from-office", "ingress", client)["load_balancer_ip"] == expected


@pytest.mark.parametrize(
    ("ingress", "matches"), [({"ip": "203.0.113.5", "ipMode": "Proxy"}, "never"), ({"hostname": "e"}, "unknown")]
)
def test_an_egress_deny_is_past_by_a_load_balancer_that_is_a_proxy(ingress: Object, matches: str) -> None:
    seen = found(service("Local", "LoadBalancer", [ingress]), default_manifests(Placeholders()))
    row = rows(seen, "global-egress-deny", "egress", "pod")["load_balancer_ip"]
    assert row == (matches, ["bypassed_by_proxy_load_balancer"])


def test_a_nodes_processes_are_subject_to_no_policy_of_its_own_pods() -> None:
    seen = rows(found(service("Local", "ClusterIP"), [OUTSIDE]), "from-office", "ingress", "node")
    assert seen == dict.fromkeys(("pod_ip", "cluster_ip"), ("sometimes", ["own_node_not_subject"]))


def test_through_a_tunnel_a_node_has_the_tunnels_address() -> None:
    by_node = {
        **OUTSIDE,
        "spec": {**OUTSIDE["spec"], "ingress": [{"action": "Allow", "source": {"nets": ["172.30.0.13/32"]}}]},
    }
    tunnelled = replace(KNOWN, pools=(Pool("pods", "10.244.0.0/16", nat_outgoing=True, is_tunnelled=True),))
    nodes = [node("n1", "10.244.1.1"), node("n2", "10.244.2.1"), node("n3", "10.244.3.1")]
    row = rows(found(service("Local", "ClusterIP"), [by_node], tunnelled, nodes), "from-office", "ingress", "node")
    # Which nodes go through the tunnel is not known with CrossSubnet; the endpoint's own node is subject to nothing.
    assert row["pod_ip"] == ("sometimes", ["own_node_not_subject", "tunnel_address_seen"])


def test_no_more_pairs_are_asked_about_than_the_limit_says() -> None:
    assert found(service("Local"), [OUTSIDE], limit=1).is_cut_short
    assert not found(service("Local"), [OUTSIDE]).is_cut_short
    assert {row["matches"] for row in found(service("Local"), [OUTSIDE], limit=4).as_result(True)} == {"unknown"}


SECOND = pod("web-1", "n1", "10.244.1.10", app="web", area="dummy")
BEHIND = {"addresses": ["10.244.1.10"], "nodeName": "n1", "conditions": {"ready": True}}
BY_CHANCE = ("sometimes", ["client_not_seen"])


def test_an_endpoint_elsewhere_may_be_chosen_on_a_node_that_has_one_too() -> None:
    everywhere = found(service("Cluster"), [OUTSIDE], more=[SECOND], behind=[BEHIND])
    seen = rows(everywhere, "from-office", "ingress", "outside")
    assert seen["node_port_with_endpoint"] == BY_CHANCE
    local = found(service("Local"), [OUTSIDE], more=[SECOND], behind=[BEHIND])
    assert rows(local, "from-office", "ingress", "outside")["node_port_with_endpoint"] == MATCHES


def test_an_endpoint_that_is_not_ready_does_not_stand_for_one_that_is() -> None:
    first = {**BEHIND, "conditions": {"ready": False}}
    seen = found(service("Cluster"), default_manifests(Placeholders()), more=[SECOND], behind=[first])
    row = rows(seen, "global-egress-deny", "egress", "pod")["node_port_with_endpoint"]
    assert row == ("never", ["bypassed_by_node_port"])


def test_one_of_several_load_balancers_may_be_a_proxy() -> None:
    balanced = service("Local", "LoadBalancer", [{"ip": "203.0.113.5"}, {"ip": "203.0.113.6", "ipMode": "Proxy"}])
    row = rows(found(balanced, [OUTSIDE]), "from-office", "ingress", "outside")["load_balancer_ip"]
    assert row == ("unknown", ["bypassed_by_proxy_load_balancer"])


def test_what_was_not_read_leaves_nothing_always_so() -> None:
    seen = found(service("Local"), [OUTSIDE], unread={"GlobalNetworkSet": "forbidden"})
    assert rows(seen, "from-office", "ingress", "outside", is_read=False) == {
        "node_port_with_endpoint": ("unknown", [])
    }


def test_a_denied_detour_is_no_bypass() -> None:
    allowed = {
        "apiVersion": "projectcalico.org/v3",
        "kind": KIND,
        "metadata": {"name": "to-web"},
        "spec": {
            "order": 1,
            "selector": "all()",
            "types": ["Egress"],
            "egress": [{"action": "Allow", "destination": {"selector": "app == 'web'"}}, {"action": "Deny"}],
        },
    }
    row = rows(found(service("Local"), [allowed]), "to-web", "egress", "pod")["node_port_with_endpoint"]
    assert row == ("never", ["destination_not_seen"])


def test_pods_on_nodes_without_an_address_are_not_looked_at_and_that_is_known() -> None:
    nodes = [node("n2"), thing("Node", "n3")]
    seen = found(service("Local"), [OUTSIDE], nodes=nodes)
    assert seen.unseen == {"n3"} and {row["matches"] for row in seen.as_result(True)} <= {"unknown", "sometimes"}


def test_a_node_without_an_internal_address_is_reached_by_its_external_one() -> None:
    outer = [{"type": "ExternalIP", "address": NODES[name]} for name in NODES]
    nodes = [thing("Node", name, status={"addresses": [each]}) for name, each in zip(NODES, outer, strict=True)]
    seen = found(service("Local"), default_manifests(Placeholders()), nodes=nodes)
    assert rows(seen, "global-egress-deny", "egress", "pod")["node_port_with_endpoint"][0] == "never"
