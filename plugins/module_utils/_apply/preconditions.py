# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must hold of the cluster beside its policies, and no dry run tells: tiers exist, the datastore is in use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .._calico.errors import NetguardError
from .._calico.global_network_policy import DEFAULT_TIER, Policy
from .._calico.precedence import tier_of
from .._cluster.errors import ApiAbsent
from .._cluster.gateway import Gateway
from .._cluster.release import TIERS_SINCE, spelled
from .._cluster.resources import CLUSTER_INFORMATIONS, TIERS
from .._plan.steps import Plan


class TierMissing(NetguardError):
    """A policy is or would be in a tier that does not exist: refused by one way of serving, and a lock-out by the other."""

    code = "tier_missing"


class DatastoreLocked(NetguardError):
    """Calico's datastore is locked, as it is while it is migrated; what is written meanwhile can be lost."""

    code = "datastore_locked"


class DatastoreNotReady(NetguardError):
    """Calico has not said that it uses this datastore; then nothing in it need be in force."""

    code = "datastore_not_ready"


def require_tiers(gateway: Gateway, plan: Plan, policies: Sequence[Policy]) -> None:
    """Raises TierMissing for the policies that are written, and for ``policies``, which are to be there afterwards.

    The tier default is asked for only where something is written to it.
    """
    names: dict[str, list[str]] = {}
    for tier, name in dict.fromkeys([*_written(plan), *_in_other_tiers(policies)]):
        names.setdefault(tier, []).append(name)
    for tier, of_tier in names.items():
        if _tier(gateway, tier) is None:
            raise _tier_missing(tier, of_tier)


def _tier_missing(tier: str, names: Sequence[str]) -> TierMissing:
    """The error about a tier that does not exist, and the policies in it."""
    remedy = f"Create the Tier {tier} first, or correct spec.tier."
    if tier == DEFAULT_TIER:
        remedy = "Calico makes it when it starts; wait until it runs (wait), then run again."
    return TierMissing(f"The tier {tier} of {', '.join(names)} does not exist", remedy)


def require_unlocked(gateway: Gateway) -> None:
    """Raises DatastoreLocked. ``spec.datastoreReady`` is false from ``calicoctl datastore migrate lock`` to ``unlock``."""
    _readiness(gateway)


def require_in_use(gateway: Gateway) -> None:
    """Raises DatastoreLocked or DatastoreNotReady unless Calico says that it uses the datastore, which Felix waits for.

    felix/daemon of Calico: a missing ``datastoreReady`` is as false to it.
    """
    if _readiness(gateway) is not True:
        raise DatastoreNotReady(
            "Calico has not said that it uses this datastore (ClusterInformation default lacks datastoreReady: true)",
            "Look whether calico-node runs, and where it keeps its objects.",
        )


def _readiness(gateway: Gateway) -> Any:
    """``datastoreReady`` as it stands there, None where it does not. Raises DatastoreLocked where it is false."""
    information = gateway.get(CLUSTER_INFORMATIONS, "default") or {}
    ready = (information.get("spec") or {}).get("datastoreReady")
    if ready is False:
        raise DatastoreLocked(
            "Calico's datastore is locked (ClusterInformation default has datastoreReady: false)",
            "Wait until the migration is finished, or unlock it with calicoctl datastore migrate unlock; then run again.",
        )
    return ready


def _written(plan: Plan) -> list[tuple[str, str]]:
    return [(tier_of(step.after["spec"]), step.name) for step in plan.steps if step.after is not None]


def _in_other_tiers(policies: Sequence[Policy]) -> list[tuple[str, str]]:
    return [(tier, policy.name) for policy in policies if (tier := tier_of(policy.spec)) != DEFAULT_TIER]


def _tier(gateway: Gateway, name: str) -> Mapping[str, Any] | None:
    try:
        return gateway.get(TIERS, name)
    except ApiAbsent as error:
        raise ApiAbsent(
            f"This cluster has no tiers, which came with Calico {spelled(TIERS_SINCE)}; policies are written with spec.tier",
            "Install a newer release, or all of Calico's v3 CRDs.",
        ) from error
