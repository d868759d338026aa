# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role and its playbooks, as people run them: hosts that stand for clusters, strings from surveys, check mode."""

from __future__ import annotations

import json
import shlex
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

import accounts
from ansible_run import Ansible, Run
from cluster_content import Content
from conftest import EACH_BACKEND, OWN, policy
from control_plane import ControlPlane, kubeconfig_for_token, service_account_token
from requests_seen import Requests

ON_EACH_BACKEND = pytest.mark.parametrize("plane", EACH_BACKEND, indirect=True, scope="session")
# For what the role does with its variables, its hosts and its reports, whatever the cluster is.
ON_ONE_CLUSTER = pytest.mark.parametrize("plane", [OWN], indirect=True, scope="session")
FOUR = {"global-default", "global-egress-deny", "global-egress-allow", "global-privileged-namespace"}


@pytest.fixture
def inventory(plane: ControlPlane, tmp_path: Path) -> Path:
    """One bare host: nothing but a name."""
    return written(tmp_path / "inventory.yml", {"prod-eu": None}, {"baseline_connection": connection(plane, tmp_path)})


def written(path: Path, hosts: dict[str, Any], variables: dict[str, Any]) -> Path:
    path.write_text(yaml.safe_dump({"all": {"hosts": hosts, "vars": variables}}), encoding="utf-8")
    return path


def connection(plane: ControlPlane, directory: Path) -> dict[str, str]:
    """As the account that docs/rbac has for all playbooks."""
    return {"kubeconfig": str(accounts.kubeconfig(plane, "writer", directory))}


@pytest.fixture
def play(ansible: Ansible, inventory: Path) -> Callable[..., Run]:
    """Runs a playbook of the collection; keywords are given as -e gives them, as JSON where they are no strings."""

    def run(name: str, *flags: str, **variables: Any) -> Run:
        extra = f"-e {shlex.quote(json.dumps(variables))}" if variables else ""
        return ansible.playbook(f"netguard.calico.{name}", " ".join((*flags, extra)), str(inventory))

    return run


@pytest.fixture
def shop(content: Content) -> Content:
    content.namespace("shop-eu")
    content.service("shop-eu", "web", "NodePort")
    return content


def value(content: Content) -> str:
    return str(content.services("shop-eu")["web"]["spec"]["externalTrafficPolicy"])


@ON_EACH_BACKEND
def test_the_way_from_nothing_and_back(
    play: Callable[..., Run], requests: Callable[[], Requests], shop: Content
) -> None:
    services = {"baseline_services": {"namespaces": ["shop-*"]}}
    before = play("audit", **services)
    assert before.code != 0
    assert "GlobalNetworkPolicy global-default is missing" in before.output
    assert "Service shop-eu/web: it is Cluster, not Local" in before.output

    with requests() as dry:
        plan = play("bootstrap", "--check", "--diff", **services)
    assert plan.code == 0, plan.output
    assert "create global-default" in plan.output
    assert dry.writes == []

    assert play("bootstrap", **services).code == 0
    assert (set(shop.policies()), value(shop)) == (FOUR, "Local")

    with requests() as again:
        second = play("bootstrap", **services)
    assert (second.code, again.writes) == (0, [])
    assert "changed=0" in second.output
    assert play("audit", **services).code == 0

    shop.patch_policy("global-default", selector="app == 'web'")
    shop.delete_policy("global-egress-deny")
    shop.patch_service("shop-eu", "web", {"spec": {"externalTrafficPolicy": "Cluster"}})
    drifted = play("audit", **services)
    assert drifted.code != 0
    for finding in (
        "global-default differs in spec.selector",
        "global-egress-deny is missing",
        "shop-eu/web: it is Cluster",
    ):
        assert finding in drifted.output

    assert play("correct", **services).code == 0
    assert (set(shop.policies()), value(shop)) == (FOUR, "Local")

    assert play("rollback", **services).code == 0
    assert (shop.policies(), value(shop)) == ({}, "Cluster")


@ON_EACH_BACKEND
def test_a_baseline_is_staged_enforced_and_taken_back(
    play: Callable[..., Run], requests: Callable[[], Requests], shop: Content
) -> None:
    services = {"baseline_services": {"namespaces": ["shop-*"]}}
    with requests() as dry:
        assert play("bootstrap", "--check", baseline_state="staged", **services).code == 0
    assert dry.writes == []
    run = play("bootstrap", baseline_state="staged", **services)
    assert run.code == 0, run.output
    for said in (
        "create StagedGlobalNetworkPolicy global-default",
        "create global-default",
        "global-default is missing",
    ):
        assert said in run.output
    assert (shop.policies(), set(shop.staged_policies()), value(shop)) == ({}, FOUR, "Cluster")
    assert "changed=0" in play("bootstrap", baseline_state="staged", **services).output
    enforced = play("bootstrap", **services)
    assert enforced.code == 0, enforced.output
    assert "delete StagedGlobalNetworkPolicy global-default" in enforced.output
    assert (set(shop.policies()), shop.staged_policies(), value(shop)) == (FOUR, {}, "Local")
    assert play("bootstrap", baseline_state="staged", baseline_egress_deny_selector="zone == 'vault'").code == 0
    assert set(shop.staged_policies()) == {"global-egress-deny"}
    assert play("rollback", **services).code == 0
    assert (shop.policies(), shop.staged_policies()) == ({}, {})


@ON_EACH_BACKEND
def test_a_rollback_that_cannot_remove_the_policies_leaves_the_services(
    play: Callable[..., Run], requests: Callable[[], Requests], shop: Content
) -> None:
    services = {"baseline_services": {"namespaces": ["shop-*"]}}
    assert play("bootstrap", **services).code == 0
    shop.datastore_ready(False)
    try:
        with requests() as seen:
            run = play("rollback", **services)
    finally:
        shop.datastore_ready(True)
    assert run.code != 0
    assert "datastore is locked" in " ".join(run.output.split())
    assert (seen.writes, set(shop.policies()), value(shop)) == ([], FOUR, "Local")


@ON_EACH_BACKEND
def test_a_rollback_that_finalizers_would_leave_half_done_touches_nothing(
    play: Callable[..., Run], requests: Callable[[], Requests], shop: Content, native_only: None
) -> None:
    services = {"baseline_services": {"namespaces": ["shop-*"]}}
    assert play("bootstrap", **services).code == 0
    shop.set_finalizers("global-default", ["example.org/keeps-it"])
    try:
        with requests() as seen:
            run = play("rollback", **services)
    finally:
        shop.set_finalizers("global-default", [])
    assert run.code != 0
    assert "global-default would stay in force: finalizers keep them" in " ".join(run.output.split())
    assert (seen.writes, set(shop.policies()), value(shop)) == ([], FOUR, "Local")


@ON_ONE_CLUSTER
def test_every_variable_may_be_a_string(
    play: Callable[..., Run], plane: ControlPlane, shop: Content, tmp_path: Path
) -> None:
    run = play(
        "bootstrap",
        baseline_connection=json.dumps(connection(plane, tmp_path)),
        baseline_require_tls="true",
        baseline_wait_timeout="30",
        baseline_policies=yaml.safe_dump([policy("a", order=1, types=["Ingress"])]),
        baseline_services_enabled="yes",
        baseline_services="namespaces: shop-*, desk\ntypes: NodePort",
        baseline_checks='[{"id": "one", "query": "length(policies) == `1`", "message": "not one"}]',
        baseline_fail_on="compliance",
        baseline_prune="report",
        baseline_plan_digest="",
        baseline_max_prune="3",
        baseline_take_over="no",
        baseline_expectations="[]",
        baseline_on_unknown="warn",
        baseline_on_opened="warn",
        baseline_allow_interruption="off",
        baseline_paths="no",
        baseline_egress_allow_nets="10.0.0.0/8, 192.0.2.0/24",
    )
    assert run.code == 0, run.output
    assert (set(shop.policies()), value(shop)) == ({"a"}, "Local")


@ON_ONE_CLUSTER
def test_placeholders_reach_the_default_policies(play: Callable[..., Run], content: Content) -> None:
    run = play(
        "bootstrap",
        baseline_egress_deny_selector="zone == 'vault'",
        baseline_egress_allow_nets="10.0.0.0/8,192.0.2.0/24",
    )
    assert run.code == 0, run.output
    policies = content.policies()
    deny = policies["global-egress-deny"]["spec"]["egress"][0]
    assert deny["destination"]["selector"] == "zone == 'vault'"
    allow = policies["global-egress-allow"]["spec"]["egress"][0]
    assert allow["destination"]["nets"] == ["10.0.0.0/8", "192.0.2.0/24"]


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"baseline_connection": "kubeconfig: [s3cret"}, "baseline_connection is a string that is not YAML"),
        ({"baseline_connection": "~/.kube/config"}, "baseline_connection is not a mapping"),
        ({"baseline_services": {"namespace": "shop"}}, "baseline_services has namespace; it knows namespaces"),
        ({"baseline_services": {"namespaces": ""}}, "baseline_services selects nothing"),
        ({"baseline_services": {"types": ["NodePort"]}}, "baseline_services selects nothing"),
        ({"baseline_services_enabled": "perhaps"}, "baseline_services_enabled is 'perhaps', neither true nor false"),
        ({"baseline_wait_timeout": "5m"}, "baseline_wait_timeout is '5m', not a whole number"),
        ({"baseline_take_over": "perhaps"}, "baseline_take_over is 'perhaps', neither true nor false"),
        (
            {"baseline_allow_interruption": "perhaps"},
            "baseline_allow_interruption is 'perhaps', neither true nor false",
        ),
        ({"baseline_expectations": "{"}, "baseline_expectations is a string that is not YAML"),
        (
            {"baseline_prune": "delete"},
            "baseline_prune is delete, and neither baseline_src nor baseline_policies is given",
        ),
        ({"baseline_max_prune": "-1"}, "baseline_wait_timeout or baseline_max_prune is below 0"),
        ({"baseline_max_prune": "many"}, "baseline_max_prune is 'many', not a whole number"),
        ({"baseline_fail_on": "everything"}, "baseline_fail_on has everything; it knows compliance and gaps"),
        ({"baseline_src": "/x", "baseline_policies": "[{}]"}, "baseline_src and baseline_policies are both given"),
    ],
)
@ON_ONE_CLUSTER
def test_a_wrong_variable_is_named_before_the_cluster_is_asked(
    play: Callable[..., Run], requests: Callable[[], Requests], variables: dict[str, Any], said: str
) -> None:
    with requests() as seen:
        run = play("bootstrap", **variables)
    assert run.code != 0
    assert said in " ".join(run.output.split())
    assert "s3cret" not in run.output
    assert seen.all == []


@ON_ONE_CLUSTER
def test_two_hosts_that_are_one_cluster_are_refused(
    ansible: Ansible, plane: ControlPlane, requests: Callable[[], Requests], tmp_path: Path
) -> None:
    hosts = {"prod-eu": None, "prod-us": None}
    inventory = written(tmp_path / "two.yml", hosts, {"baseline_connection": connection(plane, tmp_path)})
    with requests() as seen:
        run = ansible.playbook("netguard.calico.bootstrap", "", str(inventory))
    assert run.code != 0
    assert "prod-eu and prod-us are the same cluster" in run.output
    assert seen.writes == []


@ON_ONE_CLUSTER
def test_two_hosts_on_one_server_are_both_refused_where_one_uid_cannot_be_read(
    ansible: Ansible, plane: ControlPlane, requests: Callable[[], Requests], tmp_path: Path
) -> None:
    token = service_account_token(plane, "default", "without-rights")
    blind = {"kubeconfig": str(kubeconfig_for_token(plane, token, tmp_path / "blind.kubeconfig"))}
    hosts = {"prod-eu": None, "prod-us": {"baseline_connection": blind}}
    inventory = written(tmp_path / "two.yml", hosts, {"baseline_connection": connection(plane, tmp_path)})
    with requests() as seen:
        run = ansible.playbook("netguard.calico.bootstrap", "", str(inventory))
    for one, other in (("prod-eu", "prod-us"), ("prod-us", "prod-eu")):
        assert f"{one} and {other} are the same cluster" in run.output
    assert "by its address, since not both uids can be read" in " ".join(run.output.split())
    assert [request for request in seen.all if "globalnetworkpolicies" in request] == []


@ON_ONE_CLUSTER
def test_hosts_that_read_no_uid_and_name_different_servers_are_two_clusters(
    ansible: Ansible, plane: ControlPlane, tmp_path: Path
) -> None:
    token = service_account_token(plane, "default", "without-rights")
    by_name = {"api_key": token, "ca_cert": str(plane.ca), "host": plane.server}
    hosts = {
        "prod-eu": {"baseline_connection": by_name},
        "prod-us": {"baseline_connection": {**by_name, "host": plane.server.replace("127.0.0.1", "localhost")}},
    }
    run = ansible.playbook("netguard.calico.audit", "", str(written(tmp_path / "two.yml", hosts, {})))
    assert "are the same cluster" not in run.output
    assert len(run.of_module("netguard.calico.baseline_info")) == 4


@pytest.mark.parametrize("localhost", [None, {"ansible_connection": "local"}])
@ON_ONE_CLUSTER
def test_the_python_that_runs_ansible_is_used_whatever_comes_first_on_the_path(
    ansible: Ansible, plane: ControlPlane, content: Content, tmp_path: Path, localhost: dict[str, str] | None
) -> None:
    other = tmp_path / "bin" / "python3"
    other.parent.mkdir()
    other.write_text("#!/bin/sh\necho 'a Python without the libraries' >&2\nexit 97\n", encoding="utf-8")
    other.chmod(0o755)
    hosts: dict[str, Any] = {"prod-eu": None, **({"localhost": localhost} if localhost else {})}
    inventory = written(tmp_path / "bare.yml", hosts, {"baseline_connection": connection(plane, tmp_path)})
    with_other = replace(ansible, path_first=str(other.parent))
    run = with_other.playbook("netguard.calico.bootstrap", "--limit prod-eu", str(inventory))
    assert run.code == 0, run.output
    assert set(content.policies()) == FOUR


@ON_ONE_CLUSTER
def test_an_audit_writes_its_report_for_its_owner_only_and_under_check_too(
    play: Callable[..., Run], content: Content, tmp_path: Path
) -> None:
    reports = tmp_path / "reports"
    run = play("audit", "--check", baseline_report_dir=str(reports))
    assert run.code != 0
    report = reports / "prod-eu.json"
    assert stat.S_IMODE(report.stat().st_mode) == 0o600
    facts = json.loads(report.read_text(encoding="utf-8"))
    assert (facts["status"], len(facts["policies"])) == ("not_compliant", 4)
    assert "changed=0" in run.output


@ON_ONE_CLUSTER
def test_the_folder_of_the_reports_keeps_its_mode_and_a_new_one_is_its_owners_only(
    play: Callable[..., Run], content: Content, tmp_path: Path
) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o775)
    linked = tmp_path / "linked"
    linked.symlink_to(shared)
    for folder, expected in ((shared, 0o775), (linked, 0o775), (tmp_path / "new" / "reports", 0o700)):
        play("audit", baseline_report_dir=str(folder))
        assert stat.S_IMODE(folder.stat().st_mode) == expected
        report = folder / "prod-eu.json"
        assert stat.S_IMODE(report.stat().st_mode) == 0o600
        report.unlink()


@ON_ONE_CLUSTER
def test_an_audit_that_is_to_know_paths_and_cannot_is_not_compliant(play: Callable[..., Run], content: Content) -> None:
    assert play("bootstrap").code == 0
    assert play("audit").code == 0
    blind = play("audit", baseline_paths="yes")
    assert blind.code != 0
    assert "paths could not be read" in blind.output


@ON_ONE_CLUSTER
def test_gaps_fail_an_audit_on_request(play: Callable[..., Run], content: Content) -> None:
    content.policy("before", order=1, types=["Ingress"])
    assert play("bootstrap").code == 0
    strict = play("audit", baseline_fail_on="compliance,gaps")
    assert strict.code != 0
    assert "before" in strict.output
    assert play("audit", baseline_fail_on="").code == 0
