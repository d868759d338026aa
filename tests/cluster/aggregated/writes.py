# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Creates, updates, patches and deletes, each for real or as a dry run."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from aggregated import managed_fields
from aggregated.authorization import Access
from aggregated.client_library import ClientLibrary
from aggregated.decoding import decode, read
from aggregated.exchange import Answer, Request, answer
from aggregated.refusal import Refusal
from aggregated.resource import API_VERSION, Object, Place, tier_of
from aggregated.storage import Storage

_MERGE = "application/merge-patch+json"
_APPLY = "application/apply-patch+yaml"
_ATTEMPTS = 5


@dataclass(frozen=True)
class Writes:
    """Writing for those who may."""

    storage: Storage

    def create(self, request: Request, access: Access) -> Answer:
        """Create an object; 409 where there is one of its name, in a dry run too."""
        item = _decoded(request, access.place, read(request.body))
        return answer(201, self._create(request, access, item))

    def update(self, request: Request, access: Access) -> Answer:
        """Replace an object by what is sent, which says which version it replaces."""
        place = access.place
        live = self._live(access)
        item = _decoded(request, place, read(request.body), live)
        if not item["metadata"].get("resourceVersion"):
            raise place.invalid("metadata.resourceVersion: Invalid value: 0: must be specified for an update")
        return answer(200, self._replace(request, access, live, item))

    def patch(self, request: Request, access: Access) -> Answer:
        """Merge a patch into an object, or apply an object, which creates it where it is missing."""
        if request.content_type not in (_MERGE, _APPLY):
            raise Refusal(415, f"the body of the request was in an unsupported format: {request.content_type}")
        content = read(request.body)
        if request.content_type == _APPLY:
            return self._apply(request, access, content)
        return self._retried(content, lambda: answer(200, self._merge(request, access, content)))

    def delete(self, request: Request, access: Access) -> Answer:
        """Delete an object; with preconditions only the very one that they name."""
        place, options = access.place, read(request.body) if request.body else {}
        live = self._live(access)
        for field, wanted in (options.get("preconditions") or {}).items():
            if wanted != live["metadata"].get(field):
                raise place.conflict()
        # Options in the body take the place of those in the query.
        if not (options.get("dryRun") if options else request.query.get("dryRun")):
            self.storage.delete(place, live["metadata"]["resourceVersion"])
        details = {"name": place.name, "group": place.full_name.partition(".")[2], "kind": place.kind.plural}
        details["uid"] = live["metadata"]["uid"]
        success = {"apiVersion": "v1", "kind": "Status", "metadata": {}, "status": "Success", "details": details}
        return answer(200, success)

    def _create(self, request: Request, access: Access, item: Object) -> Object:
        place = access.place.named(str(item["metadata"].get("name", "")))
        if not place.name:
            raise place.invalid("metadata.name: Required value: name or generateName is required")
        if place.is_tiered:
            access.require_tier(tier_of(item))
        if item["metadata"].get("resourceVersion"):
            raise Refusal(500, "Internal error occurred: resourceVersion should not be set on objects to be created")
        if _is_dry_run(request):
            if self._is_met(place):
                raise Refusal(409, f'{place.full_name} "{place.name}" already exists', "AlreadyExists")
            return _as_if_created(place, item)
        return ClientLibrary(self.storage).create(place, item)

    def _replace(self, request: Request, access: Access, live: Object, item: Object) -> Object:
        """Store the object in place of the live one; nothing is written where they do not differ."""
        for field in ("resourceVersion", "uid"):
            if item["metadata"].get(field, live["metadata"][field]) != live["metadata"][field]:
                raise access.place.conflict()
        if (name := item["metadata"]["name"]) != live["metadata"]["name"]:
            raise access.place.invalid(f'metadata.name: Invalid value: "{name}": field is immutable')
        kept = {field: live["metadata"][field] for field in ("uid", "creationTimestamp", "resourceVersion")}
        item = {**item, "metadata": {**item["metadata"], **kept}}
        if _is_dry_run(request) or item == live:
            return item
        return ClientLibrary(self.storage).replace(access.place, item)

    def _merge(self, request: Request, access: Access, patch: Object) -> Object:
        live = self._live(access)
        item = _decoded(request, access.place, _merged(live, patch), live)
        return self._replace(request, access, live, item)

    def _apply(self, request: Request, access: Access, content: Object) -> Answer:
        place, manager = access.place, request.query.get("fieldManager", "")
        if not manager:
            raise Refusal(
                422, "PatchOptions.meta.k8s.io is invalid: fieldManager: Required value: is required for apply"
            )
        wanted = _placed(place, decode(place.kind, content, request.query.get("fieldValidation", "")))
        force = request.query.get("force") == "true"
        if not self.storage.exists(place):
            empty: Object = {
                "apiVersion": API_VERSION,
                "kind": place.kind.name,
                "metadata": wanted["metadata"],
                "spec": {},
            }
            return answer(201, self._create(request, access, managed_fields.applied(empty, wanted, manager, force)))

        def once() -> Answer:
            live = self._live(access)
            return answer(
                200, self._replace(request, access, live, managed_fields.applied(live, wanted, manager, force))
            )

        return self._retried(content, once)

    def _is_met(self, place: Place) -> bool:
        """Whether a dry run of a create meets an object of the name; any error is taken for none."""
        try:
            self.storage.get(place)
        except Refusal:
            return False
        return True

    def _live(self, access: Access) -> Object:
        """The object that is there now. Raises Refusal where its tier is closed to the user."""
        live = self.storage.get(access.place)
        if access.place.is_tiered:
            access.require_tier(tier_of(live))
        return live

    def _retried(self, content: Mapping[str, Any], write: Callable[[], Answer]) -> Answer:
        """Write again where somebody else wrote in between, unless the sender named the version that it knows."""
        if (content.get("metadata") or {}).get("resourceVersion"):
            return write()
        for _attempt in range(_ATTEMPTS - 1):
            try:
                return write()
            except Refusal as refusal:
                if refusal.body["reason"] != "Conflict" or "Apply failed" in refusal.body["message"]:
                    raise
        return write()


def _decoded(request: Request, place: Place, content: Object, live: Object | None = None) -> Object:
    """What was sent as an object of the kind, with the entry of its manager."""
    item = _placed(place, decode(place.kind, content, request.query.get("fieldValidation", "")))
    metadata = item["metadata"]
    before = live or {"metadata": {"managedFields": metadata.get("managedFields") or []}}
    agent = request.headers.get("user-agent", "").partition("/")[0]
    entries = managed_fields.updated(before, item, request.query.get("fieldManager") or agent)
    return {**item, "metadata": {**metadata, "managedFields": entries}}


def _placed(place: Place, item: Object) -> Object:
    """The object with the name and namespace of the request. Raises Refusal where it says others."""
    metadata = item["metadata"]
    if place.name and metadata.setdefault("name", place.name) != place.name:
        raise Refusal(
            400, f"the name of the object ({metadata['name']}) does not match the name on the URL ({place.name})"
        )
    if place.namespace and metadata.setdefault("namespace", place.namespace) != place.namespace:
        raise Refusal(400, "the namespace of the object does not match the namespace on the request")
    return item


def _merged(target: Any, patch: Any) -> Any:
    """The target after a JSON merge patch (RFC 7386)."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = _merged(result.get(key), value)
    return result


def _is_dry_run(request: Request) -> bool:
    """Whether nothing is to be stored. Raises Refusal where the query says neither yes nor no."""
    wanted = request.query.get("dryRun", "")
    if wanted not in ("", "All"):
        raise Refusal(422, f'dryRun: Unsupported value: "{wanted}": supported values: "All"')
    return wanted == "All"


def _as_if_created(place: Place, item: Object) -> Object:
    created = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    metadata = {**item["metadata"], "uid": str(uuid.uuid4()), "creationTimestamp": created}
    return {**item, "apiVersion": API_VERSION, "kind": place.kind.name, "metadata": metadata}
