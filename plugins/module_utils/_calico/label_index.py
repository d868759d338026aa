# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Selectors asked about many endpoints at once: one bit for each, in integers as wide as there are endpoints.

An answer is a pair of integers: who is selected for sure, and who may be, where labels are known in part only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .labels import PartialLabels
from .selector_tree import And, Everything, Label, Labels, Node, Not

# For sure, and perhaps.
Span = tuple[int, int]


class LabelIndex:
    """The labels of a sequence of endpoints by key and value; bit i stands for the endpoint with index i."""

    def __init__(self, labels: Sequence[Labels]) -> None:
        self.all = (1 << len(labels)) - 1
        self._values: dict[str, dict[str, int]] = {}
        self._unknown: dict[str, int] = {}
        for index, entry in enumerate(labels):
            self._add(1 << index, entry)

    def _add(self, bit: int, labels: Labels) -> None:
        known: Mapping[str, str] = {}
        if isinstance(labels, PartialLabels):
            known = labels.known
            for prefix in labels.unknown_prefixes:
                self._unknown[prefix] = self._unknown.get(prefix, 0) | bit
        elif isinstance(labels, Mapping):
            known = labels
        for key, value in known.items():
            values = self._values.setdefault(key, {})
            values[value] = values.get(value, 0) | bit

    def span(self, node: Node) -> Span:
        """Whom the selector's tree selects."""
        if isinstance(node, Label):
            return self._label(node)
        if isinstance(node, Everything):
            return self.all, self.all
        if isinstance(node, Not):
            sure, perhaps = self.span(node.operand)
            return self.all & ~perhaps, self.all & ~sure
        spans = [self.span(operand) for operand in node.operands]
        return _all_of(spans) if isinstance(node, And) else _one_of(spans)

    def _label(self, question: Label) -> Span:
        values = self._values.get(question.label, {})
        if question.operator == "==":
            found = values.get(question.values[0], 0)
        else:
            found = 0
            for value, bits in values.items():
                if question.holds_for(value):
                    found |= bits
        unknown = self._unknown_bits(question.label, values) if self._unknown else 0
        if question.holds_if_absent:
            present = 0
            for bits in values.values():
                present |= bits
            found |= self.all & ~present & ~unknown
        return found, found | unknown

    def _unknown_bits(self, label: str, values: Mapping[str, int]) -> int:
        """Who may have the label without its being known."""
        found = 0
        for prefix, bits in self._unknown.items():
            if label.startswith(prefix):
                found |= bits
        for bits in values.values():
            found &= ~bits
        return found


def _all_of(spans: Sequence[Span]) -> Span:
    sure, perhaps = spans[0]
    for other_sure, other_perhaps in spans[1:]:
        sure, perhaps = sure & other_sure, perhaps & other_perhaps
    return sure, perhaps


def _one_of(spans: Sequence[Span]) -> Span:
    sure, perhaps = spans[0]
    for other_sure, other_perhaps in spans[1:]:
        sure, perhaps = sure | other_sure, perhaps | other_perhaps
    return sure, perhaps
