# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One direction of one evaluation, ready to be gone through for all peers and all kinds of traffic at once.

A grid integer has one bit for each pair of a kind of traffic and a class of peers: bit ``kind * width + class``. For each
entry of the program there is a grid of where it matches; going through a subject's entries is then and, or and not of grids.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from .classes import Classes, spans_columns
from .columns import named_numbers, named_port_span, service_port_span, side_span
from .label_index import Span
from .policies import CompiledTier, Direction
from .ports import Port
from .program import Entry, Program
from .rule import Rule, Side
from .space import Space, indexes_of
from .traffic import Traffic, is_among
from .traffic_classes import TrafficClass
from .verdict import Outcome

# An outcome and the entry that gives it, None for the profile behind all tiers, and where it is unknown.
Decided = tuple[Outcome, "Entry | None"]
# Grid of peers and kinds by what decides: the outcome, and its entry, None for the profile behind all tiers.
Part = tuple[Outcome, "Entry | None", int]


@dataclass
class Passage:
    """How far a subject's entries were gone through: who is still there, who passed on, and who was decided how."""

    alive: int
    onward: int
    decided: tuple[Part, ...]


class Decisions:
    """The program of one direction; ``compile`` lays it out over the classes and kinds of a comparison."""

    def __init__(self, tiers: Sequence[CompiledTier], direction: Direction, space: Space) -> None:
        self._space, self._inventory = space, space.inventory
        self._is_egress = direction == "Egress"
        self.program = Program(tiers, direction, space)
        self.rules = [entry.rule for entry in self.program.entries if entry.rule is not None]
        # Rules whose condition on the port depends on the address, by their entries.
        self._special = {
            i: entry.rule
            for i, entry in enumerate(self.program.entries)
            if entry.rule is not None and self.program.special >> i & 1
        }
        self._ports = {i: self._numbers(rule) for i, rule in self._special.items()}
        self.numbers = {number for numbers in self._ports.values() for number in numbers}
        self.sources = {number for rule in self._special.values() for number in self._source_numbers(rule)}

    def _numbers(self, rule: Rule) -> set[int]:
        """Ports for which the rule's condition on addresses may be another one."""
        names = (*rule.destination.named_ports, *rule.destination.not_named_ports)
        found = named_numbers(names, rule, self._inventory)
        if rule.destination.service is not None:
            endpoints = self._inventory.service_endpoints.get(rule.destination.service, frozenset())
            found |= {port for _address, _protocol, port in endpoints if port is not None}
        return found

    def _source_numbers(self, rule: Rule) -> set[int]:
        names = (*rule.source.named_ports, *rule.source.not_named_ports)
        return named_numbers(names, rule, self._inventory)

    def kind_key(self, kind: TrafficClass) -> object:
        """What is equal for two kinds of traffic that no entry tells apart."""
        special = [
            (port if (port := kind.example.port) in self._ports[i] else None, self._numbered(i, kind.example))
            for i in self._special
        ]
        protocol = kind.example.protocol if special else None
        return self.program.traffic(kind.example, None), protocol, tuple(special)

    def _numbered(self, index: int, traffic: Traffic) -> object:
        rule = self._special[index]
        among = [is_among(traffic.port, ports) for ports in (rule.destination.ports, rule.destination.not_ports)]
        # Names of source ports are rare; then every source port counts by itself.
        return tuple(among), traffic.source_port if rule.source.depends_on_port_of_address else None

    def subject_columns(self, kinds: Sequence[Traffic]) -> list[int]:
        """Every column by which subjects are told apart."""
        special = [self._special_span(i, True, kind) for i in self._special for kind in kinds]
        return spans_columns([*self.program.subjects, *special, *self._but_for_service.values()])

    @cached_property
    def _but_for_service(self) -> dict[int, Span]:
        """Subjects of entries that ask for a Service on their own side, but for that; with its port it is sure or not."""
        found = {}
        for index, rule in self._special.items():
            policy = self.program.entries[index].policy
            if policy is not None and rule.destination.service is not None and not self._is_egress:
                own = side_span(replace(rule.destination, service=None), False, self._space)
                applied = self.program.applied[policy]
                found[index] = (applied[0] & own[0], applied[1] & own[1])
        return found

    def peer_columns(self, kinds: Sequence[Traffic]) -> list[int]:
        """Every column by which peers are told apart."""
        special = [self._special_span(i, False, kind) for i in self._special for kind in kinds]
        return spans_columns([*self.program.peers, *special])

    def _special_span(self, index: int, own: bool, traffic: Traffic) -> Span:
        rule, is_source = self._special[index], own == self._is_egress
        side, port = (rule.source, traffic.source_port) if is_source else (rule.destination, traffic.port)
        return special_side(rule, side, is_source, traffic.protocol, port, self._space)

    def compile(self, subjects: Classes, peers: Classes, kinds: Sequence[Traffic]) -> None:
        """Lays the program out over these classes and kinds."""
        self._peers, self._width, self._kinds = peers, len(peers), len(kinds)
        self._versions = [self._space.points[members[0]].version for members in subjects.members]
        places = [subjects.places([span[i] for span in self.program.subjects]) for i in (0, 1)]
        self.rows = [(subjects.row(n, places[0]), subjects.row(n, places[1])) for n in range(len(subjects))]
        self._members = subjects.members
        traffic = [self._traffic(kind) for kind in kinds]
        self.grids = [self._grid(i, entry, peers, kinds, traffic) for i, entry in enumerate(self.program.entries)]
        self._own = {i: self._own_kinds(i, subjects, kinds) for i in self._special if self._has_own(i)}
        self._of_kinds: dict[int, int] = {}
        # Grids of entries that look at a subject's IP version, or at its port, by what they see there.
        self._narrowed: dict[tuple[int, int | None, Span | None], Span] = {}

    def _traffic(self, kind: Traffic) -> Span:
        """The entries whose conditions on the traffic hold, apart from the IP version, which the ends decide."""
        sure, perhaps = self.program.traffic(kind, None)
        for index, entry in enumerate(self.program.entries):
            if entry.rule is not None and entry.rule.ip_version is not None and perhaps >> index & 1:
                holds = self.program.condition(replace(entry.rule, ip_version=None), kind)
                sure |= 1 << index if holds else 0
        return sure, perhaps

    def _grid(
        self, index: int, entry: Entry, peers: Classes, kinds: Sequence[Traffic], traffic: Sequence[Span]
    ) -> Span:
        base = self.program.peers[index]
        if not self.program.special >> index & 1:
            sure, perhaps = (
                peers.column(base[i]) * _pattern([t[i] >> index & 1 for t in traffic], self._width) for i in (0, 1)
            )
            # One object for both, which is the rule, saves room, and tells ``passed`` that nothing is uncertain.
            return (perhaps, perhaps) if sure == perhaps else (sure, perhaps)
        service = entry.rule is not None and entry.rule.destination.service is not None and self._is_egress
        found = [0, 0]
        for number, kind in enumerate(kinds):
            other = self._special_span(index, False, kind)
            # A Service leaves nobody sure in the program's own column; its port makes it sure here.
            sure = peers.column(base[1] if service else base[0]) & peers.column(other[0])
            perhaps = peers.column(base[1]) & peers.column(other[1])
            found[0] |= sure << number * self._width if traffic[number][0] >> index & 1 else 0
            found[1] |= perhaps << number * self._width if traffic[number][1] >> index & 1 else 0
        return found[0], found[1]

    def _has_own(self, index: int) -> bool:
        rule = self._special[index]
        side = rule.source if self._is_egress else rule.destination
        return side.depends_on_port_of_address or (side.service is not None and not self._is_egress)

    def _own_kinds(self, index: int, subjects: Classes, kinds: Sequence[Traffic]) -> list[Span]:
        """For each class of subjects, a bit per kind for which its own side's condition on address and port holds."""
        spans = [self._special_span(index, True, kind) for kind in kinds]
        return [
            (_column(rows, 0), _column(rows, 1)) for rows in zip(*(_answers(subjects, s) for s in spans), strict=True)
        ]

    def _grid_of_kinds(self, kinds: int) -> int:
        """The grid with every peer for each kind of which ``kinds`` has the bit."""
        found = self._of_kinds.get(kinds)
        if found is None:
            bits = [kinds >> number & 1 for number in range(kinds.bit_length())]
            found = self._of_kinds[kinds] = ((1 << self._width) - 1) * _pattern(bits, self._width)
        return found

    def entries_of(self, number: int) -> list[tuple[int, bool]]:
        """The entries that may match a class of subjects, each with whether it applies for sure."""
        sure, perhaps = self.rows[number]
        point = self._members[number][0]
        return [
            (
                index,
                bool(
                    self._but_for_service[index][0] >> point & 1
                    if index in self._but_for_service
                    else sure >> index & 1
                ),
            )
            for index in indexes_of(perhaps)
        ]

    def grid_of(self, index: int, sure: bool, number: int) -> Span:
        """Where an entry matches for a class of subjects, for sure and perhaps."""
        rule, own = self.program.entries[index].rule, self._own.get(index)
        asked = None if rule is None else rule.ip_version
        if asked is None and own is None:
            certain, perhaps = self.grids[index]
        else:
            key = (index, self._versions[number], None if own is None else own[number])
            if key not in self._narrowed:
                self._narrowed[key] = self._narrow(self.grids[index], asked, *key[1:])
            certain, perhaps = self._narrowed[key]
        return (certain if sure else 0), perhaps

    def _narrow(self, grids: Span, asked: int | None, version: int | None, own: Span | None) -> Span:
        """The grids of an entry, where a subject's IP version is the one that is asked for, and its own side holds."""
        certain, perhaps = grids
        if asked is not None:
            of_version = self._of_version(asked, version)
            certain, perhaps = certain & of_version[0], perhaps & of_version[1]
        if own is not None:
            certain &= self._grid_of_kinds(own[0])
            perhaps &= self._grid_of_kinds(own[1])
        return certain, perhaps

    def _of_version(self, asked: int, subject: int | None) -> Span:
        """The grid where the IP version is the one that a rule asks for; a subject without an address takes its peer's."""
        if subject is not None:
            return (-1, -1) if subject == asked else (0, 0)
        own = self._space.of_version(asked)
        return self._every_kind(own), self._every_kind(own | self._space.without_address)

    def _every_kind(self, column: int) -> int:
        return self._peers.column(column) * _pattern([1] * self._kinds, self._width)

    def own_kinds(self, index: int, number: int) -> Span | None:
        """The kinds for which a class of subjects' own side holds, None where the entry does not look at them."""
        own = self._own.get(index)
        return None if own is None else own[number]

    def passed(self, start: Passage, entries: Sequence[tuple[int, bool]], number: int) -> Passage:
        """Goes through entries of a class of subjects, from where others led."""
        alive, onward, decided = start.alive, start.onward, list(start.decided)
        for index, applies in entries:
            entry = self.program.entries[index]
            sure, perhaps = self.grid_of(index, applies, number)
            matched = alive & perhaps
            if matched:
                if entry.action == "Pass":
                    onward |= matched
                else:
                    decided.append(("allow" if entry.action == "Allow" else "deny", entry, matched))
                alive ^= matched if sure is perhaps else alive & sure
            if entry.policy is None and onward:
                alive, onward = alive | onward, 0
            if not alive and not onward:
                break
        return Passage(alive, onward, tuple(decided))


def certain(passage: Passage) -> tuple[int, int]:
    """The grids that are allowed for sure, and denied for sure."""
    allowed, denied = passage.alive, 0
    for outcome, _entry, grid in passage.decided:
        if outcome == "allow":
            allowed |= grid
        else:
            denied |= grid
    return without(allowed, denied), without(denied, allowed)


def without(grid: int, taken: int) -> int:
    """The part of a grid that is not in another. To and with a complement takes several times as long, since it is negative."""
    return grid ^ (grid & taken)


def settled(passage: Passage) -> list[Part]:
    """Each bit of the grid once: with its outcome where all ways end alike, by the last of them, else unknown."""
    parts = [*passage.decided, *([("allow", None, passage.alive)] if passage.alive else [])]
    allowed = denied = 0
    for outcome, _entry, grid in parts:
        allowed |= grid if outcome == "allow" else 0
        denied |= grid if outcome == "deny" else 0
    unknown, left = allowed & denied, allowed ^ denied
    found: list[Part] = [("unknown", None, unknown)] if unknown else []
    for outcome, entry, grid in reversed(parts):
        if own := grid & left:
            found.append((outcome, entry, own))  # type: ignore[arg-type]
            left ^= own
    return found


def special_side(rule: Rule, side: Side, is_source: bool, protocol: int, port: int | None, space: Space) -> Span:
    """Points for whose side the conditions hold that look at address and port together."""
    sure = perhaps = space.all
    if side.depends_on_port_of_address and (side.ports or side.named_ports):
        sure, perhaps = _numbered_or_named(side.ports, side.named_ports, rule, side, port, space)
    if side.depends_on_port_of_address and (side.not_ports or side.not_named_ports):
        inside = _numbered_or_named(side.not_ports, side.not_named_ports, rule, side, port, space)
        sure, perhaps = sure & ~inside[1], perhaps & ~inside[0]
    if side.service is not None and not is_source:
        found = service_port_span(side.service, protocol, port, space)
        sure, perhaps = sure & found[0], perhaps & found[1]
    return sure, perhaps


def _numbered_or_named(
    ranges: Sequence[Port], names: tuple[str, ...], rule: Rule, side: Side, port: int | None, space: Space
) -> Span:
    among = is_among(port, ranges)
    named = named_port_span(names, port, rule, side, space)
    return (space.all if among else named[0]), (named[1] if among is False else space.all)


def _answers(subjects: Classes, span: Span) -> list[Span]:
    """The answers of each class to a span."""
    columns = [subjects.column(column) for column in span]
    return [(columns[0] >> n & 1, columns[1] >> n & 1) for n in range(len(subjects))]


def _column(answers: Sequence[Span], which: int) -> int:
    return sum(answer[which] << number for number, answer in enumerate(answers))


def _pattern(bits: Sequence[int], width: int) -> int:
    """An integer that, multiplied with a column, gives a grid with the column where ``bits`` has 1."""
    return sum(1 << number * width for number, bit in enumerate(bits) if bit)
