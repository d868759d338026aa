# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Points grouped by their answers to all questions that rules ask: no policy can tell the points of one class apart."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter

from .label_index import Span


class Classes:
    """The classes of ``size`` points under some columns, each an integer with one bit per point.

    ``of`` gives the class of each point, ``members`` the points of each class.
    """

    def __init__(self, size: int, columns: Sequence[int]) -> None:
        distinct = list(dict.fromkeys(columns))
        self._place = {column: place for place, column in enumerate(distinct)}
        self._signatures: list[str] = []
        self._columns: dict[int, int] = {}
        self.of: list[int] = []
        self.members: list[list[int]] = []
        self._group(_rows(size, distinct))

    def _group(self, rows: Sequence[str]) -> None:
        known: dict[str, int] = {}
        for point, row in enumerate(rows):
            number = known.setdefault(row, len(known))
            if number == len(self.members):
                self.members.append([])
                self._signatures.append(row)
            self.of.append(number)
            self.members[number].append(point)

    def __len__(self) -> int:
        return len(self.members)

    def row(self, number: int, places: Places) -> int:
        """The answers of one class to a sequence of columns, bit i for the i-th."""
        return places.of(self._signatures[number])

    def places(self, columns: Sequence[int]) -> Places:
        """Where these columns, which must be among those of the classes, stand in a class' answers."""
        return Places([self._place[column] for column in columns])

    def column(self, column: int) -> int:
        """A column with one bit per class instead of one per point."""
        found = self._columns.get(column)
        if found is None:
            place = self._place[column]
            text = "".join(signature[place] for signature in reversed(self._signatures))
            found = self._columns[column] = int(text, 2) if text else 0
        return found


class Places:
    """Picks the answers to a sequence of columns out of a class' answers to all of them."""

    def __init__(self, places: Sequence[int]) -> None:
        self._count = len(places)
        # itemgetter gives a tuple only where it has two places or more.
        self._pick = itemgetter(*reversed(places), 0) if places else None

    def of(self, signature: str) -> int:
        if self._pick is None:
            return 0
        return int("".join(self._pick(signature)[: self._count]), 2)


def spans_columns(spans: Sequence[Span]) -> list[int]:
    """Both columns of each span."""
    return [column for span in spans for column in span]


def _rows(size: int, columns: Sequence[int]) -> list[str]:
    if not columns:
        return [""] * size
    spelled = [format(column, f"0{size}b") for column in columns]
    return ["".join(row) for row in zip(*spelled, strict=True)][::-1] if size else []
