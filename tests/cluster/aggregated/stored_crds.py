# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The CustomResourceDefinitions in which Calico's API server stores: the same tables, in the group of v1."""

from __future__ import annotations

from typing import Any

import crds
from aggregated.release import Release
from aggregated.resource import STORED_GROUP, STORED_VERSION


def stored_definitions(release: Release) -> list[dict[str, Any]]:
    """The CustomResourceDefinition of every kind of the release as crd.projectcalico.org/v1."""
    return [_stored(crds.definition(kind)) for kind in release.kinds()]


def _stored(definition: dict[str, Any]) -> dict[str, Any]:
    spec = definition["spec"]
    # Short names belong to the kinds that people ask for, which are those of v3.
    names = {key: value for key, value in spec["names"].items() if key != "shortNames"}
    versions = [{**version, "name": STORED_VERSION} for version in spec["versions"]]
    return {
        **definition,
        "metadata": {"name": f"{names['plural']}.{STORED_GROUP}"},
        "spec": {**spec, "group": STORED_GROUP, "names": names, "versions": versions},
    }
