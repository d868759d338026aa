# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The nodes' port for health checks, and policy at host endpoints in front of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from ansible_collections.netguard.calico.plugins.module_utils._calico.snapshot import snapshot
from ansible_collections.netguard.calico.plugins.module_utils._calico.table import DecisionTable
from ansible_collections.netguard.calico.plugins.module_utils._service.external_traffic_policy import ORIGINAL
from ansible_collections.netguard.calico.plugins.module_utils._service.hazards import hazards
from ansible_collections.netguard.calico.plugins.module_utils._service.health_check_policy import health_checks
from ansible_collections.netguard.calico.plugins.module_utils._service.health_check_port import (
    with_port,
    without_drawn_port,
)
from ansible_collections.netguard.calico.plugins.module_utils._service.surroundings import (
    HealthChecks,
    NodeState,
    Surroundings,
)

Object = dict[str, Any]
CALICO = "projectcalico.org/v3"
RECORD = '{"externalTrafficPolicy": "Local", "healthCheckNodePort": 31234}'


def node(name: str, address: str) -> Object:
    status = {"addresses": [{"type": "InternalIP", "address": address}]}
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}, "status": status}


def host_endpoint(name: str) -> Object:
    metadata = {"name": name, "labels": {"host": name}}
    return {
        "apiVersion": CALICO,
        "kind": "HostEndpoint",
        "metadata": metadata,
        "spec": {"node": name, "interfaceName": "*"},
    }


def policy(*rules: Object, **spec: Any) -> Object:
    spec = {"order": 1, "selector": "has(host)", "types": ["Ingress"], "ingress": list(rules), **spec}
    return {"apiVersion": CALICO, "kind": "GlobalNetworkPolicy", "metadata": {"name": "hosts"}, "spec": spec}


def allow(ports: Sequence[object] = (), **source: Any) -> Object:
    destination = {"destination": {"ports": list(ports)}} if ports else {}
    return {"action": "Allow", "protocol": "TCP", "source": source, **destination}


NODES = [node("n1", "172.30.0.11"), node("n2", "172.30.0.12")]
BALANCER = allow(nets=["192.0.2.0/24"])


@pytest.mark.parametrize(
    ("objects", "closed", "uncertain"),
    [
        ([], set(), set()),
        ([host_endpoint("n1")], {"n1"}, set()),
        ([host_endpoint("n1"), policy(allow())], set(), set()),
        ([host_endpoint("n1"), policy(allow(["30000:32767"]))], set(), set()),
        ([host_endpoint("n1"), policy(allow([22, 80]))], {"n1"}, set()),
        ([host_endpoint("n1"), policy(allow(["31000:31010"]))], set(), {"n1"}),
        ([host_endpoint("n1"), host_endpoint("n2"), policy(BALANCER, selector="host == 'n1'")], {"n2"}, {"n1"}),
    ],
)
def test_what_policy_says_at_the_nodes_ports(objects: list[Object], closed: set[str], uncertain: set[str]) -> None:
    found = health_checks(DecisionTable(snapshot([*NODES, *objects], {}, {})))
    assert found == HealthChecks(frozenset(closed), frozenset(uncertain))


def test_a_port_that_a_service_has_already_is_not_the_one() -> None:
    web = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "shop"}}
    spec = {"type": "NodePort", "clusterIP": "10.96.0.9", "ports": [{"port": 80, "nodePort": 30000, "protocol": "TCP"}]}
    live = snapshot([*NODES, host_endpoint("n1"), {**web, "spec": spec}], {}, {})
    assert health_checks(DecisionTable(live)).closed == {"n1"}


def test_where_host_endpoints_were_not_read_it_is_not_known() -> None:
    found = health_checks(DecisionTable(snapshot(NODES, {"HostEndpoint": "forbidden"}, {})))
    assert found == HealthChecks(frozenset(), frozenset({"n1", "n2"}))


def test_a_node_is_closed_where_one_of_its_addresses_is() -> None:
    two = node("n1", "172.30.0.11")
    two["status"]["addresses"].append({"type": "ExternalIP", "address": "198.51.100.7"})
    one = host_endpoint("n1")
    one["spec"] = {"node": "n1", "expectedIPs": ["172.30.0.11"]}
    assert health_checks(DecisionTable(snapshot([two, one, policy(allow([22]))], {}, {}))).closed == {"n1"}


def test_a_host_endpoint_on_a_node_without_an_address_is_not_known() -> None:
    bare = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1"}}
    assert health_checks(DecisionTable(snapshot([bare, host_endpoint("n1")], {}, {}))).uncertain == {"n1"}


def test_no_more_connections_are_asked_about_than_the_limit_says() -> None:
    live = snapshot([*NODES, host_endpoint("n1"), host_endpoint("n2")], {}, {})
    assert health_checks(DecisionTable(live), limit=1).uncertain >= {"n2"}


def around(checks: HealthChecks) -> Surroundings:
    nodes = {name: NodeState(name, name != "n3", False, frozenset()) for name in ("n1", "n2", "n3")}
    return Surroundings({}, nodes, health_checks=checks)


def service(type: str, **spec: Any) -> Object:
    return {"metadata": {"namespace": "shop", "name": "web"}, "spec": {"type": type, **spec}}


def test_it_is_told_of_load_balancers_and_named_once_it_is_chosen() -> None:
    checks = HealthChecks(frozenset({"n1", "n3"}), frozenset({"n2"}))
    found = hazards(service("LoadBalancer"), around(checks))
    blocked, opened = (next(h for h in found if h.id == f"health_check_port_{what}") for what in ("blocked", "opened"))
    assert (blocked.severity, opened.severity) == ("refuse", "note")
    assert "endpoints of n1 denies everybody" in blocked.message
    (uncertain,) = [h for h in found if h.id == "health_check_port_uncertain"]
    assert (uncertain.severity, "get in to n2 depends" in uncertain.message) == ("warn", True)
    chosen = with_port([blocked, opened], service("LoadBalancer", healthCheckNodePort=31234))
    assert chosen[0] == blocked and "health checks on port 31234" in chosen[1].message
    assert not {h.id for h in hazards(service("NodePort"), around(checks))} & {blocked.id, opened.id}


@pytest.mark.parametrize(
    ("before", "annotations", "kept"), [(None, {}, False), (31234, {}, True), (None, {ORIGINAL: RECORD}, True)]
)
def test_a_port_of_a_dry_run_is_named_where_it_was_asked_for(
    before: int | None, annotations: Object, kept: bool
) -> None:
    was = service("LoadBalancer", **({"healthCheckNodePort": before} if before else {}))
    was["metadata"]["annotations"] = annotations
    after = service("LoadBalancer", healthCheckNodePort=31234)
    assert ("healthCheckNodePort" in without_drawn_port(was, after)["spec"]) is kept
    assert after["spec"]["healthCheckNodePort"] == 31234
