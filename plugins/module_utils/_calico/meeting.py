# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether what opens at one end of connections meets, at their other end, what is not closed yet.

Such connections are denied before by the one end and after by the other, and open in between, though no end by itself is at
fault.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .classes import Classes
from .layout import Layout
from .policies import Direction
from .space import bits_of

# More pairs of classes than this are not looked at one by one; then connections count as meeting.
PAIRS = 500_000


@dataclass(frozen=True)
class Turns:
    """Grids of one class of subjects: what is denied before and no longer, and what is denied after and not yet."""

    opening: int = 0
    closing: int = 0


# By the classes of subjects of each direction.
AllTurns = Mapping[Direction, Mapping[int, Turns]]


@dataclass(frozen=True)
class Around:
    """Classes of peers and kinds of traffic, with a bit for each, around a grid."""

    peers: int = 0
    kinds: int = 0

    @staticmethod
    def of(layout: Layout, grid: int) -> Around:
        """What is around the grid."""
        peers = kinds = 0
        for kind, row in enumerate(layout.rows(grid)) if grid else ():
            peers |= row
            kinds |= (1 << kind) if row else 0
        return Around(peers, kinds)


@dataclass
class _Side:
    """What turns in one direction, and the classes of its subjects."""

    subjects: int = 0
    around: Around = Around()

    def add(self, number: int, around: Around) -> None:
        if around.kinds:
            self.subjects |= 1 << number
            self.around = Around(self.around.peers | around.peers, self.around.kinds | around.kinds)


@dataclass
class Meeting:
    """What turns in one state, roughly, gathered class by class; ``takes_place`` looks closely."""

    _opening: dict[Direction, _Side] = field(default_factory=lambda: {"Egress": _Side(), "Ingress": _Side()})
    _closing: dict[Direction, _Side] = field(default_factory=lambda: {"Egress": _Side(), "Ingress": _Side()})

    def add(self, direction: Direction, number: int, opening: Around, closing: Around) -> None:
        """Adds what turns for one class of subjects."""
        self._opening[direction].add(number, opening)
        self._closing[direction].add(number, closing)

    def is_likely(self, layouts: Mapping[Direction, Layout]) -> bool:
        """False where nothing can meet, since the ends or the traffic are others."""
        return _overlap(layouts, self._opening["Egress"], self._closing["Ingress"]) or _overlap(
            layouts, self._closing["Egress"], self._opening["Ingress"]
        )


def takes_place(layouts: Mapping[Direction, Layout], turns: AllTurns) -> bool:
    """Whether there is a pair of points and a kind of traffic that one end opens and the other has not closed yet."""
    opening = {d: {number: t.opening for number, t in of_direction.items()} for d, of_direction in turns.items()}
    closing = {d: {number: t.closing for number, t in of_direction.items()} for d, of_direction in turns.items()}
    return any(
        meet(layouts, {"Egress": one["Egress"], "Ingress": other["Ingress"]})
        for one, other in ((opening, closing), (closing, opening))
    )


def _overlap(layouts: Mapping[Direction, Layout], leaving: _Side, entering: _Side) -> bool:
    egress, ingress = layouts["Egress"], layouts["Ingress"]
    return bool(
        leaving.around.kinds & entering.around.kinds
        and _points(egress.subjects, leaving.subjects) & _points(ingress.peers, entering.around.peers)
        and _points(egress.peers, leaving.around.peers) & _points(ingress.subjects, entering.subjects)
    )


def meet(layouts: Mapping[Direction, Layout], grids: Mapping[Direction, Mapping[int, int]]) -> bool:
    """Whether there is a pair of points and a kind of traffic that is in a grid of both ends, by their classes of subjects."""
    leaving, entering = grids["Egress"], grids["Ingress"]
    egress, ingress = layouts["Egress"], layouts["Ingress"]
    sources: dict[tuple[int, int], set[int]] = {}
    for number in (number for number, grid in leaving.items() if grid):
        for point in egress.subjects.members[number]:
            owner = id(egress.space.points[point].endpoint)
            sources.setdefault((number, ingress.peers.of[point]), set()).add(owner)
    there = {number: list(ingress.rows(grid)) for number, grid in entering.items() if grid}
    if len(sources) * len(there) > PAIRS:
        return True
    rows = {number: list(egress.rows(leaving[number])) for number, _peer in sources}
    reached = {number: _Reached(layouts, number) for number in there}
    return any(
        _share_traffic(rows[subject], reached[number].but_for(owners), columns, peer)
        for (subject, peer), owners in sources.items()
        for number, columns in there.items()
    )


def _share_traffic(rows: Sequence[int], reached: int, columns: Sequence[int], peer: int) -> bool:
    """Whether some kind of traffic is turned at both ends."""
    return any(row & reached and column >> peer & 1 for row, column in zip(rows, columns, strict=True))


class _Reached:
    """The destinations of a class of ingress, as the classes of peers that they are for egress."""

    def __init__(self, layouts: Mapping[Direction, Layout], number: int) -> None:
        ingress, self._peers = layouts["Ingress"], layouts["Egress"].peers
        self._members = ingress.subjects.members[number]
        self._owners = [id(ingress.space.points[point].endpoint) for point in self._members]
        self._all = bits_of(self._peers.of[point] for point in self._members)

    def but_for(self, owners: set[int]) -> int:
        """Those that are not the only source itself: no policy looks at what an endpoint sends to itself."""
        if len(owners) > 1 or owners.isdisjoint(self._owners):
            return self._all
        members = zip(self._members, self._owners, strict=True)
        return bits_of(self._peers.of[point] for point, owner in members if owner not in owners)


def _points(classes: Classes, numbers: int) -> int:
    return bits_of(
        point for number, members in enumerate(classes.members) if numbers >> number & 1 for point in members
    )
