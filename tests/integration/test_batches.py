# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services changed in batches: what goes wrong with a few does not with all."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

import accounts
from ansible_run import Ansible
from cluster_content import Content
from conftest import OWN
from control_plane import ControlPlane
from missing_rights import Right, without
from requests_seen import Requests

MODULE = "service_external_traffic_policy"
# Services have nothing to do with how Calico's API is served.
pytestmark = [pytest.mark.parametrize("plane", [OWN], indirect=True, scope="session"), pytest.mark.any_versions]
NAMES = [f"s{number}" for number in range(5)]
IN_TWOS: dict[str, Any] = {"namespaces": ["shop"], "batch": "2", "batch_pause": 1}


@pytest.fixture
def shop(content: Content) -> Content:
    content.namespace("shop")
    for name in NAMES:
        content.service("shop", name, "LoadBalancer")
        ingress = {"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}}
        # Equal selectors, so that they may share an address.
        content.patch_service("shop", name, {"spec": {"selector": {"app": "all"}}})
        content.patch(f"/api/v1/namespaces/shop/services/{name}/status", ingress)
    return content


def local(content: Content) -> list[str]:
    services = content.services("shop").items()
    return sorted(name for name, service in services if service["spec"]["externalTrafficPolicy"] == "Local")


@contextmanager
def after_first_batch(content: Content, do: Callable[[], object]) -> Iterator[None]:
    """Does something as soon as two Services are Local, as a controller would."""

    def wait() -> None:
        deadline = time.monotonic() + 60
        while len(local(content)) < 2 and time.monotonic() < deadline:
            time.sleep(0.02)
        do()

    thread = threading.Thread(target=wait)
    thread.start()
    yield
    thread.join()


def event(content: Content, name: str) -> None:
    body = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"{name}.1", "namespace": "shop"},
        "involvedObject": {"kind": "Service", "namespace": "shop", "name": name},
        "reason": "SyncLoadBalancerFailed",
        "message": "no quota",
        "type": "Warning",
    }
    content.request("POST", "/api/v1/namespaces/shop/events", body)


def test_without_trouble_all_are_changed(ansible: Ansible, shop: Content) -> None:
    answer = ansible.module(MODULE, **{**IN_TWOS, "batch": "40%", "batch_pause": 0})
    assert (answer.failed, answer.result["counts"]["changed"], local(shop)) == (False, 5, NAMES)
    assert [service["name"] for service in answer.result["services"]] == NAMES


@pytest.mark.parametrize("what", ["event", "address"])
def test_after_trouble_no_further_batch_is_begun(ansible: Ansible, shop: Content, what: str) -> None:
    def break_it() -> None:
        if what == "event":
            event(shop, "s0")
        else:
            shop.patch("/api/v1/namespaces/shop/services/s0/status", {"status": {"loadBalancer": {"ingress": []}}})

    with after_first_batch(shop, break_it):
        answer = ansible.module(MODULE, **IN_TWOS)
    assert (answer.failed, answer.changed, answer.result["code"]) == (True, True, "batch_in_trouble")
    assert "Service shop/s0: " in answer.result["msg"] and "state absent" in answer.result["msg"]
    assert local(shop) == ["s0", "s1"]
    statuses = {service["name"]: service["status"] for service in answer.result["services"]}
    assert statuses == {"s0": "changed", "s1": "changed", **dict.fromkeys(NAMES[2:], "not_attempted")}
    back = ansible.module(MODULE, namespaces=["shop"], state="absent")
    assert (back.failed, local(shop)) == (False, [])


def test_a_failure_ends_the_batches_where_it_is_to(ansible: Ansible, content: Content) -> None:
    content.namespace("shop")
    content.namespace("other")
    for name, port in (("a", 32126), ("b", 32127)):
        content.service("shop", name, "LoadBalancer", externalTrafficPolicy="Local", healthCheckNodePort=port)
    ansible.module(MODULE, namespaces=["shop"], policy="Cluster")
    content.service("other", "holder", "LoadBalancer", externalTrafficPolicy="Local", healthCheckNodePort=32126)
    for fail_fast, became in ((True, "not_attempted"), (False, "changed")):
        answer = ansible.module(
            MODULE, namespaces=["shop"], state="absent", batch="1", batch_pause=0, fail_fast=fail_fast
        )
        assert {s["name"]: s["status"] for s in answer.result["services"]} == {"a": "failed", "b": became}
        assert "Service other/holder has port 32126" in answer.result["msg"]


def test_check_mode_neither_waits_nor_looks(ansible: Ansible, shop: Content, requests: Callable[[], Requests]) -> None:
    with requests() as seen:
        answer = ansible.module(MODULE, check=True, **{**IN_TWOS, "batch_pause": 1000})
    assert (answer.failed, answer.result["counts"]["changed"]) == (False, 5)
    assert not any("events" in request for request in seen.all)


def test_where_events_may_not_be_read_nothing_is_written(
    ansible: Ansible, plane: ControlPlane, shop: Content, requests: Callable[[], Requests]
) -> None:
    rules = without(accounts.rules("writer"), Right("list", "events"))
    blind = accounts.with_rules(plane, "eventless", rules, ansible.directory)
    with requests() as seen:
        answer = ansible.module(MODULE, **IN_TWOS, kubeconfig=str(blind))
    assert (answer.failed, answer.result["code"], seen.writes) == (True, "forbidden", [])
    assert "list on events" in answer.result["msg"]


def test_what_can_no_longer_be_looked_at_ends_the_run_and_loses_nothing(
    ansible: Ansible, plane: ControlPlane, shop: Content
) -> None:
    rules = accounts.rules("writer")
    losing = accounts.with_rules(plane, "losing", rules, ansible.directory)

    def take_away() -> None:
        accounts.with_rules(plane, "losing", without(rules, Right("list", "events")), ansible.directory)

    with after_first_batch(shop, take_away):
        answer = ansible.module(MODULE, **{**IN_TWOS, "batch_pause": 5}, kubeconfig=str(losing))
    assert (answer.failed, answer.changed, answer.result["code"]) == (True, True, "batch_in_trouble")
    assert "the Services cannot be looked at: list events is forbidden" in answer.result["msg"]
    assert answer.result["counts"]["changed"] == 2 and answer.result["counts"]["not_attempted"] == 3


@pytest.mark.parametrize("wrong", [{"batch": "0"}, {"batch": "110%"}, {"batch": "2", "batch_pause": -1}])
def test_what_is_no_batch_is_refused(ansible: Ansible, wrong: dict[str, Any]) -> None:
    answer = ansible.module(MODULE, namespaces=["shop"], **wrong)
    assert (answer.failed, answer.result["code"]) == (True, "invalid_input")
