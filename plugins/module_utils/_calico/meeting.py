# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether what opens at one end of connections meets, at their other end, what is not closed yet.

Such connections are denied before by the one end and after by the other, and open in between, though no end by itself is at
fault.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

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


@dataclass(frozen=True)
class Candidates:
    """Classes of subjects, and how to get the grid of each: only when it is needed, since one pair that meets is enough."""

    numbers: Sequence[int]
    grid_of: Callable[[int], int]


@dataclass
class Meeting:
    """What turns in one state, roughly, by the classes of subjects of each direction; ``takes_place`` looks closely."""

    opening: dict[Direction, dict[int, Around]] = field(default_factory=lambda: {"Egress": {}, "Ingress": {}})
    closing: dict[Direction, dict[int, Around]] = field(default_factory=lambda: {"Egress": {}, "Ingress": {}})

    def add(self, direction: Direction, number: int, opening: Around, closing: Around) -> None:
        """Adds what turns for one class of subjects."""
        for side, around in ((self.opening, opening), (self.closing, closing)):
            if around.kinds:
                side[direction][number] = around


def takes_place(
    layouts: Mapping[Direction, Layout], meeting: Meeting, turns: Callable[[Direction, int], Turns]
) -> bool:
    """Whether there is a pair of points and a kind of traffic that one end opens and the other has not closed yet.

    ``turns`` gives what exactly turns for a class of subjects.
    """

    def opening(direction: Direction) -> Callable[[int], int]:
        return lambda number: turns(direction, number).opening

    def closing(direction: Direction) -> Callable[[int], int]:
        return lambda number: turns(direction, number).closing

    ways = ((meeting.opening, opening, meeting.closing, closing), (meeting.closing, closing, meeting.opening, opening))
    for leaving, left, entering, entered in ways:
        sources, destinations = _near(layouts, leaving["Egress"], entering["Ingress"])
        candidates: dict[Direction, Candidates] = {
            "Egress": Candidates(sources, left("Egress")),
            "Ingress": Candidates(destinations, entered("Ingress")),
        }
        if sources and destinations and meet(layouts, candidates):
            return True
    return False


def _near(
    layouts: Mapping[Direction, Layout], leaving: Mapping[int, Around], entering: Mapping[int, Around]
) -> tuple[list[int], list[int]]:
    """The classes of both directions that may meet one of the other: the others are no peers of theirs, or have other traffic."""
    egress, ingress = layouts["Egress"], layouts["Ingress"]
    sources = _reaching(leaving, entering, egress.peers, ingress.subjects)
    near = {number: leaving[number] for number in sources}
    return sources, _reaching(entering, near, ingress.peers, egress.subjects)


def _reaching(ones: Mapping[int, Around], others: Mapping[int, Around], peers: Classes, subjects: Classes) -> list[int]:
    """Those that have one of the others among their peers, and some traffic of theirs."""
    kinds = 0
    for around in others.values():
        kinds |= around.kinds
    known_as = bits_of({peers.of[point] for number in others for point in subjects.members[number]})
    return [number for number, around in ones.items() if around.kinds & kinds and around.peers & known_as]


def meet(layouts: Mapping[Direction, Layout], candidates: Mapping[Direction, Candidates]) -> bool:
    """Whether there is a pair of points and a kind of traffic that is in a grid of both ends, by their classes of subjects."""
    leaving, entering = candidates["Egress"], candidates["Ingress"]
    egress, ingress = layouts["Egress"], layouts["Ingress"]
    sources: dict[tuple[int, int], set[int]] = {}
    for number in leaving.numbers:
        for point in egress.subjects.members[number]:
            owner = id(egress.space.points[point].endpoint)
            sources.setdefault((number, ingress.peers.of[point]), set()).add(owner)
    if len(sources) * len(entering.numbers) > PAIRS:
        return True
    rows = cache(lambda number: list(egress.rows(leaving.grid_of(number))))
    columns = cache(lambda number: list(ingress.rows(entering.grid_of(number))))
    reached = {number: _Reached(layouts, number) for number in entering.numbers}
    return any(
        _share_traffic(rows(subject), reached[number].but_for(owners), columns(number), peer)
        for (subject, peer), owners in sources.items()
        for number in entering.numbers
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
