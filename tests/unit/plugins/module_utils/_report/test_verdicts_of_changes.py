# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a change is compared with where ends, nodes or policies are on one side only."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.netguard.calico.plugins.module_utils._calico.connection import parse_connections
from ansible_collections.netguard.calico.plugins.module_utils._calico.resolution import NotThere
from ansible_collections.netguard.calico.plugins.module_utils._calico.snapshot import snapshot
from ansible_collections.netguard.calico.plugins.module_utils._report.verdicts import Questions, verdict_report

Object = dict[str, Any]


def pod(name: str, address: str) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "shop", "labels": {"app": name}},
        "spec": {"nodeName": "n1"},
        "status": {"phase": "Running", "podIP": address},
    }


def host_endpoint(name: str) -> Object:
    return {
        "apiVersion": "projectcalico.org/v3",
        "kind": "HostEndpoint",
        "metadata": {"name": name},
        "spec": {"node": "n1", "interfaceName": "*"},
    }


NAMESPACE: Object = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
WEB, DB = pod("web", "10.0.0.1"), pod("db", "10.0.0.2")
BETWEEN = {
    "source": {"pod": {"namespace": "shop", "name": "web"}},
    "destination": {"pod": {"namespace": "shop", "name": "db"}},
    "port": 5432,
}


def report(now: list[Object], present: list[Object], absent: list[Object], *connections: Object) -> Object:
    before = snapshot([NAMESPACE, *now], {}, {})
    asked = parse_connections(list(connections), "connections", "refused")
    return verdict_report(before, Questions(asked, before.with_change(present, absent), "ignore"))


def test_a_pod_that_the_change_adds_has_no_verdict_before() -> None:
    found = report([WEB], [DB], [], BETWEEN)
    assert [entry["verdict"] for entry in found["verdicts"]] == ["allow"]
    (changed,) = found["changed_verdicts"]
    assert (changed["before"], [e["verdict"] for e in changed["after"]]) == ([], ["allow"])


def test_a_pod_that_the_change_removes_has_no_verdict_after() -> None:
    found = report([WEB, DB], [], [DB], BETWEEN)
    assert found["verdicts"] == []
    assert found["changed_verdicts"][0]["after"] == []


def test_a_pod_that_is_there_neither_before_nor_after_is_refused() -> None:
    with pytest.raises(NotThere, match="shop/db"):
        report([WEB], [], [], BETWEEN)


def test_what_nodes_do_is_said_to_be_left_out_where_there_are_host_endpoints() -> None:
    assert "nodes" in report([WEB, DB], [host_endpoint("all")], [])["not_compared"]
    assert report([WEB, DB], [], [])["not_compared"] == ""


def test_pods_that_share_an_address_are_said_to_be_left_out() -> None:
    assert "share an address" in report([WEB, pod("twin", "10.0.0.1")], [], [])["not_compared"]
