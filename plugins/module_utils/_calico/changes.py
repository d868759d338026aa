# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which connections get another verdict when policies change: all of them at once, without looking at pairs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from .classes import Classes
from .decisions import Decisions, Part, Passage, settled
from .errors import InvalidInput
from .evaluation import Evaluation
from .inventory import Peer
from .policies import DIRECTIONS, Direction
from .program import Entry
from .space import Space
from .table import rule_nets
from .traffic_classes import TrafficClass, traffic_classes
from .verdict import Outcome


class NotComparable(InvalidInput):
    """Two snapshots do not have the same endpoints, so that their connections cannot be told from each other."""

    code = "not_comparable"


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
    before: tuple[Outcome, Entry | None]
    after: tuple[Outcome, Entry | None]

    def cells(self) -> Iterator[tuple[tuple[TrafficClass, ...], Sequence[int]]]:
        """Each kind of traffic with the points of the peers that it is about."""
        width = len(self.layout.peers)
        for number, kinds in enumerate(self.layout.kinds):
            row = self.grid >> number * width & ((1 << width) - 1)
            if row:
                yield kinds, [p for n, points in enumerate(self.layout.peers.members) if row >> n & 1 for p in points]


@dataclass(frozen=True, eq=False)
class Layout:
    """How the grids of one direction are laid out: classes of subjects and of peers, and kinds of traffic."""

    direction: Direction
    space: Space
    subjects: Classes
    peers: Classes
    kinds: tuple[tuple[TrafficClass, ...], ...]


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
        self._halves = {d: (Decisions(before, d, self.space), Decisions(after, d, other)) for d in DIRECTIONS}

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
        kinds = _kinds(before, after)
        examples = [group[0].example for group in kinds]
        subjects = [c for half in (before, after) for c in half.subject_columns(examples)]
        peers = [c for half in (before, after) for c in half.peer_columns(examples)]
        versions = [space.of_version(4), space.of_version(6)]
        workloads = sum(1 << i for i, p in enumerate(space.points) if p.endpoint is not None)
        size = len(space.points)
        versioned = [column for own in versions for column in (own, own | space.without_address)]
        self.layout = Layout(
            direction,
            space,
            Classes(size, [*versions, workloads, *subjects]),
            Classes(size, [*versioned, *peers]),
            kinds,
        )
        for half in (before, after):
            half.compile(self.layout.subjects, self.layout.peers, examples)
        numbers: dict[object, int] = {}
        self._contents = _contents(before, numbers), _contents(after, numbers)
        self._grids = {version: self._grid_of(version) for version in (4, 6, None)}

    def _grid_of(self, version: int | None) -> int:
        """All pairs of a kind of traffic and a peer that a subject of the IP version can have a connection with."""
        width = len(self.layout.peers)
        row = 0
        for number, members in enumerate(self.layout.peers.members):
            found = self._space.points[members[0]].version
            row |= 1 << number if version is None or found in (version, None) else 0
        return row * sum(1 << number * width for number in range(len(self.layout.kinds)))

    def changes(self) -> Iterator[Change]:
        for number, members in enumerate(self.layout.subjects.members):
            point = self._space.points[members[0]]
            if point.endpoint is not None:
                for grid, one, other in self._changed(number, self._grids[point.version]):
                    yield Change(self.layout, tuple(members), grid, one, other)

    def _changed(
        self, number: int, peers: int
    ) -> Iterator[tuple[int, tuple[Outcome, Entry | None], tuple[Outcome, Entry | None]]]:
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
            yield from _differing(one, other)


def _kinds(before: Decisions, after: Decisions) -> tuple[tuple[TrafficClass, ...], ...]:
    groups: dict[object, list[TrafficClass]] = {}
    rules = [*before.rules, *after.rules]
    for kind in traffic_classes(rules, before.numbers | after.numbers, before.sources | after.sources):
        groups.setdefault((before.kind_key(kind), after.kind_key(kind)), []).append(kind)
    return tuple(tuple(kinds) for kinds in groups.values())


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


def _differing(
    was: Sequence[Part], becomes: Sequence[Part]
) -> Iterator[tuple[int, tuple[Outcome, Entry | None], tuple[Outcome, Entry | None]]]:
    same = 0
    for outcome in ("allow", "deny", "unknown"):
        same |= _of(was, outcome) & _of(becomes, outcome)
    for outcome, entry, grid in was:
        changed = grid & ~same
        for other, other_entry, other_grid in becomes if changed else ():
            if changed & other_grid:
                yield changed & other_grid, (outcome, entry), (other, other_entry)


def _of(parts: Sequence[Part], wanted: str) -> int:
    found = 0
    for outcome, _entry, grid in parts:
        found |= grid if outcome == wanted else 0
    return found


def _key(point: Peer) -> object:
    named = (point.endpoint.namespace, point.endpoint.name) if point.endpoint is not None else ()
    return point.address, named, point.node
