# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An account that may see one tier only: Calico's API server leaves the others out of lists without a word."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ansible_run import Ansible
from cluster_content import Content
from conftest import policy
from control_plane import ControlPlane, kubeconfig_for_token, service_account_token, start, stop

TIERS = "/apis/projectcalico.org/v3/tiers"
RBAC = "/apis/rbac.authorization.k8s.io/v1"
ALLOW = policy("a", types=["Ingress"], ingress=[{"action": "Allow"}])
CALICO = ["projectcalico.org"]
RULES = [
    {"apiGroups": CALICO, "resources": ["globalnetworkpolicies", "networkpolicies"], "verbs": ["*"]},
    {"apiGroups": CALICO, "resources": ["tiers"], "verbs": ["list"]},
    {"apiGroups": CALICO, "resources": ["tiers"], "resourceNames": ["default"], "verbs": ["get"]},
    {
        "apiGroups": CALICO,
        "resources": ["tier.globalnetworkpolicies", "tier.networkpolicies"],
        "resourceNames": ["default.*"],
        "verbs": ["*"],
    },
    {"apiGroups": ["networking.k8s.io"], "resources": ["networkpolicies"], "verbs": ["list"]},
    {"apiGroups": ["apiregistration.k8s.io"], "resources": ["apiservices"], "verbs": ["get"]},
    {"apiGroups": [""], "resources": ["namespaces"], "verbs": ["get"]},
]


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A control plane of its own, with Calico's API behind an API server, whatever the others have."""
    started = start(tmp_path_factory.mktemp("cluster") / "plane", None, "aggregated")
    yield started
    stop(started.directory)


@pytest.fixture(scope="module")
def token(plane: ControlPlane) -> str:
    """The token of an account that may see the tier default only, where there is another tier."""
    api = plane.admin_api()
    api.request("POST", TIERS, {"apiVersion": "projectcalico.org/v3", "kind": "Tier", **tier("closed")})
    role = {"metadata": {"name": "short-sighted"}, "rules": RULES}
    binding = {
        "metadata": {"name": "short-sighted"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "short-sighted"},
        "subjects": [{"kind": "ServiceAccount", "name": "short-sighted", "namespace": "default"}],
    }
    version = RBAC.removeprefix("/apis/")
    api.request("POST", f"{RBAC}/clusterroles", {"apiVersion": version, "kind": "ClusterRole", **role})
    api.request("POST", f"{RBAC}/clusterrolebindings", {"apiVersion": version, "kind": "ClusterRoleBinding", **binding})
    return service_account_token(plane, "default", "short-sighted")


@pytest.fixture
def short_sighted(ansible: Ansible, plane: ControlPlane, content: Content, token: str, tmp_path: Path) -> Ansible:
    """Ansible as that account, where the other tier has a policy."""
    content.policy("hidden", tier="closed", types=["Ingress"], order=1)
    file = kubeconfig_for_token(plane, token, tmp_path / "short-sighted.kubeconfig")
    return replace(ansible, options={"kubeconfig": str(file)})


def tier(name: str) -> dict[str, object]:
    return {"metadata": {"name": name}, "spec": {"order": 50, "defaultAction": "Deny"}}


def test_an_audit_says_which_tiers_it_did_not_see(ansible: Ansible, short_sighted: Ansible) -> None:
    ansible.module("policy_baseline", policies=[ALLOW])
    found = short_sighted.module("baseline_info", policies=[ALLOW]).result
    assert {part["what"]: part["code"] for part in found["unread"]} == {
        "globalnetworkpolicies.projectcalico.org of tier closed": "forbidden",
        "networkpolicies.projectcalico.org of tier closed": "forbidden",
    }
    assert (found["compliant"], found["status"]) == (False, "unknown")


def test_an_audit_that_sees_every_tier_is_not_in_doubt(ansible: Ansible, short_sighted: Ansible) -> None:
    ansible.module("policy_baseline", policies=[ALLOW])
    found = ansible.module("baseline_info", policies=[ALLOW]).result
    assert (found["unread"], found["status"], short_sighted is ansible) == ([], "compliant", False)


def test_what_is_hidden_is_not_taken_for_removed(short_sighted: Ansible) -> None:
    hidden = policy("hidden", tier="closed", types=["Ingress"], order=1)
    answer = short_sighted.module("policy_baseline", policies=[hidden], state="absent")
    assert (answer.failed, answer.result["code"]) == (True, "forbidden")


def test_what_is_not_there_is_removed_already(ansible: Ansible, content: Content) -> None:
    answer = ansible.module("policy_baseline", policies=[ALLOW], state="absent")
    assert (answer.failed, answer.changed) == (False, False)
