# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which manager owns which fields, as Kubernetes notes it in metadata.managedFields.

Lists are owned as a whole. A path is a tuple of keys, such as ("spec", "selector").
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timezone
from typing import Any

from aggregated.refusal import Refusal
from aggregated.resource import API_VERSION, Object

Path = tuple[str, ...]
Manager = tuple[str, str]
_METADATA = ("labels", "annotations")


def updated(before: Object, after: Object, manager: str) -> list[Object]:
    """The entries of an object after the manager made `before` into `after` by a create, an update or a patch."""
    old, new = dict(_leaves(before)), dict(_leaves(after))
    changed = {path for path, value in new.items() if path not in old or old[path] != value}
    who = (manager, "Update")
    return _entries(before, set(new), who, changed | _owned(before, lambda other: other == who), changed)


def applied(live: Object, wanted: Object, manager: str, force: bool) -> Object:
    """The object after the manager applied what it wants, with its entries.

    Raises Refusal where another manager owns a field that would change, unless it is forced.
    """
    fields, current = dict(_leaves(wanted)), dict(_leaves(live))
    who = (manager, "Apply")
    owned_before = _owned(live, lambda other: other == who)
    of_others = _owned(live, lambda other: other != who)
    taken = [path for path, value in fields.items() if path in of_others and current.get(path) != value]
    if taken and not force:
        raise Refusal(409, f"Apply failed with conflicts: {', '.join('.' + '.'.join(path) for path in taken)}")
    merged = {**current, **fields}
    for path in owned_before - set(fields) - of_others:
        merged.pop(path, None)
    result = _with_leaves(live, merged)
    result["metadata"]["managedFields"] = _entries(live, set(merged), who, set(fields), set(taken))
    return result


def _entries(live: Object, existing: set[Path], who: Manager, fields: set[Path], taken: set[Path]) -> list[Object]:
    """The object's entries after a write: who wrote owns `fields`, and nobody else what was `taken`."""
    own, others = _entry(who, fields & existing), []
    for entry in live["metadata"].get("managedFields") or []:
        paths = set(_paths(entry.get("fieldsV1") or {}))
        if _manager(entry) != who:
            others.append({**entry, "fieldsV1": _fields_v1((paths - taken) & existing)})
        elif entry["fieldsV1"] == own["fieldsV1"]:
            # What did not change keeps its time, so that a write without a change changes nothing.
            own = entry
    return [entry for entry in [*others, own] if entry["fieldsV1"]]


def _manager(entry: Object) -> Manager:
    """Whose entry it is: a name, and an operation."""
    return str(entry.get("manager")), str(entry.get("operation"))


def _entry(who: Manager, paths: Iterable[Path]) -> Object:
    return {
        "manager": who[0],
        "operation": who[1],
        "apiVersion": API_VERSION,
        "time": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "fieldsType": "FieldsV1",
        "fieldsV1": _fields_v1(paths),
    }


def _owned(live: Object, chosen: Callable[[Manager], bool]) -> set[Path]:
    """The paths that the chosen managers own."""
    entries = [entry for entry in live["metadata"].get("managedFields") or [] if chosen(_manager(entry))]
    return {path for entry in entries for path in _paths(entry.get("fieldsV1") or {})}


def _leaves(item: Object) -> Iterator[tuple[Path, Any]]:
    """The fields that somebody can own, each with its value."""
    for field in _METADATA:
        for key, value in (item["metadata"].get(field) or {}).items():
            yield ("metadata", field, key), value
    yield from _below(("spec",), item.get("spec") or {})


def _below(path: Path, value: Any) -> Iterator[tuple[Path, Any]]:
    if not isinstance(value, dict):
        yield path, value
        return
    for key, content in value.items():
        yield from _below((*path, key), content)


def _with_leaves(live: Object, leaves: dict[Path, Any]) -> Object:
    """The object with exactly these fields."""
    kept = {key: value for key, value in live["metadata"].items() if key not in _METADATA}
    result: Object = {**live, "metadata": kept, "spec": {}}
    for path, value in leaves.items():
        inner = result
        for key in path[:-1]:
            inner = inner.setdefault(key, {})
        inner[path[-1]] = value
    return result


def _fields_v1(paths: Iterable[Path]) -> Object:
    fields: Object = {}
    for path in sorted(paths):
        inner = fields
        for key in path:
            inner = inner.setdefault(f"f:{key}", {})
    return fields


def _paths(fields: Object, above: Path = ()) -> Iterator[Path]:
    for key, inner in fields.items():
        path = (*above, key.removeprefix("f:"))
        if inner:
            yield from _paths(inner, path)
        else:
            yield path
