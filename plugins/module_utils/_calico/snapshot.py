# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster as plain objects, by kind, with what could not be read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

Object = Mapping[str, Any]

CALICO_GROUPS = ("projectcalico.org", "crd.projectcalico.org")
KUBERNETES_NETWORK_POLICY = "KubernetesNetworkPolicy"

# Group of the API to kinds that policy depends on. The two kinds called NetworkPolicy are told apart by it.
_KINDS: Mapping[str, frozenset[str]] = {
    "": frozenset({"Namespace", "ServiceAccount", "Pod", "Node", "Service"}),
    "apps": frozenset({"DaemonSet"}),
    "discovery.k8s.io": frozenset({"EndpointSlice"}),
    "networking.k8s.io": frozenset({"NetworkPolicy"}),
    "policy.networking.k8s.io": frozenset({"ClusterNetworkPolicy", "AdminNetworkPolicy", "BaselineAdminNetworkPolicy"}),
    **dict.fromkeys(
        CALICO_GROUPS,
        frozenset(
            {
                "Tier",
                "GlobalNetworkPolicy",
                "NetworkPolicy",
                "StagedGlobalNetworkPolicy",
                "StagedNetworkPolicy",
                "StagedKubernetesNetworkPolicy",
                "GlobalNetworkSet",
                "NetworkSet",
                "HostEndpoint",
                "FelixConfiguration",
            }
        ),
    ),
}


@dataclass(frozen=True)
class Snapshot:
    """Objects by kind, and why a kind is missing or incomplete.

    ``unread`` maps kinds to the reason why they could not be read, ``unread_tiers`` tiers whose policies could not.
    A kind that is in neither is complete: what it does not have does not exist.
    """

    objects: Mapping[str, tuple[Object, ...]] = field(default_factory=dict)
    unread: Mapping[str, str] = field(default_factory=dict)
    unread_tiers: Mapping[str, str] = field(default_factory=dict)

    def of(self, kind: str) -> tuple[Object, ...]:
        """The objects of a kind; ``KubernetesNetworkPolicy`` are those of networking.k8s.io."""
        return self.objects.get(kind, ())

    def with_change(self, present: Iterable[Object], absent: Iterable[Object]) -> Snapshot:
        """The snapshot after objects were created or replaced by ``present``, and ``absent`` ones deleted."""
        changed = {**self._keyed(absent, None), **self._keyed(present, 1)}
        kept = [o for objects in self.objects.values() for o in objects if identity(o) not in changed]
        added = [o for o in present if identity(o) is not None]
        return replace(self, objects=_by_kind([*kept, *added]))

    @staticmethod
    def _keyed(objects: Iterable[Object], value: Any) -> dict[Any, Any]:
        return {identity(o): value for o in objects}


def snapshot(objects: Iterable[Object], unread: Mapping[str, str], unread_tiers: Mapping[str, str]) -> Snapshot:
    """The snapshot of these objects; those of kinds on which no verdict depends are left out."""
    return Snapshot(_by_kind(objects), dict(unread), dict(unread_tiers))


def offline(objects: Iterable[Object]) -> Snapshot:
    """The snapshot of manifests alone, where a kind that endpoints inherit from and that was not given is not known."""
    by_kind = _by_kind(objects)
    unread = {
        kind: f"no {kind} is among the resources"
        for kind in ("Namespace", "ServiceAccount", "EndpointSlice")
        if kind not in by_kind
    }
    if "Tier" not in by_kind and any(_names_a_tier(o) for objects in by_kind.values() for o in objects):
        unread["Tier"] = "no Tier is among the resources, and policies name some"
    return Snapshot(by_kind, unread)


def _names_a_tier(item: Object) -> bool:
    is_calico = text(item.get("apiVersion")).rpartition("/")[0] in CALICO_GROUPS
    return is_calico and text(spec_of(item).get("tier")) not in ("", "default")


def kind_of(item: Object) -> str | None:
    """The kind under which the snapshot keeps an object, None for one that it does not."""
    version, kind = item.get("apiVersion"), item.get("kind")
    if not isinstance(version, str) or not isinstance(kind, str):
        return None
    group = version.rpartition("/")[0]
    if kind not in _KINDS.get(group, frozenset()):
        return None
    return KUBERNETES_NETWORK_POLICY if (group, kind) == ("networking.k8s.io", "NetworkPolicy") else kind


def identity(item: Object) -> tuple[str, str, str] | None:
    """Kind, namespace and name of an object that the snapshot keeps."""
    kind = kind_of(item)
    return None if kind is None else (kind, namespace_of(item), name_of(item))


def metadata_of(item: Object) -> Object:
    return mapping(item.get("metadata"))


def name_of(item: Object) -> str:
    return text(metadata_of(item).get("name"))


def namespace_of(item: Object) -> str:
    return text(metadata_of(item).get("namespace"))


def labels_of(item: Object) -> dict[str, str]:
    return strings(metadata_of(item).get("labels"))


def spec_of(item: Object) -> Object:
    return mapping(item.get("spec"))


def mapping(value: Any) -> Object:
    """The value where it is a mapping, else an empty one: what lives in a cluster may have any shape."""
    return value if isinstance(value, Mapping) else {}


def items(value: Any) -> list[Any]:
    """The value where it is a list, else an empty one."""
    return list(value) if isinstance(value, (list, tuple)) else []


def text(value: Any) -> str:
    """The value where it is a string, else an empty one."""
    return value if isinstance(value, str) else ""


def strings(value: Any) -> dict[str, str]:
    """The entries of a mapping whose key and value are strings."""
    return {k: v for k, v in mapping(value).items() if isinstance(k, str) and isinstance(v, str)}


def _by_kind(objects: Iterable[Object]) -> dict[str, tuple[Object, ...]]:
    found: dict[str, list[Object]] = {}
    for item in objects:
        kind = kind_of(item)
        if kind is not None:
            found.setdefault(kind, []).append(item)
    return {kind: tuple(group) for kind, group in found.items()}
