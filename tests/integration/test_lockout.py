# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan that cuts what a cluster lives by is refused before anything is written, by each check, and passes without it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

import accounts
from ansible_run import Ansible, Answer
from cluster_content import Content
from conftest import EACH_BACKEND, policy
from control_plane import Backend, ControlPlane
from missing_rights import Right, without
from requests_seen import Requests

pytestmark = [pytest.mark.parametrize("plane", EACH_BACKEND, indirect=True, scope="session"), pytest.mark.any_versions]
API_SERVER, WORKER, CONTROL_NODE = "172.18.0.11", "172.18.0.12", "192.0.2.9"
WEB, DNS, HOOK, CALICO_API = "10.244.1.10", "10.244.1.53", "10.244.1.20", "10.244.1.30"
WEBHOOKS = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
CALICO = "/apis/projectcalico.org/v3"
# Without them, no policy could cut nodes from an API server.
NO_FAILSAFE: dict[str, Any] = {"failsafeInboundHostPorts": [], "failsafeOutboundHostPorts": []}


def closed(selector: str, **rule: Any) -> dict[str, Any]:
    """A policy that denies what goes to the selected ones, as far as the rule says, and nothing else."""
    return policy(
        "closed",
        order=1,
        selector=selector,
        types=["Ingress"],
        ingress=[{"action": "Deny", **rule}, {"action": "Allow"}],
    )


def to_port(protocol: str, port: int) -> dict[str, Any]:
    return {"protocol": protocol, "destination": {"ports": [port]}}


OF_CHECKS = {
    "nodes_to_api_server": closed("has(host)", **to_port("TCP", 6443), source={"nets": [f"{WORKER}/32"]}),
    "pods_to_api_server": policy(
        "closed",
        order=1,
        selector="app == 'web'",
        types=["Egress"],
        egress=[{"action": "Deny", **to_port("TCP", 6443)}, {"action": "Allow"}],
    ),
    "pods_to_dns": closed("app == 'dns'", **to_port("UDP", 53)),
    "kubelet": closed("has(host)", **to_port("TCP", 10250)),
    "typha": closed("has(host)", **to_port("TCP", 5473)),
    "calico_api_server": closed("app == 'calico-api'", **to_port("TCP", 5443), source={"nets": [f"{API_SERVER}/32"]}),
    "admission_webhooks": closed("app == 'hook'", **to_port("TCP", 9443), source={"nets": [f"{API_SERVER}/32"]}),
    "control_node": closed("has(host)", **to_port("TCP", 6443), source={"nets": [f"{CONTROL_NODE}/32"]}),
}


class Living:
    """A cluster of two nodes that has everybody whom the checks ask about; takes away what namespaces do not."""

    def __init__(self, content: Content) -> None:
        self._content = content
        self._made: list[str] = []

    def fill(self) -> None:
        self._content.node("cp", API_SERVER)
        self._content.node("n1", WORKER)
        for name in ("shop", "hooks", "living"):
            self._content.namespace(name)
        for name, node in (("h-cp", "cp"), ("h-n1", "n1")):
            self._host(name, node)
        self._made_of(
            f"{CALICO}/felixconfigurations",
            {"metadata": {"name": "default"}, "spec": NO_FAILSAFE},
            "FelixConfiguration",
        )
        for namespace, name, address in (
            ("shop", "web", WEB),
            ("living", "dns", DNS),
            ("hooks", "hook", HOOK),
            ("living", "calico-api", CALICO_API),
        ):
            self._content.pod(namespace, name, address, app=name)
        self.slice_of("default", "kubernetes", "https", "TCP", 6443, API_SERVER)
        self._behind("kube-system", "dns", "UDP", 53, 53, DNS, {"k8s-app": "kube-dns"})
        self._behind("kube-system", "calico-typha", "TCP", 5473, 5473, API_SERVER, {})
        self._behind("hooks", "hook", "TCP", 443, 9443, HOOK, {})
        self._webhook()

    def calico_api_server(self) -> None:
        """Says of Calico's API server, which runs beside this cluster, that it is a Pod of it."""
        service = self._content.request("GET", "/apis/apiregistration.k8s.io/v1/apiservices/v3.projectcalico.org")[
            "spec"
        ]["service"]
        ports = [{"name": "api", "port": service["port"], "protocol": "TCP"}]
        self._content.patch_service(service["namespace"], service["name"], {"spec": {"ports": ports}})
        self.slice_of(service["namespace"], service["name"], "api", "TCP", 5443, CALICO_API)

    def slice_of(self, namespace: str, service: str, port: str, protocol: str, number: int, address: str) -> None:
        """An EndpointSlice of a Service with one ready endpoint."""
        labels = {"kubernetes.io/service-name": service}
        endpoints = [{"addresses": [address], "conditions": {"ready": True}}]
        body = {
            "metadata": {"name": f"{service}-living", "labels": labels},
            "addressType": "IPv4",
            "endpoints": endpoints,
        }
        body["ports"] = [{"name": port, "protocol": protocol, "port": number}]
        self._made_of(f"/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices", body, "EndpointSlice")

    def _behind(
        self, namespace: str, name: str, protocol: str, number: int, behind: int, address: str, labels: dict[str, str]
    ) -> None:
        ports = [{"name": "only", "port": number, "protocol": protocol}]
        body = {"metadata": {"name": name, "labels": labels}, "spec": {"ports": ports}}
        self._made_of(f"/api/v1/namespaces/{namespace}/services", body, "Service")
        self.slice_of(namespace, name, "only", protocol, behind, address)

    def _host(self, name: str, node: str) -> None:
        spec = {"node": node, "interfaceName": "*", "profiles": ["projectcalico-default-allow"]}
        self._made_of(
            f"{CALICO}/hostendpoints",
            {"metadata": {"name": name, "labels": {"host": "yes"}}, "spec": spec},
            "HostEndpoint",
        )

    def _webhook(self) -> None:
        config = {"service": {"namespace": "hooks", "name": "hook", "port": 443}}
        # Of a kind that is not there, so that the server never calls it.
        rules = [
            {
                "apiGroups": ["nowhere.example"],
                "apiVersions": ["v1"],
                "resources": ["nothings"],
                "operations": ["CREATE"],
            }
        ]
        webhook = {"name": "hook.living.example", "clientConfig": config, "rules": rules}
        webhook |= {"sideEffects": "None", "admissionReviewVersions": ["v1"]}
        self._made_of(
            WEBHOOKS, {"metadata": {"name": "living"}, "webhooks": [webhook]}, "ValidatingWebhookConfiguration"
        )

    def _made_of(self, path: str, body: dict[str, Any], kind: str) -> None:
        version = (
            path.split("/namespaces")[0]
            .removeprefix("/apis/")
            .removeprefix("/api/")
            .removesuffix(f"/{path.rsplit('/', 1)[1]}")
        )
        self._content.request("POST", path, {"apiVersion": version, "kind": kind, **body})
        self._made.append(f"{path}/{body['metadata']['name']}")

    def remove(self) -> None:
        for path in reversed(self._made):
            self._content.request("DELETE", path)


@pytest.fixture
def living(content: Content) -> Iterator[Living]:
    living = Living(content)
    try:
        living.fill()
        yield living
    finally:
        living.remove()


def results(answer: Answer) -> dict[str, str]:
    return {check["id"]: check["result"] for check in answer.result["lockout"]}


@pytest.fixture
def checks(living: Living, backend: Backend) -> list[str]:
    """The checks that can be made worse; plain CRDs have no API server of Calico's."""
    if backend == "aggregated":
        living.calico_api_server()
    return [check for check in OF_CHECKS if check != "calico_api_server" or backend == "aggregated"]


def run(ansible: Ansible, runs: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The results of runs of policy_baseline, whether they fail or not; ``check`` is for check mode."""
    return [ansible.module("policy_baseline", control_node_address=CONTROL_NODE, **each).result for each in runs]


def test_a_plan_that_locks_out_is_refused_and_nothing_is_written(
    ansible: Ansible, checks: list[str], requests: Callable[[], Requests]
) -> None:
    runs = [
        (check, {"policies": [OF_CHECKS[check]], "check": checking}) for check in checks for checking in (True, False)
    ]
    with requests() as seen:
        refused = run(ansible, [options for _check, options in runs])
    assert (seen.writes, seen.writes_at_calico) == ([], [])
    for (check, _options), result in zip(runs, refused, strict=True):
        assert result.get("code") == "locks_out", (check, result)
        assert f" {check}: " in result["msg"]
        assert f"lockout_checks: [{check}]" in result["msg"]
        assert "rule 0 of GlobalNetworkPolicy closed in tier default" in result["msg"]


def test_a_check_that_is_left_out_lets_the_plan_pass_and_what_is_denied_then_may_be_mended(
    ansible: Ansible, checks: list[str]
) -> None:
    runs: list[dict[str, Any]] = []
    for check in checks:
        given = {"policies": [OF_CHECKS[check]]}
        again = {"policies": [{**OF_CHECKS[check], "metadata": {"name": "closed-too"}}]}
        runs += [
            {**given, "lockout_checks": [check]},
            again,
            {**again, "state": "absent"},
            {**given, "state": "absent"},
        ]
    found = run(ansible, runs)
    assert [result.get("msg") for result in found if result.get("failed")] == []
    for number, check in enumerate(checks):
        said = [{one["id"]: one["result"] for one in result["lockout"]}[check] for result in found[number * 4 :][:4]]
        assert said == ["left_out", "denied_before", "denied_before", "kept"]


def test_removing_policies_is_held_against_the_checks_too(
    ansible: Ansible, living: Living, content: Content, requests: Callable[[], Requests]
) -> None:
    content.policy("isolating", order=9, selector="app == 'dns'", types=["Ingress"], ingress=[])
    allowing = policy("allowing", order=1, selector="app == 'dns'", types=["Ingress"], ingress=[{"action": "Allow"}])
    assert not ansible.module("policy_baseline", policies=[allowing]).failed
    with requests() as seen:
        refused = ansible.module("policy_baseline", policies=[allowing], state="absent")
    assert (refused.failed, refused.result["code"], seen.writes) == (True, "locks_out", [])
    assert "the end of tier default, where GlobalNetworkPolicy isolating applies" in refused.result["msg"]
    with requests() as seen:
        one = ansible.module("global_network_policy", name="allowing", state="absent")
    assert (one.failed, one.result["code"], seen.writes) == (True, "locks_out", [])


def test_the_default_policies_keep_a_cluster_alive(ansible: Ansible, living: Living) -> None:
    done = ansible.module("policy_baseline")
    assert not done.failed, done.output
    wanted = dict.fromkeys(OF_CHECKS, "kept")
    assert results(done) == {**wanted, "calico_api_server": "not_applicable", "control_node": "not_applicable"}
    assert not any("lives by" in warning for warning in done.result.get("warnings", ()))


RIGHTS: Sequence[tuple[str, str]] = [
    ("validatingwebhookconfigurations.admissionregistration.k8s.io", "admission_webhooks"),
    ("mutatingwebhookconfigurations.admissionregistration.k8s.io", "admission_webhooks"),
    ("pods", "pods_to_dns"),
    ("endpointslices.discovery.k8s.io", "kubelet"),
]


def test_what_may_not_be_read_is_unknown_and_said(
    ansible: Ansible, living: Living, plane: ControlPlane, tmp_path: Path
) -> None:
    harmless = policy("harmless", order=9, types=["Egress"], egress=[{"action": "Allow"}])
    runs = []
    for number, (resource, _check) in enumerate(RIGHTS):
        rules = without(accounts.rules("writer"), Right("list", resource))
        file = accounts.with_rules(plane, f"lockout-without-{number}", rules, tmp_path)
        runs.append({"policies": [harmless], "kubeconfig": str(file), "check": True})
    for (resource, check), result in zip(RIGHTS, run(ansible, runs), strict=True):
        assert {one["id"]: one["result"] for one in result["lockout"]}[check] == "unknown"
        (warning,) = [warning for warning in result["warnings"] if "lives by" in warning]
        assert f"{check}: " in warning
        assert f"list on {resource}" in warning or resource in warning


@pytest.mark.parametrize("given", [{"lockout_checks": ["dns"]}, {"control_node_address": "localhost"}])
def test_an_unknown_check_and_what_is_no_address_are_refused_at_once(
    ansible: Ansible, requests: Callable[[], Requests], given: dict[str, Any]
) -> None:
    with requests() as seen:
        refused = ansible.module("policy_baseline", **given)
    assert (refused.failed, seen.all) == (True, [])
    assert next(iter(given)) in refused.result["msg"]
