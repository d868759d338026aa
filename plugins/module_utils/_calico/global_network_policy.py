# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A GlobalNetworkPolicy that is wanted, and the names that its API has.

https://docs.tigera.io/calico/latest/reference/resources/globalnetworkpolicy
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

API_VERSION = "projectcalico.org/v3"
KIND = "GlobalNetworkPolicy"
STAGED_KIND = "StagedGlobalNetworkPolicy"
TIER_LABEL = "projectcalico.org/tier"
DEFAULT_TIER = "default"


@dataclass(frozen=True)
class Policy:
    """One wanted GlobalNetworkPolicy: its name, its whole spec, and the labels and annotations that it should carry.

    ``kind`` is StagedGlobalNetworkPolicy for one that is to be staged.
    """

    name: str
    spec: Mapping[str, Any]
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    kind: str = KIND

    def manifest(self) -> dict[str, Any]:
        """The object as it is sent to the API server."""
        metadata: dict[str, Any] = {"name": self.name}
        if self.labels:
            metadata["labels"] = dict(self.labels)
        if self.annotations:
            metadata["annotations"] = dict(self.annotations)
        return {"apiVersion": API_VERSION, "kind": self.kind, "metadata": metadata, "spec": dict(self.spec)}


def with_written_defaults(spec: Mapping[str, Any]) -> dict[str, Any]:
    """The spec with ``tier`` and ``types`` written out.

    Plain CRDs store a policy without ``types`` as it is, and Calico's data plane then isolates both directions;
    the aggregated API server would have filled them in. Writing them makes both mean the same.
    """
    filled = {key: value for key, value in spec.items() if value is not None}
    filled.setdefault("tier", DEFAULT_TIER)
    if not filled.get("types"):
        filled["types"] = _implied_types(filled)
    return filled


def _implied_types(spec: Mapping[str, Any]) -> list[str]:
    if not spec.get("egress"):
        return ["Ingress"]
    return ["Ingress", "Egress"] if spec.get("ingress") else ["Egress"]
