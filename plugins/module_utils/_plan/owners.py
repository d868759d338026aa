# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tools that keep a policy as it stands in a repository: what is written past them, they take back.

Marks: https://argo-cd.readthedocs.io/en/stable/user-guide/resource_tracking/,
https://fluxcd.io/flux/components/kustomize/kustomizations/, https://fluxcd.io/flux/components/helm/helmreleases/,
https://helm.sh/docs/chart_best_practices/labels/.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .._calico.errors import NetguardError
from .._calico.global_network_policy import Policy
from .steps import Plan

_ARGO_CD = "argocd.argoproj.io"
_ARGO_CD_WRITES_AS = {"argocd-controller", "argocd-application-controller"}
_FLUX = {"kustomize.toolkit.fluxcd.io": "Flux Kustomization", "helm.toolkit.fluxcd.io": "Flux HelmRelease"}
_HELM_RELEASE = "meta.helm.sh/release-name"


class ManagedElsewhere(NetguardError):
    """A policy that is to be changed or removed is managed by a GitOps tool, which would put it back."""

    code = "managed_elsewhere"


def managed_by(item: Mapping[str, Any]) -> str | None:
    """The tool that manages the object and what it is called there, such as ``Argo CD (edge)``; None where none does."""
    metadata = item.get("metadata") or {}
    labels, annotations = metadata.get("labels") or {}, metadata.get("annotations") or {}
    if tracking := annotations.get(f"{_ARGO_CD}/tracking-id"):
        return f"Argo CD ({str(tracking).partition(':')[0]})"
    if instance := labels.get(f"{_ARGO_CD}/instance"):
        return f"Argo CD ({instance})"
    for group, tool in _FLUX.items():
        if name := labels.get(f"{group}/name"):
            return f"{tool} ({labels.get(f'{group}/namespace', '')}/{name})"
    # Argo CD before 3 marks with a label that everybody uses; who wrote last tells it apart.
    if {entry.get("manager") for entry in metadata.get("managedFields") or ()} & _ARGO_CD_WRITES_AS:
        return f"Argo CD ({labels.get('app.kubernetes.io/instance', 'application not named')})"
    if labels.get("app.kubernetes.io/managed-by") == "Helm" or _HELM_RELEASE in annotations:
        return f"Helm ({annotations.get(_HELM_RELEASE, 'release not named')})"
    return None


def require_not_managed(plan: Plan, policies: Sequence[Policy]) -> None:
    """Raises ManagedElsewhere where a step changes or removes what a GitOps tool manages.

    Marks that the wanted ``policies`` set themselves, such as manifests that Helm has rendered, do not count.
    """
    own = {policy.name: policy for policy in policies}
    found = [
        (step, owner)
        for step in plan.steps
        if step.before is not None and (owner := managed_by(_without_own_marks(step.before, own.get(step.name))))
    ]
    if found:
        raise ManagedElsewhere(
            "; ".join(f"{step.kind} {step.name} is managed by {owner}" for step, owner in found),
            "Change it there, or take it over with take_over once it is no longer managed there.",
        )


def _without_own_marks(item: Mapping[str, Any], policy: Policy | None) -> Mapping[str, Any]:
    if policy is None:
        return item
    metadata = item.get("metadata") or {}
    parts = {"labels": policy.labels, "annotations": policy.annotations}
    kept = {
        part: {key: value for key, value in (metadata.get(part) or {}).items() if own.get(key) != value}
        for part, own in parts.items()
    }
    return {**item, "metadata": {**metadata, **kept}}
