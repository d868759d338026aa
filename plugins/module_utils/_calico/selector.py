# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Selectors: text to tree. https://docs.tigera.io/calico/latest/reference/resources/globalnetworkpolicy#selectors"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from functools import lru_cache
from typing import cast

from .selector_tokens import InvalidSelector, Token, tokens, wrong
from .selector_tree import And, Everything, Label, Labels, Node, Not, Operator, Or

# Deeper ones nobody writes, and every level costs stack where the tree is asked.
NESTED = 100


@dataclass(frozen=True)
class Selector:
    """A selector that was read. Two with the same normal form are equal; ``str()`` gives that form, as Calico spells it."""

    root: Node

    def matches(self, labels: Labels) -> bool | None:
        """Whether an endpoint or network set with these labels is selected; None where unknown labels would decide."""
        return self.root.matches(labels)

    def __str__(self) -> str:
        return str(self.root)

    @property
    def uid(self) -> str:
        """Calico's identifier of the selector, the hash of its normal form."""
        digest = hashlib.sha224(f"s:{self}".encode()).digest()
        return f"s:{urlsafe_b64encode(digest).decode().rstrip('=')}"


@lru_cache(maxsize=4096)
def parse(text: str) -> Selector:
    """The selector that ``text`` spells; an empty one selects everything. Raises InvalidSelector."""
    read = list(tokens(text))
    if read[0].kind == "end":
        return Selector(Everything("all"))
    return Selector(_Parser(text, read).root())


@dataclass
class _Group:
    """What stands between two parentheses, as far as it was read."""

    negated: bool = False
    alternatives: list[list[Node]] = field(default_factory=lambda: [[]])

    def add(self, node: Node) -> None:
        self.alternatives[-1].append(node)

    def node(self) -> Node:
        terms: list[Node] = [t[0] if len(t) == 1 else And(tuple(t)) for t in self.alternatives]
        whole = terms[0] if len(terms) == 1 else Or(tuple(terms))
        return Not(whole) if self.negated else whole


class _Parser:
    """Reads tokens with a stack of its own, so that no input can exhaust Python's."""

    def __init__(self, text: str, read: list[Token]) -> None:
        self._text, self._tokens, self._next = text, read, 0
        self._groups = [_Group()]

    def root(self) -> Node:
        while True:
            self._open()
            if self._take("&&"):
                continue
            if self._take("||"):
                self._groups[-1].alternatives.append([])
                continue
            if not self._take("end"):
                raise self._wrong("&&, || or the end" if len(self._groups) == 1 else "&&, || or )")
            if len(self._groups) > 1:
                self._next -= 1
                raise self._wrong(")")
            return self._groups[0].node()

    def _open(self) -> None:
        """Reads one operand with the parentheses that it opens and closes."""
        while True:
            negated = False
            while self._take("!"):
                negated = not negated
            if not self._take("("):
                break
            self._groups.append(_Group(negated))
            if len(self._groups) > NESTED:
                raise self._wrong(f"at most {NESTED} open parentheses")
        operand = self._operand()
        self._groups[-1].add(Not(operand) if negated else operand)
        while len(self._groups) > 1 and self._take(")"):
            closed = self._groups.pop()
            self._groups[-1].add(closed.node())

    def _operand(self) -> Node:
        token = self._tokens[self._next]
        if token.kind not in ("has", "all", "global", "label"):
            raise self._wrong("a label, has(), all(), global(), ! or (")
        self._next += 1
        if token.kind == "has":
            return Label(token.value, "has")
        if token.kind == "label":
            return self._question(token.value)
        return Everything("all" if token.kind == "all" else "global")

    def _question(self, label: str) -> Node:
        operator = self._tokens[self._next].kind
        if operator in ("in", "not in"):
            self._next += 1
            return Label(label, cast(Operator, operator), self._set())
        if operator not in ("==", "!=", "contains", "starts with", "ends with"):
            raise self._wrong("an operator (==, !=, in, not in, contains, starts with, ends with)")
        self._next += 1
        return Label(label, cast(Operator, operator), (self._string(),))

    def _set(self) -> tuple[str, ...]:
        values: set[str] = set()
        if not self._take("{"):
            raise self._wrong("a set such as {'a', 'b'}")
        while self._tokens[self._next].kind == "string":
            values.add(self._string())
            if not self._take(","):
                break
        if not self._take("}"):
            raise self._wrong("}")
        return tuple(sorted(values))

    def _string(self) -> str:
        token = self._tokens[self._next]
        if token.kind != "string":
            raise self._wrong("a string in quotes")
        self._next += 1
        return token.value

    def _take(self, kind: str) -> bool:
        if self._tokens[self._next].kind != kind:
            return False
        self._next += 1
        return True

    def _wrong(self, expected: str) -> InvalidSelector:
        return wrong(self._tokens[self._next].at, expected, self._text)
