# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Twins of a baseline's policies: which are staged, which are taken away, and whose they are."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.netguard.calico.plugins.module_utils._calico.baseline import BASELINE_LABEL
from ansible_collections.netguard.calico.plugins.module_utils._calico.fault import Fault
from ansible_collections.netguard.calico.plugins.module_utils._calico.global_network_policy import STAGED_KIND, Policy
from ansible_collections.netguard.calico.plugins.module_utils._calico.validation import faults
from ansible_collections.netguard.calico.plugins.module_utils._plan.pruning import Prune, Pruning, TooManyToPrune
from ansible_collections.netguard.calico.plugins.module_utils._plan.staging import Twins, left_over
from ansible_collections.netguard.calico.plugins.module_utils._plan.steps import (
    BeingDeleted,
    NotOurs,
    Plan,
    plan_absent,
    plan_present,
)

Live = dict[str, dict[str, Any]]
EDGE = {BASELINE_LABEL: "edge"}


def policy(name: str, order: int = 1) -> Policy:
    return Policy(name, {"tier": "default", "order": order, "types": ["Ingress"]}, EDGE)


def live(name: str, labels: dict[str, str] | None = None, **spec: Any) -> dict[str, Any]:
    metadata = {"name": name, "uid": name, "resourceVersion": "1", "labels": EDGE if labels is None else labels}
    return {"metadata": metadata, "spec": {"tier": "default", "types": ["Ingress"], **spec}}


def twin(name: str, labels: dict[str, str] | None = None, **spec: Any) -> dict[str, Any]:
    return {**live(name, labels, **{"stagedAction": "Set", "order": 1, **spec}), "kind": STAGED_KIND}


def deletion(name: str) -> dict[str, Any]:
    """As plain CRDs keep it, whose admission policies add types."""
    return {**live(name, stagedAction="Delete"), "kind": STAGED_KIND}


class Baseline:
    """The baseline edge with these policies."""

    def __init__(self, *policies: Policy, prune: Prune = "none", most: int = 5) -> None:
        self.policies = policies
        self.pruning = Pruning(prune, "edge", frozenset(p.name for p in policies), most)
        self.twins = Twins(policies, self.pruning)

    def enforced(self, found: Live) -> Plan:
        return self.pruning.added_to(plan_present(self.policies, found), found)

    def staged(self, found: Live, staged: Live) -> list[tuple[str, str]]:
        return told(self.twins.staged(self.enforced(found), staged))


def told(plan: Plan) -> list[tuple[str, str]]:
    return [(f"{step.action} {'staged' if step.kind == STAGED_KIND else 'enforced'}", step.name) for step in plan.steps]


def test_what_present_would_create_or_change_is_staged_and_nothing_else() -> None:
    baseline = Baseline(policy("new"), policy("changed", 2), policy("same"))
    found = {"changed": live("changed", order=1), "same": live("same", order=1)}
    plan = baseline.twins.staged(baseline.enforced(found), {})
    assert sorted(told(plan)) == [("create staged", "changed"), ("create staged", "new")]
    (changed,) = [step.after for step in plan.steps if step.name == "changed"]
    assert changed == {
        "apiVersion": "projectcalico.org/v3",
        "kind": STAGED_KIND,
        "metadata": {"name": "changed", "labels": EDGE},
        "spec": {"tier": "default", "order": 2, "types": ["Ingress"], "stagedAction": "Set"},
    }


def test_what_is_staged_already_needs_no_write_and_what_is_not_as_wanted_is_updated_whole() -> None:
    baseline = Baseline(policy("a"), policy("b"))
    staged = {"a": twin("a"), "b": twin("b", selector="app == 'web'")}
    plan = baseline.twins.staged(baseline.enforced({}), staged)
    assert told(plan) == [("update staged", "b")]
    assert [difference.path for difference in plan.steps[0].difference] == ["spec.selector"]
    assert (plan.steps[0].after or {})["metadata"]["resourceVersion"] == "1"


def test_a_twin_of_what_is_in_force_goes_and_so_does_one_of_a_deletion_that_was_taken_back() -> None:
    baseline = Baseline(policy("a"), policy("b"))
    found = {"a": live("a", order=1), "b": live("b", order=1)}
    assert baseline.staged(found, {"a": twin("a"), "b": deletion("b")}) == [("delete staged", n) for n in "ab"]


def test_a_deletion_is_staged_where_it_would_be_carried_out() -> None:
    found: Live = {"old": live("old", tier="edge", order=1)}
    assert Baseline(policy("a")).staged(found, {"a": twin("a")}) == []
    baseline = Baseline(policy("a"), prune="delete")
    plan = baseline.twins.staged(baseline.enforced(found), {"a": twin("a")})
    assert told(plan) == [("create staged", "old")]
    written = plan.steps[0].after or {}
    assert written["spec"] == {"tier": "edge", "stagedAction": "Delete"}
    assert (written["metadata"]["labels"], list(faults(written))) == (EDGE, [])
    assert baseline.staged({"old": live("old")}, {"a": twin("a"), "old": deletion("old")}) == []


def test_more_than_the_tier_is_refused_of_a_staged_deletion() -> None:
    wrong = {"apiVersion": "projectcalico.org/v3", **deletion("old")}
    assert list(faults(wrong)) == [Fault(("spec", "types"), "must be left out where stagedAction is Delete")]


@pytest.mark.parametrize("prune", ["none", "report", "delete"])
def test_twins_of_what_is_not_listed_go_only_where_it_is_pruned(prune: Prune) -> None:
    staged = {"once": twin("once"), "of-core": twin("of-core", {BASELINE_LABEL: "core"}), "of-nobody": twin("o", {})}
    baseline = Baseline(policy("a"), prune=prune)
    gone = [("delete staged", "once")] if prune == "delete" else []
    assert baseline.staged({"a": live("a", order=1)}, staged) == gone
    assert told(baseline.twins.cleared(Plan(()), staged)) == gone
    assert left_over(baseline.pruning, Plan(()), staged) == (f"{STAGED_KIND} once",)


def test_a_deletion_that_is_staged_is_not_left_over_where_it_is_planned() -> None:
    baseline = Baseline(policy("a", 1), prune="delete")
    enforced = baseline.enforced({"old": live("old")})
    staged = {"old": deletion("old")}
    assert left_over(baseline.pruning, enforced, staged) == ()
    assert left_over(baseline.pruning, Plan(()), staged) == (f"{STAGED_KIND} old",)


def test_a_policy_and_its_twin_count_once() -> None:
    found, staged = {"old": live("old")}, {"old": deletion("old")}
    baseline = Baseline(policy("a"), prune="delete", most=1)
    enforced = baseline.enforced(found)
    assert told(baseline.twins.cleared(enforced, staged))[-2:] == [("delete enforced", "old"), ("delete staged", "old")]
    for plan in (baseline.twins.cleared, baseline.twins.staged):
        with pytest.raises(TooManyToPrune, match="2 policies of the baseline edge are not listed"):
            plan(enforced, {**staged, "once": twin("once")})


def test_twins_go_behind_all_enforced_writes() -> None:
    baseline = Baseline(policy("a"), policy("b"))
    staged = {"a": twin("a"), "b": twin("b"), "c": twin("c")}
    plan = baseline.twins.cleared(baseline.enforced({}), staged)
    assert [kind for kind, _name in told(plan)] == ["create enforced"] * 2 + ["delete staged"] * 2
    found = {"a": live("a", order=1)}
    assert told(baseline.twins.cleared(plan_absent(baseline.policies, found), staged)) == [
        ("delete enforced", "a"),
        ("delete staged", "a"),
        ("delete staged", "b"),
    ]


@pytest.mark.parametrize("labels", [{}, {"team": "web"}])
def test_a_listed_twin_without_a_baseline_is_taken_over_and_otherwise_left(labels: dict[str, str]) -> None:
    baseline = Baseline(policy("a"))
    plan = baseline.twins.staged(baseline.enforced({}), {"a": twin("a", labels)})
    assert (told(plan), plan.adopted) == ([("update staged", "a")], ("a",))
    assert (plan.steps[0].after or {})["metadata"]["labels"] == {**labels, **EDGE}
    assert baseline.staged({"a": live("a", order=1)}, {"a": twin("a", labels)}) == []
    assert baseline.twins.cleared(Plan(()), {"a": twin("a", labels)}).steps == ()


def test_a_twin_of_another_baseline_is_refused_and_otherwise_left() -> None:
    baseline, theirs = Baseline(policy("a")), {"a": twin("a", {BASELINE_LABEL: "core"})}
    with pytest.raises(NotOurs, match="StagedGlobalNetworkPolicy a belongs to the baseline core, not to edge"):
        baseline.staged({}, theirs)
    assert baseline.twins.cleared(Plan(()), theirs).steps == ()


@pytest.mark.parametrize("labels", [{}, {BASELINE_LABEL: "core"}])
def test_a_deletion_is_not_staged_over_what_others_stage(labels: dict[str, str]) -> None:
    baseline = Baseline(policy("a"), prune="delete")
    with pytest.raises(NotOurs, match="StagedGlobalNetworkPolicy old"):
        baseline.staged({"old": live("old")}, {"old": twin("old", labels)})


def test_a_twin_that_waits_for_its_finalizers_is_not_written_and_not_removed_again() -> None:
    going = twin("a")
    going["metadata"] |= {"deletionTimestamp": "2026-01-01T00:00:00Z"}
    baseline = Baseline(policy("a"))
    with pytest.raises(BeingDeleted, match="a is being deleted"):
        baseline.staged({}, {"a": going})
    assert baseline.twins.cleared(Plan(()), {"a": going}).steps == ()
