# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""baseline_info against a real API server."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_run import Ansible
from cluster_content import Content
from conftest import policy
from contract import Contract
from control_plane import ControlPlane, kubeconfig_for_token, service_account_token
from requests_seen import Requests

A = policy("a", order=10, types=["Ingress"], ingress=[{"action": "Allow", "source": {}}])
B = policy("b", order=20, types=["Ingress"])


def facts(ansible: Ansible, **options: Any) -> dict[str, Any]:
    answer = ansible.module("baseline_info", **options)
    assert not answer.failed, answer.output
    assert not answer.changed
    return answer.result


def test_twelve_steps(ansible: Ansible, contract: Callable[..., Contract], content: Content) -> None:
    """The states that the writing modules' steps go through, each read four times."""
    steps = contract("baseline_info", lambda result: result["policies"], content.policies)
    for change in (
        {"policies": [A, B]},
        {"policies": [A, policy("b", order=21)]},
        {"policies": [A], "state": "absent"},
    ):
        ansible.module("policy_baseline", **change)
        steps.read_step({"policies": [A, B]})


def test_each_policy_is_in_place_drifted_or_missing(
    ansible: Ansible, requests: Callable[[], Requests], content: Content
) -> None:
    ansible.module("policy_baseline", policies=[A, B])
    content.patch_policy("a", selector="app == 'web'")
    with requests() as seen:
        found = facts(ansible, policies=[A, B, policy("c")])
    assert {p["name"]: p["status"] for p in found["policies"]} == {"a": "drifted", "b": "in_place", "c": "missing"}
    assert found["policies"][0]["difference"] == [{"path": "spec.selector", "live": "app == 'web'", "wanted": None}]
    assert (found["compliant"], found["status"]) == (False, "not_compliant")
    assert [f["id"] for f in found["findings"]] == ["policy_drifted", "policy_missing"]
    assert seen.writes == []


def test_a_baseline_in_force_is_compliant(ansible: Ansible, content: Content) -> None:
    assert facts(ansible)["status"] == "not_compliant"
    ansible.module("policy_baseline")
    found = facts(ansible)
    assert (found["compliant"], found["status"], found["judged"]) == (True, "compliant", ["policies"])
    assert "compliant" in found["summary"][0]


def test_policies_of_others_that_come_first_are_named(ansible: Ansible, content: Content) -> None:
    ansible.module("policy_baseline", policies=[A, B])
    content.policy("before", order=15, types=["Ingress"])
    content.policy("after", order=25, types=["Ingress"])
    content.policy("other-direction", order=1, types=["Egress"])
    found = facts(ansible, policies=[A, B])
    assert [(f["name"], f["precedes"]) for f in found["foreign_policies"]] == [("before", ["b"])]
    assert "foreign_policy_first" in {gap["id"] for gap in found["gaps"]}
    assert found["compliant"], "gaps alone do not make it non-compliant"


def test_services_of_the_selection_are_judged(ansible: Ansible, content: Content) -> None:
    ansible.module("policy_baseline")
    content.namespace("shop")
    content.service("shop", "internal", "ClusterIP")
    content.service("shop", "web", "NodePort")
    content.service("shop", "good", "NodePort", externalTrafficPolicy="Local")
    found = facts(ansible, names=["shop/*", "shop/gone"])
    assert {s["name"]: (s["status"], s["complies"]) for s in found["services"]} == {
        "internal": ("not_applicable", True),
        "web": ("not_compliant", False),
        "good": ("compliant", True),
        "gone": ("missing", False),
    }
    assert found["counts"]["services"]["total"] == 4
    assert found["status"] == "not_compliant"


@pytest.mark.parametrize(
    ("query", "passed"),
    [("length(policies) == `4`", True), ("length(policies) == `5`", False), ("length(polices)", False)],
)
def test_checks_of_ones_own(ansible: Ansible, content: Content, query: str, passed: bool) -> None:
    ansible.module("policy_baseline")
    found = facts(ansible, checks=[{"id": "count", "query": query, "message": "not as many as there should be"}])
    assert [check["passed"] for check in found["checks"]] == [passed]
    assert found["compliant"] is passed


@pytest.mark.parametrize("options", [{"checks": [{"id": "c", "query": "x["}]}, {"query": "]"}])
def test_an_expression_that_does_not_parse_is_an_error_before_anything_is_read(
    ansible: Ansible, requests: Callable[[], Requests], options: dict[str, Any]
) -> None:
    with requests() as seen:
        answer = ansible.module("baseline_info", **options)
    assert answer.result["code"] == "invalid_input"
    assert "is not JMESPath" in answer.result["msg"]
    assert seen.all == []


def test_a_query_cuts_the_result(ansible: Ansible, content: Content) -> None:
    found = facts(ansible, query="policies[].name")
    assert found["query_result"][0] == "global-default"
    assert "policies" not in found
    assert found["status"] == "not_compliant"


def test_nothing_asked_for_is_not_called_compliant(ansible: Ansible, content: Content) -> None:
    found = facts(ansible, gather_subset=["cluster"])
    assert (found["compliant"], found["status"]) == (False, "not_judged")


def test_what_may_not_be_read_is_unread_and_nothing_is_fine(
    ansible: Ansible, plane: ControlPlane, content: Content, tmp_path: Path
) -> None:
    ansible.module("policy_baseline")
    token = service_account_token(plane, "default", "half-blind")
    allow_policies_only(content)
    file = kubeconfig_for_token(plane, token, tmp_path / "half-blind.kubeconfig")
    found = facts(replace(ansible, options={"kubeconfig": str(file)}), namespaces=["*"])
    assert {part["what"]: part["code"] for part in found["unread"]} == {
        "networkpolicies.projectcalico.org": "forbidden",
        "networkpolicies.networking.k8s.io": "forbidden",
        "tiers.projectcalico.org": "forbidden",
        "clusterinformations.projectcalico.org default": "forbidden",
        "services": "forbidden",
    }
    assert (found["compliant"], found["status"]) == (False, "unknown")
    assert found["cluster"]["uid"] is None


def allow_policies_only(content: Content) -> None:
    """Lets the account list GlobalNetworkPolicies and nothing else."""
    rbac = "/apis/rbac.authorization.k8s.io/v1"
    name = "half-blind"
    group = {"apiGroups": ["projectcalico.org"]}
    resources = ["globalnetworkpolicies", "tier.globalnetworkpolicies"]
    rules = [{**group, "resources": resources, "verbs": ["list"]}, {**group, "resources": ["tiers"], "verbs": ["get"]}]
    role = {"metadata": {"name": name}, "rules": rules}
    binding = {
        "metadata": {"name": name},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name},
        "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": "default"}],
    }
    for plural, kind, body in (
        ("clusterroles", "ClusterRole", role),
        ("clusterrolebindings", "ClusterRoleBinding", binding),
    ):
        content.request("POST", f"{rbac}/{plural}", {"apiVersion": rbac.removeprefix("/apis/"), "kind": kind, **body})
