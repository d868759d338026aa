# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cancelled job: no write is begun afterwards, what was written is a beginning of the plan, and the next run goes on there."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import accounts
from aggregated.faults import DELAY, HANG, Fault, cancel, order
from ansible_run import Ansible
from cancelled_run import WAYS, CancelledRun, running, until, until_ended
from cluster_content import Content
from conftest import EACH_BACKEND, OWN, policy
from control_plane import ControlPlane
from requests_seen import Requests

EACH = pytest.mark.parametrize("plane", EACH_BACKEND, indirect=True, scope="session")
# What is cancelled has nothing to do with how Calico's API is served.
FIRST = pytest.mark.parametrize("plane", [OWN], indirect=True, scope="session")
POLICIES = [
    policy(f"p{number:02}", order=number, selector=f"app == 'a{number}'", types=["Ingress"]) for number in range(40)
]
BASELINE: dict[str, Any] = {"policies": POLICIES, "on_unknown": "warn"}
SERVICES = 80
# How long each write takes, so that a run that is not stopped goes on for long, and when it is to have stopped.
SLOW_SECONDS = 0.4
STOPPED_SECONDS = 2.0
AT_A_TIME = 8
Slow = Callable[..., AbstractContextManager[None]]


@pytest.fixture
def ansible(fronted: ControlPlane, collections: Path, tmp_path: Path, content: Content) -> Ansible:
    """Ansible, whose requests go through a front that can be slow."""
    return Ansible(tmp_path, {}, collections, accounts=accounts.of_modules(fronted, tmp_path))


@pytest.fixture
def slow(fronted: ControlPlane) -> Slow:
    """Lets writes take their time, or get no answer."""
    directory = fronted.directory / "front"

    @contextmanager
    def slowed(
        method: str, path: str, action: str = DELAY, seconds: float = SLOW_SECONDS, times: int = len(POLICIES)
    ) -> Iterator[None]:
        order(directory, Fault(action, method, path, without="dryRun", seconds=seconds), times)
        try:
            yield
        finally:
            cancel(directory)

    return slowed


@pytest.fixture
def slow_policies(slow: Slow) -> Slow:
    return lambda **more: slow("POST", "/globalnetworkpolicies", **more)


def in_order(content: Content) -> list[str]:
    """The policies in the order in which they were created."""
    found = content.policies()
    return sorted(found, key=lambda name: int(found[name]["metadata"]["resourceVersion"]))


def written(content: Content, at_least: int) -> None:
    until(lambda: len(content.policies()) >= at_least)


def stopped(run: CancelledRun, way: str, requests: Callable[[], Requests]) -> tuple[list[str], list[str]]:
    """The writes that the server saw after the run was cancelled, and those of them that it saw too late."""
    run.cancel(way)
    with requests() as after:
        time.sleep(STOPPED_SECONDS)
        with requests() as late:
            time.sleep(2 * STOPPED_SECONDS)
    return after.writes, late.writes


@EACH
@pytest.mark.parametrize("way", WAYS)
def test_no_policy_is_written_after_the_one_in_flight(
    ansible: Ansible, content: Content, requests: Callable[[], Requests], slow_policies: Slow, way: str
) -> None:
    plan = [step["name"] for step in ansible.module("policy_baseline", check=True, **BASELINE).result["plan"]]
    with slow_policies(), running(ansible, "policy_baseline", **BASELINE) as run:
        written(content, 3)
        after, late = stopped(run, way, requests)
    assert len(after) <= 1
    assert late == []
    done = in_order(content)
    assert 3 <= len(done) < len(POLICIES)
    assert done == plan[: len(done)]

    again = ansible.module("policy_baseline", **BASELINE)
    assert (again.failed, again.changed) == (False, True), again.output
    assert [step["name"] for step in again.result["plan"]] == plan[len(done) :]
    assert not ansible.module("policy_baseline", **BASELINE).changed


@pytest.fixture
def shop(content: Content) -> Content:
    content.namespace("shop")
    for number in range(SERVICES):
        content.service("shop", f"s{number}", "NodePort")
    return content


def local(content: Content) -> int:
    """How many Services have been changed."""
    return sum(service["spec"]["externalTrafficPolicy"] == "Local" for service in content.services("shop").values())


@FIRST
@pytest.mark.parametrize("way", WAYS)
def test_no_service_is_written_after_those_in_flight(
    ansible: Ansible, shop: Content, requests: Callable[[], Requests], slow: Slow, way: str
) -> None:
    options: dict[str, Any] = {"namespaces": ["shop"]}
    with (
        slow("PATCH", "/services/", seconds=1.5, times=SERVICES),
        running(ansible, "service_external_traffic_policy", **options) as run,
    ):
        until(lambda: local(shop) >= AT_A_TIME)
        after, late = stopped(run, way, requests)
    assert len(after) <= AT_A_TIME
    assert late == []
    assert AT_A_TIME <= local(shop) < SERVICES

    again = ansible.module("service_external_traffic_policy", **options)
    assert (again.failed, again.changed) == (False, True), again.output
    assert local(shop) == SERVICES


@FIRST
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_module_that_is_told_to_stop_says_what_was_written(
    ansible: Ansible, content: Content, slow_policies: Slow, number: signal.Signals
) -> None:
    with slow_policies(), running(ansible, "policy_baseline", **BASELINE) as run:
        written(content, 3)
        os.kill(run.module(), number)
        answer = run.answer()
    assert (answer.failed, answer.changed, answer.result["code"]) == (True, True, "cancelled")
    done = in_order(content)
    listed = ", ".join(f"create {name}" for name in done)
    assert f"{len(done)} of 40 writes were done ({listed}); no other write was sent" in answer.result["msg"]
    assert answer.result["cluster"]["uid"]


@FIRST
def test_services_that_were_not_attempted_are_listed(ansible: Ansible, shop: Content, slow: Slow) -> None:
    with (
        slow("PATCH", "/services/", times=SERVICES),
        running(ansible, "service_external_traffic_policy", namespaces=["shop"]) as run,
    ):
        until(lambda: local(shop) >= AT_A_TIME)
        os.kill(run.module(), signal.SIGTERM)
        answer = run.answer()
    assert (answer.failed, answer.changed, answer.result["code"]) == (True, True, "cancelled")
    counts = answer.result["counts"]
    assert (counts["changed"], counts["not_attempted"]) == (local(shop), SERVICES - local(shop))
    codes = {service["code"] for service in answer.result["services"] if service["status"] == "not_attempted"}
    assert codes == {"cancelled"}


@contextmanager
def hanging(plane: ControlPlane, slow_policies: Slow) -> Iterator[Callable[[], bool]]:
    """No answer to one write; yields what tells whether it is under way."""
    orders = plane.directory / "front" / "faults"
    with slow_policies(action=HANG, seconds=20.0, times=1):
        yield lambda: not list(orders.glob("*.json"))


@FIRST
def test_a_write_whose_answer_does_not_come_is_told_as_unknown(
    ansible: Ansible, plane: ControlPlane, content: Content, slow_policies: Slow
) -> None:
    with hanging(plane, slow_policies) as under_way, running(ansible, "policy_baseline", **BASELINE) as run:
        until(under_way)
        os.kill(run.module(), signal.SIGTERM)
        answer = run.answer()
    assert (answer.failed, answer.changed, answer.result["code"]) == (True, True, "outcome_unknown")
    assert "whether these were done is not known, as their answers had not come: create p" in answer.result["msg"]
    assert content.policies() == {}


@FIRST
@pytest.mark.parametrize("way", ["SIGTERM", "SIGKILL"])
def test_a_module_ends_in_time_though_no_answer_comes(
    ansible: Ansible, plane: ControlPlane, slow_policies: Slow, way: str
) -> None:
    with hanging(plane, slow_policies) as under_way, running(ansible, "policy_baseline", **BASELINE) as run:
        until(under_way)
        module = run.module()
        run.cancel(way)
        start = time.monotonic()
        until_ended(module)
        assert time.monotonic() - start < STOPPED_SECONDS


@FIRST
def test_a_task_with_async_goes_on_without_ansible(ansible: Ansible, content: Content, slow_policies: Slow) -> None:
    connection = {"kubeconfig": str(ansible.accounts["policy_baseline"])}
    task = {"netguard.calico.policy_baseline": {**connection, **BASELINE}, "async": 120, "poll": 0}
    with slow_policies(seconds=0.1):
        run = ansible.play([{"hosts": "localhost", "gather_facts": False, "tasks": [task]}])
        assert run.code == 0, run.output
        assert len(content.policies()) < len(POLICIES)
        written(content, len(POLICIES))


@FIRST
@pytest.mark.parametrize("hidden", [False, True], ids=["shown", "no_log"])
def test_a_long_run_shows_how_far_it_is(ansible: Ansible, slow_policies: Slow, hidden: bool) -> None:
    connection = {"kubeconfig": str(ansible.accounts["policy_baseline"])}
    task = {"netguard.calico.policy_baseline": BASELINE, "no_log": hidden}
    defaults = {"group/netguard.calico.calico": connection}
    with slow_policies():
        run = ansible.play(
            [{"hosts": "localhost", "gather_facts": False, "module_defaults": defaults, "tasks": [task]}]
        )
    assert run.code == 0, run.output
    lines = re.findall(r"^policy_baseline \[localhost\]: (.*?)(?:, )?running for (\d+) s\r?$", run.output, re.MULTILINE)
    seconds = [int(second) for _said, second in lines]
    assert len(seconds) >= 2 and seconds[0] >= 10
    assert all(after - before >= 5 for before, after in pairwise(seconds))
    last = lines[-1][0]
    assert last == "" if hidden else re.fullmatch(r"\d+ of 40 written, create p\d\d", last)
    assert not hidden or {said for said, _second in lines} == {""}
