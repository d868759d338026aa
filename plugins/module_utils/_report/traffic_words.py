# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kinds of traffic in words: protocols, with ports and source ports, or types and codes of ICMP, where these narrow them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from .._calico.rule import Rule
from .._calico.traffic_classes import LAST_PORT, TrafficClass

_LAST_ICMP = 255

# First and last number of each range.
_Spans = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class _Cell:
    """A kind of traffic of one protocol: by destination port and source port, or by type and code; empty for others."""

    main: _Spans
    further: _Spans


class TrafficWords:
    """Names kinds of traffic among all kinds of one direction, into which ``rules`` divide them."""

    def __init__(self, kinds: Iterable[TrafficClass], rules: Iterable[Rule]) -> None:
        self._every = tuple(kinds)
        asked = [icmp for rule in rules for icmp in (rule.icmp, rule.not_icmp) if icmp is not None]
        self._types = frozenset(icmp.type for icmp in asked if icmp.type is not None)
        self._codes = frozenset(icmp.code for icmp in asked if icmp.code is not None)
        starts = {kind.example.source_port for kind in self._every} - {None}
        bounds = [*sorted(start for start in starts if start is not None), LAST_PORT + 1]
        self._sources = {first: (first, after - 1) for first, after in pairwise(bounds)}
        self._cells = {kind: self._cell(kind) for kind in self._every}
        self._of_protocol = _by_protocol(self._every)

    def _cell(self, kind: TrafficClass) -> _Cell:
        traffic = kind.example
        if traffic.icmp_type is not None and traffic.icmp_code is not None:
            return _Cell(_numbers(traffic.icmp_type, self._types), _numbers(traffic.icmp_code, self._codes))
        if traffic.source_port is not None:
            return _Cell(((kind.first, kind.last),), (self._sources[traffic.source_port],))
        return _Cell((), ())

    def texts(self, kinds: Iterable[TrafficClass]) -> tuple[str, ...]:
        """The kinds in words that are exact; "everything" where none is left out."""
        chosen = frozenset(kinds)
        if chosen >= frozenset(self._every):
            return ("everything",)
        return tuple(
            text
            for protocol, whole in self._of_protocol.items()
            if (of_protocol := [kind for kind in whole if kind in chosen])
            for text in self._of(protocol, of_protocol, whole)
        )

    def example(self, kind: TrafficClass, kinds: Iterable[TrafficClass]) -> str:
        """One of the kinds, with source port or code where the others with its port or type are not among the kinds."""
        chosen, cell = frozenset(kinds), self._cells[kind]
        alike = [k for k in self._of_protocol[kind.protocol] if self._cells[k].main == cell.main]
        if chosen.issuperset(alike):
            return str(kind.example)
        number = kind.example.source_port if kind.example.icmp_code is None else kind.example.icmp_code
        return f"{kind.example} {'from source port' if kind.example.icmp_code is None else 'code'} {number}"

    def _of(self, protocol: str, kinds: Sequence[TrafficClass], whole: Sequence[TrafficClass]) -> Sequence[str]:
        cells, every = {self._cells[kind] for kind in kinds}, {self._cells[kind] for kind in whole}
        if cells == every:
            return [protocol]
        main, further = frozenset(c.main for c in every), frozenset(c.further for c in every)
        is_icmp = kinds[0].example.icmp_type is not None
        ways = [
            [
                f"{protocol}{_main(mains, main, is_icmp)}{_further(furthers, further, is_icmp)}"
                for mains, furthers in products
            ]
            for products in (_by_main(cells), _by_further(cells))
        ]
        return min(ways, key=lambda texts: (len(texts), len("".join(texts))))


# Some of the first numbers with some of the second ones.
_Product = tuple[frozenset[_Spans], frozenset[_Spans]]


def _by_main(cells: Iterable[_Cell]) -> list[_Product]:
    return _products((cell.main, cell.further) for cell in cells)


def _by_further(cells: Iterable[_Cell]) -> list[_Product]:
    return [(mains, furthers) for furthers, mains in _products((cell.further, cell.main) for cell in cells)]


def _products(pairs: Iterable[tuple[_Spans, _Spans]]) -> list[_Product]:
    """The pairs as products: what comes with the same others is put together."""
    others: dict[_Spans, set[_Spans]] = {}
    for one, other in sorted(pairs):
        others.setdefault(one, set()).add(other)
    found: dict[frozenset[_Spans], set[_Spans]] = {}
    for one, with_it in others.items():
        found.setdefault(frozenset(with_it), set()).add(one)
    return [(frozenset(ones), with_them) for with_them, ones in found.items()]


def _main(spans: frozenset[_Spans], every: frozenset[_Spans], is_icmp: bool) -> str:
    if spans == every:
        return ""
    ranges = _ranges(spans)
    return f" {_counted('type', ranges)}" if is_icmp else f" {', '.join(ranges)}"


def _further(spans: frozenset[_Spans], every: frozenset[_Spans], is_icmp: bool) -> str:
    if spans == every:
        return ""
    ranges = _ranges(spans)
    return f" {_counted('code', ranges)}" if is_icmp else f" from {_counted('source port', ranges)}"


def _counted(word: str, ranges: Sequence[str]) -> str:
    is_one = len(ranges) == 1 and "-" not in ranges[0]
    return f"{word if is_one else word + 's'} {', '.join(ranges)}"


def _ranges(spans: Iterable[_Spans]) -> list[str]:
    """The ranges in order, neighbours put together."""
    merged: list[tuple[int, int]] = []
    for first, last in sorted(span for group in spans for span in group):
        if merged and first == merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], last)
        else:
            merged.append((first, last))
    return [str(first) if first == last else f"{first}-{last}" for first, last in merged]


def _numbers(number: int, asked: frozenset[int]) -> _Spans:
    """What an ICMP number stands for: itself where rules ask for it, else all that none asks for."""
    return ((number, number),) if number in asked else tuple(_between(sorted(asked)))


def _between(asked: Sequence[int]) -> Iterator[tuple[int, int]]:
    for before, after in pairwise([-1, *asked, _LAST_ICMP + 1]):
        if after - before > 1:
            yield before + 1, after - 1


def _by_protocol(kinds: Iterable[TrafficClass]) -> Mapping[str, Sequence[TrafficClass]]:
    found: dict[str, list[TrafficClass]] = {}
    for kind in kinds:
        found.setdefault(kind.protocol, []).append(kind)
    return found
