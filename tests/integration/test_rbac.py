# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The accounts of docs/rbac have what they need, and no more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import accounts
from ansible_run import Ansible
from cluster_content import Content
from conftest import policy
from control_plane import Backend, ControlPlane
from requests_seen import Requests

A = [policy("a", order=10, types=["Ingress"])]


@pytest.fixture
def account(ansible: Ansible, plane: ControlPlane, tmp_path: Path) -> Callable[[str], Ansible]:
    """Ansible as the account of that name."""
    return lambda name: replace(ansible, options={"kubeconfig": str(accounts.kubeconfig(plane, name, tmp_path))})


@pytest.fixture
def shop(content: Content) -> Content:
    content.namespace("shop")
    content.service("shop", "web", "NodePort")
    return content


def test_the_verdict_reader_knows_every_verdict_and_writes_nothing(
    account: Callable[[str], Ansible], shop: Content
) -> None:
    shop.pod("shop", "web-1", "10.244.1.1")
    reader = account("verdict-reader")
    asked = {"source": {"pod": {"namespace": "shop", "name": "web-1"}}, "destination": {"address": "192.0.2.1"}}
    answer = reader.module("policy_verdict_info", connections=[{**asked, "port": 443}], staged="enforce")
    assert answer.result["unread"] == []
    assert [v["verdict"] for v in answer.result["verdicts"]] == ["allow"]
    assert reader.module("policy_baseline", policies=A).result["code"] == "forbidden"


def test_what_an_account_may_not_read_makes_the_verdict_unknown(
    account: Callable[[str], Ansible], shop: Content
) -> None:
    shop.pod("shop", "web-1", "10.244.1.1")
    asked = {"source": {"pod": {"namespace": "shop", "name": "web-1"}}, "destination": {"address": "192.0.2.1"}}
    answer = account("reader").module("policy_verdict_info", connections=[{**asked, "port": 443}])
    (verdict,) = answer.result["verdicts"]
    assert (verdict["verdict"], verdict["decided_by"]) == ("unknown", None)
    assert "list on pods" in " ".join(verdict["reasons"]) or "pods" in " ".join(verdict["reasons"])
    assert "Pod" in [part["what"] for part in answer.result["unread"]]


def test_the_reader_reads_everything(account: Callable[[str], Ansible], shop: Content, backend: Backend) -> None:
    answer = account("reader").module("baseline_info", namespaces=["*"])
    assert not answer.failed, answer.output
    assert answer.result["unread"] == []
    assert answer.result["cluster"]["uid"]
    assert answer.result["cluster"]["backend"] == backend


def test_the_reader_is_told_of_drift_that_it_cannot_confirm(
    account: Callable[[str], Ansible], ansible: Ansible, shop: Content
) -> None:
    ansible.module("policy_baseline", policies=A)
    shop.patch_policy("a", order=11)
    answer = account("reader").module("baseline_info", policies=A)
    assert [p["status"] for p in answer.result["policies"]] == ["drifted"]


def test_the_reader_writes_nothing(
    account: Callable[[str], Ansible], requests: Callable[[], Requests], shop: Content
) -> None:
    for module, options, right in (
        ("policy_baseline", {"policies": A}, "on globalnetworkpolicies.projectcalico.org to this account"),
        (
            "service_external_traffic_policy",
            {"namespaces": ["shop"]},
            "the verb list on endpointslices.discovery.k8s.io",
        ),
    ):
        answer = account("reader").module(module, **options)
        assert answer.failed
        assert right in answer.result["msg"]
    assert shop.policies() == {}
    assert shop.services("shop")["web"]["spec"]["externalTrafficPolicy"] == "Cluster"


def test_the_writer_creates_changes_and_deletes(account: Callable[[str], Ansible], shop: Content) -> None:
    writer = account("writer")
    changed = [policy("a", order=11, types=["Ingress"])]
    staged = {"policies": changed, "state": "staged"}
    for options in ({"policies": A}, staged, {"policies": changed}, {"policies": changed, "state": "absent"}):
        answer = writer.module("policy_baseline", **options)
        assert not answer.failed, answer.output
        assert answer.changed
    for state in ("present", "absent"):
        answer = writer.module("service_external_traffic_policy", namespaces=["shop"], state=state)
        assert not answer.failed, answer.output
        assert answer.changed
    assert writer.module("baseline_info", namespaces=["shop"]).result["unread"] == []
