# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lock-out checks on small clusters: what is kept, what gets worse, what is not known, and what is not there."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any

import pytest
from ansible_collections.netguard.calico.plugins.doc_fragments.plan import ModuleDocFragment
from ansible_collections.netguard.calico.plugins.module_utils._calico.baseline import Placeholders, default_manifests
from ansible_collections.netguard.calico.plugins.module_utils._calico.snapshot import Snapshot, snapshot
from ansible_collections.netguard.calico.plugins.module_utils._plan import judgement
from ansible_collections.netguard.calico.plugins.module_utils._plan.allowance import Allowance
from ansible_collections.netguard.calico.plugins.module_utils._plan.check_ids import LOCKOUT_CHECKS
from ansible_collections.netguard.calico.plugins.module_utils._plan.course import Course
from ansible_collections.netguard.calico.plugins.module_utils._plan.lockout import Lockout, LocksOut, judged
from ansible_collections.netguard.calico.plugins.module_utils._plan.steps import Plan, Step

Object = dict[str, Any]
CALICO = "projectcalico.org/v3"
OUTSIDE = "192.0.2.7"


def thing(version: str, kind: str, name: str, namespace: str = "", **more: Any) -> Object:
    metadata = {"name": name, "namespace": namespace, "labels": more.pop("labels", {})}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **more}


def node(name: str, address: str, **annotations: str) -> Object:
    found = thing("v1", "Node", name, status={"addresses": [{"type": "InternalIP", "address": address}]})
    found["metadata"]["annotations"] = {f"projectcalico.org/{key}": value for key, value in annotations.items()}
    return found


def pod(namespace: str, name: str, address: str, on: str, **labels: str) -> Object:
    spec, status = {"nodeName": on, "containers": []}, {"phase": "Running", "podIP": address}
    return thing("v1", "Pod", name, namespace, labels={"app": name, **labels}, spec=spec, status=status)


def service(
    namespace: str, name: str, ports: Sequence[tuple[str, int, int]], *ends: str, **labels: str
) -> list[Object]:
    """A Service with protocol, number and number behind of its ports, and its ready endpoints."""
    of_service = [{"name": f"{p}-{n}".lower(), "protocol": p, "port": n} for p, n, _behind in ports]
    behind = [{"name": f"{p}-{n}".lower(), "protocol": p, "port": end} for p, n, end in ports]
    owner = {"kubernetes.io/service-name": name}
    slices = thing("discovery.k8s.io/v1", "EndpointSlice", f"{name}-1", namespace, labels=owner, ports=behind)
    slices["endpoints"] = [{"addresses": [end], "conditions": {"ready": True}} for end in ends]
    return [thing("v1", "Service", name, namespace, labels=labels, spec={"ports": of_service}), slices]


def host(name: str, on: str, **spec: Any) -> Object:
    return thing(CALICO, "HostEndpoint", name, labels={"host": "yes"}, spec={"node": on, "interfaceName": "*", **spec})


def policy(name: str, **spec: Any) -> Object:
    return thing(CALICO, "GlobalNetworkPolicy", name, spec={"tier": "default", **spec})


def denies(direction: str, selector: str, **rule: Any) -> Object:
    """A policy that denies this much, and nothing else."""
    rules = [{"action": "Deny", **rule}, {"action": "Allow"}]
    return policy("new", order=1, selector=selector, types=[direction], **{direction.lower(): rules})


API = service("default", "kubernetes", [("TCP", 443, 6443)], "172.18.0.1")
CALLEES = {
    "ValidatingWebhookConfiguration": [
        {"webhooks": [{"clientConfig": {"service": {"namespace": "hooks", "name": "hook"}}}, {"clientConfig": {}}]}
    ],
    "APIService": [{"spec": {"service": {"namespace": "calico-system", "name": "calico-api", "port": 443}}}],
}
CLUSTER = [
    *(thing("v1", "Namespace", name) for name in ("shop", "kube-system", "hooks", "calico-system")),
    thing("v1", "ServiceAccount", "default", "shop"),
    node("cp", "172.18.0.1"),
    node("n1", "172.18.0.2"),
    *API,
    pod("shop", "web", "10.0.1.1", "n1"),
    pod("kube-system", "coredns", "10.0.1.2", "n1"),
    pod("hooks", "hook", "10.0.1.3", "n1"),
    pod("calico-system", "calico-api", "10.0.1.4", "n1"),
    *service(
        "kube-system",
        "rke-dns",
        [("UDP", 53, 1053), ("TCP", 53, 1053), ("TCP", 9153, 9153)],
        "10.0.1.2",
        **{"k8s-app": "kube-dns"},
    ),
    *service("hooks", "hook", [("TCP", 443, 9443)], "10.0.1.3"),
    *service("calico-system", "calico-api", [("TCP", 443, 5443)], "10.0.1.4"),
    *service("calico-system", "calico-typha", [("TCP", 5473, 5473)], "172.18.0.1"),
    *(
        [
            thing(
                "apps/v1",
                "DaemonSet",
                "calico-node",
                "kube-system",
                spec={
                    "template": {
                        "spec": {
                            "containers": [{"env": [{"name": "FELIX_DEFAULTENDPOINTTOHOSTACTION", "value": "ACCEPT"}]}]
                        }
                    }
                },
            )
        ]
    ),
]
HOSTS = [
    host("h-cp", "cp", profiles=["projectcalico-default-allow"]),
    host("h-n1", "n1", profiles=["projectcalico-default-allow"]),
]


def create(item: Object) -> Step:
    return Step("create", item["metadata"]["name"], None, item)


def delete(item: Object) -> Step:
    return Step("delete", item["metadata"]["name"], item, None)


def judge(
    steps: Sequence[Step],
    *live: Object,
    cluster: Sequence[Object] = CLUSTER,
    unread: dict[str, str] | None = None,
    callees: Snapshot | None = None,
    allowance: Allowance | None = None,
    interrupts: bool = False,
) -> Lockout:
    answers = {step.key: step.after for step in steps}
    state = snapshot([item for item in (*cluster, *live) if item["kind"] not in (unread or {})], unread or {}, {})
    known = callees or Snapshot({kind: tuple(found) for kind, found in CALLEES.items()})
    course = Course(state, Plan(tuple(steps)), answers, interrupts=interrupts)
    return judged(course, known, allowance or Allowance())


def results(found: Lockout) -> dict[str, str]:
    return {one.check: one.result for one in found.checks}


def told(found: Lockout, check: str) -> str:
    return next(one.text for one in found.checks if one.check == check)


def others(found: Lockout, check: str) -> set[str]:
    return {one.result for one in found.checks if one.check not in (check, "control_node")}


def test_the_defaults_keep_everything() -> None:
    found = judge([create(item) for item in default_manifests(Placeholders())], *HOSTS)
    assert results(found) == {**dict.fromkeys(LOCKOUT_CHECKS, "kept"), "control_node": "not_applicable"}
    found.require()


WORSE = {
    "pods_to_api_server": (
        "Egress",
        "app == 'web'",
        {"protocol": "TCP", "destination": {"ports": [6443]}},
        "172.18.0.1",
    ),
    "pods_to_dns": ("Ingress", "app == 'coredns'", {"protocol": "UDP", "destination": {"ports": [1053]}}, "UDP 1053"),
    "calico_api_server": ("Ingress", "app == 'calico-api'", {"source": {"nets": ["172.18.0.1/32"]}}, "TCP 5443"),
    "admission_webhooks": ("Ingress", "app == 'hook'", {"source": {"nets": ["172.18.0.0/16"]}}, "TCP 9443"),
    "kubelet": ("Ingress", "has(host)", {"protocol": "TCP", "destination": {"ports": [10250]}}, "TCP 10250"),
}


@pytest.mark.parametrize("check", WORSE)
def test_what_a_plan_denies_is_refused_with_the_policy_and_the_rule(check: str) -> None:
    direction, selector, rule, told_of = WORSE[check]
    found = judge([create(denies(direction, selector, **rule))], *HOSTS)
    assert results(found)[check] == "worse"
    assert others(found, check) == {"kept"}
    assert told_of in told(found, check)
    with pytest.raises(LocksOut, match=f"{check}: .*rule 0 of GlobalNetworkPolicy new") as refused:
        found.require()
    assert f"lockout_checks: [{check}]" in refused.value.remedy


@pytest.mark.parametrize("check", WORSE)
def test_a_check_that_is_left_out_refuses_nothing(check: str) -> None:
    direction, selector, rule, _told = WORSE[check]
    found = judge([create(denies(direction, selector, **rule))], *HOSTS, allowance=Allowance(left_out=(check,)))
    assert results(found)[check] == "left_out"
    found.require()


@pytest.mark.parametrize("check", WORSE)
def test_what_is_denied_already_is_told_and_may_be_mended(check: str) -> None:
    direction, selector, rule, _told = WORSE[check]
    broken = {**denies(direction, selector, **rule), "metadata": {"name": "old"}}
    still = judge([create(policy("other", order=5, types=["Ingress"], ingress=[{"action": "Allow"}]))], *HOSTS, broken)
    assert results(still)[check] == "denied_before"
    assert "rule 0 of GlobalNetworkPolicy old" in told(still, check)
    still.require()
    assert results(judge([delete(broken)], *HOSTS, broken))[check] == "kept"


def test_failsafe_ports_keep_nodes_from_being_locked_out() -> None:
    """By default 6443 and 5473 pass whatever policy says; where a FelixConfiguration has no such ports, policy counts."""
    closing = denies("Ingress", "has(host)")
    found = judge([create(closing)], *HOSTS)
    assert [results(found)[check] for check in ("nodes_to_api_server", "typha", "kubelet")] == ["kept", "kept", "worse"]
    none = thing(
        CALICO, "FelixConfiguration", "default", spec={"failsafeInboundHostPorts": [], "failsafeOutboundHostPorts": []}
    )
    found = judge([create(closing)], *HOSTS, none)
    assert [results(found)[check] for check in ("nodes_to_api_server", "typha")] == ["worse", "worse"]
    assert "node n1 (172.18.0.2) to node cp (172.18.0.1), TCP 6443" in told(found, "nodes_to_api_server")


def test_without_host_endpoints_nodes_are_not_concerned() -> None:
    found = judge([create(denies("Ingress", "has(host)"))])
    assert [results(found)[check] for check in ("nodes_to_api_server", "kubelet", "typha")] == ["kept"] * 3


@pytest.mark.parametrize("name", ["IPv4IPIPTunnelAddr", "IPv4VXLANTunnelAddr"])
def test_a_node_reaches_pods_with_the_address_of_its_tunnel_too(name: str) -> None:
    allows = [{"action": "Allow", "source": {"nets": ["172.18.0.0/16"]}}, {"action": "Deny"}]
    only_nodes = policy("new", order=1, selector="app == 'hook'", types=["Ingress"], ingress=allows)
    assert results(judge([create(only_nodes)]))["admission_webhooks"] == "kept"
    tunnelled = [
        node("cp", "172.18.0.1", **{name: "10.0.200.1"}) if i["metadata"]["name"] == "cp" else i for i in CLUSTER
    ]
    found = judge([create(only_nodes)], cluster=tunnelled)
    assert results(found)["admission_webhooks"] == "worse"
    assert "10.0.200.1" in told(found, "admission_webhooks")


def test_the_address_of_the_control_node_counts_where_it_is_given() -> None:
    found = judge([create(denies("Ingress", "has(host)", source={"nets": [f"{OUTSIDE}/32"]}))], *HOSTS)
    assert results(found)["control_node"] == "not_applicable"
    none = thing(CALICO, "FelixConfiguration", "default", spec={"failsafeInboundHostPorts": []})
    found = judge(
        [create(denies("Ingress", "has(host)", source={"nets": [f"{OUTSIDE}/32"]}))],
        *HOSTS,
        none,
        allowance=Allowance(control_node=ip_address(OUTSIDE)),
    )
    assert results(found)["control_node"] == "worse"
    assert f"{OUTSIDE} to node cp (172.18.0.1), TCP 6443" in told(found, "control_node")


def test_who_is_not_there_is_not_asked_about() -> None:
    bare = [
        item for item in CLUSTER if item["kind"] in ("Namespace", "Node") or item["metadata"]["namespace"] == "default"
    ]
    found = judge([create(denies("Ingress", "all()"))], cluster=bare, callees=Snapshot())
    expected = dict.fromkeys(LOCKOUT_CHECKS, "not_applicable")
    assert results(found) == {**expected, "nodes_to_api_server": "kept", "kubelet": "kept"}


def test_without_pods_the_nodes_are_judged_and_the_rest_is_not_known() -> None:
    found = judge([create(denies("Egress", "all()"))], unread={"Pod": "it is forbidden"})
    assert {check for check, result in results(found).items() if result == "unknown"} == {
        "pods_to_api_server",
        "pods_to_dns",
        "calico_api_server",
        "admission_webhooks",
    }
    assert results(found)["nodes_to_api_server"] == "kept"
    assert "Pod was not read: it is forbidden" in told(found, "pods_to_dns")
    assert {one.check for one in found.unsure()} >= {"pods_to_api_server", "pods_to_dns"}
    found.require()


@pytest.mark.parametrize("kind", ["Service", "EndpointSlice"])
def test_without_services_nothing_is_claimed(kind: str) -> None:
    found = judge([create(denies("Egress", "all()"))], unread={kind: "it is forbidden"})
    assert set(results(found).values()) == {"unknown"}


def test_webhooks_that_may_not_be_read_are_said_and_those_that_may_are_judged() -> None:
    partly = Snapshot(
        {"ValidatingWebhookConfiguration": tuple(CALLEES["ValidatingWebhookConfiguration"])},
        {"MutatingWebhookConfiguration": "it is forbidden", "APIService": "it is forbidden"},
    )
    harmless = create(policy("other", order=5, types=["Egress"], egress=[{"action": "Allow"}]))
    found = judge([harmless], callees=partly)
    assert [one.check for one in found.unsure()] == ["calico_api_server", "admission_webhooks"]
    assert told(found, "admission_webhooks") == "MutatingWebhookConfiguration was not read: it is forbidden"
    direction, selector, rule, _told = WORSE["admission_webhooks"]
    assert (
        results(judge([create(denies(direction, selector, **rule))], callees=partly))["admission_webhooks"] == "worse"
    )


def test_an_empty_cluster_has_nothing_to_lose() -> None:
    found = judge([create(denies("Ingress", "all()"))], cluster=[], callees=Snapshot())
    assert (set(results(found).values()), found.unsure()) == ({"not_applicable"}, ())


def test_a_cluster_of_which_nobody_knows_the_api_servers() -> None:
    without = [item for item in CLUSTER if item["metadata"]["namespace"] != "default"]
    found = judge([create(denies("Egress", "all()"))], cluster=without)
    assert results(found)["pods_to_api_server"] == "unknown"
    assert told(found, "kubelet") == "no EndpointSlice says where the API servers are"


def test_api_servers_outside_may_come_from_elsewhere() -> None:
    """Only where the plan has a say on what the webhooks get, nobody needs to hear that else."""
    elsewhere = [item for item in CLUSTER if item not in API and item["metadata"]["name"] != "cp"]
    managed = [*elsewhere, *service("default", "kubernetes", [("TCP", 443, 443)], OUTSIDE)]
    harmless = policy("new", order=1, selector="app == 'web'", types=["Ingress"], ingress=[{"action": "Allow"}])
    assert judge([create(harmless)], cluster=managed).unsure() == ()
    from_nodes = [{"action": "Allow", "source": {"nets": [f"{OUTSIDE}/32"]}}]
    found = judge(
        [create(policy("new", order=1, selector="app == 'hook'", types=["Ingress"], ingress=from_nodes))],
        cluster=managed,
    )
    assert [one.check for one in found.unsure()] == ["admission_webhooks"]
    assert "from which addresses they connect is not known" in told(found, "admission_webhooks")


def test_agents_of_konnectivity_are_asked_about_too() -> None:
    agent = pod("kube-system", "agent", "10.0.1.9", "n1", **{"k8s-app": "konnectivity-agent"})
    found = judge([create(denies("Egress", "app == 'agent'", destination={"selector": "app == 'hook'"}))], agent)
    assert (results(found)["admission_webhooks"], others(found, "admission_webhooks")) == ("worse", {"kept"})
    assert "pod kube-system/agent" in told(found, "admission_webhooks")


def test_a_host_endpoint_that_is_closed_on_the_way_is_a_lock_out() -> None:
    """The new tier-ending policy comes before the one that lets kubelet be reached; the order looks at Pods only."""
    opening = {"action": "Allow", "protocol": "TCP", "destination": {"ports": [10250]}}
    first = policy("first", order=1, selector="has(host)", types=["Ingress"], ingress=[])
    then = policy("then", order=2, selector="has(host)", types=["Ingress"], ingress=[opening])
    found = judge([create(first), create(then)], *HOSTS)
    assert results(found)["kubelet"] == "worse"
    assert told(found, "kubelet").startswith("after create first: ")
    assert results(judge([create(then), create(first)], *HOSTS))["kubelet"] == "kept"


def test_a_pod_that_is_cut_on_the_way_counts_where_the_plan_interrupts() -> None:
    first = policy("first", order=1, selector="app == 'web'", types=["Egress"], egress=[])
    then = policy("then", order=2, types=["Egress"], egress=[{"action": "Allow"}])
    found = judge([create(first), create(then)], interrupts=True)
    assert {check for check, result in results(found).items() if result == "worse"} == {
        "pods_to_api_server",
        "pods_to_dns",
    }
    assert "after create first" in told(found, "pods_to_dns")


def test_what_was_not_known_and_is_none_of_the_plans_business_is_no_warning() -> None:
    """Whether a node lets its own Pods reach it is not known without calico-node, whatever policies say."""
    on_cp = [*(i for i in CLUSTER if i["kind"] != "DaemonSet"), pod("shop", "local", "10.0.2.1", "cp")]
    found = judge([create(policy("new", order=1, types=["Egress"], egress=[{"action": "Allow"}]))], cluster=on_cp)
    assert (results(found)["pods_to_api_server"], found.unsure()) == ("unknown", ())


def test_more_connections_than_can_be_walked_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judgement, "WALKED", 2)
    found = judge([create(policy("new", order=1, types=["Egress"], egress=[{"action": "Allow"}]))], *HOSTS)
    assert "of more than 2 connections" in told(found, "pods_to_dns")
    assert "pods_to_dns" in {one.check for one in found.unsure()}


def test_each_replica_is_asked_about_where_its_node_matters() -> None:
    """The API server always reaches the replica on its own node, and the plan cuts it from the other one."""
    replicas = [pod("hooks", "a", "10.0.2.3", "cp", part="hook"), pod("hooks", "b", "10.0.1.8", "n1", part="hook")]
    of_hook = service("hooks", "hook", [("TCP", 443, 9443)], "10.0.2.3", "10.0.1.8")
    cluster = [*(i for i in CLUSTER if i["metadata"]["namespace"] != "hooks"), *replicas, *of_hook]
    closed = policy("new", order=1, selector="part == 'hook'", types=["Ingress"], ingress=[])
    assert results(judge([create(closed)], cluster=cluster))["admission_webhooks"] == "worse"


def test_the_ids_are_documented() -> None:
    for check in LOCKOUT_CHECKS:
        assert f"      - {check}\n" in ModuleDocFragment.DOCUMENTATION
        assert f"V({check})" in ModuleDocFragment.DOCUMENTATION


def test_only_connections_of_one_ip_version_are_asked_about() -> None:
    both = [*CLUSTER, *service("default", "kubernetes", [("TCP", 443, 6443)], "fd00::1")]
    harmless = create(policy("new", order=1, types=["Egress"], egress=[{"action": "Allow"}]))
    assert results(judge([harmless], cluster=both)) == results(judge([harmless]))
