# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who sees whom under settings that the measured labs do not have."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.netguard.calico.plugins.module_utils._service.data_plane import (
    CLUSTER_IP,
    EXTERNAL_IP,
    LOAD_BALANCER,
    NODE,
    NODE_PORT,
    OUTSIDE,
    POD,
    POD_IP,
    Address,
    Client,
    DataPlane,
    Endpoint,
    KubeProxy,
    LocalDetection,
    NatOutgoing,
    Node,
    ServicePort,
    Target,
)
from ansible_collections.netguard.calico.plugins.module_utils._service.source_address import Outcome, outcomes

PODS = ("10.244.0.0/16",)
NODES = {
    name: Node(name, f"172.30.0.1{name[1]}", f"10.244.{name[1]}.0/24", f"zone-{name}") for name in ("n1", "n2", "n3")
}
WEB1, WEB2 = Endpoint("web1", "n1", "10.244.1.10"), Endpoint("web2", "n2", "10.244.2.10")
BY_CIDR = LocalDetection("ClusterCIDR", "10.244.0.0/16")
PLANE = DataPlane(NODES, KubeProxy(BY_CIDR), NatOutgoing(PODS, PODS))
NO_DETECTION = replace(PLANE, kube_proxy=KubeProxy(LocalDetection()))
MASQUERADE_ALL = replace(PLANE, kube_proxy=KubeProxy(BY_CIDR, masquerade_all=True))
NODES_EXCLUDED = replace(PLANE, nat_outgoing=NatOutgoing(PODS, PODS, nodes_excluded=True))
OTHER_PREFIX = replace(PLANE, kube_proxy=KubeProxy(LocalDetection("InterfaceNamePrefix", interface_prefix="veth")))
TUNNELS = replace(PLANE, nodes={name: replace(node, tunnel=f"10.244.{name[1]}.1") for name, node in NODES.items()})
CLUSTER = ServicePort((WEB1, WEB2))
LOCAL = replace(CLUSTER, external_policy="Local")

CLI1 = Client(Address(POD, "cli1", "10.244.1.20"), "n1")
CLI3 = Client(Address(POD, "cli3", "10.244.3.20"), "n3")
C1 = Client(Address(OUTSIDE, "c1", "172.30.0.100"))
VIP = Target(LOAD_BALANCER, "", "172.30.200.1", "n1")


def process_on(node: str) -> Client:
    return Client(Address(NODE, node, NODES[node].address), node)


def node_port(node: str) -> Target:
    return Target(NODE_PORT, node, NODES[node].address)


def pod(endpoint: Endpoint) -> Target:
    return Target(POD_IP, endpoint.name, endpoint.address)


def seen(client: Client, target: Target, service: ServicePort, plane: DataPlane = PLANE) -> set[str]:
    """Each outcome as the answering endpoint, what its process, its policy and the client's policy see, and who translated."""
    return {_text(outcome) for outcome in outcomes(client, target, service, plane)}


def _text(outcome: Outcome) -> str:
    parts = (
        outcome.endpoint or outcome.answer,
        outcome.process_sees,
        outcome.ingress_policy_sees,
        outcome.egress_policy_sees,
        outcome.translated_by or None,
    )
    return " | ".join("-" if part is None else str(part) for part in parts)


VIRTUAL = Target(CLUSTER_IP, "", "10.96.0.10")


def test_masquerade_all_is_about_cluster_ips_and_hidden_from_policy_on_the_same_node() -> None:
    assert seen(CLI1, VIRTUAL, CLUSTER, MASQUERADE_ALL) == {
        "web1 | node n1 | pod cli1 | pod web1 | n1",
        "web2 | node n1 | node n1 | pod web2 | n1",
    }
    assert seen(C1, node_port("n1"), LOCAL, MASQUERADE_ALL) == {"web1 | outside c1 | outside c1 | - | n1"}


def test_without_local_detection_a_pod_is_bound_by_local_too() -> None:
    assert seen(CLI3, node_port("n3"), LOCAL, NO_DETECTION) == {"no answer | - | - | node n3 | -"}
    assert seen(CLI1, node_port("n1"), LOCAL, NO_DETECTION) == {"web1 | pod cli1 | pod cli1 | pod web1 | n1"}
    assert seen(CLI3, VIP, LOCAL, NO_DETECTION) == {"no answer | - | - | load_balancer_ip | -"}
    assert seen(process_on("n3"), node_port("n3"), LOCAL, NO_DETECTION) == {
        "web1 | node n3 | node n3 | - | n3",
        "web2 | node n3 | node n3 | - | n3",
    }


def test_a_prefix_that_no_interface_has_masquerades_pods_at_cluster_ips() -> None:
    assert seen(CLI3, VIRTUAL, replace(CLUSTER, endpoints=(WEB1,)), OTHER_PREFIX) == {
        "web1 | node n3 | node n3 | pod web1 | n3"
    }
    assert seen(CLI3, node_port("n3"), LOCAL, OTHER_PREFIX) == {"no answer | - | - | node n3 | -"}


def test_where_nodes_are_excluded_from_nat_outgoing_another_nodes_port_works_by_chance_under_local() -> None:
    assert seen(CLI1, node_port("n2"), LOCAL, NODES_EXCLUDED) == {
        "no answer | - | pod cli1 | node n2 | n2",
        "web2 | pod cli1 | pod cli1 | node n2 | n2",
    }
    assert seen(CLI1, node_port("n2"), CLUSTER, NODES_EXCLUDED) == {
        "web1 | node n2 | node n2 | node n2 | n2",
        "web2 | node n2 | pod cli1 | node n2 | n2",
    }


def test_an_endpoint_that_another_node_sends_back_to_itself_is_masqueraded_there_but_in_newer_nftables_mode() -> None:
    own = Client(Address(POD, "web1", WEB1.address), "n1")
    nftables = replace(NODES_EXCLUDED, kube_proxy=KubeProxy(BY_CIDR, mode="nftables"))
    only = replace(LOCAL, endpoints=(WEB1,))
    assert seen(own, node_port("n3"), only, NODES_EXCLUDED) == {"web1 | node n3 | node n3 | node n3 | n3"}
    assert seen(own, node_port("n3"), only, nftables) == {"no answer | - | pod web1 | node n3 | n3"}
    assert seen(own, node_port("n1"), only, nftables) == {"web1 | node n1 | pod web1 | pod web1 | n1"}
    assert seen(own, VIRTUAL, only, nftables) == {"web1 | node n1 | pod web1 | pod web1 | n1"}
    before = replace(NODES_EXCLUDED, kube_proxy=KubeProxy(BY_CIDR, mode="nftables", release=(1, 35)))
    assert seen(own, node_port("n3"), only, before) == {"web1 | node n3 | node n3 | node n3 | n3"}


def test_without_endpoints_connections_are_refused_and_with_some_elsewhere_dropped() -> None:
    nobody = replace(LOCAL, endpoints=(replace(WEB1, ready=False, serving=False),))
    assert seen(C1, node_port("n1"), nobody) == {"refused | - | - | - | -"}
    assert seen(CLI1, VIRTUAL, nobody) == {"refused | - | - | cluster_ip | -"}
    assert seen(process_on("n1"), VIRTUAL, nobody) == {"refused | - | - | - | -"}
    # Measured: in iptables mode nothing rejects what a node itself sends to an address from outside; it goes to the network.
    nowhere = replace(VIP, entry="")
    nftables = replace(PLANE, kube_proxy=KubeProxy(BY_CIDR, mode="nftables"))
    assert seen(process_on("n3"), nowhere, nobody) == {"no answer | - | - | - | -"}
    assert seen(process_on("n3"), VIP, nobody) == {"refused | - | - | - | -"}
    assert seen(process_on("n3"), nowhere, nobody, nftables) == {"refused | - | - | - | -"}
    assert seen(C1, node_port("n3"), LOCAL) == {"no answer | - | - | - | -"}


def test_an_endpoint_that_ends_and_serves_is_used_where_no_other_is() -> None:
    ending = replace(WEB1, ready=False, terminating=True)
    both = replace(LOCAL, endpoints=(ending, WEB2))
    assert seen(C1, node_port("n1"), both) == {"web1 | outside c1 | outside c1 | - | n1"}
    assert seen(CLI3, VIRTUAL, both) == {"web2 | pod cli3 | pod cli3 | pod web2 | n3"}
    assert seen(CLI3, VIRTUAL, replace(both, endpoints=(ending,))) == {"web1 | pod cli3 | pod cli3 | pod web1 | n3"}


def test_internal_traffic_policy_local_is_about_cluster_ips_only() -> None:
    service = replace(CLUSTER, internal_policy="Local")
    assert seen(CLI1, VIRTUAL, service) == {"web1 | pod cli1 | pod cli1 | pod web1 | n1"}
    assert seen(CLI3, VIRTUAL, service) == {"no answer | - | - | cluster_ip | -"}
    assert len(seen(CLI3, node_port("n3"), service)) == 2


@pytest.mark.parametrize(
    ("hints", "used"),
    [
        ([{"for_zones": frozenset({"zone-n1"})}, {"for_zones": frozenset({"zone-n2"})}], {"web1"}),
        ([{"for_zones": frozenset({"zone-n1"})}, {}], {"web1", "web2"}),
        ([{"for_nodes": frozenset({"n2"})}, {"for_nodes": frozenset({"n1"})}], {"web2"}),
        ([{"for_nodes": frozenset({"n2"})}, {"for_nodes": frozenset({"n3"})}], {"web1", "web2"}),
    ],
)
def test_hints_are_followed_where_every_endpoint_has_some_and_one_is_for_the_node(
    hints: list[dict[str, frozenset[str]]], used: set[str]
) -> None:
    service = ServicePort((replace(WEB1, **hints[0]), replace(WEB2, **hints[1])))
    assert {outcome.endpoint for outcome in outcomes(CLI1, VIRTUAL, service, PLANE)} == used


def test_an_endpoint_in_its_nodes_network_has_no_policy_of_a_workload() -> None:
    service = replace(CLUSTER, endpoints=(Endpoint("proxy", "n2", NODES["n2"].address),))
    assert seen(CLI1, VIRTUAL, service) == {"proxy | node n1 | - | node n2 | n1"}
    assert seen(C1, node_port("n2"), replace(service, external_policy="Local")) == {"proxy | outside c1 | - | - | n2"}


def test_through_a_tunnel_a_node_is_seen_by_its_address_inside_the_pool() -> None:
    assert seen(process_on("n1"), pod(WEB2), CLUSTER, TUNNELS) == {"web2 | tunnel n1 | tunnel n1 | - | -"}
    assert seen(C1, node_port("n1"), CLUSTER, TUNNELS) == {
        "web1 | node n1 | outside c1 | - | n1",
        "web2 | tunnel n1 | tunnel n1 | - | n1",
    }


def test_a_load_balancer_that_is_a_proxy_is_not_translated_on_the_clients_node() -> None:
    assert seen(CLI1, VIP, replace(CLUSTER, translated=False)) == {"unknown | - | - | load_balancer_ip | -"}


def test_an_external_ip_that_is_routed_to_no_node_is_not_answered() -> None:
    assert seen(C1, Target(EXTERNAL_IP, "", "192.0.2.1"), LOCAL) == {"no answer | - | - | - | -"}
    assert seen(C1, Target(EXTERNAL_IP, "", "192.0.2.1", "n1"), LOCAL) == {"web1 | outside c1 | outside c1 | - | n1"}


def test_a_pod_reaches_its_own_address_without_leaving() -> None:
    own = Client(Address(POD, "web1", WEB1.address), "n1")
    assert seen(own, pod(WEB1), CLUSTER) == {"web1 | pod web1 | - | - | -"}


def test_an_outside_address_inside_the_cluster_cidr_is_taken_for_a_pod() -> None:
    wide = replace(PLANE, kube_proxy=KubeProxy(LocalDetection("ClusterCIDR", "172.30.0.0/16,10.244.0.0/16")))
    assert seen(C1, node_port("n1"), LOCAL, wide) == {
        "no answer | - | outside c1 | - | n1",
        "web1 | outside c1 | outside c1 | - | n1",
    }
