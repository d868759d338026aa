# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which connections get another verdict when policies change: all of them at once, without looking at pairs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

from .decisions import Decided, Decisions, Passage, settled
from .errors import InvalidInput
from .evaluation import Evaluation
from .inventory import Peer
from .layout import Change, Layout, common_kinds, differing, laid_out
from .policies import DIRECTIONS, Direction
from .space import Space
from .table import rule_nets


class NotComparable(InvalidInput):
    """Two snapshots do not have the same endpoints, so that their connections cannot be told from each other."""

    code = "not_comparable"


class Comparison:
    """Two evaluations of the same endpoints under unlike policies. Raises NotComparable where the endpoints are others."""

    def __init__(self, before: Evaluation, after: Evaluation) -> None:
        self.before, self.after = before, after
        nets = [n for e in (before, after) for n in (*rule_nets(e), *(n for s in e.inventory.sets for n in s.nets))]
        self.space, other = Space(before.inventory, nets), Space(after.inventory, nets)
        if [_key(point) for point in self.space.points] != [_key(point) for point in other.points]:
            raise NotComparable(
                "The change adds or removes endpoints or addresses, so that there are connections on one side only",
                "Ask about single connections, or change policies, tiers, sets and labels only.",
            )
        self._halves = {
            d: (Decisions(before.policies.tiers, d, self.space), Decisions(after.policies.tiers, d, other))
            for d in DIRECTIONS
        }

    @cached_property
    def _directions(self) -> dict[Direction, _Direction]:
        return {d: _Direction(self.space, d, *halves) for d, halves in self._halves.items()}

    def layouts(self) -> dict[Direction, Layout]:
        """How the grids of each direction are laid out."""
        return {direction: compared.layout for direction, compared in self._directions.items()}

    def changes(self) -> Iterator[Change]:
        """Every change, in no order that means anything."""
        for compared in self._directions.values():
            yield from compared.changes()


class _Direction:
    """The comparison of one direction."""

    def __init__(self, space: Space, direction: Direction, before: Decisions, after: Decisions) -> None:
        self._before, self._after, self._space = before, after, space
        halves = (before, after)
        self.layout = laid_out(direction, space, halves, common_kinds(halves), ())
        numbers: dict[object, int] = {}
        self._contents = _contents(before, numbers), _contents(after, numbers)
        self._grids = {version: self.layout.pairs_of(version) for version in (4, 6, None)}

    def changes(self) -> Iterator[Change]:
        for number, members in enumerate(self.layout.subjects.members):
            point = self._space.points[members[0]]
            if point.endpoint is not None:
                for grid, one, other in self._changed(number, self._grids[point.version]):
                    yield Change(self.layout, tuple(members), grid, one, other)

    def _changed(self, number: int, peers: int) -> Iterator[tuple[int, Decided, Decided]]:
        was, becomes = self._before.entries_of(number), self._after.entries_of(number)
        first, last = _common(
            [(self._contents[0][i], sure, self._before.own_kinds(i, number)) for i, sure in was],
            [(self._contents[1][i], sure, self._after.own_kinds(i, number)) for i, sure in becomes],
        )
        # Whoever matches none of the entries in between is decided by the same entries before and after.
        middle = [(self._before, was[first : len(was) - last]), (self._after, becomes[first : len(becomes) - last])]
        interest = 0
        for half, entries in middle:
            for index, sure in entries:
                interest |= half.grid_of(index, sure, number)[1]
        if interest & peers:
            start = self._before.passed(Passage(interest & peers, 0, ()), was[:first], number)
            one = settled(self._before.passed(start, was[first:], number))
            other = settled(self._after.passed(start, becomes[first:], number))
            yield from differing(one, other)


def _contents(half: Decisions, numbers: dict[object, int]) -> list[int]:
    """A number for each entry, the same for entries that do the same in the same tier wherever they match."""
    contents = [
        (entry.tier.name, entry.action, entry.policy is None, half.grids[i], entry.rule and entry.rule.ip_version)
        for i, entry in enumerate(half.program.entries)
    ]
    return [numbers.setdefault(content, len(numbers)) for content in contents]


def _common(one: Sequence[object], other: Sequence[object]) -> tuple[int, int]:
    """How many entries are the same at the start, and how many of the others at the end."""
    first, shorter = 0, min(len(one), len(other))
    while first < shorter and one[first] == other[first]:
        first += 1
    last = 0
    while last < shorter - first and one[-1 - last] == other[-1 - last]:
        last += 1
    return first, last


def _key(point: Peer) -> object:
    named = (point.endpoint.namespace, point.endpoint.name) if point.endpoint is not None else ()
    return point.address, named, point.node
