# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gets and lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import crds
from aggregated.authorization import Access
from aggregated.resource import API_VERSION, Object, Place, tier_of
from aggregated.selection import Selection
from aggregated.storage import Storage

_TIERS = next(kind for kind in crds.kinds() if kind.plural == "tiers")


@dataclass(frozen=True)
class Reads:
    """Reading for those who may."""

    storage: Storage

    def get(self, access: Access) -> Object:
        """The object. Raises Refusal where there is none, or where its tier is closed to the user."""
        found = self.storage.get(access.place)
        if access.place.is_tiered:
            access.require_tier(tier_of(found))
        return found

    def list(self, access: Access, selected: Selection) -> Object:
        """The objects that are selected and that the user may see; all at once, whatever the limit."""
        place = access.place
        tiers = self._tiers(access, selected) if place.is_tiered else None
        listed = self.storage.list(place)
        items = [item for item in listed.items if selected.holds(item) and (tiers is None or tier_of(item) in tiers)]
        metadata = {"resourceVersion": listed.resource_version}
        return {"apiVersion": API_VERSION, "kind": f"{place.kind.name}List", "metadata": metadata, "items": items}

    def _tiers(self, access: Access, selected: Selection) -> Sequence[str]:
        """The tiers whose policies are listed: those that are named, otherwise those that the user may see."""
        named = selected.tiers()
        if named is None:
            return access.visible(item["metadata"]["name"] for item in self.storage.list(Place(_TIERS)).items)
        for tier in named:
            access.require_tier(tier)
        return named
