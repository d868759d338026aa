# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Calico's client library does to an object on its way into the storage, which a dry run never reaches."""

from __future__ import annotations

from dataclasses import dataclass

import crds
from aggregated.refusal import Refusal
from aggregated.resource import DEFAULT_TIER, TIER_LABEL, Object, Place, is_policy, tier_of
from aggregated.selector_syntax import bad_selectors
from aggregated.storage import Storage

_TIERS = next(kind for kind in crds.kinds() if kind.plural == "tiers")


@dataclass(frozen=True)
class ClientLibrary:
    """Stores what is valid, and completes policies."""

    storage: Storage

    def create(self, place: Place, item: Object) -> Object:
        """Create the object, completed. Raises Refusal where its tier is missing or it is invalid."""
        if place.is_tiered and not self.storage.exists(Place(_TIERS, name=tier_of(item))):
            raise Refusal(500, f"Internal error occurred: resource does not exist: Tier({tier_of(item)})")
        return self.storage.create(place, self._completed(place, item))

    def replace(self, place: Place, item: Object) -> Object:
        """Replace the object, completed. Raises Refusal where it is invalid or outdated; the tier is not looked for."""
        return self.storage.replace(place, self._completed(place, item))

    def _completed(self, place: Place, item: Object) -> Object:
        """The object as it is stored. Raises Refusal where it is invalid."""
        if bad := list(bad_selectors(item["spec"])):
            complaints = "; ".join(f"{field}: Invalid value: {text!r}: invalid selector" for field, text in bad)
            raise place.invalid(complaints)
        if complaint := self.storage.release.names_of(place.kind).complaint(place.name, tier_of(item)):
            raise place.invalid(complaint)
        if not is_policy(place.kind):
            return item
        typed = {**item, "spec": _staged_deletion(place, item["spec"]) or _typed(item["spec"])}
        return _tiered(typed) if place.is_tiered else typed


def _staged_deletion(place: Place, spec: Object) -> Object:
    """The spec that stages a deletion, empty where it is another. Raises Refusal where it says more than the tier."""
    if spec.get("stagedAction") != "Delete":
        return {}
    kept = {field: value for field, value in spec.items() if field != "types"}
    if set(kept) - {"tier", "stagedAction"}:
        complaint = "Spec fields, except Tier, should all be zero-value if stagedAction is Delete"
        raise place.invalid(f"StagedGlobalNetworkPolicySpec: Invalid value: {complaint}")
    return kept


def _typed(spec: Object) -> Object:
    """The spec with types."""
    return {"types": _types(spec), **spec}


def _tiered(item: Object) -> Object:
    """The policy with its tier written out, in the label too."""
    tier, labels = tier_of(item), item["metadata"].get("labels") or {}
    # A label that is there already and is wrong stays in the default tier, and in no other.
    labels = {TIER_LABEL: tier, **labels} if tier == DEFAULT_TIER else {**labels, TIER_LABEL: tier}
    return {**item, "metadata": {**item["metadata"], "labels": labels}, "spec": {"tier": tier, **item["spec"]}}


def _types(spec: Object) -> list[str]:
    """The types of a policy that says none: Ingress, unless there are egress rules and no others."""
    if not spec.get("egress"):
        return ["Ingress"]
    return ["Ingress", "Egress"] if spec.get("ingress") else ["Egress"]
