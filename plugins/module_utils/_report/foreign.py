# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policies of others that Calico looks at before ours, and so may decide where ours was meant to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .._calico.global_network_policy import KIND, Policy
from .._calico.precedence import Place, place

BOTH = ("Ingress", "Egress")
KUBERNETES_KIND = "KubernetesNetworkPolicy"


@dataclass(frozen=True)
class LivePolicy:
    """A policy of any kind with its place and the directions that it applies to."""

    place: Place
    directions: tuple[str, ...]
    spec: Mapping[str, Any]


@dataclass(frozen=True)
class ForeignPolicy:
    """A policy of somebody else, and the names of ours that it comes before."""

    place: Place
    directions: tuple[str, ...]
    precedes: tuple[str, ...]

    def as_result(self) -> dict[str, Any]:
        kind = "NetworkPolicy" if self.place.kind == KUBERNETES_KIND else self.place.kind
        return {
            "kind": kind,
            "api": "networking.k8s.io/v1" if self.place.kind == KUBERNETES_KIND else "projectcalico.org/v3",
            "namespace": self.place.namespace,
            "name": self.place.name,
            "tier": self.place.tier,
            "order": self.place.order,
            "types": list(self.directions),
            "precedes": list(self.precedes),
        }


def live_policy(kind: str, item: Mapping[str, Any]) -> LivePolicy:
    """A policy as the API returned it; ``kind`` is GlobalNetworkPolicy, NetworkPolicy or KubernetesNetworkPolicy."""
    spec = item.get("spec") or {}
    return LivePolicy(place(kind, item), _directions(kind, spec), spec)


def _directions(kind: str, spec: Mapping[str, Any]) -> tuple[str, ...]:
    if kind == KUBERNETES_KIND:
        return tuple(spec.get("policyTypes") or (BOTH if spec.get("egress") else BOTH[:1]))
    # Calico's data plane isolates both directions where a stored policy has no types.
    return tuple(spec.get("types") or BOTH)


def foreign_policies(
    ours: Sequence[Policy], live: Sequence[LivePolicy], tier_orders: Mapping[str, float]
) -> tuple[ForeignPolicy, ...]:
    """Those of ``live`` that are not ours and come before one of ours in a direction that both apply to."""
    own = [live_policy(KIND, policy.manifest()) for policy in ours]
    names = {policy.name for policy in ours}
    others = [p for p in live if not (p.place.kind == KIND and p.place.name in names)]
    found = [ForeignPolicy(p.place, p.directions, _preceded(p, own, tier_orders)) for p in others]
    return tuple(sorted((f for f in found if f.precedes), key=lambda f: f.place.key(tier_orders)))


def _preceded(other: LivePolicy, own: Sequence[LivePolicy], tier_orders: Mapping[str, float]) -> tuple[str, ...]:
    key = other.place.key(tier_orders)
    return tuple(
        p.place.name for p in own if set(p.directions) & set(other.directions) and key < p.place.key(tier_orders)
    )
