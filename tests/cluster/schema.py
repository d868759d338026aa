# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pieces of structural schemas, as plain dicts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Schema = dict[str, Any]

INVALID = "FieldValueInvalid"
FORBIDDEN = "FieldValueForbidden"
REQUIRED = "FieldValueRequired"

INT_OR_STRING: Schema = {"anyOf": [{"type": "integer"}, {"type": "string"}], "x-kubernetes-int-or-string": True}
BOOLEAN: Schema = {"type": "boolean"}
NUMBER: Schema = {"type": "number"}


def text(maximum: int | None = None, **more: Any) -> Schema:
    """A string, of at most `maximum` characters where one is given."""
    limit = {} if maximum is None else {"maxLength": maximum}
    return {"type": "string", **limit, **more}


def matching(pattern: str) -> Schema:
    """A string that the regular expression matches."""
    return {"type": "string", "pattern": pattern}


def one_of(*values: str, **more: Any) -> Schema:
    """One of the strings, spelled exactly so."""
    return {"type": "string", "enum": list(values), **more}


def one_of_any_case(*values: str) -> Schema:
    """One of the strings in any case, or nothing."""
    return matching(f"^(?i)({'|'.join(values)})?$")


def integer(minimum: int | None = None, maximum: int | None = None, **more: Any) -> Schema:
    """A whole number between the limits, both included."""
    limits = {"minimum": minimum, "maximum": maximum}
    return {"type": "integer", **{key: value for key, value in limits.items() if value is not None}, **more}


def array(items: Schema, kind: str | None = None, maximum: int | None = None, **more: Any) -> Schema:
    """A list; `kind` is how server-side apply treats it: atomic, set, or None for the server's default."""
    schema: Schema = {"type": "array", "items": items, **more}
    if kind is not None:
        schema["x-kubernetes-list-type"] = kind
    if maximum is not None:
        schema["maxItems"] = maximum
    return schema


def mapping(values: Schema) -> Schema:
    """An object with any keys, each with a value of the one schema."""
    return {"type": "object", "additionalProperties": values}


def fields(properties: Mapping[str, Schema], required: Iterable[str] = (), rules: Iterable[Schema] = ()) -> Schema:
    """An object with exactly these properties, and rules over it."""
    schema: Schema = {"type": "object", "properties": dict(properties)}
    if needed := list(required):
        schema["required"] = needed
    if checks := list(rules):
        schema["x-kubernetes-validations"] = checks
    return schema


def rule(expression: str, message: str, reason: str = INVALID) -> Schema:
    """A condition in CEL that an object must meet."""
    return {"rule": expression, "message": message, "reason": reason}


def filled(field: str) -> str:
    """CEL: the field of `self` is there and not empty."""
    return f"(has(self.{field}) && size(self.{field}) > 0)"


def is_true(field: str) -> str:
    """CEL: the field of `self` is there and true."""
    return f"(has(self.{field}) && self.{field})"


def no_global_selector(field: str) -> Schema:
    """The rule that a selector does not call global(), which only a rule's namespaceSelector may."""
    return rule(f"!has(self.{field}) || !self.{field}.contains('global(')", f"{field} cannot use global()")


def conditions() -> Schema:
    """A status with the usual list of conditions."""
    condition = fields(
        {
            "type": text(316),
            "status": one_of("True", "False", "Unknown"),
            "reason": text(1024, minLength=1),
            "message": text(32768),
            "lastTransitionTime": text(format="date-time"),
            "observedGeneration": integer(0, format="int64"),
        },
        required=["type", "status", "reason", "message", "lastTransitionTime"],
    )
    by_type: Schema = {"x-kubernetes-list-map-keys": ["type"]}
    return fields({"conditions": array(condition, "map") | by_type})
