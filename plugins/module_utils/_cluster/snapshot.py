# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads everything on which verdicts depend, and notes what could not be read instead of taking it for absent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .._calico.errors import NetguardError
from .._calico.global_network_policy import DEFAULT_TIER, TIER_LABEL
from .._calico.snapshot import KUBERNETES_NETWORK_POLICY, Snapshot
from .errors import ApiAbsent, Forbidden
from .gateway import Gateway, Objects
from .release import has_no_tiers
from .resources import (
    ADMIN_NETWORK_POLICIES,
    BASELINE_ADMIN_NETWORK_POLICIES,
    CLUSTER_NETWORK_POLICIES,
    DAEMON_SETS,
    ENDPOINT_SLICES,
    FELIX_CONFIGURATIONS,
    GLOBAL_NETWORK_POLICIES,
    GLOBAL_NETWORK_SETS,
    HOST_ENDPOINTS,
    KUBERNETES_NETWORK_POLICIES,
    NAMESPACES,
    NETWORK_POLICIES,
    NETWORK_SETS,
    NODE_NAMESPACES,
    NODES,
    PODS,
    SERVICE_ACCOUNTS,
    SERVICES,
    STAGED_GLOBAL_NETWORK_POLICIES,
    STAGED_KUBERNETES_NETWORK_POLICIES,
    STAGED_NETWORK_POLICIES,
    TIERS,
    Resource,
)

_PLAIN = (
    NAMESPACES,
    SERVICE_ACCOUNTS,
    PODS,
    NODES,
    SERVICES,
    ENDPOINT_SLICES,
    GLOBAL_NETWORK_SETS,
    NETWORK_SETS,
    HOST_ENDPOINTS,
    FELIX_CONFIGURATIONS,
)
_TIERED = (GLOBAL_NETWORK_POLICIES, NETWORK_POLICIES)
_STAGED_TIERED = (STAGED_GLOBAL_NETWORK_POLICIES, STAGED_NETWORK_POLICIES)
# Older releases do not have these kinds; then there are none of them.
_OF_CLUSTER = (CLUSTER_NETWORK_POLICIES, ADMIN_NETWORK_POLICIES, BASELINE_ADMIN_NETWORK_POLICIES)
_OPTIONAL = (*_STAGED_TIERED, STAGED_KUBERNETES_NETWORK_POLICIES, *_OF_CLUSTER)


def read_snapshot(gateway: Gateway, backend: str | None, staged: bool) -> Snapshot:
    """The cluster as it is; with ``staged`` the staged policies too.

    A kind that could not be read is in ``unread``, a tier whose policies could not be in ``unread_tiers``.
    """
    reading = _Reading(gateway, backend)
    for resource in _PLAIN:
        reading.kind(resource.kind, lambda resource=resource: gateway.list(resource))  # type: ignore[misc]
    reading.kind(KUBERNETES_NETWORK_POLICY, lambda: gateway.list(KUBERNETES_NETWORK_POLICIES))
    for resource in _OF_CLUSTER:
        reading.kind(resource.kind, lambda resource=resource: _if_served(gateway, resource))  # type: ignore[misc]
    reading.kind("DaemonSet", lambda: calico_node(gateway))
    tiers = reading.kind("Tier", lambda: _if_served(gateway, TIERS))
    for resource in (*_TIERED, *(_STAGED_TIERED if staged else ())):
        reading.tiered(resource, [str(tier["metadata"]["name"]) for tier in tiers])
    if staged:
        kind = STAGED_KUBERNETES_NETWORK_POLICIES.kind
        reading.kind(kind, lambda: _if_served(gateway, STAGED_KUBERNETES_NETWORK_POLICIES))
    return Snapshot({k: tuple(v) for k, v in reading.objects.items()}, reading.unread, reading.unread_tiers)


def absent_staged_kinds(snapshot: Snapshot) -> list[str]:
    """The staged kinds that the cluster of a snapshot with staged policies does not serve."""
    kinds = [resource.kind for resource in (*_STAGED_TIERED, STAGED_KUBERNETES_NETWORK_POLICIES)]
    return [kind for kind in kinds if kind not in snapshot.objects and kind not in snapshot.unread]


class _NotServed(Exception):
    """A release does not have the kind, so there is nothing of it."""


class _Reading:
    """What was read so far, by kind, and what could not be."""

    def __init__(self, gateway: Gateway, backend: str | None) -> None:
        self._gateway, self._backend = gateway, backend
        self.objects: dict[str, Objects] = {}
        self.unread: dict[str, str] = {}
        self.unread_tiers: dict[str, str] = {}

    def kind(self, kind: str, read: Callable[[], Objects]) -> Objects:
        """Reads one kind; nothing where it cannot be read."""
        try:
            self.objects[kind] = read()
        except _NotServed:
            return []
        except NetguardError as error:
            self.unread[kind] = error.message
            return []
        return self.objects[kind]

    def tiered(self, resource: Resource, tiers: list[str]) -> None:
        """Reads a kind of policy, tier by tier where Calico's API server would leave out tiers without a word.

        An unselected list of the aggregated API is narrowed to the tiers that the account may see, and answers 200; one
        that selects the tier by its label is refused. Plain CRDs narrow nothing, and need not have the label.
        """
        if self._backend in ("native", "v1"):
            self.kind(resource.kind, lambda: _if_served(self._gateway, resource))
            return
        found: dict[tuple[str, str], Mapping[str, Any]] = {}
        for tier in dict.fromkeys([DEFAULT_TIER, *tiers]):
            try:
                listed = self._gateway.list(resource, "", f"{TIER_LABEL}=={tier}")
            except Forbidden as error:
                self.unread_tiers[tier] = error.message
                continue
            except NetguardError as error:
                if not (isinstance(error, ApiAbsent) and resource in _OPTIONAL):
                    self.unread[resource.kind] = error.message
                return
            found |= {_key(item): item for item in listed}
        # Shows what has no label of its tier, or another one's.
        rest = self.kind(resource.kind, lambda: _if_served(self._gateway, resource))
        found |= {_key(item): item for item in rest}
        self.objects[resource.kind] = [dict(item) for item in found.values()]


def calico_node(gateway: Gateway) -> Objects:
    """The DaemonSet calico-node, whose environment holds settings of Felix; where it is found depends on the installation."""
    found = [gateway.get(DAEMON_SETS, "calico-node", namespace) for namespace in NODE_NAMESPACES]
    return [{**item, "apiVersion": "apps/v1", "kind": "DaemonSet"} for item in found if item is not None]


def _if_served(gateway: Gateway, resource: Resource) -> Objects:
    try:
        return gateway.list(resource)
    except ApiAbsent:
        if resource in _OPTIONAL or (resource == TIERS and has_no_tiers(gateway)):
            raise _NotServed from None
        raise


def _key(item: Mapping[str, Any]) -> tuple[str, str]:
    metadata = item["metadata"]
    return str(metadata.get("namespace") or ""), str(metadata["name"])
