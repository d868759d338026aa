# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Label and field selectors of a list, as Kubernetes writes them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aggregated.refusal import Refusal
from aggregated.resource import TIER_LABEL

_SET = re.compile(r"(?P<key>[^\s!=,()]+)\s+(?P<operator>in|notin)\s*\((?P<values>[^()]*)\)")
_COMPARISON = re.compile(r"(?P<key>[^\s!=,()]+)\s*(?P<operator>==|=|!=)\s*(?P<values>[^\s!=,()]*)")
_EXISTENCE = re.compile(r"(?P<operator>!?)\s*(?P<key>[^\s!=,()]+)(?P<values>)")
_OPERATORS = {"in": "in", "notin": "notin", "=": "in", "==": "in", "!=": "notin", "!": "absent", "": "present"}


@dataclass(frozen=True)
class Requirement:
    """One condition: the key's value is `in` or `notin` the values, or the key is `present` or `absent`."""

    key: str
    operator: str
    values: tuple[str, ...]

    def holds(self, content: Mapping[str, str]) -> bool:
        """Whether the labels or fields meet the condition."""
        if self.operator in ("present", "absent"):
            return (self.key in content) == (self.operator == "present")
        return (content.get(self.key) in self.values) == (self.operator == "in")


def requirements(selector: str) -> tuple[Requirement, ...]:
    """The conditions of a selector. Raises Refusal where it is none."""
    return tuple(_requirement(part.strip()) for part in re.split(r",(?![^()]*\))", selector) if part.strip())


def _requirement(text: str) -> Requirement:
    for pattern in (_SET, _COMPARISON, _EXISTENCE):
        if match := pattern.fullmatch(text):
            values = tuple(value.strip() for value in match["values"].split(","))
            return Requirement(match["key"], _OPERATORS[match["operator"]], values)
    raise Refusal(400, f"unable to parse requirement: {text!r}")


@dataclass(frozen=True)
class Selection:
    """What a list is narrowed to."""

    labels: tuple[Requirement, ...]
    fields: tuple[Requirement, ...]

    def holds(self, item: Mapping[str, Any]) -> bool:
        """Whether the object belongs to the list."""
        metadata = item["metadata"]
        fields = {"metadata.name": metadata["name"], "metadata.namespace": metadata.get("namespace", "")}
        if "tier" in item["spec"]:
            fields["spec.tier"] = item["spec"]["tier"]
        labels = metadata.get("labels") or {}
        return all(each.holds(labels) for each in self.labels) and all(each.holds(fields) for each in self.fields)

    def tiers(self) -> Sequence[str] | None:
        """The tiers that the list names, None where it names none. Raises Refusal where it names them otherwise."""
        for key, conditions in (("spec.tier", self.fields), (TIER_LABEL, self.labels)):
            for condition in (each for each in conditions if each.key == key):
                if condition.operator != "in":
                    raise Refusal(500, f"Non equal selector operator not supported for {key}")
                return condition.values
        return None


def selection(query: Mapping[str, str]) -> Selection:
    """What the query of a list selects."""
    return Selection(requirements(query.get("labelSelector", "")), requirements(query.get("fieldSelector", "")))
