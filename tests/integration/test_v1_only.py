# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clusters that have Calico's v1 CRDs and nothing that serves v3: they are audited, and never written to."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from ansible_run import Ansible
from conftest import V1_ONLY, policy
from control_plane import Api, ControlPlane
from missing_rights import Right, Trial, names, of_rules
from requests_seen import Requests

pytestmark = [pytest.mark.parametrize("plane", [V1_ONLY], indirect=True, scope="session"), pytest.mark.any_versions]
ROOT = "/apis/crd.projectcalico.org/v1"
A = policy("a", order=10, types=["Ingress"], ingress=[{"action": "Deny"}])
B = policy("b", order=20, types=["Ingress"])


class Stored:
    """Objects as calicoctl and Calico's API server leave them in the v1 CRDs."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._paths: list[str] = []

    def put(self, plural: str, kind: str, name: str, own: Mapping[str, Any] | str, **content: Any) -> None:
        """Stores an object, with ``own`` as its v3 metadata."""
        annotation = own if isinstance(own, str) else json.dumps(own)
        metadata = {"name": name, "annotations": {"projectcalico.org/metadata": annotation}}
        body = {"apiVersion": "crd.projectcalico.org/v1", "kind": kind, "metadata": metadata, **content}
        self._api.request("POST", f"{ROOT}/{plural}", body)
        self._paths.append(f"{ROOT}/{plural}/{name}")

    def policy(self, name: str, own: Mapping[str, Any] | str, manifest: Mapping[str, Any], **more: Any) -> None:
        self.put("globalnetworkpolicies", "GlobalNetworkPolicy", name, own, spec={**manifest["spec"], **more})

    def remove(self) -> None:
        for path in self._paths:
            self._api.request("DELETE", path)


@pytest.fixture
def stored(plane: ControlPlane) -> Iterator[Stored]:
    stored = Stored(plane.admin_api())
    stored.put("tiers", "Tier", "default", {}, spec={"order": 1_000_000, "defaultAction": "Deny"})
    ready = {"datastoreReady": True, "calicoVersion": "v3.31.0"}
    stored.put("clusterinformations", "ClusterInformation", "default", {}, spec=ready)
    yield stored
    stored.remove()


BASELINE = {"labels": {"netguard.calico/baseline": "default"}}


@pytest.fixture
def in_force(stored: Stored) -> Stored:
    """A baseline in force, one policy as releases before 3.32 store it, one as later ones do."""
    stored.policy("default.a", BASELINE, A)
    stored.policy("b", {**BASELINE, "name": "b"}, B, tier="default")
    return stored


@pytest.mark.usefixtures("in_force")
def test_a_baseline_in_force_is_compliant(ansible: Ansible, requests: Callable[[], Requests]) -> None:
    with requests() as seen:
        answer = ansible.module("baseline_info", policies=[A, B])
    found = answer.result
    assert (found["status"], found["unread"], found["cluster"]["backend"]) == ("compliant", [], "v1")
    assert "nothing can be written" in found["warnings"][0]
    assert "Install Calico's API server" in found["warnings"][0]
    assert seen.writes == []


def test_drift_and_policies_of_others_are_found(ansible: Ansible, stored: Stored) -> None:
    stored.policy("default.a", BASELINE, A, order=11)
    stored.policy("default.of-others", {}, policy("x", order=1, types=["Ingress"]))
    found = ansible.module("baseline_info", policies=[A, B]).result
    assert {p["name"]: p["status"] for p in found["policies"]} == {"a": "drifted", "b": "missing"}
    assert [f["name"] for f in found["foreign_policies"]] == ["of-others"]
    assert found["status"] == "not_compliant"


def test_a_policy_that_cannot_be_read_is_not_fine(ansible: Ansible, in_force: Stored) -> None:
    in_force.policy("default.broken", "{", policy("broken", order=1))
    found = ansible.module("baseline_info", policies=[A, B]).result
    assert [(part["what"], part["code"]) for part in found["unread"]] == [
        ("globalnetworkpolicies.projectcalico.org", "unreadable")
    ]
    assert (found["compliant"], found["status"]) == (False, "unknown")


def test_two_policies_of_one_name_are_not_mistaken_for_each_other(ansible: Ansible, in_force: Stored) -> None:
    in_force.policy("a", {}, policy("a", order=1, types=["Ingress"], ingress=[{"action": "Allow"}]))
    found = ansible.module("baseline_info", policies=[A, B]).result
    assert "default.a and a are both called a" in found["unread"][0]["message"] or (
        "a and default.a are both called a" in found["unread"][0]["message"]
    )
    assert (found["compliant"], found["status"]) == (False, "unknown")


@pytest.mark.usefixtures("in_force")
def test_verdicts_are_given(ansible: Ansible) -> None:
    asked = {"source": {"address": "192.0.2.1"}, "destination": {"pod": {"namespace": "shop", "name": "web"}}}
    change = {"present": [{"apiVersion": "v1", "kind": "Pod", **POD}]}
    answer = ansible.module("policy_verdict_info", connections=[{**asked, "port": 80}], change=change)
    assert answer.result["unread"] == []
    (changed,) = answer.result["changed_verdicts"]
    assert [brief["verdict"] for brief in changed["after"]] == ["deny"]


POD = {
    "metadata": {"name": "web", "namespace": "shop"},
    "spec": {"nodeName": "n1", "containers": [{"name": "c"}]},
    "status": {"phase": "Running", "podIP": "10.244.1.1", "podIPs": [{"ip": "10.244.1.1"}]},
}


@pytest.mark.usefixtures("in_force")
@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize(
    ("module", "options"),
    [("policy_baseline", {"policies": [A]}), ("global_network_policy", {"name": "a", "state": "absent"})],
)
def test_nothing_is_written(
    ansible: Ansible, requests: Callable[[], Requests], check: bool, module: str, options: dict[str, Any]
) -> None:
    with requests() as seen:
        answer = ansible.module(module, check=check, **options)
    assert (answer.failed, answer.changed, answer.result["code"]) == (True, False, "api_absent")
    assert "Install Calico's API server" in answer.result["msg"]
    assert not [request for request in seen.all if not request.startswith("get")]


@pytest.mark.usefixtures("in_force")
def test_an_audit_without_a_right_is_never_compliant(trial: Trial) -> None:
    of_v1 = [right for right in of_rules("reader") if right.resource.endswith("crd.projectcalico.org")]
    complete, found = trial.results("reader", of_v1, [("baseline_info", {"policies": [A, B]})])
    assert complete[0]["status"] == "compliant"
    unnamed = {
        str(right): (result["status"], result["unread"])
        for right, (result,) in found.items()
        if not (result["status"] == "unknown" and any(names(right, part["message"]) for part in result["unread"]))
    }
    assert unnamed == {}
    assert Right("list", "globalnetworkpolicies.crd.projectcalico.org") in found
