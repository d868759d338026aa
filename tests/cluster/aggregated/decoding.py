# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what is sent to an object of a known type, as a server written in Go reads it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import yaml

import crds
from aggregated.refusal import Refusal
from aggregated.resource import API_VERSION, Object
from schema import Schema

_METADATA = frozenset(
    {
        *("name", "generateName", "namespace", "selfLink", "uid", "resourceVersion", "generation"),
        *("creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"),
        *("labels", "annotations", "ownerReferences", "finalizers", "managedFields"),
    }
)
_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
}


def read(body: bytes) -> Object:
    """The object in a body of JSON or YAML. Raises Refusal where there is none."""
    try:
        content = json.loads(body)
    except ValueError:
        content = _yaml(body)
    if not isinstance(content, dict):
        raise Refusal(400, "the body is not an object")
    return content


def _yaml(body: bytes) -> object:
    try:
        return yaml.safe_load(body)
    except yaml.YAMLError as error:
        raise Refusal(400, "the body is neither JSON nor YAML") from error


def decode(kind: crds.Kind, content: Object, validation: str) -> Object:
    """The object with the fields that the kind has, and without what is empty.

    `validation` is the request's fieldValidation. Raises Refusal where it is Strict and a field is unknown, and always
    where a value has the wrong type.
    """
    if (content.get("apiVersion"), content.get("kind")) != (API_VERSION, kind.name):
        given = f"{content.get('apiVersion')}, Kind={content.get('kind')}"
        raise Refusal(400, f"the object provided is unrecognized: {given} is not {API_VERSION}, Kind={kind.name}")
    reading = _Reading()
    properties = {"spec": kind.spec, **({"status": kind.status} if kind.status else {})}
    known = {field: reading.value(properties[field], content[field], field) for field in properties if field in content}
    reading.unknown += [field for field in content if field not in {"apiVersion", "kind", "metadata", *properties}]
    metadata = content.get("metadata") or {}
    reading.unknown += [f"metadata.{field}" for field in metadata if field not in _METADATA]
    if validation == "Strict" and reading.unknown:
        complaints = ", ".join(f'unknown field "{field}"' for field in reading.unknown)
        raise Refusal(400, f"strict decoding error: {complaints}")
    kept = {field: value for field, value in metadata.items() if field in _METADATA}
    spec = _without_empty(known.pop("spec", None) or {})
    return {"apiVersion": API_VERSION, "kind": kind.name, "metadata": _without_empty(kept), "spec": spec, **known}


class _Reading:
    """Values read by their schema, and the fields that no schema has."""

    def __init__(self) -> None:
        self.unknown: list[str] = []

    def value(self, schema: Schema, value: Any, path: str) -> Any:
        """The value as its schema has it; null is no value. Raises Refusal where it has another type."""
        if value is None:
            return None
        if schema.get("x-kubernetes-int-or-string"):
            return _checked(value, (int, str), path)
        if schema["type"] == "object":
            return self._object(schema, _checked(value, (dict,), path), path)
        if schema["type"] == "array":
            items = _checked(value, (list,), path)
            return [self.value(schema["items"], item, f"{path}[{index}]") for index, item in enumerate(items)]
        return _checked(value, _TYPES[schema["type"]], path)

    def _object(self, schema: Schema, value: Object, path: str) -> Object:
        properties = schema.get("properties") or {}
        read: Object = {}
        for field, content in value.items():
            known: Schema | None = properties.get(field) or schema.get("additionalProperties")
            if known is None:
                self.unknown.append(f"{path}.{field}")
            else:
                read[field] = self.value(known, content, f"{path}.{field}")
        return read


def _checked(value: Any, types: tuple[type, ...], path: str) -> Any:
    if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
        expected = " or ".join(sorted(each.__name__ for each in types))
        raise Refusal(400, f"json: cannot unmarshal {type(value).__name__} into field {path} of type {expected}")
    return value


# Pointers to lists in Calico's API, for which an empty list is something else than none: no port is spared.
_EMPTY_IS_SAID = ("failsafeInboundHostPorts", "failsafeOutboundHostPorts")


def _is_said(field: str, content: Any) -> bool:
    return field in _EMPTY_IS_SAID and content == []


def _without_empty(value: Any) -> Any:
    """The value without fields that hold nothing, which a Go struct with omitempty does not write."""
    if isinstance(value, dict):
        kept = {field: _without_empty(content) for field, content in value.items()}
        return {f: content for f, content in kept.items() if content not in ({}, [], "", None) or _is_said(f, content)}
    if isinstance(value, list):
        return [_without_empty(item) for item in value]
    return value
