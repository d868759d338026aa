# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which release of Calico runs on the nodes, and in which release something came, by its release notes."""

from __future__ import annotations

import re

from .gateway import Gateway
from .resources import CLUSTER_INFORMATIONS

Release = tuple[int, int]

TIERS_SINCE: Release = (3, 29)
STAGED_POLICIES_SINCE: Release = (3, 30)
# Before it, Calico's API server stores a policy of the tier default as default.NAME, and 3.29 shows that name too.
PLAIN_NAMES_SINCE: Release = (3, 32)


def running_release(gateway: Gateway) -> Release | None:
    """Major and minor number that calico-node has written down, None where it has not."""
    information = gateway.get(CLUSTER_INFORMATIONS, "default") or {}
    found = re.match(r"v?(\d+)\.(\d+)", str((information.get("spec") or {}).get("calicoVersion") or ""))
    return (int(found[1]), int(found[2])) if found else None


def has_no_tiers(gateway: Gateway) -> bool:
    """Whether tiers are missing because the release does not have them yet; where it is not known, they should be there."""
    release = running_release(gateway)
    return release is not None and release < TIERS_SINCE


def spelled(release: Release) -> str:
    """The release as people write it, such as ``v3.29``."""
    return f"v{release[0]}.{release[1]}"
