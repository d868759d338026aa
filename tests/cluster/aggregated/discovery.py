# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is served, in the documents that kube-apiserver and clients ask for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import crds
from aggregated.resource import API_VERSION, GROUP, VERSION

# The real one serves watch and deletecollection too.
_VERBS = ["create", "delete", "get", "list", "patch", "update"]


def document(path: str, kinds: Iterable[crds.Kind]) -> dict[str, Any] | None:
    """The document at the path where these kinds are served, None where there is none."""
    documents: dict[str, dict[str, Any]] = {
        "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": [_group()]},
        f"/apis/{GROUP}": {"kind": "APIGroup", "apiVersion": "v1", **_group()},
        f"/apis/{API_VERSION}": _resources(kinds),
        "/openapi/v3": {"paths": {}},
    }
    return documents.get(path.rstrip("/"))


def _group() -> dict[str, Any]:
    version = {"groupVersion": API_VERSION, "version": VERSION}
    return {"name": GROUP, "versions": [version], "preferredVersion": version}


def _resources(kinds: Iterable[crds.Kind]) -> dict[str, Any]:
    resources = [
        {
            "name": kind.plural,
            "singularName": kind.name.lower(),
            "namespaced": kind.namespaced,
            "kind": kind.name,
            "verbs": _VERBS,
            "shortNames": list(kind.short_names),
        }
        for kind in kinds
    ]
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": API_VERSION, "resources": resources}
