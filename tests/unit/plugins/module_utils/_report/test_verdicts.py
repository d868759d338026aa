# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report on connections: texts, changes summed up, findings."""

from __future__ import annotations

from typing import Any

from ansible_collections.netguard.calico.plugins.module_utils._calico.connection import parse_connections
from ansible_collections.netguard.calico.plugins.module_utils._calico.snapshot import Snapshot, snapshot
from ansible_collections.netguard.calico.plugins.module_utils._report.verdicts import Questions, verdict_report

Object = dict[str, Any]


def pod(namespace: str, name: str, address: str, **labels: str) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": {"nodeName": "n1"},
        "status": {"phase": "Running", "podIP": address},
    }


def namespace(name: str, **labels: str) -> Object:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def policy(name: str, kind: str = "GlobalNetworkPolicy", within: str = "", **spec: Any) -> Object:
    metadata = {"name": name, **({"namespace": within} if within else {})}
    return {"apiVersion": "projectcalico.org/v3", "kind": kind, "metadata": metadata, "spec": spec}


OBJECTS = [
    namespace("shop"),
    namespace("dev"),
    pod("shop", "web-1", "10.0.0.1", app="web"),
    pod("shop", "web-2", "10.0.0.2", app="web"),
    pod("shop", "db-0", "10.0.0.3", app="db"),
    pod("dev", "tool", "10.0.1.1", app="tool"),
]
DENY_DB = policy("deny-db", order=5, selector="app == 'db'", types=["Ingress"], ingress=[{"action": "Deny"}])
ISOLATED = policy("isolated", "NetworkPolicy", "shop", order=10, types=["Ingress"], ingress=[])
ALLOW_ALL = policy("allow-all", order=9999, types=["Ingress"], ingress=[{"action": "Allow"}])


def report(*policies: Object, after: list[Object] | None = None, **end: Any) -> Object:
    now = snapshot([*OBJECTS, *policies], {}, {})
    asked = {"source": {"namespace": "shop", "labels": {"app": "web"}}, "port": 5432, **end}
    asked.setdefault("destination", {"pod": {"namespace": "shop", "name": "db-0"}})
    later: Snapshot | None = None if after is None else now.with_change(after, [])
    return verdict_report(now, Questions(parse_connections([asked], "connections", "refused"), later, "ignore"))


def test_an_allowed_connection_says_what_lets_it_pass_at_both_ends() -> None:
    (found,) = report()["verdicts"]
    assert (found["verdict"], found["pairs"]) == ("allow", 2)
    assert found["text"] == (
        "pod shop/web-1 (10.0.0.1) to pod shop/db-0 (10.0.0.3), TCP 5432 and 1 more pair like it, is allowed "
        "(egress of pod shop/web-1: Profile kns.shop; ingress of pod shop/db-0: Profile kns.shop)."
    )


def test_a_denied_one_says_where_by_what_and_what_would_help() -> None:
    (found,) = report(DENY_DB)["verdicts"]
    assert found["decided_by"] == {"kind": "GlobalNetworkPolicy", "name": "deny-db", "tier": "default", "rule": 0}
    assert "is denied at the ingress of pod shop/db-0 by rule 0 of GlobalNetworkPolicy deny-db" in found["text"]
    assert "allow it in an ingress rule that comes before" in found["text"]
    (ended,) = report(ISOLATED)["verdicts"]
    assert "the end of tier default" in ended["text"]


def test_who_decides_counts_as_a_change_too() -> None:
    found = report(ISOLATED, after=[DENY_DB])
    (changed,) = found["changed_verdicts"]
    assert [entry["verdict"] for entry in (*changed["before"], *changed["after"])] == ["deny", "deny"]
    assert [entry["decided_by"]["name"] for entry in (*changed["before"], *changed["after"])] == ["isolated", "deny-db"]
    # No verdict is another one, so that nothing is opened or cut.
    assert found["changed_connections"] == []


def test_what_a_change_opens_and_cuts_is_summed_up() -> None:
    found = report(ISOLATED, after=[ALLOW_ALL])
    (opened,) = found["changed_connections"]
    assert (opened["effect"], opened["end"], opened["traffic"]) == ("opened", "ingress", ["everything"])
    assert opened["destination"] == {"endpoints": 3, "namespaces": {"shop": 3}, "networks": []}
    assert opened["source"]["networks"] == ["0.0.0.0/0"]
    assert opened["decided_before"] == "denied by the end of tier default"
    assert opened["decided_after"] == "allowed by rule 0 of GlobalNetworkPolicy allow-all"


def test_ports_are_told_as_ranges() -> None:
    ports: list[Any] = [80, "8000:8100", 8101]
    rule = {"action": "Deny", "protocol": "TCP", "destination": {"ports": ports}}
    found = report(after=[policy("ports", order=1, types=["Egress"], egress=[rule, {"action": "Allow"}])])
    (cut,) = found["changed_connections"]
    assert (cut["effect"], cut["traffic"]) == ("cut", ["TCP 80, 8000-8101"])


def test_endpoints_that_come_with_a_change_are_not_compared() -> None:
    found = report(after=[pod("dev", "new", "10.0.1.2")])
    assert found["changed_connections"] is None
    assert "adds or removes endpoints" in found["not_compared"]


def test_findings() -> None:
    broken = policy("broken", order=1, selector="app = 'x'")
    nobody = policy("nobody", order=1, selector="app == 'nobody'", types=["Ingress"])
    shadowed = policy(
        "shadowed",
        order=50,
        types=["Egress"],
        egress=[
            {"action": "Allow", "protocol": "TCP", "destination": {"ports": ["1:1000"]}},
            {"action": "Deny", "protocol": "TCP", "destination": {"ports": [80], "selector": "app == 'db'"}},
            {"action": "Deny", "protocol": "UDP"},
        ],
    )
    found = report(ISOLATED, ALLOW_ALL, broken, nobody, shadowed)["findings"]
    assert [(finding["id"], finding["subject"]) for finding in found] == [
        ("policy_fails_open", "GlobalNetworkPolicy broken"),
        ("implicit_deny_switched_off", "GlobalNetworkPolicy allow-all"),
        ("rule_unreachable", "GlobalNetworkPolicy shadowed"),
        ("policy_selects_nothing", "GlobalNetworkPolicy nobody"),
    ]
    assert "shop/isolated" in found[1]["message"]
    assert "spec.egress[1]" in found[2]["message"]


def test_a_service_is_judged_at_its_endpoints_and_their_port() -> None:
    metadata = {"name": "db", "namespace": "shop"}
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata,
        "spec": {"ports": [{"name": "sql", "port": 5432, "targetPort": 15432}]},
    }
    endpoints = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": "db-1", "namespace": "shop", "labels": {"kubernetes.io/service-name": "db"}},
        "endpoints": [{"addresses": ["10.0.0.3"]}],
        "ports": [{"name": "sql", "port": 15432}],
    }
    rule = {"action": "Deny", "protocol": "TCP", "destination": {"ports": [15432]}}
    deny = policy("deny", selector="app == 'db'", types=["Ingress"], ingress=[rule, {"action": "Allow"}])
    for port in (5432, "sql"):
        (found,) = report(service, endpoints, deny, destination={"service": metadata}, port=port)["verdicts"]
        assert (found["verdict"], found["traffic"]) == ("deny", "TCP 15432")


def test_labels_that_nobody_has_are_judged_as_if_somebody_had() -> None:
    (found,) = report(DENY_DB, destination={"namespace": "shop", "labels": {"app": "db", "new": "yes"}})["verdicts"]
    assert (found["verdict"], found["destination"]) == ("deny", "pod shop/with these labels")
