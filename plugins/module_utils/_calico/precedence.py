# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which policy Calico looks at first.

Tiers by order, then policies by order within their tier, ties by ``name/namespace/kind``; no order comes last.
https://docs.tigera.io/calico/latest/reference/resources/tier
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .global_network_policy import DEFAULT_TIER

KUBERNETES_POLICY_ORDER = 1000.0


@dataclass(frozen=True)
class Place:
    """Where a policy stands among all others; ``key`` sorts in the order in which Calico looks at them."""

    tier: str
    order: float | None
    name: str
    namespace: str
    kind: str

    def key(self, tier_orders: Mapping[str, float]) -> tuple[float, str, float, str]:
        """Sort key. ``tier_orders`` maps a tier's name to its order; a tier that it lacks comes last."""
        order = math.inf if self.order is None else self.order
        tie = f"{self.name}/{self.namespace}/{self.kind}"
        return (tier_orders.get(self.tier, math.inf), self.tier, order, tie)


def tier_of(spec: Mapping[str, Any]) -> str:
    """The tier of a policy, written out or not."""
    return str(spec.get("tier") or DEFAULT_TIER)


def place(kind: str, item: Mapping[str, Any]) -> Place:
    """The place of a Calico policy, or of a Kubernetes NetworkPolicy (tier default, order 1000)."""
    metadata, spec = item.get("metadata") or {}, item.get("spec") or {}
    name, namespace = str(metadata.get("name", "")), str(metadata.get("namespace") or "")
    if kind == "KubernetesNetworkPolicy":
        return Place(DEFAULT_TIER, KUBERNETES_POLICY_ORDER, name, namespace, kind)
    order = spec.get("order")
    number = float(order) if isinstance(order, (int, float)) else None
    return Place(tier_of(spec), number, name, namespace, kind)


def tier_orders(tiers: list[Mapping[str, Any]]) -> dict[str, float]:
    """Order per tier's name; a Tier without one comes last."""
    orders = {str(t["metadata"]["name"]): (t.get("spec") or {}).get("order") for t in tiers}
    return {name: math.inf if order is None else float(order) for name, order in orders.items()}
