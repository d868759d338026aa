# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The API server as plain dicts: read, list, write; each failure is one of errors.py."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

from .errors import AnswerLost, NotConnected, TurnedAway, Unavailable, Unreachable, answer_error, names_an_object
from .http import Answer, Http
from .resources import Resource

PAGE = 500
FIELD_MANAGER = "netguard.calico"

Object = dict[str, Any]
Objects = list[Object]
Query = Mapping[str, "str | int"]


class Gateway(Protocol):
    """What the rest of the collection knows of a cluster.

    A real write raises AnswerLost where its answer does not tell whether it was done.
    """

    def read(self, path: str) -> Object | None:
        """The answer at an API path, None where nothing is."""

    def get(self, resource: Resource, name: str, namespace: str = "") -> Object | None:
        """The object, None where it does not exist. Raises ApiAbsent where its API does not."""

    def list(self, resource: Resource, namespace: str = "", label_selector: str = "") -> Objects:
        """All objects, in pages, each with its apiVersion and kind."""

    def create(self, resource: Resource, body: Object, namespace: str = "") -> Object:
        """Creates the object and returns it as the server answers it."""

    def replace(self, resource: Resource, body: Object) -> Object:
        """Replaces the object; ``body.metadata`` has name, namespace and the resourceVersion that was read."""

    def merge_patch(self, resource: Resource, name: str, namespace: str, body: Object) -> Object:
        """Patches the object. Raises Conflict where ``body`` has a resourceVersion that is not the live one."""

    def delete(self, resource: Resource, name: str, namespace: str, uid: str, resource_version: str) -> None:
        """Deletes the very object that was read; one that is gone already is no error."""

    def rehearsal(self) -> Gateway:
        """The same cluster, where every write is a dry run."""


class ApiGateway:
    """A Gateway over HTTP. Thread-safe."""

    def __init__(self, http: Http, dry_run: Mapping[str, str] | None = None) -> None:
        self._http = http
        self._dry_run: Mapping[str, str] = dry_run or {}

    def rehearsal(self) -> ApiGateway:
        return ApiGateway(self._http, {"dryRun": "All"})

    def read(self, path: str) -> Object | None:
        answer = self._http.send("GET", path, {})
        return None if answer.status == 404 else _content(answer, "get", path, "")

    def get(self, resource: Resource, name: str, namespace: str = "") -> Object | None:
        answer = self._http.send("GET", resource.path(namespace, name), {})
        if answer.status == 404 and names_an_object(answer.content):
            return None
        return _content(answer, "get", resource.full_name, name)

    def list(self, resource: Resource, namespace: str = "", label_selector: str = "") -> Objects:
        try:
            return list(self._items(resource, namespace, label_selector))
        except _Expired:
            # The server forgets a continue token after some minutes; one more try from the start.
            return list(self._items(resource, namespace, label_selector))

    def _items(self, resource: Resource, namespace: str, label_selector: str) -> Iterator[Object]:
        query: dict[str, str | int] = {"limit": PAGE}
        if label_selector:
            query["labelSelector"] = label_selector
        while True:
            answer = self._http.send("GET", resource.path(namespace), query)
            if answer.status == 410:
                raise _Expired("list", resource)
            page = _content(answer, "list", resource.full_name, "")
            for item in page.get("items") or []:
                yield {**item, "apiVersion": resource.api_version, "kind": resource.kind}
            token = (page.get("metadata") or {}).get("continue")
            if not token:
                return
            query["continue"] = token

    def create(self, resource: Resource, body: Object, namespace: str = "") -> Object:
        name = body["metadata"]["name"]
        return self._write("POST", "create", resource, name, resource.path(namespace), body)

    def replace(self, resource: Resource, body: Object) -> Object:
        metadata = body["metadata"]
        path = resource.path(metadata.get("namespace", ""), metadata["name"])
        return self._write("PUT", "update", resource, metadata["name"], path, body)

    def merge_patch(self, resource: Resource, name: str, namespace: str, body: Object) -> Object:
        path = resource.path(namespace, name)
        return self._write("PATCH", "patch", resource, _qualified(namespace, name), path, body)

    def delete(self, resource: Resource, name: str, namespace: str, uid: str, resource_version: str) -> None:
        preconditions = {"uid": uid, "resourceVersion": resource_version}
        options: Object = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": preconditions}
        if self._dry_run:
            # With options in the body the API server does not look at those of the query, and would really delete.
            options["dryRun"] = [self._dry_run["dryRun"]]
        body = json.dumps(options).encode()
        with self._answered():
            answer = self._http.send("DELETE", resource.path(namespace, name), self._dry_run, body)
            if answer.status == 404 and names_an_object(answer.content):
                return
            _content(answer, "delete", resource.full_name, _qualified(namespace, name))

    def _write(self, method: str, verb: str, resource: Resource, name: str, path: str, body: Object) -> Object:
        query: Query = {"fieldValidation": "Strict", "fieldManager": FIELD_MANAGER, **self._dry_run}
        content_type = "application/merge-patch+json" if method == "PATCH" else "application/json"
        with self._answered():
            answer = self._http.send(method, path, query, json.dumps(body).encode(), content_type)
            return _content(answer, verb, resource.full_name, name)

    @contextmanager
    def _answered(self) -> Iterator[None]:
        """Tells a write of which nobody knows whether it was done from one that was not. Raises AnswerLost for the first."""
        try:
            yield
        except (NotConnected, TurnedAway):
            raise
        except (Unreachable, Unavailable) as error:
            if self._dry_run:
                raise
            raise AnswerLost(error) from error


class _Expired(Unavailable):
    """A continue token is too old."""

    def __init__(self, verb: str, resource: Resource) -> None:
        super().__init__(f"{verb} {resource.full_name}: the list changed faster than it could be read", "Run again.")


def _qualified(namespace: str, name: str) -> str:
    return f"{namespace}/{name}" if namespace else name


def _content(answer: Answer, verb: str, resource: str, name: str) -> Object:
    if answer.status >= 300:
        raise answer_error(answer.status, verb, resource, name, answer.content)
    try:
        content = json.loads(answer.content)
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise answer_error(
            502, verb, resource, name, b"the answer is not a JSON object; is this a Kubernetes API server?"
        )
    return content
