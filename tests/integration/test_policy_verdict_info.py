# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""policy_verdict_info against a real API server, and on manifests alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_run import Ansible
from cluster_content import Content
from conftest import policy
from contract import Contract
from requests_seen import Requests

pytestmark = pytest.mark.any_versions

TO_DB = {"name": "to db", "source": {"namespace": "shop", "labels": {"app": "web"}}, "port": 5432}
TO_DB["destination"] = {"pod": {"namespace": "shop", "name": "db-0"}}
DENY = policy(
    "deny-db",
    order=5,
    selector="app == 'db'",
    types=["Ingress"],
    ingress=[{"action": "Deny", "protocol": "TCP", "destination": {"ports": [5432]}}],
)


@pytest.fixture
def shop(content: Content) -> Content:
    content.namespace("shop")
    content.pod("shop", "web-1", "10.244.1.10", app="web")
    content.pod("shop", "web-2", "10.244.1.11", app="web")
    content.pod("shop", "db-0", "10.244.1.20", app="db")
    return content


def verdicts(result: dict[str, Any]) -> list[tuple[str, str | None, int]]:
    return [(v["verdict"], v["decided_by"] and v["decided_by"]["name"], v["pairs"]) for v in result["verdicts"]]


def test_twelve_steps(ansible: Ansible, contract: Callable[..., Contract], shop: Content) -> None:
    """The states that the writing modules' steps go through, each read four times."""
    steps = contract("policy_verdict_info", lambda result: result["verdicts"], shop.policies)
    for change in (
        {"definition": DENY},
        {"definition": policy("deny-db", order=6)},
        {"name": "deny-db", "state": "absent"},
    ):
        ansible.module("global_network_policy", **change)
        steps.read_step({"connections": [TO_DB]})


def test_the_live_cluster_is_read_and_nothing_is_written(
    ansible: Ansible, requests: Callable[[], Requests], shop: Content
) -> None:
    shop.policy("deny-db", **DENY["spec"])
    with requests() as seen:
        answer = ansible.module("policy_verdict_info", connections=[TO_DB])
    assert verdicts(answer.result) == [("deny", "deny-db", 2)]
    assert "is denied at the ingress of pod shop/db-0 by rule 0 of" in answer.result["verdicts"][0]["text"]
    assert (seen.writes, answer.changed, answer.result["unread"]) == ([], False, [])


def test_a_change_is_shown_before_it_is_made(ansible: Ansible, shop: Content) -> None:
    result = ansible.module("policy_verdict_info", connections=[TO_DB], change={"present": [DENY]}).result
    (changed,) = result["changed_verdicts"]
    assert (changed["before"][0]["verdict"], changed["after"][0]["verdict"]) == ("allow", "deny")
    cut = result["changed_connections"][0]
    assert (cut["effect"], cut["end"], cut["destination"]["namespaces"]) == ("cut", "ingress", {"shop": 1})
    assert shop.policies() == {}


def test_a_staged_policy_counts_on_request_only(ansible: Ansible, shop: Content) -> None:
    staged = {**DENY, "kind": "StagedGlobalNetworkPolicy"}
    path = "/apis/projectcalico.org/v3/stagedglobalnetworkpolicies"
    shop.request("POST", path, staged)
    try:
        found = [
            verdicts(ansible.module("policy_verdict_info", connections=[TO_DB], staged=how).result)[0][0]
            for how in ("ignore", "enforce")
        ]
    finally:
        shop.request("DELETE", f"{path}/deny-db")
    assert found == ["allow", "deny"]


@pytest.mark.usefixtures("native_only")
def test_a_policy_that_fails_open_is_found(ansible: Ansible, shop: Content) -> None:
    shop.policy("typing-error", order=1, types=["Ingress"], selector="app = 'db'", ingress=[])
    result = ansible.module("policy_verdict_info", connections=[TO_DB]).result
    assert verdicts(result)[0][0] == "allow"
    assert ("policy_fails_open", "GlobalNetworkPolicy typing-error") in {
        (finding["id"], finding["subject"]) for finding in result["findings"]
    }


@pytest.mark.parametrize("many_files", [False, True])
def test_manifests_alone_need_no_cluster(ansible: Ansible, tmp_path: Path, many_files: bool) -> None:
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "db-0", "namespace": "shop", "labels": {"app": "db"}},
    }
    pod |= {"spec": {"nodeName": "n1"}, "status": {"podIP": "10.0.0.1"}}
    web = {
        **pod,
        "metadata": {"name": "web-1", "namespace": "shop", "labels": {"app": "web"}},
        "status": {"podIP": "10.0.0.2"},
    }
    folder = tmp_path / "exported"
    folder.mkdir()
    (folder / "a.yaml").write_text(yaml.safe_dump_all([pod, web, DENY]), encoding="utf-8")
    source = str(folder if many_files else folder / "a.yaml")
    alone = Ansible(tmp_path, {}, ansible.collections)
    assert verdicts(alone.module("policy_verdict_info", connections=[TO_DB], src=source).result) == [
        ("deny", "deny-db", 1)
    ]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "one of the following is required: connections, change"),
        ({"connections": [{"source": {"pod": "x"}}]}, "connections[0].source has a pod without namespace and name"),
        ({"connections": [{**TO_DB, "port": 0}]}, "connections[0].port 0 is no port"),
        (
            {"connections": [{**TO_DB, "destination": {"pod": {"namespace": "shop", "name": "no"}}}]},
            "There is no Pod shop/no",
        ),
        ({"change": {"present": [{**DENY, "spec": {"order": "first"}}]}}, "change.present[0]: spec.order"),
    ],
)
def test_a_question_that_cannot_be_asked_is_an_error_that_names_it(
    ansible: Ansible, shop: Content, options: dict[str, Any], said: str
) -> None:
    answer = ansible.module("policy_verdict_info", **options)
    assert answer.failed
    assert said in answer.result["msg"]


def test_filter_and_tests_answer_on_what_a_playbook_has(ansible: Ansible) -> None:
    resources = [
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "namespace": "shop", "labels": {"app": name}},
            "spec": {"nodeName": "n1"},
            "status": {"podIP": address},
        }
        for name, address in (("web", "10.0.0.1"), ("db", "10.0.0.2"))
    ]
    connection = {"source": {"namespace": "shop", "labels": {"app": "web"}}, "port": 5432}
    connection["destination"] = {"namespace": "shop", "labels": {"app": "db"}}
    that = [
        "connection is netguard.calico.allowed_by(open)",
        "connection is not netguard.calico.allowed_by(open + [deny])",
        "(open + [deny]) | netguard.calico.verdict([connection]) | map(attribute='verdict') | list == ['deny']",
        "'app == \"db\"' is netguard.calico.selector",
        "'app = \"db\"' is not netguard.calico.selector",
        "'app == \"db\"' is netguard.calico.selector({'app': 'db'})",
    ]
    task = {
        "ansible.builtin.assert": {"that": that},
        "vars": {"open": resources, "deny": DENY, "connection": connection},
    }
    run = ansible.play([{"hosts": "localhost", "gather_facts": False, "tasks": [task]}])
    assert run.code == 0, run.output
