# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""service_external_traffic_policy against a real API server."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from ansible_run import Ansible
from cluster_content import Content
from conftest import EACH_BACKEND
from contract import Contract
from requests_seen import Requests

MODULE = "service_external_traffic_policy"
# Services have nothing to do with where Calico's CRDs are from.
pytestmark = pytest.mark.parametrize("plane", EACH_BACKEND, indirect=True, scope="session")


@pytest.fixture
def shop(content: Content) -> Content:
    """A namespace with Services of all types."""
    content.namespace("shop")
    content.service("shop", "internal", "ClusterIP")
    content.service("shop", "headless", "ClusterIP", clusterIP="None")
    content.service("shop", "outside", "ClusterIP", externalIPs=["203.0.113.7"])
    content.service("shop", "web", "NodePort", labels={"tier": "front"})
    content.service("shop", "public", "LoadBalancer")
    content.service("shop", "elsewhere", "ExternalName", externalName="example.org", selector=None, ports=None)
    opted_out = {"netguard.calico/external-traffic-policy": "ignore"}
    content.service("shop", "mine", "NodePort", annotations=opted_out)
    return content


def values(content: Content, namespace: str = "shop") -> dict[str, str | None]:
    """The field of every Service that has it."""
    services = content.services(namespace).items()
    found = {name: service["spec"].get("externalTrafficPolicy") for name, service in services}
    return {name: value for name, value in found.items() if value}


def said(result: dict[str, Any]) -> Any:
    """What check mode and the run must agree on; the health check's port is a number that the server draws."""
    kept = [
        {
            **s,
            "after": {**(s["after"] or {}), "healthCheckNodePort": None},
            "hazards": [h for h in s["hazards"] if h["id"] != "health_check_port_opened"],
        }
        for s in result["services"]
    ]
    return kept, result["counts"]


def statuses(result: dict[str, Any]) -> dict[str, str]:
    return {service["name"]: service["status"] for service in result["services"]}


def codes(result: dict[str, Any]) -> dict[str, str]:
    return {service["name"]: service["code"] for service in result["services"] if service["code"]}


CLUSTER = {"outside": "Cluster", "web": "Cluster", "public": "Cluster", "mine": "Cluster"}
LOCAL = {"outside": "Local", "web": "Local", "public": "Local", "mine": "Cluster"}


def test_twelve_steps(contract: Callable[..., Contract], shop: Content) -> None:
    steps = contract(MODULE, said, lambda: values(shop))
    steps.step({"namespaces": ["shop"]}, 3, LOCAL)
    only_web = {"names": ["shop/web"], "policy": "Cluster"}
    steps.step(only_web, 1, {**LOCAL, "web": "Cluster"})
    steps.step({"namespaces": ["shop"], "state": "absent"}, 3, CLUSTER)


def test_each_service_says_what_became_of_it(ansible: Ansible, shop: Content) -> None:
    answer = ansible.module(MODULE, namespaces=["shop"])
    assert statuses(answer.result) == {
        "internal": "not_applicable",
        "headless": "not_applicable",
        "elsewhere": "not_applicable",
        "outside": "changed",
        "web": "changed",
        "public": "changed",
        "mine": "ignored",
    }
    assert answer.result["counts"] == {
        "changed": 3,
        "not_applicable": 3,
        "ignored": 1,
        "unchanged": 0,
        "refused": 0,
        "missing": 0,
        "gone": 0,
        "failed": 0,
        "not_attempted": 0,
        "total": 7,
    }


def test_the_port_of_the_health_check_is_put_back(ansible: Ansible, content: Content) -> None:
    content.namespace("shop")
    content.service("shop", "public", "LoadBalancer", externalTrafficPolicy="Local", healthCheckNodePort=32123)
    ansible.module(MODULE, namespaces=["shop"], policy="Cluster")
    assert "healthCheckNodePort" not in content.services("shop")["public"]["spec"]
    ansible.module(MODULE, namespaces=["shop"], state="absent")
    service = content.services("shop")["public"]
    assert service["spec"]["externalTrafficPolicy"] == "Local"
    assert service["spec"]["healthCheckNodePort"] == 32123
    assert "netguard.calico/original" not in service["metadata"].get("annotations", {})


def test_a_service_that_opted_out_is_left_alone_when_the_others_are_put_back(
    ansible: Ansible, requests: Callable[[], Requests], shop: Content
) -> None:
    ansible.module(MODULE, namespaces=["shop"])
    shop.patch_service(
        "shop", "web", {"metadata": {"annotations": {"netguard.calico/external-traffic-policy": "ignore"}}}
    )
    with requests() as seen:
        answer = ansible.module(MODULE, namespaces=["shop"], state="absent")
    assert statuses(answer.result)["web"] == "ignored"
    assert values(shop) == {**CLUSTER, "web": "Local"}
    assert "netguard.calico/original" in shop.services("shop")["web"]["metadata"]["annotations"]
    assert len(seen.writes) == 2
    shop.patch_service("shop", "web", {"metadata": {"annotations": {"netguard.calico/external-traffic-policy": None}}})
    ansible.module(MODULE, namespaces=["shop"], state="absent")
    assert values(shop) == CLUSTER


def test_what_is_selected_twice_is_listed_and_written_once(
    ansible: Ansible, requests: Callable[[], Requests], shop: Content
) -> None:
    with requests() as seen:
        answer = ansible.module(MODULE, namespaces=["shop", "shop"], names=["web", "web", "shop/web"])
    assert answer.result["counts"]["total"] == 1
    assert len([request for request in seen.all if "/services?" in request]) == 1
    assert len(seen.writes) == 1


def test_the_first_value_is_what_stays_recorded(ansible: Ansible, shop: Content) -> None:
    for policy in ("Local", "Cluster", "Local"):
        ansible.module(MODULE, names=["shop/web"], policy=policy)
    recorded = shop.services("shop")["web"]["metadata"]["annotations"]["netguard.calico/original"]
    assert json.loads(recorded) == {"externalTrafficPolicy": "Cluster"}


@pytest.mark.parametrize(
    "selection",
    [
        {},
        {"namespaces": []},
        {"namespaces": [""]},
        {"names": [], "label_selector": ""},
        {"types": ["NodePort"]},
        {"exclude_namespaces": ["kube-system"]},
    ],
)
def test_no_selection_is_an_error_and_never_all_of_the_cluster(
    ansible: Ansible, requests: Callable[[], Requests], selection: dict[str, Any]
) -> None:
    with requests() as seen:
        answer = ansible.module(MODULE, **selection)
    assert answer.result["code"] == "invalid_input"
    assert "No Services are selected" in answer.result["msg"]
    assert seen.all == []


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        ({"namespaces": ["sh*"], "types": ["NodePort"]}, {"web"}),
        ({"names": ["web"]}, {"web"}),
        ({"names": ["shop/pub*"]}, {"public"}),
        ({"label_selector": "tier=front"}, {"web"}),
        ({"namespaces": ["*"], "exclude_namespaces": ["shop"]}, set()),
        ({"namespaces": ["shop"], "names": ["web", "outside"]}, {"web", "outside"}),
    ],
)
def test_the_selection_is_what_is_written(
    ansible: Ansible, shop: Content, selection: dict[str, Any], expected: set[str]
) -> None:
    answer = ansible.module(MODULE, check=True, **selection)
    changed = {name for name, status in statuses(answer.result).items() if status == "changed"}
    assert changed == expected


def test_a_selection_that_matches_nothing_warns(ansible: Ansible, content: Content) -> None:
    answer = ansible.module(MODULE, namespaces=["no-such-*"])
    assert not answer.changed
    assert answer.result["warnings"] == ["The selection matches no Service"]


def test_a_service_that_was_named_and_is_not_there_is_said(ansible: Ansible, shop: Content) -> None:
    answer = ansible.module(MODULE, names=["shop/web", "shop/wbe"])
    assert answer.result["counts"]["missing"] == 1
    assert "Service shop/wbe: it was named and does not exist" in answer.result["warnings"]


def test_a_label_selector_that_does_not_parse_is_the_servers_to_refuse(ansible: Ansible, content: Content) -> None:
    answer = ansible.module(MODULE, label_selector="tier in front")
    assert answer.result["code"] == "refused"
    assert "unable to parse requirement" in answer.result["msg"]


def test_a_broken_record_fails_that_service_alone(ansible: Ansible, shop: Content) -> None:
    ansible.module(MODULE, namespaces=["shop"])
    broken = {"metadata": {"annotations": {"netguard.calico/original": "{"}}}
    shop.patch_service("shop", "web", broken)
    answer = ansible.module(MODULE, namespaces=["shop"], state="absent")
    assert answer.failed
    assert "1 of 7 Services failed, the first shop/web" in answer.result["msg"]
    assert answer.result["code"] == "services_failed"
    assert codes(answer.result) == {"web": "record_broken"}
    assert values(shop) == {**CLUSTER, "web": "Local"}


def test_what_the_server_refuses_check_mode_reports_too(ansible: Ansible, content: Content) -> None:
    content.namespace("shop")
    content.service("shop", "a", "LoadBalancer", externalTrafficPolicy="Local", healthCheckNodePort=32124)
    ansible.module(MODULE, namespaces=["shop"], policy="Cluster")
    # Meanwhile another Service draws the port that is to be put back.
    content.service("shop", "b", "LoadBalancer", externalTrafficPolicy="Local", healthCheckNodePort=32124)
    for check in (True, False):
        answer = ansible.module(MODULE, check=check, namespaces=["shop"], state="absent")
        assert answer.failed
        assert statuses(answer.result)["a"] == "failed"
        # Of a port that is taken, the API server says that it is an internal error of its own.
        assert (answer.result["code"], codes(answer.result)) == ("services_failed", {"a": "unavailable"})
        assert "Service shop/b has port 32124 now" in answer.result["msg"]


def test_many_services_are_counted_and_not_all_listed(ansible: Ansible, content: Content) -> None:
    content.namespace("shop")
    for number in range(101):
        content.service("shop", f"s{number}", "ClusterIP")
    content.service("shop", "web", "NodePort")
    answer = ansible.module(MODULE, namespaces=["shop"])
    assert (answer.result["counts"]["total"], answer.result["truncated"]) == (102, True)
    assert statuses(answer.result) == {"web": "changed"}
    assert len(ansible.module(MODULE, namespaces=["shop"], return_all=True).result["services"]) == 102
