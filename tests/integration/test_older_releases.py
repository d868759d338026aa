# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Older releases of Calico's API server, as the stand-in plays them: without tiers, with tiers before names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_run import Ansible
from cluster_content import Content
from conftest import OLDER, policy
from requests_seen import Requests

pytestmark = pytest.mark.any_versions

WITHOUT_TIERS, PREFIXED, STORED_PREFIXED = OLDER
A, A_CHANGED = policy("a", order=10, types=["Ingress"]), policy("a", order=11, types=["Ingress"])


def on(*planes: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("plane", planes, indirect=True, scope="session")


def orders(content: Content) -> dict[str, Any]:
    return {name: item["spec"]["order"] for name, item in content.policies().items()}


@on(PREFIXED, STORED_PREFIXED)
@pytest.mark.parametrize(
    ("module", "present", "changed", "absent"),
    [
        ("policy_baseline", {"policies": [A]}, {"policies": [A_CHANGED]}, {"policies": [A_CHANGED], "state": "absent"}),
        ("global_network_policy", {"definition": A}, {"definition": A_CHANGED}, {"name": "a", "state": "absent"}),
    ],
)
def test_a_policy_is_created_changed_and_removed_whatever_its_name_looks_like(
    ansible: Ansible,
    requests: Callable[[], Requests],
    content: Content,
    module: str,
    present: dict[str, Any],
    changed: dict[str, Any],
    absent: dict[str, Any],
) -> None:
    for options, expected in ((present, [10]), (changed, [11]), (absent, [])):
        for check in (True, False):
            answer = ansible.module(module, check=check, **options)
            assert (answer.failed, answer.changed) == (False, True), answer.output
        assert list(orders(content).values()) == expected
        with requests() as again:
            answer = ansible.module(module, **options)
        assert (answer.failed, answer.changed, again.writes) == (False, False, []), answer.output


@on(PREFIXED, STORED_PREFIXED)
def test_an_audit_knows_the_policy_by_its_own_name(ansible: Ansible, content: Content) -> None:
    ansible.module("policy_baseline", policies=[A])
    found = ansible.module("baseline_info", policies=[A]).result
    assert (found["status"], found["foreign_policies"]) == ("compliant", [])
    content.patch_policy(next(iter(content.policies())), order=12)
    found = ansible.module("baseline_info", policies=[A]).result
    assert [(p["name"], p["status"]) for p in found["policies"]] == [("a", "drifted")]


@on(STORED_PREFIXED)
def test_a_policy_that_was_created_with_its_tier_before_the_name_is_the_same_one(
    ansible: Ansible, content: Content
) -> None:
    content.policy("default.a", order=9, types=["Ingress"])
    answer = ansible.module("policy_baseline", policies=[A])
    assert (answer.failed, answer.result["adopted"]) == (False, ["a"]), answer.output
    assert orders(content) == {"default.a": 10}
    assert ansible.module("policy_baseline", policies=[A], state="absent").changed
    assert orders(content) == {}


@on(WITHOUT_TIERS)
@pytest.mark.parametrize("check", [True, False])
def test_a_release_without_tiers_is_not_written_to(
    ansible: Ansible, requests: Callable[[], Requests], content: Content, check: bool
) -> None:
    with requests() as seen:
        answer = ansible.module("policy_baseline", check=check, policies=[A])
    assert (answer.failed, answer.result["code"]) == (True, "api_absent")
    assert "no tiers, which came with Calico v3.29" in answer.result["msg"]
    assert (seen.writes, content.policies()) == ([], {})


@on(WITHOUT_TIERS)
def test_a_release_without_tiers_is_audited(ansible: Ansible, content: Content) -> None:
    content.policy("a", labels={"netguard.calico/baseline": "default"}, order=10, types=["Ingress"])
    found = ansible.module("baseline_info", policies=[A]).result
    assert (found["status"], found["unread"]) == ("compliant", [])
    content.patch_policy("a", order=11)
    assert ansible.module("baseline_info", policies=[A]).result["status"] == "not_compliant"


@on(WITHOUT_TIERS)
def test_verdicts_need_no_tiers_and_missing_staged_kinds_are_told(ansible: Ansible, content: Content) -> None:
    content.namespace("shop")
    content.pod("shop", "web", "10.244.1.10")
    content.policy("a", order=1, types=["Ingress"], ingress=[{"action": "Deny"}])
    asked = {"source": {"address": "192.0.2.1"}, "destination": {"pod": {"namespace": "shop", "name": "web"}}}
    found = ansible.module("policy_verdict_info", connections=[{**asked, "port": 80}], staged="enforce").result
    assert (found["verdicts"][0]["verdict"], found["unread"]) == ("deny", [])
    assert any("StagedGlobalNetworkPolicy, which Calico has from v3.30 on" in text for text in found["warnings"])
