# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom a live policy belongs to: GitOps tools, and baselines that once listed it."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.netguard.calico.plugins.module_utils._calico.baseline import BASELINE_LABEL
from ansible_collections.netguard.calico.plugins.module_utils._calico.errors import InvalidInput
from ansible_collections.netguard.calico.plugins.module_utils._calico.manifest import SourcedManifest, parse_policies
from ansible_collections.netguard.calico.plugins.module_utils._plan.owners import (
    ManagedElsewhere,
    managed_by,
    require_not_managed,
)
from ansible_collections.netguard.calico.plugins.module_utils._plan.pruning import (
    Prune,
    Pruning,
    TooManyToPrune,
    checked_pruning,
)
from ansible_collections.netguard.calico.plugins.module_utils._plan.steps import Plan, Step


def item(name: str = "a", order: int = 1, **metadata: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "uid": name, "resourceVersion": "1", **metadata}, "spec": {"order": order}}


@pytest.mark.parametrize(
    ("metadata", "owner"),
    [
        ({}, None),
        ({"labels": {"app.kubernetes.io/instance": "edge"}}, None),
        ({"labels": {"app.kubernetes.io/managed-by": "people"}}, None),
        (
            {"annotations": {"argocd.argoproj.io/tracking-id": "edge:projectcalico.org/GlobalNetworkPolicy:/a"}},
            "Argo CD (edge)",
        ),
        ({"labels": {"argocd.argoproj.io/instance": "edge"}}, "Argo CD (edge)"),
        (
            {"labels": {"kustomize.toolkit.fluxcd.io/name": "edge", "kustomize.toolkit.fluxcd.io/namespace": "flux"}},
            "Flux Kustomization (flux/edge)",
        ),
        (
            {"labels": {"helm.toolkit.fluxcd.io/name": "edge", "app.kubernetes.io/managed-by": "Helm"}},
            "Flux HelmRelease (/edge)",
        ),
        ({"labels": {"app.kubernetes.io/managed-by": "Helm"}}, "Helm (release not named)"),
        ({"annotations": {"meta.helm.sh/release-name": "edge"}}, "Helm (edge)"),
        (
            {"labels": {"app.kubernetes.io/instance": "edge"}, "managedFields": [{"manager": "argocd-controller"}]},
            "Argo CD (edge)",
        ),
        ({"managedFields": [{"manager": "kubectl"}, {"manager": "netguard.calico"}]}, None),
    ],
)
def test_marks_name_the_tool(metadata: dict[str, Any], owner: str | None) -> None:
    assert managed_by(item(**metadata)) == owner


MANAGED = {"labels": {"argocd.argoproj.io/instance": "edge"}}


@pytest.mark.parametrize("action", ["update", "delete"])
def test_what_a_tool_manages_is_not_changed(action: Any) -> None:
    plan = Plan((Step(action, "a", item(**MANAGED), item()),))
    with pytest.raises(ManagedElsewhere, match=r"a is managed by Argo CD \(edge\)"):
        require_not_managed(plan, ())


def test_what_is_created_belongs_to_nobody_yet() -> None:
    require_not_managed(Plan((Step("create", "a", None, item(**MANAGED)),)), ())


def test_marks_of_ones_own_manifest_do_not_count() -> None:
    rendered = {"labels": {"app.kubernetes.io/managed-by": "Helm"}}
    manifest = {"apiVersion": "projectcalico.org/v3", "kind": "GlobalNetworkPolicy", "spec": {"order": 1}}
    wanted = parse_policies([SourcedManifest("it", {**manifest, "metadata": {"name": "a", **rendered}})])
    require_not_managed(Plan((Step("delete", "a", item(**rendered), None),)), wanted)
    more = item(**rendered, annotations={"meta.helm.sh/release-name": "edge"})
    with pytest.raises(ManagedElsewhere):
        require_not_managed(Plan((Step("delete", "a", more, None),)), wanted)


def of(baseline: str | None) -> dict[str, Any]:
    return {} if baseline is None else {"labels": {BASELINE_LABEL: baseline}}


LIVE = {
    "listed": item("listed", **of("edge")),
    "old": item("old", 5, **of("edge")),
    "older": item("older", 3, **of("edge")),
    "of-core": item("of-core", **of("core")),
    "of-nobody": item("of-nobody", **of(None)),
}


def pruning(prune: Prune, most: int = 5) -> Pruning:
    return Pruning(prune, "edge", frozenset({"listed"}), most)


def test_only_what_has_the_label_of_this_baseline_is_prunable() -> None:
    assert pruning("report").leftovers(LIVE) == ("old", "older")


def test_what_is_pruned_is_deleted_behind_everything_else_and_what_is_looked_at_last_is_the_last() -> None:
    first = Plan((Step("create", "new", None, item("new")),), ("adopted",))
    plan = pruning("delete").added_to(first, LIVE)
    assert [(step.action, step.name) for step in plan.steps] == [
        ("create", "new"),
        ("delete", "older"),
        ("delete", "old"),
    ]
    assert plan.adopted == ("adopted",)
    assert pruning("report").added_to(first, LIVE) == first


def test_all_deletions_are_in_one_order() -> None:
    closing = Plan((Step("delete", "closing", item("closing", 9999), None),))
    plan = pruning("delete").added_to(closing, {**LIVE, "closing": item("closing", 9999)})
    assert [step.name for step in plan.steps] == ["older", "old", "closing"]


def test_a_listed_policy_under_another_name_too_is_not_left_over() -> None:
    twice = {
        "listed": LIVE["listed"],
        "default.listed": {**LIVE["listed"], "metadata": {**LIVE["listed"]["metadata"], "name": "default.listed"}},
    }
    assert pruning("delete").leftovers(twice) == ()


def test_what_is_deleted_already_is_not_counted() -> None:
    going = item("going", deletionTimestamp="2026-01-01T00:00:00Z", **of("edge"))
    assert pruning("delete", 0).added_to(Plan(()), {"going": going}).steps == ()


@pytest.mark.parametrize(
    ("options", "wrong"),
    [
        ({"prune": "delete"}, "no policies are given"),
        ({"prune": "delete", "default_policies": {}, "max_prune": -1}, "below 0"),
        ({"max_prune": -1}, "below 0"),
    ],
)
def test_options_that_do_not_go_together_are_refused(options: dict[str, Any], wrong: str) -> None:
    given = {"policies": None, "src": None, "default_policies": None, "prune": "none", "name": "edge", "max_prune": 5}
    with pytest.raises(InvalidInput, match=wrong):
        checked_pruning({**given, **options}, [])
    assert checked_pruning(given, ["a"]) == Pruning("none", "edge", frozenset({"a"}), 5)


def test_more_than_allowed_is_refused() -> None:
    with pytest.raises(
        TooManyToPrune, match="2 policies of the baseline edge are not listed, max_prune is 1: old, older"
    ):
        pruning("delete", 1).added_to(Plan(()), LIVE)
    assert len(pruning("delete", 2).added_to(Plan(()), LIVE).steps) == 2
