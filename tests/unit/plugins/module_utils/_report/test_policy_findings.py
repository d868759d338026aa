# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is found wrong with policies, and what only looks like it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from ansible_collections.netguard.calico.plugins.module_utils._calico.snapshot import snapshot
from ansible_collections.netguard.calico.plugins.module_utils._calico.table import DecisionTable
from ansible_collections.netguard.calico.plugins.module_utils._report.policy_findings import policy_findings

Object = dict[str, Any]


def pod(namespace: str, name: str, address: str, **labels: str) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": {"nodeName": "n1"},
        "status": {"phase": "Running", "podIP": address},
    }


def policy(name: str, within: str = "", **spec: Any) -> Object:
    kind = "NetworkPolicy" if within else "GlobalNetworkPolicy"
    metadata = {"name": name, **({"namespace": within} if within else {})}
    return {"apiVersion": "projectcalico.org/v3", "kind": kind, "metadata": metadata, "spec": spec}


WEB = pod("shop", "web", "10.0.0.1", app="web")
TOOL = pod("dev", "tool", "10.0.1.1", app="tool")
NAMESPACES: list[Object] = [
    {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in ("shop", "dev")
]


def messages(of: str, *objects: Object, unread: dict[str, str] | None = None) -> list[str]:
    found = policy_findings(DecisionTable(snapshot([*NAMESPACES, *objects], unread or {}, {})))
    return [finding.message for finding in found if finding.id == of]


@pytest.mark.parametrize(
    ("earlier", "later", "never_decides"),
    [
        (["http"], [80, "http"], False),
        ([80], [80, "http"], False),
        (["http"], ["https"], False),
        (["http"], [80], False),
        ([80, "http"], [], False),
        ([80, "http"], ["http"], True),
        (["1:100", "http"], [80, "http"], True),
        ([80], [80], True),
        ([], [80, "http"], True),
    ],
)
def test_a_rule_is_unreachable_where_its_ports_and_its_names_of_ports_are_an_earlier_rules(
    earlier: Sequence[Any], later: Sequence[Any], never_decides: bool
) -> None:
    rules = [
        {"action": action, "protocol": "TCP", "destination": {"ports": list(ports)}}
        for action, ports in (("Allow", earlier), ("Deny", later))
    ]
    found = messages("rule_unreachable", WEB, policy("ports", types=["Ingress"], ingress=rules))
    assert bool(found) is never_decides


def test_a_name_of_a_port_is_another_port_for_another_protocol() -> None:
    rules = [
        {"action": "Allow", "destination": {"ports": ["dns"]}},
        {"action": "Deny", "protocol": "UDP", "destination": {"ports": ["dns"]}},
    ]
    assert not messages("rule_unreachable", WEB, policy("ports", types=["Ingress"], ingress=rules))


ISOLATED = policy("isolated", "dev", order=5, types=["Ingress"], selector="all()")


def allow_all(selector: str) -> Object:
    return policy("open", order=10, types=["Ingress"], selector=selector, ingress=[{"action": "Allow"}])


def test_an_allow_all_switches_off_only_what_selects_an_endpoint_of_its_own() -> None:
    own = policy("of-shop", "shop", order=5, types=["Ingress"])
    (found,) = messages("implicit_deny_switched_off", WEB, TOOL, ISOLATED, own, allow_all("app == 'web'"))
    assert "behind 1 NetworkPolicy;" in found
    assert "shop/of-shop" in found and "dev/isolated" not in found
    assert not messages("implicit_deny_switched_off", WEB, TOOL, ISOLATED, allow_all("app == 'web'"))


def test_without_endpoints_to_compare_by_every_network_policy_is_named() -> None:
    for found in (
        messages("implicit_deny_switched_off", ISOLATED, allow_all("app == 'web'")),
        messages("implicit_deny_switched_off", WEB, ISOLATED, allow_all("app == 'web'"), unread={"Pod": "forbidden"}),
    ):
        assert "dev/isolated" in found[0]
