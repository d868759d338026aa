# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes whose answers do not come: what was done is not called undone, and what was not done is not called done."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

import accounts
from aggregated.faults import ANSWER, BREAK_AFTER, BREAK_BEFORE, BREAK_DURING, Fault, ordered
from ansible_run import Ansible
from cluster_content import Content
from conftest import EACH_BACKEND, policy
from connect_proxy import tunnelling
from control_plane import Backend, ControlPlane
from requests_seen import Requests

pytestmark = [pytest.mark.parametrize("plane", EACH_BACKEND, indirect=True, scope="session"), pytest.mark.any_versions]
A, A_CHANGED, B = policy("a", order=1, types=["Ingress"]), policy("a", order=2, types=["Ingress"]), policy("b", order=3)
POLICIES = "/globalnetworkpolicies"
LOST = [BREAK_AFTER, BREAK_DURING]
Faults = Callable[..., AbstractContextManager[None]]


@pytest.fixture
def ansible(fronted: ControlPlane, collections: Path, tmp_path: Path) -> Ansible:
    """Ansible, whose requests go through the front."""
    return Ansible(tmp_path, {}, collections, accounts=accounts.of_modules(fronted, tmp_path))


@pytest.fixture
def broken(plane: ControlPlane, backend: Backend) -> Faults:
    """Breaks requests: those to Calico's API server where there is one, else those to kube-apiserver."""
    directory = plane.directory / ("calico-api" if backend == "aggregated" else "front")

    def fault(action: str, method: str, path: str, times: int = 1, **more: Any) -> AbstractContextManager[None]:
        return ordered(directory, Fault(action, method=method, path=path, without="dryRun", **more), times)

    return fault


@pytest.mark.parametrize("action", LOST)
def test_a_write_that_was_done_counts_though_its_answer_is_lost(
    ansible: Ansible, content: Content, requests: Callable[[], Requests], broken: Faults, action: str
) -> None:
    steps: list[tuple[str, dict[str, Any], list[int]]] = [
        ("POST", {"policies": [A]}, [1]),
        ("PUT", {"policies": [A_CHANGED]}, [2]),
        ("DELETE", {"policies": [A_CHANGED], "state": "absent"}, []),
    ]
    for method, options, after in steps:
        with requests() as seen, broken(action, method, POLICIES):
            answer = ansible.module("policy_baseline", **options)
        assert (answer.failed, answer.changed) == (False, True), answer.output
        assert [item["spec"]["order"] for item in content.policies().values()] == after
        assert len(seen.writes) == 1


def test_a_staged_write_that_was_done_counts_too(ansible: Ansible, content: Content, broken: Faults) -> None:
    for method, state in (("POST", "staged"), ("DELETE", "present")):
        with broken(BREAK_AFTER, method, "/stagedglobalnetworkpolicies"):
            answer = ansible.module("policy_baseline", policies=[A], state=state)
        assert (answer.failed, answer.changed) == (False, True), answer.output
        assert set(content.staged_policies()) == ({"a"} if state == "staged" else set())


def test_a_proxy_on_the_way_does_not_make_it_undone(ansible: Ansible, content: Content, broken: Faults) -> None:
    with tunnelling() as proxy, broken(BREAK_AFTER, "POST", POLICIES):
        answer = ansible.module("policy_baseline", policies=[A], proxy=proxy, no_proxy="example.org")
    assert (answer.failed, answer.changed) == (False, True), answer.output
    assert set(content.policies()) == {"a"}


def test_a_write_that_was_not_done_fails_and_says_so(ansible: Ansible, content: Content, broken: Faults) -> None:
    with broken(BREAK_BEFORE, "POST", POLICIES):
        answer = ansible.module("policy_baseline", policies=[A])
    assert (answer.failed, answer.changed) == (True, False)
    assert answer.result["code"] in ("unreachable", "unavailable")
    assert content.policies() == {}


def test_an_outcome_that_nobody_can_know_is_told_as_such(ansible: Ansible, content: Content, broken: Faults) -> None:
    content.policy("a", order=9)
    with broken(BREAK_AFTER, "PUT", POLICIES), broken(BREAK_BEFORE, "GET", f"{POLICIES}/a", times=3):
        answer = ansible.module("policy_baseline", policies=[A])
    assert (answer.failed, answer.changed) == (True, True)
    assert answer.result["code"] == "outcome_unknown"
    assert "Whether update a was done is not known" in answer.result["msg"]
    assert content.policies()["a"]["spec"]["order"] == 1


def test_a_server_that_is_busy_is_asked_again(
    ansible: Ansible, content: Content, requests: Callable[[], Requests], broken: Faults
) -> None:
    with broken(ANSWER, "POST", POLICIES, times=2, status=429, retry_after=1):
        answer = ansible.module("policy_baseline", policies=[A])
    assert (answer.failed, answer.changed) == (False, True), answer.output
    assert set(content.policies()) == {"a"}


def test_a_server_that_stays_busy_has_done_nothing(ansible: Ansible, content: Content, broken: Faults) -> None:
    with broken(ANSWER, "POST", POLICIES, times=4, status=429, retry_after=0):
        answer = ansible.module("policy_baseline", policies=[A])
    assert (answer.failed, answer.changed, answer.result["code"]) == (True, False, "unavailable")
    assert "429" in answer.result["msg"]
    assert content.policies() == {}


def test_a_later_write_that_fails_leaves_a_changed_cluster(ansible: Ansible, content: Content, broken: Faults) -> None:
    content.policy("b", order=9)
    with broken(ANSWER, "POST", f"{POLICIES}?", status=503), broken(BREAK_AFTER, "PUT", f"{POLICIES}/b"):
        answer = ansible.module("policy_baseline", policies=[A, B])
    assert (answer.failed, answer.changed, answer.result["code"]) == (True, True, "partly_written")
    assert "1 of 2 writes were done (update b), then create a failed" in answer.result["msg"]
    assert [item["spec"]["order"] for item in content.policies().values()] == [3]


@pytest.fixture
def shop(content: Content) -> Content:
    content.namespace("shop")
    content.service("shop", "web", "NodePort")
    return content


@pytest.fixture
def broken_front(plane: ControlPlane, fronted: ControlPlane) -> Callable[..., AbstractContextManager[None]]:
    """Breaks requests about the Service on their way to kube-apiserver."""
    directory = plane.directory / "front"
    path = "/services/web"

    def fault(action: str, method: str, **more: Any) -> AbstractContextManager[None]:
        return ordered(directory, Fault(action, method=method, path=path, without="dryRun"), **more)

    return fault


def of_web(answer: Any) -> tuple[bool, str, str | None]:
    (service,) = answer.result["services"]
    return answer.changed, service["status"], service["code"]


@pytest.mark.parametrize("action", LOST)
def test_a_service_that_was_patched_counts_though_the_answer_is_lost(
    ansible: Ansible, shop: Content, broken_front: Callable[..., AbstractContextManager[None]], action: str
) -> None:
    with broken_front(action, "PATCH"):
        answer = ansible.module("service_external_traffic_policy", namespaces=["shop"])
    assert of_web(answer) == (True, "changed", None)
    assert shop.services("shop")["web"]["spec"]["externalTrafficPolicy"] == "Local"


def test_a_service_whose_outcome_nobody_can_know_has_failed_and_may_be_changed(
    ansible: Ansible, shop: Content, broken_front: Callable[..., AbstractContextManager[None]]
) -> None:
    with broken_front(BREAK_AFTER, "PATCH"), broken_front(BREAK_BEFORE, "GET", times=3):
        answer = ansible.module("service_external_traffic_policy", namespaces=["shop"])
    assert of_web(answer) == (True, "failed", "outcome_unknown")
    assert answer.failed


def test_a_service_that_was_not_patched_has_failed(
    ansible: Ansible, shop: Content, broken_front: Callable[..., AbstractContextManager[None]]
) -> None:
    with broken_front(BREAK_BEFORE, "PATCH"):
        answer = ansible.module("service_external_traffic_policy", namespaces=["shop"])
    assert of_web(answer) == (False, "failed", "unreachable")
    assert shop.services("shop")["web"]["spec"]["externalTrafficPolicy"] == "Cluster"
