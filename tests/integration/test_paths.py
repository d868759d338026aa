# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ways past policy by nodes' ports, which an audit finds where it is asked for paths."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

import accounts
from ansible_run import Ansible
from cluster_content import Content
from conftest import OWN
from control_plane import ControlPlane
from data_plane_settings import calico, calico_node, kube_proxy
from missing_rights import Right, without
from requests_seen import Requests

# What policy sees has nothing to do with how Calico's API is served.
pytestmark = [pytest.mark.parametrize("plane", [OWN], indirect=True, scope="session"), pytest.mark.any_versions]
Facts = Callable[..., dict[str, Any]]


@pytest.fixture
def facts(ansible: Ansible, plane: ControlPlane) -> Facts:
    """Asks for the facts with the roles of the reader and of the verdict reader, which the writer has, but for some rights."""

    def ask(*missing: Right) -> dict[str, Any]:
        rules: Sequence[accounts.Rule] = accounts.rules("writer")
        for right in missing:
            rules = without(rules, right)
        account = accounts.with_rules(plane, f"paths-without-{len(missing)}", rules, ansible.directory)
        answer = ansible.module("baseline_info", gather_subset=["policies", "paths"], kubeconfig=str(account))
        assert (answer.failed, answer.changed) == (False, False), answer.output
        return answer.result

    return ask


@pytest.fixture
def by_node_port(content: Content) -> Content:
    """Three nodes, where a Pod on n3 may not reach one on n2, before which a Service with a NodePort stands."""
    for number, name in enumerate(("n1", "n2", "n3")):
        content.node(name, f"172.30.0.{11 + number}")
    content.namespace("shop")
    content.pod("shop", "web", "10.244.2.10", "n2", area="dummy")
    content.pod("shop", "client", "10.244.3.10", "n3")
    content.service("shop", "web", selector=None, externalTrafficPolicy="Local")
    endpoint = {"addresses": ["10.244.2.10"], "nodeName": "n2", "conditions": {"ready": True}}
    body = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": "web-1", "labels": {"kubernetes.io/service-name": "web"}},
        "addressType": "IPv4",
        "endpoints": [endpoint],
        "ports": [{"name": "", "port": 8080, "protocol": "TCP"}],
    }
    content.request("POST", "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices", body)
    return content


def known_settings(content: Content) -> None:
    """kube-proxy's ConfigMap, calico-node and an IPPool, as installers leave them."""
    for path, body in (
        calico_node(),
        kube_proxy(clusterCIDR="10.244.0.0/16"),
        calico("IPPool", "pods", cidr="10.244.0.0/16", natOutgoing=True),
    ):
        content.put(path, body)


def test_a_denied_connection_that_comes_about_by_a_nodes_port_is_found_and_the_manifest_closes_it(
    ansible: Ansible, by_node_port: Content, requests: Callable[[], Requests], facts: Facts
) -> None:
    known_settings(by_node_port)
    ansible.module("policy_baseline", on_unknown="warn")
    with requests() as seen:
        found = facts()
    (gap,) = [gap for gap in found["gaps"] if gap["id"] == "bypassed_by_node_port"]
    assert (found["unread"], seen.writes) == ([], [])
    assert gap["subjects"] == ["shop/web"]
    assert "global-egress-deny denies egress" in gap["message"] and "of node n2" in gap["message"]
    assert "this closes it for all of them" in gap["remedies"][0]
    denied = {
        row["path"]: (row["matches"], [reason["id"] for reason in row["reasons"]])
        for row in found["paths"]
        if (row["policy"], row["end"], row["client"]) == ("global-egress-deny", "egress", "pod")
    }
    assert denied == {
        "pod_ip": ("always", []),
        "cluster_ip": ("always", []),
        # A node takes its own Pods to all endpoints, under Local too, before policy looks.
        "node_port_own": ("always", []),
        "node_port_with_endpoint": ("never", ["bypassed_by_node_port"]),
    }

    remedy = gap["manifest"]
    assert ansible.module("global_network_policy", definition=remedy).changed
    after = facts()
    assert "bypassed_by_node_port" not in {gap["id"] for gap in after["gaps"]}


def test_paths_that_are_not_known_are_unread(ansible: Ansible, by_node_port: Content, facts: Facts) -> None:
    ansible.module("policy_baseline", on_unknown="warn")
    found = facts()
    (part,) = found["unread"]
    assert (found["status"], part["what"], part["code"]) == ("unknown", "paths", "paths_unknown")
    assert "whether Calico's eBPF data plane is in use is not known" in part["message"]


def test_an_account_that_may_not_see_pods_does_not_know_the_paths(
    ansible: Ansible, by_node_port: Content, facts: Facts
) -> None:
    known_settings(by_node_port)
    ansible.module("policy_baseline", on_unknown="warn")
    found = facts(Right("list", "pods"))
    assert (found["status"], [part["what"] for part in found["unread"]]) == ("unknown", ["paths: Pod"])
