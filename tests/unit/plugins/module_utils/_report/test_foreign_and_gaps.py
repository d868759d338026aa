# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which policies of others come first, and what the objects in place do not reach."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.netguard.calico.plugins.module_utils._calico.baseline import Placeholders, default_manifests
from ansible_collections.netguard.calico.plugins.module_utils._calico.manifest import SourcedManifest, parse_policies
from ansible_collections.netguard.calico.plugins.module_utils._report.facts import ServiceFact
from ansible_collections.netguard.calico.plugins.module_utils._report.foreign import (
    KUBERNETES_KIND,
    LivePolicy,
    foreign_policies,
    live_policy,
)
from ansible_collections.netguard.calico.plugins.module_utils._report.gaps import gaps

OURS = parse_policies([SourcedManifest("default", m) for m in default_manifests(Placeholders())])
TIERS = {"default": 1_000_000.0, "security": 10.0}


def policy(kind: str, name: str, namespace: str = "", **spec: Any) -> LivePolicy:
    return live_policy(kind, {"metadata": {"name": name, "namespace": namespace}, "spec": spec})


def service(name: str, kind: str = "NodePort", status: str = "compliant") -> ServiceFact:
    return ServiceFact("shop", name, kind, "Local", status, "")


@pytest.mark.parametrize(
    ("other", "precedes"),
    [
        (
            policy("GlobalNetworkPolicy", "a", order=1, types=["Ingress", "Egress"]),
            {"global-default", "global-egress-deny", "global-egress-allow", "global-privileged-namespace"},
        ),
        (policy("GlobalNetworkPolicy", "a", order=501.5, types=["Egress"]), {"global-default", "global-egress-deny"}),
        (
            policy("GlobalNetworkPolicy", "a", order=1, types=["Ingress"]),
            {"global-default", "global-privileged-namespace"},
        ),
        (policy("GlobalNetworkPolicy", "a"), set()),
        (
            policy("GlobalNetworkPolicy", "a", tier="security", types=["Ingress"]),
            {"global-default", "global-privileged-namespace"},
        ),
        (
            policy("NetworkPolicy", "z", "shop", order=500.0, types=["Egress"]),
            {"global-default", "global-egress-deny", "global-egress-allow"},
        ),
        (policy(KUBERNETES_KIND, "a", "shop", podSelector={}), {"global-default"}),
        (policy(KUBERNETES_KIND, "a", "shop", podSelector={}, policyTypes=["Egress"]), {"global-default"}),
        (policy("GlobalNetworkPolicy", "global-default", order=1), set()),
    ],
)
def test_who_comes_first(other: LivePolicy, precedes: set[str]) -> None:
    found = foreign_policies(OURS, [other], TIERS)
    assert {name for f in found for name in f.precedes} == precedes


def test_a_network_policy_of_the_default_tier_falls_through_to_the_closing_allow() -> None:
    live = [policy(KUBERNETES_KIND, "deny-all", "shop", podSelector={})]
    found = {gap.id: gap for gap in gaps(OURS, live, (), ())}
    assert found["network_policy_falls_through"].subjects == ("shop/deny-all",)
    assert "global-default allows everything" in found["network_policy_falls_through"].message


def test_a_network_policy_of_another_tier_does_not() -> None:
    assert gaps(OURS, [policy("NetworkPolicy", "x", "shop", tier="security", types=["Ingress"])], (), ()) == ()


def test_node_ports_are_a_way_around_a_denial_by_selector() -> None:
    found = {gap.id: gap for gap in gaps(OURS, (), (), [service("web"), service("db", "ClusterIP")])}
    assert found["egress_by_node_port"].subjects == ("shop/web",)


def test_without_such_a_denial_node_ports_are_no_gap() -> None:
    only_default = [p for p in OURS if p.name == "global-default"]
    assert gaps(only_default, (), (), [service("web")]) == ()


def test_services_that_opted_out_are_a_gap() -> None:
    assert "service_opted_out" in {gap.id for gap in gaps((), (), (), [service("web", status="ignored")])}
