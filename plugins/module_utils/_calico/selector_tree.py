# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a selector says, as a tree of immutable nodes: its normal form, and whether it holds for some labels.

Rules: libcalico-go/lib/selector/parser of Calico. Answers are three-valued, since labels may be known in part only:
True, False, or None where the unknown labels would decide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, Protocol, TypeAlias


class Unknown:
    """The value of a label that could not be read; whether it is there at all is not known either."""


UNKNOWN: Final = Unknown()


class Labels(Protocol):
    """Labels by key. A dict of strings is one."""

    def get(self, key: str, /) -> str | Unknown | None:
        """The value, None where the label is absent, UNKNOWN where it could not be read."""


Operator = Literal["==", "!=", "in", "not in", "contains", "starts with", "ends with", "has"]

# What each operator asks of a label that is there. An absent label fails all of them but the two negative ones.
_HOLDS: dict[Operator, Callable[[str, Sequence[str]], bool]] = {
    "==": lambda value, wanted: value == wanted[0],
    "!=": lambda value, wanted: value != wanted[0],
    "in": lambda value, wanted: value in wanted,
    "not in": lambda value, wanted: value not in wanted,
    "contains": lambda value, wanted: wanted[0] in value,
    "starts with": lambda value, wanted: value.startswith(wanted[0]),
    "ends with": lambda value, wanted: value.endswith(wanted[0]),
    "has": lambda value, wanted: True,
}


@dataclass(frozen=True)
class Label:
    """A question about one label. ``values`` has one string, for ``in`` and ``not in`` any number, sorted, for ``has`` none."""

    label: str
    operator: Operator
    values: tuple[str, ...] = ()

    @property
    def holds_if_absent(self) -> bool:
        """Whether an endpoint without the label is selected."""
        return self.operator in ("!=", "not in")

    def holds_for(self, value: str) -> bool:
        """Whether an endpoint whose label has this value is selected."""
        return _HOLDS[self.operator](value, self.values)

    def matches(self, labels: Labels) -> bool | None:
        value = labels.get(self.label)
        if value is None:
            return self.holds_if_absent
        return None if isinstance(value, Unknown) else self.holds_for(value)

    def __str__(self) -> str:
        if self.operator == "has":
            return f"has({self.label})"
        if self.operator in ("in", "not in"):
            return f"{self.label} {self.operator} {{{', '.join(map(_quoted, self.values))}}}"
        return f"{self.label} {self.operator} {_quoted(self.values[0])}"


@dataclass(frozen=True)
class Everything:
    """``all()`` or ``global()``; by itself either selects everything, what encloses a ``global()`` gives it its meaning."""

    name: Literal["all", "global"]

    def matches(self, labels: Labels) -> bool | None:
        return True

    def __str__(self) -> str:
        return f"{self.name}()"


@dataclass(frozen=True)
class Not:
    """The opposite of ``operand``."""

    operand: Node

    def matches(self, labels: Labels) -> bool | None:
        answer = self.operand.matches(labels)
        return None if answer is None else not answer

    def __str__(self) -> str:
        return f"!{self.operand}"


@dataclass(frozen=True)
class And:
    """All of ``operands``, at least two."""

    operands: tuple[Node, ...]

    def matches(self, labels: Labels) -> bool | None:
        return _decided(self.operands, labels, False)

    def __str__(self) -> str:
        return f"({' && '.join(map(str, self.operands))})"


@dataclass(frozen=True)
class Or:
    """One of ``operands``, at least two."""

    operands: tuple[Node, ...]

    def matches(self, labels: Labels) -> bool | None:
        return _decided(self.operands, labels, True)

    def __str__(self) -> str:
        return f"({' || '.join(map(str, self.operands))})"


Node: TypeAlias = "Label | Everything | Not | And | Or"


def _decided(operands: Sequence[Node], labels: Labels, deciding: bool) -> bool | None:
    """The answer ``deciding`` as soon as one operand gives it, else None where one gives that, else the opposite."""
    answer: bool | None = not deciding
    for operand in operands:
        found = operand.matches(labels)
        if found is deciding:
            return deciding
        if found is None:
            answer = None
    return answer


def prefixed(node: Node, prefix: str) -> Node:
    """The same question about labels whose keys have the prefix, as Calico asks it about a namespace's labels."""
    if isinstance(node, Label):
        return replace(node, label=prefix + node.label)
    if isinstance(node, Not):
        return Not(prefixed(node.operand, prefix))
    if isinstance(node, (And, Or)):
        return type(node)(tuple(prefixed(operand, prefix) for operand in node.operands))
    return node


def questions(node: Node) -> Iterator[Label]:
    """Every question about a label that the tree asks."""
    if isinstance(node, Label):
        yield node
    elif isinstance(node, Not):
        yield from questions(node.operand)
    elif isinstance(node, (And, Or)):
        for operand in node.operands:
            yield from questions(operand)


def _quoted(value: str) -> str:
    quote = "'" if '"' in value else '"'
    return f"{quote}{value}{quote}"
