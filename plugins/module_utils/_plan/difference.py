# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a live policy is not what is wanted, field by field, in normal form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .._calico.canonical import canonical_spec
from .._calico.global_network_policy import Policy

ABSENT = None


@dataclass(frozen=True)
class Difference:
    """One field: its path in the object, the live value and the wanted one; None stands for absent."""

    path: str
    live: Any
    wanted: Any

    def as_result(self) -> dict[str, Any]:
        """The difference as a module returns it."""
        return {"path": self.path, "live": self.live, "wanted": self.wanted}


def differences(live: Mapping[str, Any], policy: Policy) -> tuple[Difference, ...]:
    """Every field of ``policy`` that ``live`` has otherwise, and every field of its spec that ``policy`` lacks.

    The whole spec is owned; of labels and annotations only those that ``policy`` names, since others put theirs there.
    """
    metadata = live.get("metadata") or {}
    found = list(_between("spec", canonical_spec(live.get("spec") or {}), canonical_spec(policy.spec)))
    for part, wanted in (("labels", policy.labels), ("annotations", policy.annotations)):
        present = metadata.get(part) or {}
        found += [
            Difference(f"metadata.{part}.{key}", present.get(key, ABSENT), value)
            for key, value in sorted(wanted.items())
            if present.get(key) != value
        ]
    return tuple(found)


def _between(path: str, live: Any, wanted: Any) -> Iterator[Difference]:
    if isinstance(live, Mapping) and isinstance(wanted, Mapping):
        for key in sorted({*live, *wanted}):
            yield from _between(f"{path}.{key}", live.get(key, ABSENT), wanted.get(key, ABSENT))
    elif isinstance(live, list) and isinstance(wanted, list) and _holds_mappings(live + wanted):
        for index in range(max(len(live), len(wanted))):
            yield from _between(f"{path}[{index}]", _item(live, index), _item(wanted, index))
    elif type(live) is not type(wanted) or live != wanted:
        yield Difference(path, live, wanted)


def _holds_mappings(items: list[Any]) -> bool:
    return bool(items) and all(isinstance(item, Mapping) for item in items)


def _item(items: list[Any], index: int) -> Any:
    return items[index] if index < len(items) else ABSENT
