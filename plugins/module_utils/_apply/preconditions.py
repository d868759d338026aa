# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must hold of the cluster before the first write of a plan, and no dry run tells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._calico.errors import NetguardError
from .._calico.manifest import DEFAULT_TIER
from .._cluster.errors import ApiAbsent
from .._cluster.gateway import Gateway
from .._cluster.release import TIERS_SINCE, spelled
from .._cluster.resources import CLUSTER_INFORMATIONS, TIERS
from .._plan.steps import Plan


class TierMissing(NetguardError):
    """A policy would go into a tier that does not exist: refused by one way of serving, and a lock-out by the other."""

    code = "tier_missing"


class DatastoreLocked(NetguardError):
    """Calico's datastore is locked, as it is while it is migrated; what is written meanwhile can be lost."""

    code = "datastore_locked"


def require_writable(gateway: Gateway, plan: Plan) -> None:
    """Raises DatastoreLocked or TierMissing where the plan must not be written. Asks nothing where there are no steps."""
    if not plan.steps:
        return
    require_unlocked(gateway)
    policies: dict[str, list[str]] = {}
    for step in plan.steps:
        if step.after is not None:
            policies.setdefault(str(step.after["spec"].get("tier") or DEFAULT_TIER), []).append(step.name)
    for tier, names in policies.items():
        if _tier(gateway, tier) is None:
            raise TierMissing(f"The tier {tier} of {', '.join(names)} does not exist", _remedy(tier))


def _tier(gateway: Gateway, name: str) -> Mapping[str, Any] | None:
    try:
        return gateway.get(TIERS, name)
    except ApiAbsent as error:
        raise ApiAbsent(
            f"This release of Calico has no tiers, which came with {spelled(TIERS_SINCE)}; policies are written with spec.tier",
            "Install a newer release.",
        ) from error


def require_unlocked(gateway: Gateway) -> None:
    """Raises DatastoreLocked. ``spec.datastoreReady`` is false from ``calicoctl datastore migrate lock`` to ``unlock``."""
    information = gateway.get(CLUSTER_INFORMATIONS, "default") or {}
    if (information.get("spec") or {}).get("datastoreReady") is False:
        raise DatastoreLocked(
            "Calico's datastore is locked (ClusterInformation default has datastoreReady: false)",
            "Wait until the migration is finished, or unlock it with calicoctl datastore migrate unlock; then run again.",
        )


def _remedy(tier: str) -> str:
    if tier == DEFAULT_TIER:
        return "Calico makes it when it starts; wait until it runs (wait), then run again."
    return f"Create the Tier {tier} first, or correct spec.tier."
