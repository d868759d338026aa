# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects of v3, kept in objects of v1 on the same API server.

The spec is that of the v1 object. What v3's metadata holds is in an annotation of it, as JSON. What the v1 object of a
policy is called depends on the release.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import Any

from aggregated.policy_names import PolicyNames
from aggregated.refusal import Refusal
from aggregated.release import Release
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
    """The v1 objects, read and written as Calico's API server of a release."""

    api: Api
    release: Release

    def get(self, place: Place) -> Object:
        """The object. Raises Refusal where there is none, or where it has to be asked for by another name."""
        found = self._from_v1(place, self._request("GET", place))
        if not self._names(place).accepts(place.name, found["metadata"]["name"]):
            raise Refusal(500, f"resource not found {place.kind.name}({place.name})")
        return found

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
        items = tuple(self._from_v1(place, item) for item in found["items"])
        return Listed(items, found["metadata"]["resourceVersion"])

    def create(self, place: Place, item: Object) -> Object:
        """Store a new object. Raises Refusal where there is one of this name, or where v1 refuses the content."""
        collection = Place(place.kind, place.namespace)
        return self._from_v1(place, self._request("POST", place, self._to_v1(place, item), collection))

    def replace(self, place: Place, item: Object) -> Object:
        """Store the object in place of the one whose resourceVersion it has. Raises Refusal where that is another."""
        return self._from_v1(place, self._request("PUT", place, self._to_v1(place, item)))

    def delete(self, place: Place, resource_version: str) -> None:
        """Delete the object of this version."""
        self._request("DELETE", place, {"preconditions": {"resourceVersion": resource_version}})

    def _request(self, method: str, place: Place, body: object = None, where: Place | None = None) -> dict[str, Any]:
        try:
            return self.api.request(method, self._stored(where or place).stored_path(), body)
        except ApiError as error:
            raise _refusal(method, place, error) from error

    def _names(self, place: Place) -> PolicyNames:
        return self.release.names_of(place.kind)

    def _stored(self, place: Place) -> Place:
        """The place of the v1 object; its kind and namespace are the same."""
        return place.named(self._names(place).stored(place.name)) if place.name else place

    def _to_v1(self, place: Place, item: Object) -> Object:
        metadata = item["metadata"]
        kept = {field: metadata[field] for field in _OWN if field in metadata}
        if self._names(place).are_recorded:
            kept["name"] = place.name
        stored = {"name": self._stored(place).name, "annotations": {METADATA: json.dumps(kept, sort_keys=True)}}
        if place.namespace:
            stored["namespace"] = place.namespace
        if "resourceVersion" in metadata:
            stored["resourceVersion"] = metadata["resourceVersion"]
        content = {field: item[field] for field in _CONTENT if field in item}
        version = {"apiVersion": f"{STORED_GROUP}/{STORED_VERSION}", "kind": place.kind.name}
        return {**version, "metadata": stored, **content}

    def _from_v1(self, place: Place, stored: Object) -> Object:
        metadata = stored["metadata"]
        own = json.loads((metadata.get("annotations") or {}).get(METADATA, "null"))
        if own is None:
            own = {field: metadata[field] for field in ("labels", "annotations") if field in metadata}
        shown = ("namespace", "resourceVersion", "creationTimestamp", "deletionTimestamp")
        kept = {field: metadata[field] for field in shown if field in metadata}
        name = self._names(place).shown(metadata["name"], own.pop("name", None))
        # Two objects must not have one uid.
        uid = str(uuid.uuid5(uuid.NAMESPACE_OID, metadata["uid"]))
        content = {field: stored[field] for field in _CONTENT if field in stored}
        whole = {"name": name, **kept, "uid": uid, **own}
        return {"apiVersion": API_VERSION, "kind": place.kind.name, "metadata": whole, **content}


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
