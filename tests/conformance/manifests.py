# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Manifests: whether both Calico's validator and an API server with Calico's kinds accept them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from _calico.validation import faults


def compare(vector: Mapping[str, Any]) -> Sequence[str]:
    """One answer: empty where this manifest is refused or accepted as it must be."""
    found = [str(fault) for fault in faults(vector["manifest"])]
    if bool(found) == (vector["must"] == "refuse"):
        return [""]
    said = [vector[side].get("error") for side in ("calico", "crd") if side in vector]
    return [f"{vector.get('name')}: must be {vector['must']}d, faults are {found}, Calico and the server said {said}"]
