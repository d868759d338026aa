# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is legal and rarely meant."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.netguard.calico.plugins.module_utils._calico.baseline import Placeholders, default_manifests
from ansible_collections.netguard.calico.plugins.module_utils._calico.policy_warnings import warnings

from calico_objects import Manifest, global_policy, item

ORDER = {"order": 1}
ALLOW = [{"action": "Allow"}]


def found(*manifests: object) -> list[tuple[str, str]]:
    return [(warning.id, warning.path) for warning in warnings(manifests)]


def policy(**spec: Any) -> Manifest:
    return global_policy(**{**ORDER, **spec})


@pytest.mark.parametrize(
    "spec",
    [
        {"namespaceSelector": "!has(a)"},
        {"namespaceSelector": "a != 'b'"},
        {"namespaceSelector": "a not in {'b'}", "selector": ""},
        {"namespaceSelector": "has(b) || !has(a)"},
        {"namespaceSelector": "!has(a)", "selector": "!has(c)"},
        {"serviceAccountSelector": "!has(a)"},
    ],
)
def test_negative_selectors_reach_host_endpoints(spec: dict[str, str]) -> None:
    (warning,) = warnings([policy(**spec)])
    assert (warning.id, warning.subject) == ("selects_host_endpoints", "GlobalNetworkPolicy a")
    assert "has(projectcalico.org/namespace)" in warning.message


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"selector": "!has(a)"},
        {"namespaceSelector": "has(a)"},
        {"namespaceSelector": "all()"},
        {"namespaceSelector": "!has(a) && has(b)"},
        {"namespaceSelector": "!has(a)", "selector": "all()"},
        {"namespaceSelector": "!has(a)", "selector": "has(projectcalico.org/namespace)"},
        {"namespaceSelector": "!has(a)", "serviceAccountSelector": "has(b)"},
    ],
)
def test_other_selectors_do_not(spec: dict[str, str]) -> None:
    assert found(policy(**spec)) == []


@pytest.mark.parametrize(
    ("selector", "remedy"),
    [
        ("name == 'shop'", 'projectcalico.org/name == "shop"'),
        ("has(a) && name in {'b', 'c'}", 'projectcalico.org/name in {"b", "c"}'),
    ],
)
def test_a_label_that_is_called_name(selector: str, remedy: str) -> None:
    side = {"namespaceSelector": selector}
    (here,) = warnings([policy(namespaceSelector=selector)])
    assert (here.id, here.path) == ("label_called_name", "spec.namespaceSelector")
    assert here.message.endswith(remedy)
    rules = policy(egress=[{"action": "Allow", "source": side}, {"action": "Allow", "destination": side}])
    assert [path for _id, path in found(rules)] == [
        "spec.egress[0].source.namespaceSelector",
        "spec.egress[1].destination.namespaceSelector",
    ]
    own = item("NetworkPolicy", {**ORDER, "ingress": [{"action": "Allow", "source": side}]}, namespace="shop")
    assert [warning.subject for warning in warnings([own])] == ["NetworkPolicy shop/a"]


@pytest.mark.parametrize(
    "selector", ["has(name)", "projectcalico.org/name == 'shop'", "kubernetes.io/metadata.name == 'shop'"]
)
def test_a_selector_that_means_the_name_or_any_label_of_that_key(selector: str) -> None:
    assert found(policy(namespaceSelector=selector, selector="name == 'web'")) == []


def test_rules_of_a_direction_that_types_lacks() -> None:
    assert found(policy(types=["Ingress"], egress=ALLOW, ingress=ALLOW)) == [("rules_without_type", "spec.egress")]
    assert found(policy(types=["Ingress"], egress=[], ingress=ALLOW), policy(egress=ALLOW, order=2)) == []


@pytest.mark.parametrize("nets", [["127.0.0.1/32"], ["127.1.0.0/16", "127.0.0.0/8"], ["::1/128"]])
def test_loopback_alone_never_matches(nets: list[str]) -> None:
    rule = {"action": "Allow", "destination": {"nets": nets}}
    (alone,) = warnings([policy(egress=[rule])])
    assert (alone.id, alone.path) == ("loopback_never_matches", "spec.egress[0]")
    assert "only isolates" in alone.message
    (beside,) = warnings([policy(egress=[*ALLOW, rule])])
    assert beside.path == "spec.egress[1]"
    assert "only isolates" not in beside.message


@pytest.mark.parametrize("nets", [[], ["127.0.0.0/7"], ["127.0.0.1/32", "10.0.0.0/8"], ["::/0"], ["x"]])
def test_other_networks_may_match(nets: list[str]) -> None:
    assert found(policy(egress=[{"action": "Allow", "destination": {"nets": nets}}])) == []


def test_equal_orders() -> None:
    policies = [
        item("GlobalNetworkPolicy", {"order": 5}, "a"),
        item("NetworkPolicy", {"order": 5.0, "tier": "default"}, "b", namespace="shop"),
        item("GlobalNetworkPolicy", {"order": 5, "tier": "security"}, "c"),
        item("StagedGlobalNetworkPolicy", {"order": 5}, "a"),
        item("GlobalNetworkPolicy", {"order": 6}, "d"),
    ]
    (warning,) = warnings(policies)
    assert (warning.id, warning.subject) == ("equal_order", "GlobalNetworkPolicy a")
    assert "NetworkPolicy shop/b" in warning.message
    many = [item("GlobalNetworkPolicy", {"order": 5}, f"p{n}") for n in range(12)]
    assert "p4, 7 more" in warnings(many)[0].message


def test_a_missing_order() -> None:
    assert found(global_policy(), global_policy(order=0)) == [("order_missing", "spec.order")]


def test_the_default_policies() -> None:
    assert found(*default_manifests(Placeholders())) == [
        ("selects_host_endpoints", "spec.namespaceSelector"),
        ("label_called_name", "spec.egress[0].source.namespaceSelector"),
        ("loopback_never_matches", "spec.egress[0]"),
    ]


def test_as_result_and_as_line() -> None:
    (warning,) = warnings([global_policy()])
    assert set(warning.as_result()) == {"id", "subject", "path", "message"}
    assert str(warning).startswith("GlobalNetworkPolicy a: spec.order: is missing")


def test_what_is_no_policy_is_passed_over() -> None:
    kinds = ("GlobalNetworkSet", "Tier", "HostEndpoint")
    assert found(None, 5, {}, *(item(kind, {}) for kind in kinds), {**global_policy(), "apiVersion": "v1"}) == []
