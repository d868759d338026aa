# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calico's objects where only its v1 CRDs are served: read as Calico's own client library reads them, never written.

Rules: libcalico-go/lib/backend/k8s/resources of Calico. The spec is that of v3; what the v3 metadata has, and the v1
object has not, is JSON in an annotation, and comes first.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NoReturn

from .._calico.errors import NetguardError
from .._calico.global_network_policy import DEFAULT_TIER
from .discovery import only_v1
from .gateway import Gateway, Object, Objects
from .resources import CALICO_GROUP, STORED_GROUP, STORED_VERSION, Resource

_METADATA = "projectcalico.org/metadata"
# Policies of the tier default have it before their names in releases up to 3.31.
_PREFIX = f"{DEFAULT_TIER}."


class Unreadable(NetguardError):
    """An object is stored in a way that Calico itself cannot read."""

    code = "unreadable"


class StoredGateway:
    """A Gateway that answers for v3 from the v1 CRDs. Raises OnlyV1 for every write of Calico's kinds."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def read(self, path: str) -> Object | None:
        return self._gateway.read(path)

    def get(self, resource: Resource, name: str, namespace: str = "") -> Object | None:
        found = self._gateway.get(_stored(resource), name, namespace)
        return found if found is None or resource.group != CALICO_GROUP else as_v3(resource, found)

    def list(self, resource: Resource, namespace: str = "", label_selector: str = "") -> Objects:
        items = self._gateway.list(_stored(resource), namespace, label_selector)
        return items if resource.group != CALICO_GROUP else _all_as_v3(resource, items)

    def create(self, resource: Resource, body: Object, namespace: str = "") -> NoReturn:
        raise only_v1()

    def replace(self, resource: Resource, body: Object) -> NoReturn:
        raise only_v1()

    def merge_patch(self, resource: Resource, name: str, namespace: str, body: Object) -> NoReturn:
        raise only_v1()

    def delete(self, resource: Resource, name: str, namespace: str, uid: str, resource_version: str) -> NoReturn:
        raise only_v1()

    def rehearsal(self) -> StoredGateway:
        return self


def _stored(resource: Resource) -> Resource:
    if resource.group != CALICO_GROUP:
        return resource
    return replace(resource, group=STORED_GROUP, version=STORED_VERSION)


def _all_as_v3(resource: Resource, items: Objects) -> Objects:
    """The v3 objects. Raises Unreadable where two of them have one name, so that nobody knows which one is meant."""
    stored_as: dict[tuple[Any, Any], str] = {}
    found = [as_v3(resource, item) for item in items]
    for item, shown in zip(items, found, strict=True):
        key = (shown["metadata"].get("namespace"), shown["metadata"]["name"])
        name = str(item["metadata"]["name"])
        if key in stored_as:
            both = f"{stored_as[key]} and {name}"
            raise Unreadable(f"{resource.full_name}: {both} are both called {key[1]} in v3", "Remove one of them.")
        stored_as[key] = name
    return found


def as_v3(resource: Resource, item: Mapping[str, Any]) -> Object:
    """The v3 object that is stored in the v1 object. Raises Unreadable where its annotation is no JSON object."""
    metadata = dict(item["metadata"])
    annotations = dict(metadata.get("annotations") or {})
    own = _own_metadata(f"{resource.full_name} {metadata['name']}", annotations.pop(_METADATA, "{}"))
    merged = {
        **metadata,
        "name": own.get("name") or _shown_name(resource, str(metadata["name"])),
        "labels": {**(metadata.get("labels") or {}), **(own.get("labels") or {})},
        "annotations": {**annotations, **(own.get("annotations") or {})},
    }
    return {**item, "apiVersion": resource.api_version, "kind": resource.kind, "metadata": merged}


def _own_metadata(what: str, text: str) -> Mapping[str, Any]:
    try:
        own = json.loads(text)
    except ValueError:
        own = None
    if not isinstance(own, dict):
        raise Unreadable(
            f"{what}: its annotation {_METADATA} is not a JSON object", "Correct or remove the annotation."
        )
    return own


def _shown_name(resource: Resource, stored: str) -> str:
    return stored.removeprefix(_PREFIX) if resource.kind in _NAMED_BY_TIER else stored


_NAMED_BY_TIER = ("GlobalNetworkPolicy", "NetworkPolicy", "StagedGlobalNetworkPolicy", "StagedNetworkPolicy")
