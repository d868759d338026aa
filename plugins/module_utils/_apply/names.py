# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which live policy is the one that a manifest names, in releases of Calico that put ``default.`` before names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .._calico.global_network_policy import DEFAULT_TIER
from .._cluster.gateway import Gateway
from .._cluster.release import PLAIN_NAMES_SINCE, running_release

Item = Mapping[str, Any]


def by_wanted_name(gateway: Gateway, items: Iterable[Item], names: Sequence[str]) -> dict[str, Item]:
    """The policies by name; one that is shown as ``default.NAME`` has the wanted name NAME where the release does that.

    The objects keep their own names, under which they are written. Where the release is not known, nothing is taken for
    something else. Asks the cluster only where there is such a pair.
    """
    found = {str(item["metadata"]["name"]): item for item in items}
    prefixed = [name for name in names if name not in found and f"{DEFAULT_TIER}.{name}" in found]
    if prefixed and _puts_tiers_before_names(gateway):
        for name in prefixed:
            found[name] = found.pop(f"{DEFAULT_TIER}.{name}")
    return found


def _puts_tiers_before_names(gateway: Gateway) -> bool:
    release = running_release(gateway)
    return release is not None and release < PLAIN_NAMES_SINCE


def shown_as(item: Item, name: str) -> Item:
    """The policy under the wanted name, for people."""
    return {**item, "metadata": {**item["metadata"], "name": name}}
