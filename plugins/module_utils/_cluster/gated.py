# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A gateway whose writes pass a gate, so that no way of writing can miss it."""

from __future__ import annotations

from .gate import Gate
from .gateway import Gateway, Object, Objects
from .resources import Resource


class GatedGateway:
    """A Gateway. Its writes raise Stopped, with nothing sent, once the gate is closed; reads and dry runs do not ask it."""

    def __init__(self, gateway: Gateway, gate: Gate) -> None:
        self._gateway = gateway
        self._gate = gate

    def read(self, path: str) -> Object | None:
        return self._gateway.read(path)

    def get(self, resource: Resource, name: str, namespace: str = "") -> Object | None:
        return self._gateway.get(resource, name, namespace)

    def list(self, resource: Resource, namespace: str = "", label_selector: str = "") -> Objects:
        return self._gateway.list(resource, namespace, label_selector)

    def create(self, resource: Resource, body: Object, namespace: str = "") -> Object:
        with self._gate.write(_named("create", body["metadata"]["name"], namespace)):
            return self._gateway.create(resource, body, namespace)

    def replace(self, resource: Resource, body: Object) -> Object:
        metadata = body["metadata"]
        with self._gate.write(_named("update", metadata["name"], metadata.get("namespace", ""))):
            return self._gateway.replace(resource, body)

    def merge_patch(self, resource: Resource, name: str, namespace: str, body: Object) -> Object:
        with self._gate.write(_named("patch", name, namespace)):
            return self._gateway.merge_patch(resource, name, namespace, body)

    def delete(self, resource: Resource, name: str, namespace: str, uid: str, resource_version: str) -> None:
        with self._gate.write(_named("delete", name, namespace)):
            self._gateway.delete(resource, name, namespace, uid, resource_version)

    def rehearsal(self) -> Gateway:
        return self._gateway.rehearsal()


def _named(verb: str, name: str, namespace: str) -> str:
    return f"{verb} {namespace}/{name}" if namespace else f"{verb} {name}"
