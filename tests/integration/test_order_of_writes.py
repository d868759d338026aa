# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""No connection of a cluster of three nodes is cut or opened on the way, by the order in which the server saw the writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations, product
from typing import Any

import pytest
from ansible_collections.netguard.calico.plugins.module_utils._calico.baseline import Placeholders, default_manifests
from ansible_collections.netguard.calico.plugins.module_utils._calico.evaluation import Evaluation
from ansible_collections.netguard.calico.plugins.module_utils._calico.nets import parse_net
from ansible_collections.netguard.calico.plugins.module_utils._calico.snapshot import snapshot
from ansible_collections.netguard.calico.plugins.module_utils._calico.traffic import Traffic

from ansible_run import Ansible
from cluster_content import Content
from conftest import EACH_BACKEND, policy
from requests_seen import Policies, Requests, policies_written

pytestmark = [pytest.mark.parametrize("plane", EACH_BACKEND, indirect=True, scope="session"), pytest.mark.any_versions]
DEFAULTS = {manifest["metadata"]["name"]: manifest for manifest in default_manifests(Placeholders())}
SUBSETS = [list(names) for count in range(len(DEFAULTS)) for names in combinations(DEFAULTS, count)]
NODES = {"n1": "172.18.0.11", "n2": "172.18.0.12", "n3": "172.18.0.13"}
PODS = {
    ("shop", "web", "n1"): "10.244.1.10",
    ("shop", "db", "n2"): "10.244.2.10",
    ("ops", "console", "n3"): "10.244.3.10",
    ("vault", "vault", "n2"): "10.244.2.20",
}
ENDS = [*NODES.values(), *PODS.values(), "192.0.2.9"]
TRAFFIC = [Traffic(6, 443, 40_000), Traffic(17, 53, 40_000)]
ISOLATED = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "web"}}
ISOLATED |= {"spec": {"podSelector": {"matchLabels": {"app": "db"}}, "policyTypes": ["Ingress"]}}


@pytest.fixture
def cluster(content: Content) -> Content:
    """Three nodes with a shop, a vault that nobody may reach, and operators who are left alone."""
    for name, address in NODES.items():
        content.node(name, address)
    for namespace, labels in (("shop", {}), ("vault", {}), ("ops", {"privileged-namespace": "true"})):
        content.namespace(namespace, **labels)
    for (namespace, name, node), address in PODS.items():
        area = {"area": "dummy"} if name == "vault" else {}
        content.pod(namespace, name, address, node, app=name, **area)
    content.request("POST", "/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies", ISOLATED)
    return content


class Watched:
    """Runs of policy_baseline, and the states through which they led the policies."""

    def __init__(self, ansible: Ansible, requests: Callable[[], Requests], cluster: Content) -> None:
        self._ansible, self._requests, self._cluster = ansible, requests, cluster
        listed = ("namespaces", "serviceaccounts", "pods", "nodes")
        kinds = ("Namespace", "ServiceAccount", "Pod", "Node")
        self._objects = [
            {**item, "apiVersion": "v1", "kind": kind}
            for kind, plural in zip(kinds, listed, strict=True)
            for item in cluster.request("GET", f"/api/v1/{plural}")["items"]
        ]
        policies = cluster.request("GET", "/apis/networking.k8s.io/v1/networkpolicies")["items"]
        self._objects += [{**item, "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy"} for item in policies]
        self._known: dict[str, list[str]] = {}

    def run(self, **options: Any) -> list[Policies]:
        """The policies before the run, after each of its writes, and so after it."""
        before = self._cluster.policies()
        with self._requests() as seen:
            answer = self._ansible.module("policy_baseline", **options)
        assert not answer.failed, answer.output
        after = self._cluster.policies()
        names = list(policies_written(seen.writes, before, after))
        assert names == [step["name"] for step in answer.result["plan"]]
        return self.states(before, after, names)

    def states(self, before: Policies, after: Policies, names: Sequence[str]) -> list[Policies]:
        """The policies before, and after each of the writes of these names."""
        found = [before]
        for name in names:
            rest = {other: item for other, item in found[-1].items() if other != name}
            found.append({**rest, name: after[name]} if name in after else rest)
        return found

    def gaps(self, states: Sequence[Policies]) -> list[str]:
        """Connections that are cut or opened in some state, and so neither before nor after."""
        first, *between, last = (self._verdicts(state) for state in states)
        return [
            f"{connection} is {now[number]} after write {place + 1}"
            for place, now in enumerate(between)
            for number, connection in enumerate(_connections())
            if first[number] == last[number] != now[number]
        ]

    def _verdicts(self, policies: Policies) -> list[str]:
        key = repr(sorted((name, item["spec"]) for name, item in policies.items()))
        if key not in self._known:
            found = [{**item, "kind": "GlobalNetworkPolicy"} for item in policies.values()]
            evaluation = Evaluation(snapshot([*self._objects, *found], {}, {}))
            peers = {end: evaluation.inventory.peer_at(_address(end)) for end in ENDS}
            self._known[key] = [evaluation.verdict(peers[s], peers[d], t).outcome for s, d, t in _connections()]
        return self._known[key]


def _connections() -> Iterator[tuple[str, str, Traffic]]:
    return (
        (source, destination, t) for source, destination, t in product(ENDS, ENDS, TRAFFIC) if source != destination
    )


def _address(text: str) -> Any:
    net = parse_net(text)
    assert net is not None
    return net.network_address


@pytest.fixture
def watched(ansible: Ansible, requests: Callable[[], Requests], cluster: Content) -> Watched:
    return Watched(ansible, requests, cluster)


def test_nothing_is_cut_from_any_part_of_the_defaults_to_all_of_them_and_back(
    watched: Watched, cluster: Content
) -> None:
    naive: list[str] = []
    for names in SUBSETS:
        for name in names:
            cluster.policy(name, **DEFAULTS[name]["spec"])
        there = watched.run()
        assert watched.gaps(there) == []
        rest = [DEFAULTS[name] for name in DEFAULTS if name not in names]
        back = watched.run(state="absent", policies=rest)
        assert watched.gaps(back) == []
        for states in (there, back):
            changed = sorted(name for name in DEFAULTS if states[0].get(name) != states[-1].get(name))
            naive += watched.gaps(watched.states(states[0], states[-1], changed))
        for name in cluster.policies():
            cluster.delete_policy(name)
    assert naive, "an order by name cuts nothing either, so that this test would find nothing"


def test_what_no_order_can_do_without_a_gap_is_refused_unless_it_is_allowed(
    ansible: Ansible, watched: Watched, cluster: Content, requests: Callable[[], Requests]
) -> None:
    """Two policies change whom they deny the vault: after either write, both or none of the two groups is denied."""
    rule = {"action": "Deny", "destination": {"selector": "app == 'vault'"}}
    deny: dict[str, Any] = {"types": ["Egress"], "egress": [rule]}
    cluster.policy("last", order=9, types=["Egress"], egress=[{"action": "Allow"}])
    cluster.policy("a", order=1, selector="app == 'web'", **deny)
    cluster.policy("b", order=2, selector="app == 'console'", **deny)
    swapped = [
        policy("a", order=1, selector="app == 'console'", **deny),
        policy("b", order=2, selector="app == 'web'", **deny),
    ]
    for check in (True, False):
        with requests() as seen:
            answer = ansible.module("policy_baseline", check=check, policies=swapped)
        assert (answer.failed, answer.result["code"], seen.writes) == (True, "interrupts_connections", [])
        assert "opened at the egress end" in answer.result["msg"]
    states = watched.run(policies=swapped, allow_interruption=True)
    assert watched.gaps(states)


def test_what_a_plan_opens_is_told_or_refused(
    ansible: Ansible, cluster: Content, requests: Callable[[], Requests]
) -> None:
    planned = ansible.module("policy_baseline", check=True, diff=True)
    (opened,) = [c for c in planned.result["opened"] if c["decided_after"].endswith("global-default")]
    assert opened["decided_before"].startswith("denied by the end of tier default")
    assert any("The plan opens connections" in warning for warning in planned.result["warnings"])
    assert any("opened at the ingress end" in part.get("prepared", "") for part in planned.result["diff"])
    cut = [c for c in planned.result["cut"] if "global-egress-deny" in c["decided_after"]]
    assert [c["destination"]["namespaces"] for c in cut] == [{"vault": 1}]
    for check in (True, False):
        with requests() as seen:
            refused = ansible.module("policy_baseline", check=check, on_opened="refuse")
        assert (refused.failed, refused.result["code"], seen.writes) == (True, "opens_connections", [])


def test_what_breaks_an_expectation_is_not_written(
    ansible: Ansible, cluster: Content, requests: Callable[[], Requests]
) -> None:
    ends = {"source": {"pod": {"namespace": "shop", "name": "web"}}, "destination": {"labels": {"area": "dummy"}}}
    to_vault = {"name": "web reads its secrets", **ends, "port": 8200, "verdict": "allow"}
    for check in (True, False):
        with requests() as seen:
            refused = ansible.module("policy_baseline", check=check, expectations=[to_vault])
        assert (refused.failed, refused.result["code"], seen.writes) == (True, "expectation_not_met", [])
        assert "web reads its secrets must be allowed" in refused.result["msg"]
        assert "rule 0 of GlobalNetworkPolicy global-egress-deny" in refused.result["msg"]
    nobody = {**to_vault, "source": {"pod": {"namespace": "shop", "name": "nobody"}}}
    with requests() as seen:
        unknown = ansible.module("policy_baseline", expectations=[nobody])
    assert (unknown.failed, unknown.result["code"], seen.writes) == (True, "expectation_not_met", [])
    done = ansible.module("policy_baseline", expectations=[{**to_vault, "verdict": "deny"}, nobody], on_unknown="warn")
    assert not done.failed, done.output
    assert [(one["before"], one["after"], one["met"]) for one in done.result["expectations"]] == [
        ("allow", "deny", True),
        ("unknown", "unknown", False),
    ]
    assert any("web reads its secrets is met is not known" in warning for warning in done.result["warnings"])
