# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups as users keep them: in files, in ConfigMaps, and the way back by module and playbook."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import accounts
from ansible_run import LOCALHOST, Ansible
from cluster_content import Content
from conftest import EACH_BACKEND, OWN, policy
from control_plane import ControlPlane
from requests_seen import Requests

pytestmark = pytest.mark.any_versions
on_each_backend = pytest.mark.parametrize("plane", EACH_BACKEND, indirect=True, scope="session")
# The playbooks do the same whatever the backend is, and take a minute each.
on_one_cluster = pytest.mark.parametrize("plane", [OWN], indirect=True, scope="session")

CONFIG_MAP = "configmap:netguard-calico/edge"
CONFIG_MAP_PATH = "/api/v1/namespaces/netguard-calico/configmaps"
INGRESS: dict[str, Any] = {"types": ["Ingress"], "ingress": [{"action": "Allow"}]}
A, B = policy("a", order=1, **INGRESS), policy("b", order=2, **INGRESS)
Asked = Callable[[], Requests]


@pytest.fixture
def config_maps(content: Content, ansible: Ansible) -> Callable[[], dict[str, Any]]:
    """Our ConfigMaps by name, which are taken away first; needs the accounts, and so Ansible, to be there."""

    def found() -> dict[str, Any]:
        items = content.request("GET", CONFIG_MAP_PATH)["items"]
        return {item["metadata"]["name"]: item for item in items if not item["metadata"]["name"].startswith("kube-")}

    for name in found():
        content.request("DELETE", f"{CONFIG_MAP_PATH}/{name}")
    return found


@on_each_backend
def test_a_file_holds_what_was_there_and_restored_puts_it_back(
    ansible: Ansible, content: Content, requests: Asked, tmp_path: Path
) -> None:
    content.policy("a", {"team": "x"}, order=9, **INGRESS)
    file = tmp_path / "backup.json"
    options: dict[str, Any] = {"policies": [A, B], "backup": str(file)}
    checked = ansible.module("policy_baseline", check=True, **options)
    assert checked.result["backup_file"] == str(file) and not file.exists()
    answer = ansible.module("policy_baseline", **options)
    assert (answer.changed, answer.result["backup_file"]) == (True, str(file))
    assert file.stat().st_mode & 0o777 == 0o600
    unchanged = ansible.module("policy_baseline", **options)
    assert (unchanged.changed, unchanged.result["backup_file"]) == (False, "")

    back: dict[str, Any] = {"state": "restored", "backup": str(file)}
    with requests() as dry:
        checked = ansible.module("policy_baseline", check=True, **back)
    assert dry.writes == []
    restored = ansible.module("policy_baseline", **back)
    assert restored.result["plan"] == checked.result["plan"] != []
    live = content.policies()
    assert set(live) == {"a"} and live["a"]["spec"]["order"] == 9
    labels = {key: value for key, value in live["a"]["metadata"]["labels"].items() if "projectcalico" not in key}
    assert labels == {"team": "x"}
    assert not ansible.module("policy_baseline", **back).changed


@on_each_backend
def test_a_config_map_serves_jobs_without_files_and_keeps_earlier_backups(
    ansible: Ansible, content: Content, config_maps: Callable[[], dict[str, Any]]
) -> None:
    checked = ansible.module("policy_baseline", check=True, policies=[A], backup=CONFIG_MAP)
    assert checked.changed and config_maps() == {}
    for policies in ([A], [A, B]):
        answer = ansible.module("policy_baseline", policies=policies, backup=CONFIG_MAP)
        assert answer.result["backup_file"] == CONFIG_MAP, answer.output
    (kept,) = config_maps().values()
    assert "netguard.calico/backup" in kept["metadata"]["labels"]
    assert sorted(key.partition("-")[0] for key in kept["data"]) == ["backup.json", "earlier"]
    assert ansible.module("policy_baseline", state="restored", backup=CONFIG_MAP).changed
    assert set(content.policies()) == {"a"}


@on_each_backend
def test_a_config_map_of_somebody_else_is_left_alone_and_nothing_is_written(
    ansible: Ansible, content: Content, requests: Asked, config_maps: Callable[[], dict[str, Any]]
) -> None:
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "edge"}, "data": {"mine": "1"}}
    content.request("POST", CONFIG_MAP_PATH, body)
    with requests() as seen:
        answer = ansible.module("policy_baseline", policies=[A], backup=CONFIG_MAP)
        other = ansible.module("policy_baseline", policies=[A], backup="configmap:default/edge")
    assert (answer.failed, answer.result["code"]) == (True, "backup_not_stored")
    assert (other.failed, other.result["code"]) == (True, "forbidden")
    assert seen.writes == [] and config_maps()["edge"]["data"] == {"mine": "1"}


@on_each_backend
def test_what_somebody_changed_since_is_not_put_back(
    ansible: Ansible, content: Content, requests: Asked, tmp_path: Path
) -> None:
    file = str(tmp_path / "backup.json")
    ansible.module("policy_baseline", policies=[A, B], backup=file)
    content.patch_policy("a", order=7)
    with requests() as seen:
        answer = ansible.module("policy_baseline", state="restored", backup=file)
    assert (answer.failed, answer.changed, answer.result["code"]) == (True, False, "changed_since")
    assert "GlobalNetworkPolicy a (spec.order is 7" in answer.result["msg"] and " b " not in answer.result["msg"]
    assert seen.writes == []


@on_each_backend
def test_what_cannot_be_a_backup_is_refused(ansible: Ansible, requests: Asked, tmp_path: Path) -> None:
    def code(**options: Any) -> str:
        answer = ansible.module("policy_baseline", **options)
        assert answer.failed
        return str(answer.result.get("code", answer.result["msg"]))

    of_another = tmp_path / "other.json"
    about = {"format": "netguard.calico/backup/1", "cluster": "another", "run": "r", "created": "c", "objects": []}
    of_another.write_text(json.dumps(about), encoding="utf-8")
    with requests() as seen:
        assert code(policies=[A], backup="configmap:Netguard") == "invalid_input"
        assert code(policies=[A], backup=str(tmp_path / "absent" / "b.json")) == "backup_not_stored"
        assert code(state="restored", backup=str(tmp_path / "b.json")) == "no_backup"
        assert code(state="restored", backup=str(of_another)) == "wrong_cluster"
        assert code(state="restored", backup=str(of_another), policies=[A]) == "invalid_input"
        assert "backup" in code(state="restored")
    assert seen.writes == []


@pytest.fixture
def shop(content: Content) -> Content:
    content.namespace("shop")
    content.service("shop", "web", "LoadBalancer")
    content.service("shop", "db", "NodePort")
    content.service("shop", "local", "LoadBalancer", externalTrafficPolicy="Local")
    return content


def what_they_have(shop: Content) -> dict[str, Any]:
    return {
        name: (item["spec"].get("externalTrafficPolicy"), item["metadata"].get("annotations"))
        for name, item in shop.services("shop").items()
    }


@on_each_backend
def test_one_run_over_services_is_undone_and_no_other(ansible: Ansible, shop: Content, tmp_path: Path) -> None:
    module, file = "service_external_traffic_policy", str(tmp_path / "services.json")
    assert ansible.module(module, names=["shop/db"]).changed
    before = what_they_have(shop)
    answer = ansible.module(module, namespaces=["shop"], backup=file)
    assert (answer.result["backup_file"], answer.result["counts"]["changed"]) == (file, 1)
    assert ansible.module(module, namespaces=["shop"], backup=file).result["backup_file"] == ""
    assert ansible.module(module, check=True, state="restored", backup=file).changed
    assert ansible.module(module, state="restored", backup=file).result["counts"]["changed"] == 1
    assert what_they_have(shop) == before
    assert not ansible.module(module, state="restored", backup=file).changed


@on_each_backend
def test_a_service_that_somebody_changed_since_has_failed_and_others_are_put_back(
    ansible: Ansible, shop: Content, tmp_path: Path
) -> None:
    module, file = "service_external_traffic_policy", str(tmp_path / "services.json")
    before = what_they_have(shop)
    ansible.module(module, namespaces=["shop"], backup=file)
    shop.patch_service("shop", "db", {"metadata": {"annotations": {"netguard.calico/original": None}}})
    shop.request("DELETE", "/api/v1/namespaces/shop/services/local")
    answer = ansible.module(module, state="restored", backup=file)
    outcomes = {s["name"]: (s["status"], s["code"]) for s in answer.result["services"]}
    assert answer.failed and outcomes == {"web": ("changed", None), "db": ("failed", "changed_since")}
    assert what_they_have(shop)["web"] == before["web"]


Play = Callable[..., Any]


@pytest.fixture
def play(ansible: Ansible, plane: ControlPlane, shop: Content, tmp_path: Path) -> Play:
    """Runs a playbook of ours over the Services of the shop, with these variables."""
    always = {
        "baseline_connection": {"kubeconfig": str(accounts.kubeconfig(plane, "writer", tmp_path))},
        "baseline_services": {"namespaces": ["shop"]},
    }
    runner = replace(ansible, options={})

    def run(name: str, **variables: Any) -> Any:
        extra = shlex.quote(json.dumps({**always, **variables}))
        return runner.playbook(f"netguard.calico.{name}", f"-e {extra}", LOCALHOST)

    return run


@on_one_cluster
@pytest.mark.parametrize("where", ["file", CONFIG_MAP])
@pytest.mark.usefixtures("config_maps")
def test_rollback_undoes_the_last_run_of_bootstrap(play: Play, shop: Content, tmp_path: Path, where: str) -> None:
    backup = str(tmp_path / "edge.json") if where == "file" else where
    before = what_they_have(shop)
    nothing = play("rollback", baseline_backup=str(tmp_path / "absent.json"))
    assert nothing.code != 0 and "absent.json cannot be read" in nothing.output
    assert play("bootstrap", baseline_backup=backup).code == 0
    assert what_they_have(shop) != before and len(shop.policies()) == 4
    back = play("rollback", baseline_backup=backup)
    assert back.code == 0, back.output
    assert what_they_have(shop) == before and shop.policies() == {}


@on_one_cluster
def test_rollback_leaves_alone_what_an_earlier_run_has_changed(play: Play, shop: Content, tmp_path: Path) -> None:
    one = {"baseline_backup": str(tmp_path / "edge.json"), "baseline_egress_deny_selector": "area == 'one'"}
    two = {**one, "baseline_egress_deny_selector": "area == 'two'"}

    def denied() -> str:
        return str(shop.policies()["global-egress-deny"]["spec"]["egress"][0]["destination"]["selector"])

    assert play("bootstrap", **one).code == 0
    after_first = what_they_have(shop)
    # Policies only: the Services are as they should be, and policies see their clients.
    assert play("bootstrap", **two).code == 0
    assert denied() == "area == 'two'"
    back = play("rollback", **two)
    assert back.code == 0, back.output
    assert (denied(), what_they_have(shop)) == ("area == 'one'", after_first)

    # Services only; a policy that somebody changed afterwards is of an earlier run, and keeps nobody from undoing this one.
    shop.service("shop", "new", "NodePort")
    assert play("bootstrap", **one).code == 0
    assert what_they_have(shop)["new"][0] == "Local"
    shop.patch_policy("global-egress-deny", order=503)
    back = play("rollback", **one)
    assert back.code == 0, back.output
    assert what_they_have(shop)["new"][0] == "Cluster" and denied() == "area == 'one'"
    assert {name: kept for name, kept in what_they_have(shop).items() if name != "new"} == after_first
