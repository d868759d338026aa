# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is hazardous about externalTrafficPolicy Local, by the objects around a Service."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.netguard.calico.plugins.module_utils._service.announcers import VIP_HOST, announcers
from ansible_collections.netguard.calico.plugins.module_utils._service.external_traffic_policy import ORIGINAL
from ansible_collections.netguard.calico.plugins.module_utils._service.hazard import ENTERED, KINDS
from ansible_collections.netguard.calico.plugins.module_utils._service.hazards import hazards
from ansible_collections.netguard.calico.plugins.module_utils._service.service_hazards import LAST_APPLIED
from ansible_collections.netguard.calico.plugins.module_utils._service.surroundings import EXCLUDED, surroundings

ADDRESSES = {"n1": "172.30.0.11", "n2": "172.30.0.12", "n3": "172.30.0.13"}
Object = dict[str, Any]


def node(name: str, ready: bool = True, **labels: str) -> Object:
    conditions = [{"type": "Ready", "status": "True" if ready else "Unknown"}]
    addresses = [{"type": "InternalIP", "address": ADDRESSES[name]}]
    return {"metadata": {"name": name, "labels": labels}, "status": {"conditions": conditions, "addresses": addresses}}


def endpoint(address: str, on: str | None, **conditions: bool) -> Object:
    return {"addresses": [address], "conditions": conditions, **({"nodeName": on} if on else {})}


def piece(*endpoints: Object, port: str = "", family: str = "IPv4", service: str = "web") -> Object:
    metadata = {"namespace": "shop", "name": "web-x", "labels": {"kubernetes.io/service-name": service}}
    return {
        "metadata": metadata,
        "addressType": family,
        "endpoints": list(endpoints),
        "ports": [{"name": port, "port": 80}],
    }


def service(type: str = "NodePort", ingress: Sequence[Object] = (), **metadata: Any) -> Object:
    return {
        "metadata": {"namespace": "shop", "name": "web", **metadata},
        "spec": {"type": type},
        "status": {"loadBalancer": {"ingress": list(ingress)}},
    }


NODES = (node("n1"), node("n2"), node("n3"))
ONE, TWO = endpoint("10.244.1.10", "n1"), endpoint("10.244.2.10", "n2")
EVERYWHERE = piece(ONE, TWO, endpoint("10.244.3.10", "n3"))


def found(
    pieces: Sequence[Object],
    of: Object | None = None,
    nodes: Sequence[Object] = NODES,
    entry_nodes: tuple[str, ...] = (),
    services: Sequence[Object] = (),
) -> dict[str, str]:
    """The messages by the hazards' ids."""
    asked = of or service()
    seen = hazards(asked, surroundings(pieces, nodes, [asked, *services], [asked]), entry_nodes)
    kinds = ENTERED if entry_nodes else KINDS
    assert all((each.severity, each.remedy) == (kinds[each.id].severity, kinds[each.id].remedy) for each in seen)
    return {each.id: each.message for each in seen}


def test_endpoints_on_every_node_are_no_hazard() -> None:
    assert found([EVERYWHERE]) == {}


@pytest.mark.parametrize(
    ("pieces", "hazard", "said"),
    [
        ([], "no_ready_endpoint", "no endpoint that is ready"),
        ([piece(endpoint("10.244.1.10", "n1", ready=False))], "no_ready_endpoint", "no endpoint that is ready"),
        ([piece(ONE, service="other")], "no_ready_endpoint", "no endpoint that is ready"),
        (
            [piece(endpoint("10.244.1.10", "n1", ready=False, serving=True, terminating=True))],
            "only_terminating_endpoints",
            "about to end",
        ),
        ([piece(endpoint("192.0.2.1", None))], "no_endpoint_with_node", "on which node"),
        ([piece(ONE, endpoint("10.244.9.10", "n1.example.com"))], "endpoint_node_unknown", "name n1.example.com, and"),
        ([piece(ONE)], "single_endpoint", "on n1"),
        ([piece(ONE), piece(ONE)], "single_endpoint", "on n1"),
        ([piece(ONE, endpoint("10.244.1.11", "n1"))], "endpoints_on_one_node", "on n1"),
        ([piece(ONE, TWO)], "nodes_without_local_endpoint", "its port by IPv4 has no endpoint on n3"),
        (
            [piece(*EVERYWHERE["endpoints"], port="http"), piece(ONE, TWO, port="https")],
            "nodes_without_local_endpoint",
            "port https by IPv4 has no endpoint on n3",
        ),
        (
            [EVERYWHERE, piece(endpoint("fd00::1", "n1"), family="IPv6")],
            "nodes_without_local_endpoint",
            "its port by IPv6 has no endpoint on n2, n3",
        ),
        ([piece(endpoint("172.30.0.11", "n1"), TWO)], "host_network_endpoints", "network on n1"),
    ],
)
def test_endpoints(pieces: Sequence[Object], hazard: str, said: str) -> None:
    assert said in found(pieces)[hazard]


@pytest.mark.parametrize(
    "away", [node("n1", ready=False), node("n1", **{EXCLUDED: "false"})], ids=["not ready", "excluded"]
)
def test_a_load_balancer_leaves_nodes_out(away: Object) -> None:
    nodes = [away, *NODES[1:]]
    assert "n1" in found([piece(ONE)], service("LoadBalancer"), nodes)["endpoints_on_excluded_nodes"]
    assert "endpoints_on_excluded_nodes" not in found([piece(ONE)], service("NodePort"), nodes)
    assert "endpoints_on_excluded_nodes" not in found([piece(ONE, TWO)], service("LoadBalancer"), nodes)


def test_the_nodes_that_clients_use_decide_where_they_are_given() -> None:
    assert found([piece(ONE, TWO)], entry_nodes=("n1", "n2")) == {}
    assert "has no endpoint on n3" in found([piece(ONE, TWO)], entry_nodes=("n*",))["nodes_without_local_endpoint"]
    assert "has no endpoint on n9" in found([piece(ONE, TWO)], entry_nodes=("n1", "n9"))["nodes_without_local_endpoint"]


def test_whoever_makes_the_service_makes_it_again() -> None:
    owner = {"kind": "Gateway", "name": "edge", "controller": True}
    assert "Gateway edge makes it" in found([EVERYWHERE], service(ownerReferences=[owner]))["managed_by_controller"]
    assert found([EVERYWHERE], service(ownerReferences=[{**owner, "controller": False}])) == {}
    assert "managed_by_controller" in found(
        [EVERYWHERE], service(labels={"gateway.networking.k8s.io/gateway-name": "edge"})
    )


@pytest.mark.parametrize(
    ("ingress", "ids"),
    [
        ([], set()),
        ([{"ip": "192.0.2.1"}], {"load_balancer_reconfigured"}),
        ([{"ip": "192.0.2.1", "ipMode": "Proxy"}], {"load_balancer_reconfigured", "no_benefit_proxy_load_balancer"}),
        ([{"hostname": "edge.example.com"}], {"load_balancer_reconfigured", "no_benefit_proxy_load_balancer"}),
    ],
)
def test_load_balancers(ingress: Sequence[Object], ids: set[str]) -> None:
    assert found([EVERYWHERE], service("LoadBalancer", ingress)).keys() == ids | {"health_check_port_opened"}


PROXY = {"load-balancer.hetzner.cloud/uses-proxyprotocol": "true"}
AWS = "service.beta.kubernetes.io/aws-load-balancer-"


@pytest.mark.parametrize(
    ("annotations", "hazard"),
    [
        (PROXY, "no_benefit_proxy_load_balancer"),
        ({f"{AWS}proxy-protocol": "*"}, "no_benefit_proxy_load_balancer"),
        ({"service.beta.kubernetes.io/do-loadbalancer-enable-proxy-protocol": "false"}, None),
        ({f"{AWS}nlb-target-type": "ip"}, "no_benefit_direct_to_pod"),
        ({f"{AWS}nlb-target-type": "instance"}, None),
        ({f"{AWS}type": "nlb-ip"}, "no_benefit_direct_to_pod"),
    ],
)
def test_annotations_of_load_balancers(annotations: dict[str, str], hazard: str | None) -> None:
    seen = found([EVERYWHERE], service("LoadBalancer", annotations=annotations)).keys()
    assert seen - {"health_check_port_opened"} == ({hazard} if hazard else set())
    assert found([EVERYWHERE], service(annotations=annotations)) == {}


def other(name: str, app: str, *addresses: str, **annotations: str) -> Object:
    made = service("LoadBalancer", [{"ip": address} for address in addresses], annotations=annotations)
    return {**made, "metadata": {**made["metadata"], "name": name}, "spec": {**made["spec"], "selector": {"app": app}}}


@pytest.mark.parametrize(
    ("others", "shared"),
    [
        ([other("b", "b", "192.0.2.1")], True),
        ([other("b", "a", "192.0.2.1")], False),
        ([other("b", "b", "192.0.2.2")], False),
        ([other("b", "b", **{"metallb.universe.tf/allow-shared-ip": "edge"})], True),
        ([other("b", "b", **{"metallb.io/allow-shared-ip": "other"})], False),
    ],
)
def test_services_that_share_an_address(others: Sequence[Object], shared: bool) -> None:
    own = other("a", "a", "192.0.2.1", **{"metallb.io/allow-shared-ip": "edge"})
    assert ("shared_load_balancer_address" in found([], own, services=others)) is shared


def test_ports_for_health_checks_are_counted() -> None:
    many = {**service(), "spec": {"type": "NodePort", "ports": [{"nodePort": 30000 + n} for n in range(2767)]}}
    assert "node_port_range_exhausted" not in found([], service("LoadBalancer"), services=[many])
    last = {**service(), "spec": {"type": "LoadBalancer", "healthCheckNodePort": 32767}}
    assert "node_port_range_exhausted" in found([], service("LoadBalancer"), services=[many, last])
    assert "node_port_range_exhausted" not in found([], service(), services=[many, last])


def test_families_that_are_on_other_nodes() -> None:
    six = piece(endpoint("fd00::1", "n1"), family="IPv6")
    assert "on n2, n3" in found([EVERYWHERE, six], service("LoadBalancer"))["dual_stack_health_check"]
    assert "dual_stack_health_check" not in found([EVERYWHERE], service("LoadBalancer"))
    assert "dual_stack_health_check" not in found([EVERYWHERE, six])


def applied(operation: str, manager: str, *fields: str) -> Object:
    spec = {f"f:{name}": {} for name in fields}
    return {"operation": operation, "manager": manager, "fieldsV1": {"f:spec": spec}}


@pytest.mark.parametrize(
    ("metadata", "managed"),
    [
        ({"managedFields": [applied("Apply", "flux", "externalTrafficPolicy")]}, True),
        ({"managedFields": [applied("Apply", "flux", "type")]}, False),
        ({"managedFields": [applied("Update", "kubectl-create", "externalTrafficPolicy")]}, False),
        ({"managedFields": [applied("Apply", "netguard.calico", "externalTrafficPolicy")]}, False),
        ({"annotations": {LAST_APPLIED: '{"spec": {"externalTrafficPolicy": "Cluster"}}'}}, True),
        ({"annotations": {LAST_APPLIED: '{"spec": {"type": "NodePort"}}'}}, False),
        ({"annotations": {LAST_APPLIED: "{"}}, False),
        ({"annotations": {LAST_APPLIED: '["externalTrafficPolicy"]'}}, False),
        ({"annotations": {LAST_APPLIED: '{"spec": "externalTrafficPolicy"}'}}, False),
    ],
)
def test_who_applies_the_field_sets_it_back(metadata: Object, managed: bool) -> None:
    assert ("managed_by_applier" in found([EVERYWHERE], service(**metadata))) is managed


@pytest.mark.parametrize(
    ("recorded", "managers", "said"),
    [
        ("Cluster", ["kubectl-patch"], "and is Cluster again by kubectl-patch"),
        ("Cluster", [], "and is Cluster again by somebody"),
        ("Cluster", ["netguard.calico"], None),
        ("Local", ["kubectl-patch"], None),
        ("", ["kubectl-patch"], None),
    ],
)
def test_who_set_it_back(recorded: str, managers: Sequence[str], said: str | None) -> None:
    annotations = {ORIGINAL: json.dumps({"externalTrafficPolicy": recorded})}
    fields = [applied("Update", manager, "externalTrafficPolicy") for manager in managers]
    message = found([EVERYWHERE], service(annotations=annotations, managedFields=fields)).get("put_back_before")
    assert (message is None) if said is None else (message or "").endswith(said)
    assert "put_back_before" not in found([EVERYWHERE], service(managedFields=fields))


@pytest.mark.parametrize(
    ("host", "statuses", "ids"),
    [
        ("n1", [], {"single_announcer"}),
        ("n3", [], {"single_announcer", "announcer_without_endpoint"}),
        (None, [("n1", "web"), ("n2", "web")], set()),
        (None, [("n1", "web"), ("n3", "web")], {"announcer_without_endpoint"}),
        (None, [("n3", "other")], set()),
        (None, [("n3", None)], set()),
    ],
)
def test_who_announces_the_address(host: str | None, statuses: Sequence[tuple[str, str | None]], ids: set[str]) -> None:
    asked = service("LoadBalancer", annotations={VIP_HOST: host} if host else {})
    listed = [{"status": {"node": node, "serviceName": n, "serviceNamespace": "shop"}} for node, n in statuses]
    around = replace(surroundings([piece(ONE, TWO)], NODES, [asked], [asked]), announcers=announcers(listed))
    seen = {each.id for each in hazards(asked, around)}
    assert seen & {"single_announcer", "announcer_without_endpoint"} == ids


@pytest.mark.parametrize(
    ("info", "old"),
    [
        ({"kubeProxyVersion": "v1.25.16"}, True),
        ({"kubeProxyVersion": "", "kubeletVersion": "v1.9.1-eks-1"}, True),
        ({"kubeProxyVersion": "v1.26.0", "kubeletVersion": "v1.25.0"}, False),
        ({"kubeletVersion": "unknown"}, False),
        ({}, False),
    ],
)
def test_a_kube_proxy_that_is_old(info: Object, old: bool) -> None:
    nodes = [{**each, "status": {**each["status"], "nodeInfo": info}} for each in NODES]
    assert ("terminating_not_served" in found([EVERYWHERE], nodes=nodes)) is old


@pytest.mark.parametrize(
    ("labels", "proxies"),
    [
        ({"app.kubernetes.io/name": "ingress-nginx"}, True),
        ({"app.kubernetes.io/name": "shop"}, False),
        ({"gateway.networking.k8s.io/gateway-name": "edge"}, True),
    ],
)
def test_what_is_behind_a_proxy_is_asked_by_the_proxy(labels: dict[str, str], proxies: bool) -> None:
    assert ("only_proxy_sees_client" in found([EVERYWHERE], service(labels=labels))) is proxies
    selecting = {**service(), "spec": {"type": "NodePort", "selector": labels}}
    assert ("only_proxy_sees_client" in found([EVERYWHERE], selecting)) is proxies


def test_the_gravest_comes_first_and_many_names_are_counted() -> None:
    lone = piece(endpoint("10.244.9.10", "n9"))
    severities = [each.severity for each in hazards(service(), surroundings([lone], NODES))]
    assert severities == sorted(severities, key=("refuse", "warn", "note").index) and len(severities) > 1
    many = [{**node("n1"), "metadata": {"name": f"m{number}"}} for number in range(9)]
    assert found([piece(ONE, TWO)], nodes=[*NODES, *many])["nodes_without_local_endpoint"].endswith("m4 and 5 more")
