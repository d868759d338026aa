# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan does to connections, the order that it gets, and what of it is refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.netguard.calico.plugins.module_utils._calico.baseline import Placeholders, default_manifests
from ansible_collections.netguard.calico.plugins.module_utils._calico.manifest import SourcedManifest, parse_policies
from ansible_collections.netguard.calico.plugins.module_utils._calico.snapshot import Snapshot, snapshot
from ansible_collections.netguard.calico.plugins.module_utils._plan.allowance import Allowance
from ansible_collections.netguard.calico.plugins.module_utils._plan.consequences import (
    Consequences,
    InterruptsConnections,
    OpensConnections,
    weighed,
)
from ansible_collections.netguard.calico.plugins.module_utils._plan.steps import Plan, Step, plan_present, removals

Object = dict[str, Any]
DEFAULTS = default_manifests(Placeholders())


def pod(name: str, address: str, **labels: str) -> Object:
    metadata = {"name": name, "namespace": "shop", "labels": {"app": name, **labels}}
    spec, status = {"nodeName": "n1"}, {"phase": "Running", "podIP": address}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec, "status": status}


def policy(name: str, **spec: Any) -> Object:
    metadata = {"name": name, "uid": name, "resourceVersion": "1"}
    spec = {"tier": "default", "types": ["Egress"], **spec}
    return {"apiVersion": "projectcalico.org/v3", "kind": "GlobalNetworkPolicy", "metadata": metadata, "spec": spec}


def denies(whom: str, name: str, order: int, **spec: Any) -> Object:
    """Nobody of the selector reaches the vault."""
    rule = {"action": "Deny", "destination": {"selector": "app == 'vault'"}}
    return policy(name, order=order, selector=f"app == '{whom}'", egress=[rule], **spec)


SHOP = [
    {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}},
    *(pod(name, f"10.0.0.{number}") for number, name in enumerate(("web", "db", "console"), 1)),
    pod("vault", "10.0.0.9", area="dummy"),
]
LAST = policy("last", order=9, egress=[{"action": "Allow"}])


def weigh(live: Sequence[Object], wanted: Sequence[Object], *more: Object) -> tuple[Plan, Consequences]:
    """The wanted policies in place of the live ones."""
    policies = parse_policies([SourcedManifest(item["metadata"]["name"], _plain(item)) for item in wanted])
    there = {item["metadata"]["name"]: item for item in live}
    plan = plan_present(policies, there)
    gone = removals([name for name in there if name not in {policy.name for policy in policies}], there)
    plan = replace(plan, steps=(*plan.steps, *gone))
    return weighed(cluster(live, *more), plan, {step.key: step.after for step in plan.steps})


def _plain(item: Object) -> Object:
    return {**item, "metadata": {"name": item["metadata"]["name"]}}


def cluster(live: Sequence[Object], *more: Object) -> Snapshot:
    return snapshot([*SHOP, *live, *more], {}, {})


def names(plan: Plan) -> list[str]:
    return [f"{step.action} {step.name}" for step in plan.steps]


def brief(listed: Sequence[Any]) -> list[Mapping[str, Any]]:
    return [{key: entry.as_result()[key] for key in ("end", "decided_after")} for entry in listed]


def test_the_allow_that_closes_the_tier_is_written_before_what_isolates() -> None:
    plan, found = weigh([], DEFAULTS)
    assert names(plan)[0] == "create global-default"
    assert (found.interruptions, found.opened, found.unjudged) == ((), (), ())
    cut = {entry["decided_after"] for entry in brief(found.cut)}
    assert cut == {"denied by rule 0 of GlobalNetworkPolicy global-egress-deny"}


def test_an_order_that_is_not_the_preferred_one_is_found() -> None:
    """The new Deny has the higher order, so it would be written first; that of now must not go before it is there."""
    now, instead = denies("web", "now", 1), denies("web", "instead", 5)
    allowing = policy("allowing", order=2, selector="app == 'console'", egress=[{"action": "Allow"}])
    plan, found = weigh([LAST, now], [LAST, instead, {**now, "spec": allowing["spec"]}])
    assert names(plan) == ["create instead", "update now"]
    assert found.interruptions == ()
    turned, found = weigh([LAST, instead], [LAST, now, {**instead, "spec": {**allowing["spec"], "order": 7}}])
    assert names(turned) == ["create now", "update instead"]
    assert (found.interruptions, found.opened, found.cut) == ((), (), ())


def test_no_order_for_two_that_change_places() -> None:
    live = [LAST, denies("web", "a", 1), denies("console", "b", 2)]
    plan, found = weigh(live, [LAST, denies("console", "a", 1), denies("web", "b", 2)])
    (interruption,) = found.interruptions
    assert [step.name for step in interruption.done] == ["b"]
    assert {change.effect for change in interruption.connections} == {"opened"}
    with pytest.raises(
        InterruptsConnections, match=r"After update b: opened at the egress end: from 1 endpoint in shop"
    ):
        found.require(Allowance())
    found.require(Allowance(interruption=True))
    assert names(plan) == ["update b", "update a"]


def test_what_the_other_end_keeps_closed_is_no_gap() -> None:
    live = [LAST, denies("web", "a", 1), denies("console", "b", 2)]
    closed = policy("closed", order=3, selector="app == 'vault'", types=["Ingress"])
    assert (
        weigh([*live, closed], [LAST, closed, denies("console", "a", 1), denies("web", "b", 2)])[1].interruptions == ()
    )


def test_what_is_opened_is_told_and_may_be_refused() -> None:
    live = [LAST, denies("web", "a", 1)]
    plan, found = weigh(live, [LAST])
    assert names(plan) == ["delete a"]
    assert brief(found.opened) == [
        {"end": "egress", "decided_after": "allowed by rule 0 of GlobalNetworkPolicy last"},
    ]
    found.require(Allowance())
    with pytest.raises(OpensConnections, match="The plan opens connections: opened at the egress end"):
        found.require(Allowance("refuse"))


def test_what_is_not_known_is_not_taken_for_closed() -> None:
    plan = Plan(removals(["a"], {"a": denies("web", "a", 1)}))
    unread = Snapshot(cluster([LAST, denies("web", "a", 1)]).objects, {"NetworkPolicy": "forbidden"})
    _plan, found = weighed(unread, plan, {plan.steps[0].key: None})
    assert (found.opened, found.unjudged) == ((), ("NetworkPolicy was not read: forbidden",))
    with pytest.raises(OpensConnections, match=r"not known: .*NetworkPolicy was not read: forbidden"):
        found.require(Allowance("refuse"))


def test_many_writes_that_make_room_for_each_other_get_their_order() -> None:
    """Each policy moves on to the port that the next one leaves, so that the last one, by order, has to go last."""

    def steps(shift: int) -> list[Object]:
        ports = [100 + number + shift for number in range(12)]
        rules = [[{"action": "Allow", "protocol": "TCP", "destination": {"ports": [port]}}] for port in ports]
        return [policy(f"w{number:02}", order=number, egress=rule) for number, rule in enumerate(rules)]

    plan, found = weigh(steps(0), steps(1))
    assert found.interruptions == ()
    assert [step.name for step in plan.steps] == [f"w{number:02}" for number in range(12)]


def test_host_endpoints_that_a_policy_may_select_are_said_to_be_left_out() -> None:
    host = {"apiVersion": "projectcalico.org/v3", "kind": "HostEndpoint", "metadata": {"name": "n1"}}
    host = {**host, "spec": {"node": "n1", "interfaceName": "*"}}
    assert weigh([], [LAST], host)[1].unjudged != ()
    assert weigh([], [denies("web", "a", 1)], host)[1].unjudged == ()
    # Where a release puts its prefix before names, the step has the wanted name and the objects theirs.
    own = {**LAST, "metadata": {"name": "default.last", "uid": "last", "resourceVersion": "1"}}
    update = Step("update", "last", own, own)
    assert weighed(cluster([own], host), Plan((update,)), {update.key: own})[1].unjudged != ()


def test_a_policy_that_finalizers_keep_goes_when_nobody_knows() -> None:
    kept = denies("web", "a", 1)
    kept["metadata"]["finalizers"] = ["somebody/else"]
    assert "a stays in force until its finalizers" in weigh([LAST, kept], [LAST])[1].unjudged[0]


def test_nothing_to_write_has_no_consequences() -> None:
    assert weighed(cluster([]), Plan(()), {})[1] == Consequences()
