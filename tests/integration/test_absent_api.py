# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clusters that do not serve what is needed: what is missing is told apart, with what to install."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_run import Ansible
from control_plane import Api, ApiError, ControlPlane, start, stop
from install import OWN_CRDS, read_manifests

pytestmark = pytest.mark.any_versions

CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A cluster without any of Calico's kinds."""
    started = start(tmp_path_factory.mktemp("bare") / "plane", [])
    yield started
    stop(started.directory)


@pytest.fixture
def on_bare(bare: ControlPlane, collections: Path, tmp_path: Path) -> Ansible:
    return Ansible(tmp_path, {"kubeconfig": str(bare.kubeconfig)}, collections)


@pytest.fixture
def bare_api(bare: ControlPlane) -> Api:
    return bare.admin_api()


def v1_crd() -> dict[str, Any]:
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    names = {"plural": "felixconfigurations", "singular": "felixconfiguration", "kind": "FelixConfiguration"}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "felixconfigurations.crd.projectcalico.org"},
        "spec": {"group": "crd.projectcalico.org", "scope": "Cluster", "names": names, "versions": [version]},
    }


def calico_node(datastore: str | None) -> dict[str, Any]:
    env = [{"name": "DATASTORE_TYPE", "value": datastore}] if datastore else []
    container = {"name": "calico-node", "image": "calico/node", "env": env}
    labels = {"k8s-app": "calico-node"}
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": "calico-node", "namespace": "kube-system"},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    }


def test_no_calico_at_all(on_bare: Ansible) -> None:
    answer = on_bare.module("policy_baseline")
    assert answer.result["code"] == "api_absent"
    assert "no Calico was found" in answer.result["msg"]


def test_waiting_ends_with_the_same_answer(on_bare: Ansible) -> None:
    answer = on_bare.module("policy_baseline", wait=True, wait_timeout=3)
    assert answer.result["code"] == "api_absent"


@pytest.mark.parametrize(("datastore", "said"), [("etcdv3", "keeps its objects in etcd"), (None, "Calico runs here")])
def test_calico_with_its_objects_elsewhere(on_bare: Ansible, bare_api: Api, datastore: str | None, said: str) -> None:
    daemon_sets = "/apis/apps/v1/namespaces/kube-system/daemonsets"
    bare_api.request("POST", daemon_sets, calico_node(datastore))
    try:
        answer = on_bare.module("policy_baseline")
    finally:
        bare_api.request("DELETE", f"{daemon_sets}/calico-node")
    assert answer.result["code"] == "api_absent"
    assert said in answer.result["msg"]


def test_v1_crds_that_were_left_over_beside_etcd_are_not_audited(on_bare: Ansible, bare_api: Api) -> None:
    daemon_sets = "/apis/apps/v1/namespaces/kube-system/daemonsets"
    bare_api.request("POST", CRDS, v1_crd())
    bare_api.request("POST", daemon_sets, calico_node("etcdv3"))
    try:
        answer = on_bare.module("baseline_info")
    finally:
        bare_api.request("DELETE", f"{daemon_sets}/calico-node")
        bare_api.request("DELETE", f"{CRDS}/felixconfigurations.crd.projectcalico.org")
    assert answer.result["code"] == "api_absent"
    assert "keeps its objects in etcd" in answer.result["msg"]


def test_v3_is_not_enough_without_policies_and_the_default_tier(on_bare: Ansible, bare_api: Api) -> None:
    tiers, policies = (read_manifests([OWN_CRDS / f"{name}.yaml"])[0] for name in ("tiers", "globalnetworkpolicies"))
    bare_api.request("POST", CRDS, tiers)
    try:
        plain = eventually_registered(on_bare)
        without_policies = on_bare.module("policy_baseline", wait=True, wait_timeout=3)
        bare_api.request("POST", CRDS, policies)
        without_default = on_bare.module("policy_baseline", wait=True, wait_timeout=8)
    finally:
        for crd in (tiers, policies):
            bare_api.request("DELETE", f"{CRDS}/{crd['metadata']['name']}")
    assert "does not serve globalnetworkpolicies.projectcalico.org" in plain
    assert "serves projectcalico.org/v3 without globalnetworkpolicies" in without_policies.result["msg"]
    assert without_default.result["code"] == "api_absent"
    assert "Calico has not made its tier default yet" in without_default.result["msg"]


def eventually_registered(ansible: Ansible) -> str:
    """The message once the group's APIService is there, which takes the server a moment."""
    for _attempt in range(10):
        answer = ansible.module("policy_baseline")
        if "no Calico was found" not in answer.result["msg"]:
            break
    assert answer.result["code"] == "api_absent"
    return str(answer.result["msg"])


def test_an_api_server_that_is_down_is_unavailable_and_not_absent(on_bare: Ansible, bare_api: Api) -> None:
    """Calico's API server registered, and nothing behind it: as after its pods have crashed."""
    path = "/apis/apiregistration.k8s.io/v1/apiservices"
    spec = {
        "group": "projectcalico.org",
        "version": "v3",
        "groupPriorityMinimum": 1500,
        "versionPriority": 200,
        "insecureSkipTLSVerify": True,
        "service": {"name": "calico-api", "namespace": "calico-apiserver"},
    }
    metadata = {"name": "v3.projectcalico.org"}
    body = {"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "metadata": metadata, "spec": spec}
    wait_until_unregistered(bare_api, f"{path}/v3.projectcalico.org")
    bare_api.request("POST", path, body)
    try:
        answers = [on_bare.module("policy_baseline") for _attempt in range(2)]
    finally:
        bare_api.request("DELETE", f"{path}/v3.projectcalico.org")
    assert {answer.result["code"] for answer in answers} == {"unavailable"}
    assert "v3.projectcalico.org" in answers[-1].result["msg"]


def wait_until_unregistered(api: Api, path: str) -> None:
    """The API server takes a group's registration away a moment after its last CRD."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            api.request("GET", path)
        except ApiError as error:
            assert error.status == 404
            return
        time.sleep(0.2)
    raise AssertionError(f"{path} is still there")


def test_v1_crds_only_are_said_soon_even_while_waiting(on_bare: Ansible, bare_api: Api) -> None:
    bare_api.request("POST", CRDS, v1_crd())
    try:
        answer = on_bare.module("policy_baseline", wait=True, wait_timeout=600)
    finally:
        bare_api.request("DELETE", f"{CRDS}/felixconfigurations.crd.projectcalico.org")
    assert answer.result["code"] == "api_absent"
    assert "v1 CRDs only" in answer.result["msg"]
    assert "Install Calico's API server" in answer.result["msg"]
