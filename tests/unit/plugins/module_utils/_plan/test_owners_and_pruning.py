# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom a live policy belongs to: GitOps tools, and baselines that once listed it."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.netguard.calico.plugins.module_utils._calico.baseline import BASELINE_LABEL
from ansible_collections.netguard.calico.plugins.module_utils._plan.owners import (
    ManagedElsewhere,
    managed_by,
    require_not_managed,
)
from ansible_collections.netguard.calico.plugins.module_utils._plan.pruning import Prune, Pruning, TooManyToPrune
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
    ],
)
def test_marks_name_the_tool(metadata: dict[str, Any], owner: str | None) -> None:
    assert managed_by(item(**metadata)) == owner


MANAGED = {"labels": {"argocd.argoproj.io/instance": "edge"}}


@pytest.mark.parametrize("action", ["update", "delete"])
def test_what_a_tool_manages_is_not_changed(action: Any) -> None:
    plan = Plan((Step(action, "a", item(**MANAGED), item()),))
    with pytest.raises(ManagedElsewhere, match=r"a is managed by Argo CD \(edge\)"):
        require_not_managed(plan)


def test_what_is_created_belongs_to_nobody_yet() -> None:
    require_not_managed(Plan((Step("create", "a", None, item(**MANAGED)),)))


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
    assert pruning("report").prunable(LIVE) == pruning("delete").prunable(LIVE) == ("old", "older")
    assert pruning("none").prunable(LIVE) == ()


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


def test_more_than_allowed_is_refused() -> None:
    with pytest.raises(
        TooManyToPrune, match="2 policies of the baseline edge are not listed, max_prune is 1: old, older"
    ):
        pruning("delete", 1).added_to(Plan(()), LIVE)
    assert len(pruning("delete", 2).added_to(Plan(()), LIVE).steps) == 2
