# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The normal form of a policy's spec, in which two specs that mean the same to Calico are equal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .global_network_policy import DEFAULT_TIER

_FALSE_BY_DEFAULT = ("applyOnForward", "doNotTrack", "preDNAT")
_TYPES_ORDER = {"Ingress": 0, "Egress": 1}


def canonical_spec(spec: Mapping[str, Any]) -> dict[str, Any]:
    """The spec without what says nothing: nulls, empty matches (``source: {}``), empty lists, defaults of the fields.

    ``types`` stays as it is when absent, since plain CRDs keep a policy without it and Calico then denies both ways. Where a
    deletion is staged it says nothing, and yet the admission policies of plain CRDs add it.
    """
    normal = {key: _pruned(value) for key, value in spec.items()}
    normal = {key: value for key, value in normal.items() if not _says_nothing(value)}
    for key in _FALSE_BY_DEFAULT:
        if normal.get(key) is False:
            del normal[key]
    if normal.get("stagedAction") == "Delete":
        normal.pop("types", None)
    normal.setdefault("tier", DEFAULT_TIER)
    if isinstance(normal.get("types"), list):
        normal["types"] = sorted(set(map(str, normal["types"])), key=lambda t: (_TYPES_ORDER.get(t, 2), t))
    return normal


def _pruned(value: Any) -> Any:
    if isinstance(value, Mapping):
        pruned = {key: _pruned(item) for key, item in value.items()}
        return {key: item for key, item in pruned.items() if not _says_nothing(item)}
    if isinstance(value, list):
        return [_pruned(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _says_nothing(value: Any) -> bool:
    return value is None or (isinstance(value, (str, list, Mapping)) and not value)
