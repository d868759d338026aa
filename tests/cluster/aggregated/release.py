# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The releases of Calico that can be played, and in what they differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import crds
from aggregated.policy_names import PolicyNames, StoredWithTheirTier, WithoutTiers, WithTheirTier
from aggregated.resource import STORED_GROUP, STORED_VERSION, Object, is_policy

ReleaseName = Literal["3.28", "3.29", "3.30", "3.32"]
_AS_CREATED = PolicyNames()


@dataclass(frozen=True)
class Release:
    """What a release has, and how it treats the names of policies.

    Attributes:
        calico_version: what ClusterInformation says.
        policy_names: what policies are called in v3 and in v1.
        has_tiers: whether there is the kind Tier, and policies have a tier, its label and its rights.
        has_staged_kinds: whether there are staged policies.
    """

    calico_version: str
    policy_names: PolicyNames = _AS_CREATED
    has_tiers: bool = True
    has_staged_kinds: bool = True

    def kinds(self) -> list[crds.Kind]:
        """The kinds that are served, with the fields that they have."""
        served = [kind for kind in crds.kinds() if self._has(kind)]
        return served if self.has_tiers else [_without_tier(kind) for kind in served]

    def names_of(self, kind: crds.Kind) -> PolicyNames:
        """What objects of the kind are called; what is no policy is called as it was created."""
        return self.policy_names if is_policy(kind) else _AS_CREATED

    def cluster_information(self) -> Object:
        """The v1 object that says which release runs."""
        return {
            "apiVersion": f"{STORED_GROUP}/{STORED_VERSION}",
            "kind": "ClusterInformation",
            "metadata": {"name": "default"},
            "spec": {"calicoVersion": self.calico_version, "datastoreReady": True},
        }

    def _has(self, kind: crds.Kind) -> bool:
        if kind.name == "Tier":
            return self.has_tiers
        return self.has_staged_kinds or not kind.name.startswith("Staged")


def _without_tier(kind: crds.Kind) -> crds.Kind:
    """The kind without the field `spec.tier`, and without what names it."""
    properties = {field: schema for field, schema in kind.spec["properties"].items() if field != "tier"}
    return replace(
        kind,
        spec={**kind.spec, "properties": properties},
        columns=tuple(column for column in kind.columns if column[2] != ".spec.tier"),
        selectable=tuple(path for path in kind.selectable if path != ".spec.tier"),
    )


RELEASES: Mapping[ReleaseName, Release] = {
    "3.28": Release("v3.28.2", WithoutTiers(), has_tiers=False, has_staged_kinds=False),
    "3.29": Release("v3.29.1", WithTheirTier(), has_staged_kinds=False),
    "3.30": Release("v3.30.3", StoredWithTheirTier()),
    "3.32": Release("v3.32.0"),
}
NEWEST: ReleaseName = "3.32"
