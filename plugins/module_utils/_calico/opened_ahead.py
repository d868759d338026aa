# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of the connections that one end opens are those that the other end, which is to deny them, does not deny yet.

Neither end's classes alone tell these connections apart: the end that opens may treat all its peers alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache

from .classes import Classes
from .layout import Change, Layout
from .space import bits_of


class OpenedAhead:
    """What one end, laid out by ``opening``, opens ahead of what the other one, laid out by ``closing``, closes.

    ``closed`` are grids of ``closing`` by their classes of subjects. All changes that come out are in one finer layout.
    """

    def __init__(self, opening: Layout, closing: Layout, closed: Mapping[int, int]) -> None:
        self._coarse, self._other = opening, closing
        self._closed = {number: list(closing.rows(grid)) for number, grid in closed.items()}
        size = len(opening.space.points)
        peers = [*opening.peers.members, *(closing.subjects.members[number] for number in closed)]
        subjects = [*opening.subjects.members, *closing.peers.members]
        self._fine = replace(
            opening,
            peers=Classes(size, [bits_of(members) for members in peers]),
            subjects=Classes(size, [bits_of(members) for members in subjects]),
        )
        self._closing_once = cache(self._closing)

    def whole(self, change: Change) -> Iterator[Change]:
        """The change as it is, told apart as the others are."""
        return self._within(change, lambda _kind, _known_as: -1)

    def of(self, change: Change) -> Iterator[Change]:
        """The part of a change that is opened ahead."""
        return self._within(change, self._closing_once)

    def _closing(self, kind: int, known_as: int) -> int:
        """The finer classes of peers that close a kind of traffic to those whom the other end knows as one class."""
        classes = ((number, self._other.subjects.of[found[0]]) for number, found in enumerate(self._fine.peers.members))
        return bits_of(n for n, own in classes if own in self._closed and self._closed[own][kind] >> known_as & 1)

    def _within(self, change: Change, peers: Callable[[int, int], int]) -> Iterator[Change]:
        rows = list(map(self._finer, self._coarse.rows(change.grid)))
        subjects = self._fine.subjects
        for number in sorted({subjects.of[point] for point in change.subjects}):
            members = tuple(subjects.members[number])
            known_as = self._other.peers.of[members[0]]
            grid = self._fine.grid_of([row and row & peers(kind, known_as) for kind, row in enumerate(rows)])
            if grid:
                yield replace(change, layout=self._fine, subjects=members, grid=grid)

    def _finer(self, row: int) -> int:
        """A row of the coarser layout in finer classes."""
        coarse = self._coarse.peers.of
        return bits_of(n for n, found in enumerate(self._fine.peers.members) if row >> coarse[found[0]] & 1)
