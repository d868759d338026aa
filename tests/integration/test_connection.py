# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the cluster is reached: options, K8S_AUTH_* variables, TLS, and what is returned about it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from ansible_collections.netguard.calico.plugins.module_utils._cluster.connection import connect
from ansible_collections.netguard.calico.plugins.module_utils._cluster.errors import Forbidden, Unreachable
from ansible_collections.netguard.calico.plugins.module_utils._cluster.resources import SERVICES
from kubernetes.config import incluster_config

from ansible_run import Ansible
from cluster_content import Content
from conftest import EACH_BACKEND, policy
from control_plane import Backend, ControlPlane, kubeconfig_for_token, service_account_token
from requests_seen import Requests

# None of this depends on where the CRDs are from.
pytestmark = pytest.mark.parametrize("plane", EACH_BACKEND, indirect=True, scope="session")
A = [policy("a", order=1)]


@pytest.fixture
def token(plane: ControlPlane) -> str:
    """A token of an account that may do everything."""
    token = service_account_token(plane, "default", "everything")
    subject = {"kind": "ServiceAccount", "name": "everything", "namespace": "default"}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"}
    path = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings"
    body = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "everything"},
        "subjects": [subject],
        "roleRef": role,
    }
    api = plane.admin_api()
    if "everything" not in {item["metadata"]["name"] for item in api.request("GET", path)["items"]}:
        api.request("POST", path, body)
    return token


def awx(ansible: Ansible, plane: ControlPlane, token: str, **more: str) -> Ansible:
    """Ansible with the variables that AWX's Kubernetes credential sets, and no options."""
    environment = {"K8S_AUTH_HOST": plane.server, "K8S_AUTH_API_KEY": token, **more}
    return replace(ansible, options={}, accounts={}, environment=environment)


def test_every_result_says_which_cluster_answered(
    ansible: Ansible, plane: ControlPlane, content: Content, backend: Backend
) -> None:
    cluster = ansible.module("policy_baseline", check=True, policies=A).result["cluster"]
    namespace = plane.admin_api().request("GET", "/api/v1/namespaces/kube-system")
    assert cluster == {
        "uid": namespace["metadata"]["uid"],
        "server": plane.server,
        "context": "netguard",
        "version": "v1.36.3",
        "backend": backend,
        "tls_verified": True,
        "tls_source": "default",
    }


def test_awx_with_its_certificate_authority(
    ansible: Ansible, plane: ControlPlane, token: str, content: Content
) -> None:
    answer = awx(ansible, plane, token, K8S_AUTH_SSL_CA_CERT=str(plane.ca)).task("policy_baseline", policies=A)
    assert answer.result["cluster"]["tls_verified"] is True
    assert token not in answer.output


def test_verification_that_awx_turned_off_is_obeyed_and_said(
    ansible: Ansible, plane: ControlPlane, token: str, content: Content
) -> None:
    answer = awx(ansible, plane, token, K8S_AUTH_VERIFY_SSL="False").module("policy_baseline", policies=A)
    cluster = answer.result["cluster"]
    assert (cluster["tls_verified"], cluster["tls_source"]) == (False, "environment K8S_AUTH_VERIFY_SSL")
    assert any("is not verified" in warning for warning in answer.result["warnings"])


def test_require_tls_refuses_what_is_not_verified(
    ansible: Ansible, requests: Callable[[], Requests], plane: ControlPlane, token: str, content: Content
) -> None:
    unverified = awx(ansible, plane, token, K8S_AUTH_VERIFY_SSL="False")
    with requests() as seen:
        answer = unverified.module("policy_baseline", policies=A, require_tls=True)
    assert answer.result["code"] == "tls_not_verified"
    assert seen.all == []


def test_a_named_kubeconfig_is_not_mixed_with_the_environment(
    ansible: Ansible, plane: ControlPlane, content: Content
) -> None:
    environment = {"K8S_AUTH_HOST": "https://203.0.113.1:6443", "K8S_AUTH_API_KEY": "of-another-cluster"}
    answer = replace(ansible, environment=environment).module("policy_baseline", policies=A)
    assert not answer.failed, answer.output
    assert any("K8S_AUTH_HOST, K8S_AUTH_API_KEY not used" in warning for warning in answer.result["warnings"])


def test_the_kubeconfig_may_come_from_the_environment(ansible: Ansible, plane: ControlPlane, content: Content) -> None:
    for variable in ("KUBECONFIG", "K8S_AUTH_KUBECONFIG"):
        by_environment = replace(ansible, options={}, accounts={}, environment={variable: str(plane.kubeconfig)})
        assert not by_environment.module("policy_baseline", policies=A).failed


def test_the_content_of_a_kubeconfig_shows_nowhere(
    ansible: Ansible, plane: ControlPlane, token: str, content: Content, tmp_path: Path
) -> None:
    file = kubeconfig_for_token(plane, token, tmp_path / "k")
    kubeconfig = yaml.safe_load(file.read_text(encoding="utf-8"))
    for given in (kubeconfig, json.dumps(kubeconfig)):
        answer = replace(ansible, options={"kubeconfig": given}).task("policy_baseline", diff=True, policies=A)
        assert not answer.failed, answer.output
        assert token not in json.dumps(answer.result) + answer.output
        assert answer.result["cluster"]["server"] == plane.server


PROXY = "http://jane:s3cret%21@127.0.0.1"


@pytest.mark.parametrize(
    ("environment", "options", "said"),
    [
        ({}, {"proxy": f"{PROXY}:1"}, "No answer from"),
        ({"K8S_AUTH_PROXY": f"{PROXY}:1"}, {}, "No answer from"),
        ({"HTTPS_PROXY": f"{PROXY}:1", "NO_PROXY": ""}, {}, "No answer from"),
        ({}, {"proxy": f"{PROXY}:port"}, "The URL of the proxy cannot be used"),
        ({}, {"proxy": f"{PROXY}:1", "polices": A}, "Unsupported parameters"),
        ({}, {"proxy": f"{PROXY}:1", "policies": [{}]}, "policies[0]"),
    ],
)
def test_the_password_of_a_proxy_shows_nowhere(
    ansible: Ansible, environment: dict[str, str], options: dict[str, Any], said: str
) -> None:
    answer = replace(ansible, environment=environment).task("policy_baseline", **options)
    assert said in answer.result["msg"]
    shown = json.dumps(answer.result) + answer.output
    assert "s3cret" not in shown


def test_the_rest_of_a_proxys_url_shows(ansible: Ansible) -> None:
    answer = ansible.module("policy_baseline", proxy=f"{PROXY}:1")
    assert answer.result["invocation"]["module_args"]["proxy"] == "http://jane:********@127.0.0.1:1"


def test_a_token_of_another_server_is_not_sent_to_the_host_that_the_task_names(
    ansible: Ansible, plane: ControlPlane, token: str, content: Content
) -> None:
    of_another = awx(ansible, plane, token, K8S_AUTH_HOST="https://203.0.113.1:6443")
    answer = of_another.module("policy_baseline", policies=A, host=plane.server, ca_cert=str(plane.ca))
    assert answer.result["code"] == "unauthorised"
    assert any("K8S_AUTH_HOST, K8S_AUTH_API_KEY not used" in warning for warning in answer.result["warnings"])


def test_a_token_of_the_same_server_is_sent_to_the_host_that_the_task_names(
    ansible: Ansible, plane: ControlPlane, token: str, content: Content
) -> None:
    of_the_same = awx(ansible, plane, token, K8S_AUTH_HOST=f"{plane.server}/", K8S_AUTH_SSL_CA_CERT=str(plane.ca))
    answer = of_the_same.module("policy_baseline", policies=A, host=plane.server)
    assert not answer.failed, answer.output


@pytest.fixture
def pod(plane: ControlPlane, token: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """This process as a pod of the control plane: the variables and files that a pod's service account has."""
    address = urlsplit(plane.server)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", str(address.hostname))
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(address.port))
    file = tmp_path / "token"
    file.write_text(token, encoding="utf-8")
    monkeypatch.setattr(incluster_config, "SERVICE_TOKEN_FILENAME", str(file))
    monkeypatch.setattr(incluster_config, "SERVICE_CERT_FILENAME", str(plane.ca))


def test_a_pods_service_account_acts_as_whom_the_task_names(pod: None) -> None:
    own = connect({"connection": "in_cluster"}, {})
    assert own.tls_verified
    own.gateway.list(SERVICES)
    acting = connect({"connection": "in_cluster", "impersonate_user": "jane"}, {})
    with pytest.raises(Forbidden, match='User "jane" cannot list'):
        acting.gateway.list(SERVICES)


def test_a_pods_service_account_goes_through_the_proxy(pod: None) -> None:
    with pytest.raises(Unreachable, match="connect to proxy"):
        connect({"connection": "in_cluster", "proxy": "http://127.0.0.1:1"}, {}).gateway.list(SERVICES)


def test_in_cluster_credentials_are_not_taken_by_themselves(ansible: Ansible, tmp_path: Path) -> None:
    pod = {"KUBERNETES_SERVICE_HOST": "203.0.113.1", "KUBERNETES_SERVICE_PORT": "443", "HOME": str(tmp_path)}
    answer = replace(ansible, options={}, accounts={}, environment=pod).module("policy_baseline")
    assert "There is no kubeconfig ~/.kube/config" in answer.result["msg"]


def test_another_cluster_than_expected_is_refused(
    ansible: Ansible, requests: Callable[[], Requests], content: Content
) -> None:
    with requests() as seen:
        answer = ansible.module("policy_baseline", policies=A, expected_cluster_uid="6f1c2a53")
    assert answer.result["code"] == "wrong_cluster"
    assert "expected_cluster_uid is 6f1c2a53" in answer.result["msg"]
    assert seen.writes == []
