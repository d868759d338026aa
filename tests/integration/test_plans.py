# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans that are approved, that remove what is no longer listed, and that stop at what others manage."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_run import Ansible
from cluster_content import Content
from conftest import EACH_BACKEND, policy
from requests_seen import Requests

pytestmark = [pytest.mark.parametrize("plane", EACH_BACKEND, indirect=True, scope="session"), pytest.mark.any_versions]
A, B, C = (policy(name, order=order, types=["Ingress"]) for order, name in enumerate("abc", 1))
MANAGED = {"labels": {"argocd.argoproj.io/instance": "edge"}}


def test_the_approved_plan_is_carried_out_and_no_other_one(
    ansible: Ansible, requests: Callable[[], Requests], content: Content
) -> None:
    approved: dict[str, Any] = {"policies": [A, B]}
    approved["plan_digest"] = ansible.module("policy_baseline", check=True, policies=[A, B]).result["plan_digest"]
    content.policy("b", order=9)
    with requests() as seen:
        refused = ansible.module("policy_baseline", **approved)
    assert (refused.failed, refused.result["code"], seen.writes) == (True, "plan_differs", [])
    content.delete_policy("b")
    done = ansible.module("policy_baseline", **approved)
    assert (done.changed, done.result["plan_digest"]) == (True, approved["plan_digest"])
    assert ansible.module("policy_baseline", **approved).changed is False


def test_an_approval_that_is_empty_is_none(ansible: Ansible, content: Content) -> None:
    answer = ansible.module("policy_baseline", policies=[A], plan_digest="")
    assert (answer.failed, answer.result["code"], content.policies()) == (True, "invalid_input", {})


def test_a_single_policys_plan_is_held_to_as_well(ansible: Ansible, content: Content) -> None:
    answer = ansible.module("global_network_policy", definition=A, plan_digest="0" * 64)
    assert (answer.failed, answer.result["code"], content.policies()) == (True, "plan_differs", {})


@pytest.fixture
def unlisted(ansible: Ansible, content: Content) -> Content:
    """A baseline that no longer lists b and c, beside another one and a policy of nobody's."""
    ansible.module("policy_baseline", name="edge", policies=[A, B, C])
    ansible.module("policy_baseline", name="core", policies=[policy("of-core", order=4)])
    content.policy("of-nobody", order=5)
    return content


def test_what_is_no_longer_listed_is_told_or_removed(ansible: Ansible, unlisted: Content) -> None:
    kept = ansible.module("policy_baseline", name="edge", policies=[A])
    assert (kept.changed, kept.result["prunable"]) == (False, [])
    told = ansible.module("policy_baseline", name="edge", policies=[A], prune="report")
    assert (told.changed, told.result["prunable"]) == (False, ["b", "c"])
    assert "still there with the label of edge: b, c" in told.result["warnings"][0]
    planned = ansible.module("policy_baseline", check=True, name="edge", policies=[A], prune="delete")
    removed = ansible.module("policy_baseline", name="edge", policies=[A], prune="delete")
    for answer in (planned, removed):
        assert [(s["action"], s["name"]) for s in answer.result["plan"]] == [("delete", "b"), ("delete", "c")]
    assert set(unlisted.policies()) == {"a", "of-core", "of-nobody"}


def test_what_is_left_over_when_a_baseline_is_removed_is_told(ansible: Ansible, unlisted: Content) -> None:
    answer = ansible.module("policy_baseline", name="edge", policies=[A], state="absent")
    assert "still there with the label of edge: b, c" in answer.result["warnings"][0]
    assert set(unlisted.policies()) == {"b", "c", "of-core", "of-nobody"}


def test_too_many_are_not_removed(ansible: Ansible, requests: Callable[[], Requests], unlisted: Content) -> None:
    with requests() as seen:
        answer = ansible.module("policy_baseline", name="edge", policies=[A], prune="delete", max_prune=1)
    assert (answer.failed, answer.result["code"], seen.writes) == (True, "too_many_to_prune", [])


@pytest.mark.parametrize("check", [True, False])
def test_what_a_gitops_tool_manages_is_left_to_it_unless_told_otherwise(
    ansible: Ansible, requests: Callable[[], Requests], content: Content, check: bool
) -> None:
    content.policy("a", labels=MANAGED["labels"], order=9)
    tries: list[tuple[str, dict[str, Any]]] = [
        ("policy_baseline", {"policies": [A, B]}),
        ("global_network_policy", {"definition": A}),
        ("global_network_policy", {"name": "a", "state": "absent"}),
    ]
    for module, options in tries:
        with requests() as seen:
            answer = ansible.module(module, check=check, **options)
        assert (answer.failed, answer.result["code"], seen.writes) == (True, "managed_elsewhere", [])
        assert "GlobalNetworkPolicy a is managed by Argo CD (edge)" in answer.result["msg"]
    assert ansible.module("policy_baseline", check=check, policies=[A], take_over=True).changed
    found = ansible.module("baseline_info", policies=[A]).result
    assert found["policies"][0]["managed_by"] == "Argo CD (edge)"
