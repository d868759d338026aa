# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How everything that can happen in one direction is laid out in grids, so that two sets of policies can be held together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from .classes import Classes
from .decisions import Decided, Decisions, Part, without
from .policies import Direction
from .space import Space
from .traffic_classes import TrafficClass, traffic_classes
from .verdict import Outcome

# Kinds of traffic that are one for all who are compared.
Kinds = tuple[tuple[TrafficClass, ...], ...]


@dataclass(frozen=True, eq=False)
class Layout:
    """How the grids of one direction are laid out: classes of subjects and of peers, and kinds of traffic."""

    direction: Direction
    space: Space
    subjects: Classes
    peers: Classes
    kinds: Kinds

    def pairs_of(self, version: int | None) -> int:
        """The grid of all pairs of a kind of traffic and a peer that a subject of the IP version can have a connection with."""
        row = 0
        for number, members in enumerate(self.peers.members):
            found = self.space.points[members[0]].version
            row |= 1 << number if version is None or found in (version, None) else 0
        return self.in_every_kind(row)

    def in_every_kind(self, row: int) -> int:
        """The grid that has these classes of peers for each kind of traffic."""
        return row * self._every_kind

    @cached_property
    def _every_kind(self) -> int:
        return sum(1 << number * len(self.peers) for number in range(len(self.kinds)))

    def rows(self, grid: int) -> Iterator[int]:
        """For each kind of traffic, the classes of peers that a grid has."""
        width = len(self.peers)
        for number in range(len(self.kinds)):
            yield grid >> number * width & ((1 << width) - 1)

    def grid_of(self, rows: Iterable[int]) -> int:
        """The grid that has these classes of peers for each kind of traffic, in their order."""
        return sum(row << number * len(self.peers) for number, row in enumerate(rows))


@dataclass(frozen=True, eq=False)
class Change:
    """Connections whose verdict at one end changes in the same way, for one group of subjects.

    ``subjects`` are points; ``grid`` has a bit for each pair of a kind of traffic and a class of peers of ``layout``.
    ``before`` and ``after`` are the outcome and the entry that gives it, None for the profile behind all tiers, and where it
    is unknown.
    """

    layout: Layout
    subjects: tuple[int, ...]
    grid: int
    before: Decided
    after: Decided

    def cells(self) -> Iterator[tuple[tuple[TrafficClass, ...], Sequence[int]]]:
        """Each kind of traffic with the points of the peers that it is about."""
        for kinds, row in zip(self.layout.kinds, self.layout.rows(self.grid), strict=True):
            if row:
                members = self.layout.peers.members
                yield kinds, [p for n, points in enumerate(members) if row >> n & 1 for p in points]


def common_kinds(halves: Sequence[Decisions]) -> Kinds:
    """All traffic in groups of which none of the programs tells the members apart."""
    groups: dict[object, list[TrafficClass]] = {}
    rules = [rule for half in halves for rule in half.rules]
    numbers = {number for half in halves for number in half.numbers}
    sources = {number for half in halves for number in half.sources}
    for kind in traffic_classes(rules, numbers, sources):
        groups.setdefault(tuple(half.kind_key(kind) for half in halves), []).append(kind)
    return tuple(tuple(kinds) for kinds in groups.values())


def laid_out(
    direction: Direction, space: Space, halves: Sequence[Decisions], kinds: Kinds, told_apart: Sequence[int]
) -> Layout:
    """The layout for the programs of one direction, which are compiled for it; ``told_apart`` divides subjects further."""
    examples = [group[0].example for group in kinds]
    versions = [space.of_version(4), space.of_version(6)]
    workloads = sum(1 << i for i, p in enumerate(space.points) if p.endpoint is not None)
    subjects = [c for half in halves for c in half.subject_columns(examples)]
    peers = [c for half in halves for c in half.peer_columns(examples)]
    versioned = [column for own in versions for column in (own, own | space.without_address)]
    size = len(space.points)
    layout = Layout(
        direction,
        space,
        Classes(size, [*versions, workloads, *told_apart, *subjects]),
        Classes(size, [*versioned, *peers]),
        kinds,
    )
    for half in halves:
        half.compile(layout.subjects, layout.peers, examples)
    return layout


def differing(was: Sequence[Part], becomes: Sequence[Part], within: int = -1) -> Iterator[tuple[int, Decided, Decided]]:
    """Where the outcome differs within a grid, in groups of equal deciders before and after."""
    same = 0
    for one, other in zip(outcomes(was), outcomes(becomes), strict=True):
        same |= one & other
    for outcome, entry, grid in was:
        changed = without(grid, same) & within
        for later, later_entry, later_grid in becomes if changed else ():
            if found := changed & later_grid:
                yield found, (outcome, entry), (later, later_entry)


def outcomes(parts: Sequence[Part]) -> tuple[int, int, int]:
    """The grids that are allowed, denied, and not known."""
    found: dict[Outcome, int] = {"allow": 0, "deny": 0, "unknown": 0}
    for outcome, _entry, grid in parts:
        found[outcome] |= grid
    return found["allow"], found["deny"], found["unknown"]
