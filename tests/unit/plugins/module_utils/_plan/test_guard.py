# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Expectations are asked about before, after every write, and at the end; what decides is named."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from ansible_collections.netguard.calico.plugins.module_utils._calico.connection import Connection, parse_connections
from ansible_collections.netguard.calico.plugins.module_utils._calico.snapshot import snapshot
from ansible_collections.netguard.calico.plugins.module_utils._plan.course import Course
from ansible_collections.netguard.calico.plugins.module_utils._plan.guard import ExpectationNotMet, Guarded, guarded
from ansible_collections.netguard.calico.plugins.module_utils._plan.steps import Plan, Step

Object = dict[str, Any]


def pod(name: str, address: str) -> Object:
    metadata = {"name": name, "namespace": "shop", "labels": {"app": name}}
    status = {"phase": "Running", "podIP": address}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"nodeName": "n1"}, "status": status}


def policy(name: str, action: str, order: int, **side: str) -> Object:
    spec = {"tier": "default", "order": order, "types": ["Egress"], "selector": side.pop("selects", "all()")}
    spec["egress"] = [{"action": action, "destination": side}]
    return {
        "apiVersion": "projectcalico.org/v3",
        "kind": "GlobalNetworkPolicy",
        "metadata": {"name": name},
        "spec": spec,
    }


def expectation(destination: str, verdict: str) -> Object:
    ends = {"source": {"pod": {"namespace": "shop", "name": "web"}}}
    ends |= {"destination": {"pod": {"namespace": "shop", "name": destination}}}
    return {**ends, "name": f"web to {destination}", "port": 443, "verdict": verdict}


def expected(*given: Object) -> tuple[Connection, ...]:
    return parse_connections(given, "expectations", "wanted")


NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
SHOP = [NAMESPACE, pod("web", "10.0.0.1"), pod("db", "10.0.0.2")]
TO_DB = {"selector": "app == 'db'"}
DENY, ALLOW = policy("deny", "Deny", 1, **TO_DB), policy("allow", "Allow", 9)


def judge(live: Sequence[Object], steps: Sequence[Step], *given: Object) -> Guarded:
    answers = {step.key: step.after for step in steps}
    course = Course(snapshot([*SHOP, *live], {}, {}), Plan(tuple(steps)), answers, interrupts=True)
    return guarded(course, expected(*given))


def create(item: Object) -> Step:
    return Step("create", item["metadata"]["name"], None, item)


def delete(item: Object) -> Step:
    return Step("delete", item["metadata"]["name"], item, None)


def told(found: Guarded) -> list[tuple[str, str, bool]]:
    return [(one["before"], one["after"], one["met"]) for one in (judged.as_result() for judged in found.judged)]


def test_what_the_plan_denies_is_refused_with_the_policy_and_the_rule() -> None:
    found = judge([ALLOW], [create(DENY)], expectation("db", "allow"))
    assert told(found) == [("allow", "deny", False)]
    with pytest.raises(ExpectationNotMet, match=r"web to db must be allowed: .* rule 0 of GlobalNetworkPolicy deny"):
        found.require("warn")


def test_what_the_plan_opens_is_refused_where_it_must_be_denied() -> None:
    found = judge([ALLOW, DENY], [delete(DENY)], expectation("db", "deny"))
    with pytest.raises(ExpectationNotMet, match=r"web to db must be denied: .*GlobalNetworkPolicy allow"):
        found.require("refuse")


def test_what_is_broken_now_may_be_mended() -> None:
    found = judge([ALLOW, DENY], [delete(DENY)], expectation("db", "allow"))
    assert told(found) == [("deny", "allow", True)]
    found.require("refuse")


def test_what_is_broken_on_the_way_only_is_refused() -> None:
    found = judge(
        [ALLOW], [delete(ALLOW), create({**ALLOW, "metadata": {"name": "again"}})], expectation("db", "allow")
    )
    assert told(found) == [("allow", "allow", True)]
    closed = policy("closed", "Allow", 5, selector="app == 'nobody'")
    steps = [create(closed), create({**ALLOW, "metadata": {"name": "again"}})]
    found = judge([], steps, expectation("db", "allow"))
    assert told(found) == [("allow", "allow", False)]
    with pytest.raises(ExpectationNotMet, match=r"must be allowed: after create closed: .*end of tier default"):
        found.require("refuse")


def test_an_end_that_is_not_there_is_not_known() -> None:
    found = judge([ALLOW], [create(DENY)], expectation("nobody", "deny"))
    assert told(found) == [("unknown", "unknown", False)]
    with pytest.raises(ExpectationNotMet, match="shop/nobody"):
        found.require("refuse")
    found.require("warn")
