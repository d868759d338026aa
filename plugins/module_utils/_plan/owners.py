# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tools that keep a policy as it stands in a repository: what is written past them, they take back.

Marks: https://argo-cd.readthedocs.io/en/stable/user-guide/resource_tracking/,
https://fluxcd.io/flux/components/kustomize/kustomizations/, https://fluxcd.io/flux/components/helm/helmreleases/,
https://helm.sh/docs/chart_best_practices/labels/.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._calico.errors import NetguardError
from .steps import Plan

_ARGO_CD = "argocd.argoproj.io"
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
    if labels.get("app.kubernetes.io/managed-by") == "Helm" or _HELM_RELEASE in annotations:
        return f"Helm ({annotations.get(_HELM_RELEASE, 'release not named')})"
    return None


def require_not_managed(plan: Plan) -> None:
    """Raises ManagedElsewhere where a step changes or removes what a GitOps tool manages."""
    found = [(s.name, owner) for s in plan.steps if s.before is not None and (owner := managed_by(s.before))]
    if found:
        raise ManagedElsewhere(
            "; ".join(f"GlobalNetworkPolicy {name} is managed by {owner}" for name, owner in found),
            "Change it there, or take it over with take_over once it is no longer managed there.",
        )
