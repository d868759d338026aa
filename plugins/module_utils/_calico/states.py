# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One direction of a transition: what each state does with each class of subjects, in grids of peers and traffic."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from .decisions import Decisions, Passage, certain, settled
from .layout import Change, Layout, differing
from .meeting import Around, Turns
from .policies import CompiledPolicy, CompiledTier

# A bit for each write that is done.
State = int
BEFORE: State = 0


@dataclass(frozen=True)
class Choice:
    """All policies of before and after in tiers, and for those that not every state has, the bit and whether it brings them."""

    tiers: tuple[CompiledTier, ...]
    changing: Mapping[CompiledPolicy, tuple[State, bool]]

    def has(self, policy: CompiledPolicy, state: State) -> bool:
        """Whether a state has the policy."""
        bit, comes = self.changing.get(policy, (0, False))
        return bool(state & bit) == comes


@dataclass(frozen=True)
class Found:
    """What was found out about one class of subjects in one state."""

    has_gap: bool
    opening: Around
    closing: Around


class DirectionStates:
    """One direction, with everything that some state has."""

    def __init__(self, layout: Layout, decisions: Decisions, choice: Choice, complete: State) -> None:
        self.layout, self.decisions, self.choice, self.complete = layout, decisions, choice, complete
        self._pairs = {version: layout.pairs_of(version) for version in (4, 6, None)}
        self.applied = {
            policy: (layout.subjects.column(sure), layout.subjects.column(perhaps))
            for policy, (sure, perhaps) in decisions.program.applied.items()
        }
        self.bits = self._writes_of_classes()
        # The classes of workloads that some write may concern; for all others every state is the same.
        self.concerned = tuple(sorted(self.bits))
        self._found: dict[tuple[int, State], Found] = {}
        self._latest: SubjectStates | None = None

    def _writes_of_classes(self) -> dict[int, State]:
        """For each class of workloads the writes that may concern it."""
        found: dict[int, State] = {}
        for policy, (bit, _comes) in self.choice.changing.items():
            selected = self.applied.get(policy, (0, 0))[1]
            for number in self.workloads:
                if selected >> number & 1:
                    found[number] = found.get(number, 0) | bit
        return found

    def found(self, number: int, state: State) -> Found:
        """What a state does with a class of subjects. Classes are few writes' concern, so it is seldom asked anew."""
        state &= self.bits[number]
        known = self._found.get((number, state))
        if known is None:
            subject = self.subject(number)
            turns = subject.turns(state)
            around = Around.of(self.layout, turns.opening), Around.of(self.layout, turns.closing)
            known = self._found[number, state] = Found(any(subject.gaps(state)), *around)
        return known

    def has_gap(self, number: int, state: State) -> bool:
        """Whether a state cuts or opens something for a class of subjects that is neither before nor after."""
        return self.found(number, state).has_gap

    def subjects(self) -> Iterator[SubjectStates]:
        """The classes that some write may concern."""
        return map(self.subject, self.concerned)

    @cached_property
    def workloads(self) -> tuple[int, ...]:
        """All classes of workloads."""
        points, members = self.layout.space.points, self.layout.subjects.members
        return tuple(number for number, found in enumerate(members) if points[found[0]].endpoint is not None)

    def concerns_outsiders(self, grid: int) -> bool:
        """Whether a grid has peers that are no workloads, whose end nothing else closes."""
        return any(row & self._outsiders for row in self.layout.rows(grid))

    @cached_property
    def _outsiders(self) -> int:
        points, members = self.layout.space.points, self.layout.peers.members
        return sum(1 << n for n, found in enumerate(members) if any(points[point].endpoint is None for point in found))

    def subject(self, number: int) -> SubjectStates:
        """What each state does with a class."""
        # Only the latest is kept: grids of all of them would need too much memory.
        if self._latest is None or self._latest.number != number:
            members = self.layout.subjects.members[number]
            pairs = self._pairs[self.layout.space.points[members[0]].version] & ~self._unseen(members)
            self._latest = SubjectStates(self, number, pairs)
        return self._latest

    def _unseen(self, members: Sequence[int]) -> int:
        """Grid of peers at which policy never looks for these subjects: the endpoint itself, and for ingress its own node."""
        points, peers = self.layout.space.points, self.layout.peers
        owners = {id(points[point].endpoint) for point in members}
        nodes = {endpoint.node for point in members if (endpoint := points[point].endpoint) is not None}
        own = self._of_endpoint[owners.pop()] if len(owners) == 1 else []
        node = self._of_node.get(nodes.pop(), []) if len(nodes) == 1 and self.layout.direction == "Ingress" else []
        inside = {*own, *node}
        row = 0
        for number in {peers.of[point] for point in inside}:
            row |= 1 << number if inside.issuperset(peers.members[number]) else 0
        return self.layout.in_every_kind(row) if row else 0

    @cached_property
    def _of_endpoint(self) -> dict[int, list[int]]:
        """The points of each endpoint."""
        found: dict[int, list[int]] = {}
        for index, point in enumerate(self.layout.space.points):
            if point.endpoint is not None:
                found.setdefault(id(point.endpoint), []).append(index)
        return found

    @cached_property
    def _of_node(self) -> dict[str, list[int]]:
        """The addresses of each node."""
        found: dict[str, list[int]] = {}
        for index, point in enumerate(self.layout.space.points):
            if point.node and point.endpoint is None:
                found.setdefault(point.node, []).append(index)
        return found


class SubjectStates:
    """What each state does with one class of subjects."""

    def __init__(self, way: DirectionStates, number: int, pairs: int) -> None:
        self.number, self._way, self._pairs = number, way, pairs
        self._policies = [(p, span) for p, span in way.applied.items() if span[1] >> number & 1]
        self._bits = way.bits.get(number, 0)
        entries = way.decisions.entries_of(number)
        first = next((place for place, (index, _sure) in enumerate(entries) if self._varies(index)), len(entries))
        self._start = way.decisions.passed(Passage(pairs, 0, ()), entries[:first], number)
        self._rest = entries[first:]
        self._known: dict[State, Passage] = {}

    def _varies(self, index: int) -> bool:
        """Whether not every state has the entry; the end of a tier may be there for the sake of a changing policy only."""
        entry, changing = self._way.decisions.program.entries[index], self._way.choice.changing
        if entry.policy is not None:
            return entry.policy in changing
        return any(policy in changing for policy, _span in self._policies if policy.tier == entry.tier.name)

    def _passed(self, state: State) -> Passage:
        """How a state decides everything."""
        state &= self._bits
        found = self._known.get(state)
        if found is None:
            entries = list(self._entries(state))
            found = self._known[state] = self._way.decisions.passed(self._start, entries, self.number)
        return found

    def _entries(self, state: State) -> Iterator[tuple[int, bool]]:
        choice = self._way.choice
        for index, sure in self._rest:
            entry = self._way.decisions.program.entries[index]
            if entry.policy is None:
                there = [
                    bool(span[0] >> self.number & 1) and not policy.unclear
                    for policy, span in self._policies
                    if policy.tier == entry.tier.name and choice.has(policy, state)
                ]
                if there:
                    yield index, any(there)
            elif choice.has(entry.policy, state):
                yield index, sure

    def gaps(self, state: State) -> tuple[int, int]:
        """What is cut in a state, and what is opened, and is so neither before nor after."""
        (was_open, was_closed), (later_open, later_closed), (is_open, is_closed) = (
            certain(self._passed(s)) for s in (BEFORE, self._way.complete, state)
        )
        cut = was_open & later_open & ~is_open | is_closed & ~was_closed & ~later_closed
        opened = was_closed & later_closed & ~is_closed | is_open & ~was_open & ~later_open
        return cut, opened

    def not_denied(self, state: State) -> int:
        """What a state allows, or may allow."""
        return self._pairs & ~certain(self._passed(state))[1]

    def turns(self, state: State) -> Turns:
        """What a state opens ahead of the end, and has not closed yet."""
        was, later, now = (certain(self._passed(s))[1] for s in (BEFORE, self._way.complete, state))
        return Turns(was & ~later & ~now, later & ~was & ~now)

    def changes(self, one: State, other: State, within: int) -> Iterator[Change]:
        """What differs between two states, within a grid."""
        subjects = tuple(self._way.layout.subjects.members[self.number])
        if within:
            ends = settled(self._passed(one)), settled(self._passed(other))
            for grid, before, after in differing(*ends, within):
                yield Change(self._way.layout, subjects, grid, before, after)
