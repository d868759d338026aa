# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control plane does what the tests of the collection rely on."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
import yaml

import binaries
import crds
import processes
from control_plane import (
    Api,
    ApiError,
    ControlPlane,
    InstallError,
    StartError,
    StopError,
    kubeconfig_for_token,
    load,
    service_account_token,
    start,
    stop,
)

POLICIES = "/apis/projectcalico.org/v3/globalnetworkpolicies"
COMPONENTS = {"etcd", "kube-apiserver", "kube-controller-manager"}
CLI = Path(__file__).resolve().parent / "control_plane.py"
T = TypeVar("T")


@pytest.fixture(scope="module")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    started = start(tmp_path_factory.mktemp("control") / "plane")
    yield started
    stop(started.directory)


@pytest.fixture
def api(control_plane: ControlPlane) -> Api:
    return control_plane.admin_api()


def policy(name: str, **spec: Any) -> dict[str, Any]:
    metadata = {"name": name}
    return {"apiVersion": "projectcalico.org/v3", "kind": "GlobalNetworkPolicy", "metadata": metadata, "spec": spec}


def eventually(find: Callable[[], T | None], seconds: float = 20.0) -> T:
    """What `find` gives once it gives something."""
    deadline = time.monotonic() + seconds
    while (found := find()) is None:
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)
    return found


def make_namespace(api: Api, name: str) -> str:
    api.request("POST", "/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    eventually(lambda: found(api, f"/api/v1/namespaces/{name}/serviceaccounts/default"))
    return f"/api/v1/namespaces/{name}"


def found(api: Api, path: str) -> dict[str, Any] | None:
    """The object, or None where there is none."""
    try:
        return api.request("GET", path)
    except ApiError as error:
        if error.status == 404:
            return None
        raise


def test_the_server_has_the_version_of_its_program(api: Api) -> None:
    program = binaries.find_or_build()["kube-apiserver"]
    printed = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == f"Kubernetes {api.request('GET', '/version')['gitVersion']}"
    if program.is_relative_to(binaries.cache_folder()):
        assert printed.strip() == f"Kubernetes {binaries.KUBERNETES_VERSION}"


def test_every_kind_is_served_and_the_default_tier_exists(api: Api) -> None:
    served = api.request("GET", "/apis/projectcalico.org/v3")["resources"]
    kinds = {(kind["name"], kind["kind"], kind["namespaced"]) for kind in served if "/" not in kind["name"]}
    assert kinds == {(kind.plural, kind.name, kind.namespaced) for kind in crds.kinds()}
    tier = api.request("GET", "/apis/projectcalico.org/v3/tiers/default")
    assert tier["spec"] == {"order": 1_000_000, "defaultAction": "Deny"}


def test_the_crd_files_are_what_the_tables_give() -> None:
    assert crds.outdated() == []


@pytest.mark.parametrize(
    ("spec", "status", "complaint"),
    [
        ({"selektor": "all()"}, 400, 'unknown field "spec.selektor"'),
        ({"ingress": [{"action": "Allow", "source": {"net": ["10.0.0.0/8"]}}]}, 400, "source.net"),
        ({"ingress": [{"action": "allow"}]}, 422, 'Unsupported value: "allow"'),
        ({"ingress": [{}]}, 422, "action: Required value"),
        ({"types": ["Ingress", "Ingress"]}, 422, "Duplicate value"),
        ({"selector": "a" * 1025}, 422, "may not be more than 1024"),
        ({"doNotTrack": True}, 422, "need applyOnForward"),
        ({"selector": "global()"}, 422, "selector cannot use global()"),
        ({"egress": [{"action": "Deny", "http": {}}]}, 422, "http needs the action Allow"),
        ({"egress": [{"action": "Deny", "protocol": "ICMP", "ipVersion": 6}]}, 422, "protocol ICMP needs ipVersion 4"),
        ({"egress": [{"action": "Deny", "destination": {"services": {}}}]}, 422, "services needs a name"),
    ],
)
def test_what_calico_refuses_is_refused(api: Api, spec: dict[str, Any], status: int, complaint: str) -> None:
    with pytest.raises(ApiError) as refused:
        api.request("POST", f"{POLICIES}?fieldValidation=Strict", policy("refused", **spec))
    assert refused.value.status == status
    assert complaint in refused.value.message
    assert found(api, f"{POLICIES}/refused") is None


def test_a_policy_is_stored_as_sent_with_its_defaults(api: Api) -> None:
    spec = {
        "selector": "app == 'web'",
        "order": 10.5,
        "types": ["Ingress"],
        "ingress": [
            {"action": "Allow", "protocol": "TCP", "source": {}, "destination": {"ports": [80, "8000:8080"]}},
            {"action": "Deny", "protocol": 58, "icmp": {"type": 128}},
        ],
    }
    stored = api.request("POST", f"{POLICIES}?fieldValidation=Strict", policy("stored", **spec))
    assert stored["spec"] == {**spec, "tier": "default"}


def test_the_audit_log_shows_a_dry_run_and_a_read(control_plane: ControlPlane, api: Api) -> None:
    api.request("POST", f"{POLICIES}?dryRun=All", policy("audited", selector="all()"))
    assert found(api, f"{POLICIES}/audited") is None

    def line(verb: str) -> dict[str, Any] | None:
        events = (
            json.loads(text) for text in control_plane.audit_log.read_text().splitlines(keepends=True) if "\n" in text
        )
        ours = (
            event for event in events if event.get("objectRef", {}).get("name") == "audited" and event["verb"] == verb
        )
        return next(ours, None)

    written = eventually(lambda: line("create"))
    assert written["requestURI"] == f"{POLICIES}?dryRun=All"
    assert written["objectRef"]["resource"] == "globalnetworkpolicies"
    assert (written["stage"], written["responseStatus"]["code"]) == ("ResponseComplete", 201)
    assert (written["user"]["username"], written["userAgent"]) == ("admin", "netguard-control-plane")
    assert eventually(lambda: line("get"))["responseStatus"]["code"] == 404


def test_the_controllers_make_endpoint_slices(api: Api) -> None:
    namespace = make_namespace(api, "slices")
    api.request("POST", "/api/v1/nodes", {"metadata": {"name": "n1"}})
    labels = {"app": "web"}
    service_spec = {"selector": labels, "type": "NodePort", "ports": [{"port": 80}]}
    api.request("POST", f"{namespace}/services", {"metadata": {"name": "web"}, "spec": service_spec})
    pod_spec = {"nodeName": "n1", "containers": [{"name": "web", "image": "web"}]}
    api.request("POST", f"{namespace}/pods", {"metadata": {"name": "web", "labels": labels}, "spec": pod_spec})
    ready = {"phase": "Running", "podIP": "10.1.0.7", "podIPs": [{"ip": "10.1.0.7"}]}
    status = {"status": {**ready, "conditions": [{"type": "Ready", "status": "True"}]}}
    api.request("PATCH", f"{namespace}/pods/web/status", status, "application/merge-patch+json")

    def endpoint() -> dict[str, Any] | None:
        slices = api.request("GET", "/apis/discovery.k8s.io/v1/namespaces/slices/endpointslices")["items"]
        endpoints = [endpoint for slice_ in slices for endpoint in slice_.get("endpoints") or []]
        return next((each for each in endpoints if each["conditions"]["ready"]), None)

    made = eventually(endpoint)
    assert (made["addresses"], made["targetRef"]["name"]) == (["10.1.0.7"], "web")


def test_a_namespace_goes_with_what_is_in_it(api: Api) -> None:
    make_namespace(api, "passing")
    path = "/apis/projectcalico.org/v3/namespaces/passing/networksets"
    nets = {"apiVersion": "projectcalico.org/v3", "kind": "NetworkSet", "metadata": {"name": "nets"}, "spec": {}}
    api.request("POST", path, nets)
    api.request("DELETE", "/api/v1/namespaces/passing")
    eventually(lambda: True if found(api, "/api/v1/namespaces/passing") is None else None)
    assert found(api, f"{path}/nets") is None


def test_a_token_is_its_service_account_and_no_more(control_plane: ControlPlane, tmp_path: Path) -> None:
    token = service_account_token(control_plane, "default", "auditor")
    again = service_account_token(control_plane, "default", "auditor")
    assert token.count(".") == again.count(".") == 2

    kubeconfig = kubeconfig_for_token(control_plane, token, tmp_path / "kubeconfig")
    assert stat.S_IMODE(kubeconfig.stat().st_mode) == 0o600
    assert yaml.safe_load(kubeconfig.read_text())["users"][0]["user"] == {"token": token}

    auditor = Api(control_plane.server, control_plane.ca, token=token)
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    answer = auditor.request("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", review)
    assert answer["status"]["userInfo"]["username"] == "system:serviceaccount:default:auditor"
    with pytest.raises(ApiError) as refused:
        auditor.request("GET", POLICIES)
    assert refused.value.status == 403


def test_others_cannot_read_the_directory(control_plane: ControlPlane) -> None:
    assert stat.S_IMODE(control_plane.directory.stat().st_mode) == 0o700
    assert stat.S_IMODE(control_plane.kubeconfig.stat().st_mode) == 0o600


def test_the_commands_start_one_that_outlives_them_and_stop_it_without_a_trace(tmp_path: Path) -> None:
    directory = tmp_path / "plane"
    printed = subprocess.run(
        [sys.executable, CLI, "start", "--directory", directory, "--no-crds"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    control_plane = load(directory)
    assert printed == f"kubeconfig: {directory / 'kubeconfig'}\nserver: {control_plane.server}\n"
    assert control_plane.admin_api().is_ready()
    pids = processes.owned_by(directory)
    assert {Path(f"/proc/{pid}/exe").resolve().name for pid in pids} == COMPONENTS

    with pytest.raises(StartError, match="already has a control plane"):
        start(directory)
    subprocess.run([sys.executable, CLI, "stop", "--directory", directory], check=True)
    eventually(lambda: None if any(Path(f"/proc/{pid}").exists() for pid in pids) else True)
    assert list(tmp_path.iterdir()) == []
    subprocess.run([sys.executable, CLI, "stop", "--directory", directory], check=True)


def test_a_start_that_fails_says_why_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(tmp_path / "assets", "etcd", "echo no space left; exit 3")
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(tmp_path / "assets"))
    directory = tmp_path / "plane"
    with pytest.raises(StartError, match=r"^etcd ended with exit status 3\nno space left$"):
        start(directory)
    assert not directory.exists()
    assert processes.owned_by(directory) == []


def test_a_server_that_dies_while_crds_are_installed_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = tmp_path / "plane"

    def dies(api: Api, *_: object) -> None:
        processes.stop_owned_by(directory, patience=0)
        api.request("GET", "/version")

    monkeypatch.setattr("lifecycle.install", dies)
    with pytest.raises(StartError, match=r"^kube-apiserver does not answer any more: .+\n"):
        start(directory)
    assert not directory.exists()


def test_a_crd_that_is_refused_leaves_nothing(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    crd = crds.definition(crds.kinds()[0])
    crd["spec"]["scope"] = "Everywhere"
    bad.write_text(yaml.safe_dump(crd))
    directory = tmp_path / "plane"
    with pytest.raises(ApiError, match="Everywhere"):
        start(directory, [bad])
    assert not directory.exists()
    assert processes.owned_by(directory) == []


@pytest.mark.parametrize(
    "content", ["- a list", "kind: NoVersion", "{", "apiVersion: v1\nkind: Namespace\nmetadata: {}"]
)
def test_what_is_no_manifest_is_refused_before_anything_starts(tmp_path: Path, content: str) -> None:
    (tmp_path / "bad.yaml").write_text(content)
    with pytest.raises(InstallError, match=r"bad\.yaml"):
        start(tmp_path / "plane", [tmp_path])
    assert [path.name for path in tmp_path.iterdir()] == ["bad.yaml"]


def test_a_directory_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.write_text("content")
    with pytest.raises(StartError, match="not an empty directory"):
        start(tmp_path)
    with pytest.raises(StopError, match="left as it is"):
        stop(tmp_path)
    assert theirs.read_text() == "content"


def test_only_the_processes_of_the_directory_are_stopped(tmp_path: Path) -> None:
    stubborn = ["/bin/sh", "-c", "trap '' TERM; echo ready; while :; do sleep 1; done"]
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    process = processes.spawn("ours", stubborn, ours, tmp_path / "ours.log")
    other = processes.spawn("theirs", ["/bin/sleep", "60"], theirs, tmp_path / "theirs.log")
    try:
        eventually(lambda: processes.log_tail(process.log) or None)
        processes.stop_owned_by(ours, patience=0.2)
        assert processes.owned_by(ours) == []
        assert processes.exit_description(other) is None
    finally:
        processes.stop_owned_by(theirs, patience=5)
    assert processes.owned_by(theirs) == []


def test_programs_come_from_the_assets_first_and_then_from_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in COMPONENTS:
        fake(tmp_path / "path", name, "exit 0")
    fake(tmp_path / "assets", "etcd", "exit 0")
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(tmp_path / "assets"))
    monkeypatch.setenv("NETGUARD_CACHE", str(tmp_path / "cache"))
    folders = {name: path.parent.name for name, path in binaries.find_or_build().items()}
    assert folders == {"etcd": "assets", "kube-apiserver": "path", "kube-controller-manager": "path"}
    assert not (tmp_path / "cache").exists()


def fake(folder: Path, name: str, commands: str) -> None:
    """A program that does no more than these shell commands."""
    folder.mkdir(exist_ok=True)
    program = folder / name
    program.write_text(f"#!/bin/sh\n{commands}\n")
    program.chmod(0o755)
