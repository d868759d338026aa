# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kinds that are served, and their objects' places in v3 and in v1."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import crds
from aggregated.refusal import Refusal

GROUP, VERSION = crds.GROUP, crds.VERSION
API_VERSION = f"{GROUP}/{VERSION}"
STORED_GROUP, STORED_VERSION = "crd.projectcalico.org", "v1"
TIER_LABEL = "projectcalico.org/tier"
DEFAULT_TIER = "default"
_READ_ONLY = ("clusterinformations",)

Object = dict[str, Any]


@dataclass(frozen=True)
class Place:
    """What a request is about: a kind, in a namespace or in all, and one object of it or all."""

    kind: crds.Kind
    namespace: str = ""
    name: str = ""

    @property
    def full_name(self) -> str:
        """Plural and group, as errors spell them."""
        return f"{self.kind.plural}.{GROUP}"

    @property
    def is_tiered(self) -> bool:
        """Whether objects of the kind belong to a tier, whose own rights are asked too."""
        return "tier" in self.kind.spec["properties"]

    @property
    def is_read_only(self) -> bool:
        """Whether objects of the kind are written by others, straight to v1."""
        return self.kind.plural in _READ_ONLY

    def named(self, name: str) -> Place:
        """One object of the same kind and namespace."""
        return Place(self.kind, self.namespace, name)

    def stored_path(self) -> str:
        """Where it is stored."""
        namespace = f"/namespaces/{self.namespace}" if self.namespace else ""
        name = f"/{self.name}" if self.name else ""
        return f"/apis/{STORED_GROUP}/{STORED_VERSION}{namespace}/{self.kind.plural}{name}"

    def not_found(self) -> Refusal:
        """The refusal that says that the object does not exist."""
        message = f'{self.full_name} "{self.name}" not found'
        return Refusal(404, message, name=self.name, group=GROUP, kind=self.kind.plural)

    def not_supported(self, action: str) -> Refusal:
        """The refusal of what nobody may do to objects of the kind."""
        return Refusal(405, f'{action} is not supported on resources of kind "{self.full_name}"')

    def conflict(self) -> Refusal:
        """The refusal of a write that knows an older object than there is."""
        message = (
            f'Operation cannot be fulfilled on {self.full_name} "{self.name}": the object has been modified; '
            "please apply your changes to the latest version and try again"
        )
        return Refusal(409, message, name=self.name, group=GROUP, kind=self.kind.plural)

    def invalid(self, complaint: str) -> Refusal:
        """The refusal of an object whose content is wrong."""
        message = f'{self.kind.name}.{GROUP} "{self.name}" is invalid: {complaint}'
        return Refusal(422, message, name=self.name, group=GROUP, kind=self.kind.name)


def place(path: str, kinds: Iterable[crds.Kind]) -> Place | None:
    """What the path of a request is about, None where it is no resource of these kinds."""
    parts = path.strip("/").split("/")
    if parts[:3] != ["apis", GROUP, VERSION]:
        return None
    namespace, rest = (parts[4], parts[5:]) if parts[3:4] == ["namespaces"] and len(parts) > 5 else ("", parts[3:])
    kind = {kind.plural: kind for kind in kinds}.get(rest[0]) if rest else None
    if kind is None or len(rest) > 2 or (namespace and not kind.namespaced):
        return None
    return Place(kind, namespace, rest[1] if len(rest) == 2 else "")


def is_policy(kind: crds.Kind) -> bool:
    """Whether objects of the kind are policies, staged ones included."""
    return kind.name.endswith("NetworkPolicy")


def tier_of(item: Mapping[str, Any]) -> str:
    """The tier of a policy, written out or not."""
    return str((item.get("spec") or {}).get("tier") or DEFAULT_TIER)
