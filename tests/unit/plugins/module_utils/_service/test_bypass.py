# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ways past policy by nodes' ports, on three nodes with the default baseline, as they were measured on real ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.netguard.calico.plugins.module_utils._calico.baseline import Placeholders, default_manifests
from ansible_collections.netguard.calico.plugins.module_utils._calico.snapshot import Snapshot, snapshot
from ansible_collections.netguard.calico.plugins.module_utils._calico.table import DecisionTable
from ansible_collections.netguard.calico.plugins.module_utils._service.bypass import Bypass, bypasses
from ansible_collections.netguard.calico.plugins.module_utils._service.data_plane import KubeProxy, LocalDetection
from ansible_collections.netguard.calico.plugins.module_utils._service.node_port_denial import node_port_denial
from ansible_collections.netguard.calico.plugins.module_utils._service.planes import not_predicted
from ansible_collections.netguard.calico.plugins.module_utils._service.settings import (
    KubeProxySettings,
    Pool,
    Settings,
)

Object = dict[str, Any]
NODES = {"n1": "172.30.0.11", "n2": "172.30.0.12", "n3": "172.30.0.13"}
NODE_PORT = 30080
BY_CIDR = LocalDetection(cluster_cidr="10.244.0.0/16")
KNOWN = Settings(
    kube_proxy=KubeProxySettings("iptables", KubeProxy(BY_CIDR)),
    pools=(Pool("pods", "10.244.0.0/16", nat_outgoing=True, is_tunnelled=False),),
    bpf=False,
    appends=False,
    nodes_excluded=False,
)


def thing(
    version: str, kind: str, name: str, namespace: str = "", labels: dict[str, str] | None = None, **rest: Any
) -> Object:
    place = {"namespace": namespace} if namespace else {}
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, **place, "labels": labels or {}}, **rest}


def node(name: str) -> Object:
    return thing("v1", "Node", name, status={"addresses": [{"type": "InternalIP", "address": NODES[name]}]})


def pod(name: str, on: str, address: str, namespace: str = "shop", **labels: str) -> Object:
    status = {"phase": "Running", "podIPs": [{"ip": address}]}
    return thing("v1", "Pod", name, namespace, labels, spec={"nodeName": on, "containers": []}, status=status)


def service(policy: str = "Local", **port: Any) -> Iterable[Object]:
    ports = [{"port": 80, "protocol": "TCP", "nodePort": NODE_PORT, **port}]
    yield thing(
        "v1", "Service", "web", "shop", spec={"type": "NodePort", "externalTrafficPolicy": policy, "ports": ports}
    )
    endpoint = {"addresses": ["10.244.2.10"], "nodeName": "n2", "conditions": {"ready": True}}
    labels = {"kubernetes.io/service-name": "web"}
    behind = [{"name": "", "port": 8080, "protocol": "TCP"}]
    yield thing(
        "discovery.k8s.io/v1",
        "EndpointSlice",
        "web-1",
        "shop",
        labels,
        addressType="IPv4",
        endpoints=[endpoint],
        ports=behind,
    )


def cluster(*more: Object, policies: Sequence[Object] | None = None, of: Iterable[Object] | None = None) -> Snapshot:
    """Three nodes, a denied endpoint on n2, and a client on n3."""
    objects = [
        *map(node, NODES),
        thing("v1", "Namespace", "shop"),
        thing("v1", "Namespace", "ops", labels={"privileged-namespace": "true"}),
        *(thing("v1", "ServiceAccount", "default", namespace) for namespace in ("shop", "ops")),
        pod("web", "n2", "10.244.2.10", area="dummy"),
        pod("client", "n3", "10.244.3.10"),
        *(service() if of is None else of),
        *(default_manifests(Placeholders()) if policies is None else policies),
        *more,
    ]
    return snapshot(objects, {}, {})


def found(of: Snapshot, settings: Settings = KNOWN) -> tuple[Bypass, ...]:
    seen = bypasses(of, settings, DecisionTable(of))
    assert not seen.is_cut_short
    return seen.found


@pytest.mark.parametrize("policy", ["Local", "Cluster"])
def test_the_egress_deny_of_the_baseline_is_bypassed_by_another_nodes_port(policy: str) -> None:
    (bypass,) = found(cluster(of=service(policy)))
    decider = bypass.denied.decided_by
    assert decider is not None and (decider.name, bypass.denied.end) == ("global-egress-deny", "egress")
    assert (str(bypass.client), str(bypass.endpoint), bypass.is_sure) == ("pod shop/client", "pod shop/web", True)
    assert (bypass.node, bypass.seen.address) == ("n2", NODES["n2"])


def test_to_the_port_of_its_own_node_it_is_denied() -> None:
    beside = [pod("client", "n2", "10.244.2.11")]
    assert {bypass.node for bypass in found(cluster(*beside))} == {"n2"}
    alone = snapshot(
        [
            item
            for item in map(dict, _objects(cluster(*beside)))
            if item["metadata"]["name"] not in ("n1", "n3", "client")
        ]
        + beside,
        {},
        {},
    )
    assert found(alone) == ()


def test_who_may_reach_it_anyway_bypasses_nothing() -> None:
    of = cluster(pod("admin", "n3", "10.244.3.11", "ops"))
    assert {str(bypass.client) for bypass in found(of)} == {"pod shop/client"}


def test_a_port_without_a_node_port_is_no_way() -> None:
    assert found(cluster(of=service(nodePort=None))) == ()


def test_ingress_by_the_clients_address_is_bypassed_where_natoutgoing_hides_it() -> None:
    deny = {"action": "Deny", "source": {"selector": "app == 'client'"}}
    spec = {"order": 1, "selector": "area == 'dummy'", "types": ["Ingress"], "ingress": [deny, {"action": "Allow"}]}
    closed = thing("projectcalico.org/v3", "GlobalNetworkPolicy", "closed", spec=spec)
    of = cluster(pod("known", "n3", "10.244.3.12", app="client"), policies=[closed])
    (bypass,) = found(of)
    assert (str(bypass.client), bypass.denied.end) == ("pod shop/known", "ingress")
    without = replace(KNOWN, pools=(Pool("pods", "10.244.0.0/16", nat_outgoing=False, is_tunnelled=False),))
    assert found(of, without) == ()


def test_what_depends_on_settings_that_are_not_known_may_be_so() -> None:
    deny = {"action": "Deny", "source": {"selector": "app == 'client'"}}
    spec = {"order": 1, "selector": "area == 'dummy'", "types": ["Ingress"], "ingress": [deny, {"action": "Allow"}]}
    closed = thing("projectcalico.org/v3", "GlobalNetworkPolicy", "closed", spec=spec)
    of = cluster(pod("known", "n3", "10.244.3.12", app="client"), policies=[closed])
    assert [bypass.is_sure for bypass in found(of, replace(KNOWN, nodes_excluded=None))] == [False]
    assert [bypass.is_sure for bypass in found(of, replace(KNOWN, kube_proxy=None))] == [True]


def test_the_remedy_closes_it_and_isolates_nobody() -> None:
    of = cluster()
    addresses = [a for of_node in DecisionTable(of).inventory.node_addresses.values() for a in of_node]
    denying = next(m for m in default_manifests(Placeholders()) if m["metadata"]["name"] == "global-egress-deny")
    remedy = node_port_denial(denying, addresses)
    assert found(of.with_change([remedy], [])) == ()
    assert remedy["spec"]["order"] == denying["spec"]["order"]
    assert remedy["spec"]["egress"][0]["destination"]["nets"] == ["172.30.0.11/32", "172.30.0.12/31"]


def test_more_connections_than_are_asked_about_are_said() -> None:
    of = cluster()
    seen = bypasses(of, KNOWN, DecisionTable(of), limit=1)
    assert seen.is_cut_short


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (KNOWN, ""),
        (replace(KNOWN, bpf=True), "eBPF"),
        (replace(KNOWN, bpf=None, unknown={"bpfEnabled": "forbidden"}), "not known: forbidden"),
        (replace(KNOWN, kube_proxy=KubeProxySettings("ipvs", KubeProxy())), "ipvs mode"),
        (replace(KNOWN, pools=None, unknown={"IPPools": "forbidden"}), "IPPools are not known: forbidden"),
        (replace(KNOWN, kube_proxy=None), ""),
    ],
)
def test_where_addresses_are_not_predicted_it_is_said_why(settings: Settings, said: str) -> None:
    reason = not_predicted(settings)
    assert said in reason and bool(said) is bool(reason)


def _objects(of: Snapshot) -> list[Any]:
    return [item for items in of.objects.values() for item in items]
