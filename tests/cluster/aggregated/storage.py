# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects of v3, kept in objects of v1 on the same API server.

The spec is that of the v1 object. What v3's metadata holds is in an annotation of it, as JSON.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import Any

from aggregated.refusal import Refusal
from aggregated.resource import API_VERSION, STORED_GROUP, STORED_VERSION, Object, Place
from api import Api, ApiError

METADATA = "projectcalico.org/metadata"
_CONTENT: tuple[str, ...] = ("spec", "status")
_OWN = ("labels", "annotations", "managedFields", "ownerReferences", "finalizers")


@dataclass(frozen=True)
class Listed:
    """All objects of a place, and the version of the list."""

    items: tuple[Object, ...]
    resource_version: str


@dataclass(frozen=True)
class Storage:
    """The v1 objects, read and written as Calico's API server."""

    api: Api

    def get(self, place: Place) -> Object:
        """The object. Raises Refusal where there is none."""
        return _from_v1(place, self._request("GET", place))

    def exists(self, place: Place) -> bool:
        """Whether the object is there."""
        try:
            self.get(place)
        except Refusal as refusal:
            if refusal.status == 404:
                return False
            raise
        return True

    def list(self, place: Place) -> Listed:
        """Every object."""
        found = self._request("GET", place)
        items = tuple(_from_v1(place, item) for item in found["items"])
        return Listed(items, found["metadata"]["resourceVersion"])

    def create(self, place: Place, item: Object) -> Object:
        """Store a new object. Raises Refusal where there is one of this name, or where v1 refuses the content."""
        collection = Place(place.kind, place.namespace)
        return _from_v1(place, self._request("POST", place, _to_v1(place, item), collection))

    def replace(self, place: Place, item: Object) -> Object:
        """Store the object in place of the one whose resourceVersion it has. Raises Refusal where that is another."""
        return _from_v1(place, self._request("PUT", place, _to_v1(place, item)))

    def delete(self, place: Place, resource_version: str) -> None:
        """Delete the object of this version."""
        self._request("DELETE", place, {"preconditions": {"resourceVersion": resource_version}})

    def _request(self, method: str, place: Place, body: object = None, where: Place | None = None) -> dict[str, Any]:
        try:
            return self.api.request(method, (where or place).stored_path(), body)
        except ApiError as error:
            raise _refusal(method, place, error) from error


def _refusal(method: str, place: Place, error: ApiError) -> Refusal:
    """What v1's refusal is for who asked for v3."""
    if error.status == 404 and place.name:
        return place.not_found()
    if error.status == 409 and method == "POST":
        return Refusal(409, f'{place.full_name} "{place.name}" already exists', "AlreadyExists", name=place.name)
    if error.status == 409:
        return place.conflict()
    if error.status == 422:
        return place.invalid(error.message.partition(" is invalid: ")[2] or error.message)
    return Refusal(500, f"Internal error occurred: {error.message}")


def _to_v1(place: Place, item: Object) -> Object:
    metadata = item["metadata"]
    kept = {field: metadata[field] for field in _OWN if field in metadata}
    stored = {"name": place.name, "annotations": {METADATA: json.dumps(kept, sort_keys=True)}}
    if place.namespace:
        stored["namespace"] = place.namespace
    if "resourceVersion" in metadata:
        stored["resourceVersion"] = metadata["resourceVersion"]
    content = {field: item[field] for field in _CONTENT if field in item}
    version = {"apiVersion": f"{STORED_GROUP}/{STORED_VERSION}", "kind": place.kind.name}
    return {**version, "metadata": stored, **content}


def _from_v1(place: Place, stored: Object) -> Object:
    metadata = stored["metadata"]
    own = json.loads((metadata.get("annotations") or {}).get(METADATA, "null"))
    if own is None:
        own = {field: metadata[field] for field in ("labels", "annotations") if field in metadata}
    shown = ("name", "namespace", "resourceVersion", "creationTimestamp", "deletionTimestamp")
    kept = {field: metadata[field] for field in shown if field in metadata}
    # Two objects must not have one uid.
    uid = str(uuid.uuid5(uuid.NAMESPACE_OID, metadata["uid"]))
    content = {field: stored[field] for field in _CONTENT if field in stored}
    return {"apiVersion": API_VERSION, "kind": place.kind.name, "metadata": {**kept, "uid": uid, **own}, **content}
