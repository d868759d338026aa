# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the data plane makes of policies that live in a cluster, invalid ones too; and their order."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.netguard.calico.plugins.module_utils._calico.policies import PolicySet, Staged, policy_set
from ansible_collections.netguard.calico.plugins.module_utils._calico.snapshot import snapshot

Object = dict[str, Any]


def policy(name: str, kind: str = "GlobalNetworkPolicy", namespace: str = "", **spec: Any) -> Object:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": "projectcalico.org/v3", "kind": kind, "metadata": metadata, "spec": spec}


def tier(name: str, order: float | None, action: str = "Deny") -> Object:
    return {
        "apiVersion": "projectcalico.org/v3",
        "kind": "Tier",
        "metadata": {"name": name},
        "spec": {"order": order, "defaultAction": action},
    }


def compiled(*objects: Object, staged: Staged = "ignore") -> PolicySet:
    return policy_set(snapshot(objects, {}, {}), staged)


def names(found: PolicySet) -> list[tuple[str, str]]:
    return [(tier.name, policy.name) for tier in found.tiers for policy in tier.policies]


def allow(**source: Any) -> Object:
    return {"action": "Allow", "source": source}


@pytest.mark.parametrize(
    ("spec", "effect", "path"),
    [
        ({"selector": "app = 'web'"}, "missing", "spec.selector"),
        ({"namespaceSelector": "has(nothere"}, "ignored", "spec.namespaceSelector"),
        ({"serviceAccountSelector": "x"}, "ignored", "spec.serviceAccountSelector"),
        ({"ingress": [allow(selector="a = 'b'")]}, "missing", "spec.ingress[0].source.selector"),
        ({"ingress": [allow(notSelector="((")]}, "missing", "spec.ingress[0].source.notSelector"),
        ({"ingress": [allow(namespaceSelector="has(a")]}, "missing", "spec.ingress[0].source.namespaceSelector"),
        ({"ingress": [allow(nets=["192.0.2.0/33"])]}, "ignored", "spec.ingress[0].source.nets[0]"),
        ({"ingress": [{"action": "Allow", "protocol": "tcp"}]}, "missing", "spec.ingress[0].protocol"),
        ({"ingress": [{"action": "Permit"}]}, "missing", "spec.ingress[0].action"),
        (
            {"egress": [{"action": "Deny", "destination": {"nets": ["x"]}}]},
            "unclear",
            "spec.egress[0].destination.nets[0]",
        ),
        (
            {"egress": [{"action": "Deny", "destination": {"ports": [0]}}]},
            "unclear",
            "spec.egress[0].destination.ports[0]",
        ),
        ({"order": "first"}, "unclear", "spec.order"),
        ({"tier": "nowhere"}, "denied", "spec.tier"),
    ],
)
def test_what_is_wrong_is_found_with_its_effect(spec: Object, effect: str, path: str) -> None:
    found = compiled(policy("p", **spec))
    assert [(fault.effect, fault.path) for fault in found.faults] == [(effect, path)]
    assert names(found) == ([] if effect == "missing" else [(spec.get("tier", "default"), "p")])


def test_an_unclear_policy_says_so() -> None:
    (only,) = compiled(policy("p", order="first")).tiers
    assert "spec.order" in only.policies[0].unclear


@pytest.mark.parametrize(
    ("types", "governs"),
    [(None, {"Ingress", "Egress"}), (["Egress"], {"Egress"}), (["ingress"], {"Ingress"}), (["Sideways"], {"Sideways"})],
)
def test_directions(types: list[str] | None, governs: set[str]) -> None:
    (only,) = compiled(policy("p", types=types, ingress=[{"action": "Allow"}])).tiers
    assert only.policies[0].governs == governs


def test_tiers_by_order_then_name_and_what_does_not_exist_last() -> None:
    found = compiled(
        tier("late", 2_000_000),
        tier("none", None),
        tier("early", 10),
        *(policy(f"in-{name}", tier=name) for name in ("late", "none", "early", "default", "nowhere")),
    )
    assert [t.name for t in found.tiers] == ["early", "default", "late", "none", "nowhere"]


def test_policies_by_order_then_by_name_namespace_and_kind() -> None:
    found = compiled(
        policy("b", order=1),
        policy("a", "NetworkPolicy", "ns", order=1),
        policy("a", order=1),
        policy("z"),
        policy("first", order=-5),
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": "k", "namespace": "ns"},
            "spec": {},
        },
    )
    (only,) = found.tiers
    assert [(p.name, p.namespace) for p in only.policies] == [
        ("first", ""),
        ("a", ""),
        ("a", "ns"),
        ("b", ""),
        ("k", "ns"),
        ("z", ""),
    ]


@pytest.mark.parametrize(
    ("action", "expected"),
    [("Set", ["kept", "new"]), (None, ["kept", "new"]), ("Delete", ["kept"]), ("Ignore", ["kept", "new"])],
)
def test_staged_policies_count_only_as_if_enforced(action: str | None, expected: list[str]) -> None:
    spec = {} if action is None else {"stagedAction": action}
    objects = [policy("kept"), policy("new", "StagedGlobalNetworkPolicy", **spec)]
    objects += [policy("new")] if action in ("Delete", "Ignore") else []
    ignored = [name for _tier, name in names(compiled(*objects))]
    assert ignored == (["kept", "new"] if action in ("Delete", "Ignore") else ["kept"])
    assert [name for _tier, name in names(compiled(*objects, staged="enforce"))] == expected


def test_what_is_unread_stands_where_it_would() -> None:
    reading = snapshot([tier("early", 1)], {"KubernetesNetworkPolicy": "forbidden"}, {"early": "forbidden"})
    found = policy_set(reading, "ignore")
    assert [(t.name, p.order, bool(p.unclear)) for t in found.tiers for p in t.policies] == [
        ("early", float("-inf"), True),
        ("default", 1000, True),
    ]


def test_names_of_accounts_that_cannot_be_read_are_said_to_match_everybody() -> None:
    found = compiled(policy("p", ingress=[{"action": "Allow", "source": {"serviceAccounts": {"names": ["it's"]}}}]))
    assert [(fault.effect, fault.path) for fault in found.faults] == [
        ("ignored", "spec.ingress[0].source.serviceAccounts.names")
    ]
