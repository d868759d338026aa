# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad input: one line that names the thing and the remedy, exit code not zero, nothing written."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_run import Ansible, Answer
from cluster_content import Content
from conftest import EACH_BACKEND, policy
from control_plane import ControlPlane, kubeconfig_for_token, service_account_token
from requests_seen import Requests

# None of this depends on where the CRDs are from.
pytestmark = pytest.mark.parametrize("plane", EACH_BACKEND, indirect=True, scope="session")


ALLOW_FROM_NO_NETWORK = {"action": "Allow", "source": {"nets": ["192.0.2.0/33"]}}
ALLOW_TCP_IN_LOWER_CASE = {"action": "Allow", "protocol": "tcp"}


def refused(answer: Answer, code: str, *parts: str) -> None:
    """Asserts the failure, its code, its one line, and what the line says."""
    assert answer.failed, answer.output
    message = answer.result["msg"]
    assert answer.result.get("code") == code, message
    assert "\n" not in message.strip()
    for part in parts:
        assert part in message
    assert "Traceback" not in answer.output


@pytest.mark.parametrize(
    ("options", "parts"),
    [
        ({"policies": ["text"]}, ()),
        ({"policies": [{"kind": "ConfigMap", "apiVersion": "v1"}]}, ("policies[0]", "is v1 ConfigMap, not")),
        (
            {"policies": [policy("Upper Case")]},
            ("policies[0]: metadata.name: 'Upper Case' is not the name of a policy",),
        ),
        ({"policies": [policy("a", colour="red"), policy("b", order="x")]}, ("spec.colour", "policies[1]: spec.order")),
        # Plain CRDs would store each of these, and Calico then do something else than it says.
        ({"policies": [policy("a", selector="app = 'web'")]}, ("policies[0]: spec.selector: ", "is not a selector")),
        (
            {"policies": [policy("a", ingress=[ALLOW_FROM_NO_NETWORK])]},
            ("spec.ingress[0].source.nets[0]: '192.0.2.0/33'",),
        ),
        (
            {"policies": [policy("a", ingress=[ALLOW_TCP_IN_LOWER_CASE])]},
            ("spec.ingress[0].protocol: 'tcp' is not a protocol",),
        ),
        ({"policies": [policy("a"), policy("a")]}, ("a is given 2 times",)),
        ({"policies": []}, ("no policy is given",)),
    ],
)
def test_a_manifest_that_is_not_a_policy(
    ansible: Ansible,
    requests: Callable[[], Requests],
    content: Content,
    options: dict[str, Any],
    parts: tuple[str, ...],
) -> None:
    with requests() as seen:
        answer = ansible.module("policy_baseline", **options)
    assert seen.all == [], "the cluster was asked before the input was checked"
    if parts:
        refused(answer, "invalid_manifest", *parts)
    else:
        assert answer.failed


def test_yaml_that_does_not_parse_is_named_with_its_line(
    ansible: Ansible, requests: Callable[[], Requests], tmp_path: Path
) -> None:
    file = tmp_path / "broken.yml"
    file.write_text("a: 1\nb: [\n", encoding="utf-8")
    with requests() as seen:
        answer = ansible.module("policy_baseline", src=str(file))
    refused(answer, "invalid_input", f"{file}, line 3 is not YAML")
    assert seen.all == []


def test_faults_in_a_file_are_named_with_their_lines(
    ansible: Ansible, requests: Callable[[], Requests], tmp_path: Path
) -> None:
    file = tmp_path / "edge.yml"
    head = "apiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\nmetadata: {name: a}\n"
    file.write_text(f"{head}spec:\n  ordr: 1\n  types: [ingress]\n", encoding="utf-8")
    with requests() as seen:
        answer = ansible.module("policy_baseline", src=str(file))
    refused(answer, "invalid_manifest", f"{file}:5: spec.ordr: unknown field", f"{file}:6: spec.types[0]: is 'ingress'")
    assert seen.all == []


def test_a_key_that_is_there_twice(ansible: Ansible, tmp_path: Path) -> None:
    file = tmp_path / "edge.yml"
    file.write_text("a: 1\na: 2\n", encoding="utf-8")
    refused(ansible.module("policy_baseline", src=str(file)), "invalid_input", f"{file}:2: the key a is there twice")


def test_a_file_that_is_not_there(ansible: Ansible) -> None:
    refused(ansible.module("policy_baseline", src="/nowhere.yml"), "invalid_input", "/nowhere.yml cannot be read")


def test_an_unknown_option(ansible: Ansible, requests: Callable[[], Requests]) -> None:
    with requests() as seen:
        answer = ansible.module("policy_baseline", polices=[])
    assert answer.failed
    assert "Unsupported parameters" in answer.result["msg"]
    assert "polices" in answer.result["msg"]
    assert seen.all == []


def test_a_kubeconfig_that_names_no_cluster(ansible: Ansible, tmp_path: Path) -> None:
    file = tmp_path / "kubeconfig"
    contexts = [{"name": "one", "context": {"cluster": "nowhere", "user": "u"}}]
    file.write_text(json.dumps({"contexts": contexts, "current-context": "one"}), encoding="utf-8")
    answer = ansible.module("policy_baseline", kubeconfig=str(file))
    refused(answer, "invalid_input", str(file), "The context one", "names no cluster with a server")


def test_an_unknown_context(ansible: Ansible) -> None:
    answer = ansible.module("policy_baseline", context="elsewhere")
    refused(answer, "invalid_input", "has no context elsewhere. Its contexts: netguard")


def test_a_server_that_is_not_there(ansible: Ansible) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        server = f"https://127.0.0.1:{free.getsockname()[1]}"
    nobody = replace(ansible, options={"host": server, "api_key": "t0ken"})
    refused(nobody.module("policy_baseline"), "unreachable", f"No answer from {server}", "Connection refused")


def test_a_certificate_that_is_not_trusted(ansible: Ansible, plane: ControlPlane) -> None:
    stranger = replace(ansible, options={"host": plane.server, "api_key": "t0ken"})
    answer = stranger.module("policy_baseline")
    refused(answer, "unreachable", f"The certificate of {plane.server} is not trusted", "Give ca_cert")


def test_a_token_that_is_not_accepted_is_not_shown(ansible: Ansible, plane: ControlPlane) -> None:
    wrong = replace(ansible, options={"host": plane.server, "api_key": "wr0ng-t0ken", "ca_cert": str(plane.ca)})
    answer = wrong.task("policy_baseline")
    refused(answer, "unauthorised", "credentials were not sent or not accepted")
    assert "wr0ng-t0ken" not in answer.output


def test_no_token_at_all(ansible: Ansible, plane: ControlPlane) -> None:
    nobody = replace(ansible, options={"host": plane.server, "ca_cert": str(plane.ca)})
    refused(nobody.module("policy_baseline"), "unauthorised", "system:anonymous", "not sent or not accepted")


def test_a_token_without_rights(
    ansible: Ansible, plane: ControlPlane, requests: Callable[[], Requests], tmp_path: Path
) -> None:
    token = service_account_token(plane, "default", "nobody")
    file = kubeconfig_for_token(plane, token, tmp_path / "nobody.kubeconfig")
    with requests() as seen:
        answer = replace(ansible, options={"kubeconfig": str(file)}).task("policy_baseline")
    refused(answer, "forbidden", "Grant the verb list on globalnetworkpolicies.projectcalico.org")
    assert seen.writes == []
    assert token not in answer.output


def test_a_policy_and_a_file_at_once(ansible: Ansible) -> None:
    answer = ansible.module("policy_baseline", policies=[policy("a")], src="/x.yml")
    assert answer.failed
    assert "mutually exclusive" in answer.result["msg"]
