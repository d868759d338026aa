# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One direction of a transition: what each state does with each class of subjects, in grids of peers and traffic."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from .decisions import Decisions, Passage, certain, settled, without
from .layout import Change, Layout, differing
from .meeting import Around, Turns
from .policies import CompiledPolicy, CompiledTier
from .space import indexes_of

# A bit for each write that is done.
State = int
BEFORE: State = 0


@dataclass(frozen=True)
class Choice:
    """All policies of before and after in tiers, and for those that not every state has, the bit and whether it brings them."""

    tiers: tuple[CompiledTier, ...]
    changing: Mapping[CompiledPolicy, tuple[State, bool]]

    def holder(self, policy: CompiledPolicy, applies: bool) -> Holder:
        """The policy as a reason why an entry is there."""
        bit, comes = self.changing.get(policy, (0, False))
        return Holder(bit, comes, applies)


class Holder(NamedTuple):
    """A policy because of which an entry is there: the write that it comes or goes with, and if it applies for sure."""

    bit: State
    comes: bool
    applies: bool

    def is_in(self, state: State) -> bool:
        """Whether a state has the policy."""
        return bool(state & self.bit) == self.comes


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
        self._of_tiers = self._holders_of_classes()
        self.bits = self._writes_of_classes()
        # The classes of workloads that some write may concern; for all others every state is the same.
        self.concerned = tuple(sorted(self.bits))
        self._found: dict[tuple[int, State], Found] = {}
        self._latest: SubjectStates | None = None

    def _holders_of_classes(self) -> list[dict[str, list[Holder]]]:
        """For each class of subjects, by tier, the policies that may select it."""
        subjects = self.layout.subjects
        found: list[dict[str, list[Holder]]] = [{} for _class in range(len(subjects))]
        for policy, (sure, perhaps) in self.decisions.program.applied.items():
            selected = subjects.column(sure)
            for number in indexes_of(subjects.column(perhaps)):
                applies = bool(selected >> number & 1) and not policy.unclear
                found[number].setdefault(policy.tier, []).append(self.choice.holder(policy, applies))
        return found

    def _writes_of_classes(self) -> dict[int, State]:
        """For each class of workloads the writes that may concern it."""
        found = {}
        for number in self.workloads:
            bits = 0
            for holders in self._of_tiers[number].values():
                for holder in holders:
                    bits |= holder.bit
            if bits:
                found[number] = bits
        return found

    def holders(self, index: int, applies: bool, number: int) -> Sequence[Holder]:
        """Why an entry is there for a class of subjects: for its own policy's sake, or at a tier's end for that of any."""
        entry = self.decisions.program.entries[index]
        if entry.policy is not None:
            return [self.choice.holder(entry.policy, applies)]
        holders = self._of_tiers[number].get(entry.tier.name, [])
        lasting = [holder for holder in holders if holder.applies and not holder.bit]
        return lasting[:1] or holders

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

    def with_a_gap(self, state: State) -> Iterator[SubjectStates]:
        """The classes for which a state has a gap."""
        return (self.subject(number) for number in self.concerned if self.found(number, state).has_gap)

    def turning(self, state: State) -> Iterator[SubjectStates]:
        """The classes for which a state opens something ahead of the end, or has not closed it yet."""
        every = ((number, self.found(number, state)) for number in self.concerned)
        return (self.subject(number) for number, found in every if found.opening.kinds or found.closing.kinds)

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
        self._bits = way.bits.get(number, 0)
        entries = [(i, sure, way.holders(i, sure, number)) for i, sure in way.decisions.entries_of(number)]
        varying = (place for place, (_i, _sure, holders) in enumerate(entries) if any(h.bit for h in holders))
        first = next(varying, len(entries))
        start = [(index, sure) for index, sure, _holders in entries[:first]]
        self._start = way.decisions.passed(Passage(pairs, 0, ()), start, number)
        self._rest = [(index, holders) for index, _sure, holders in entries[first:]]
        self._passages: dict[State, Passage] = {}
        self._certain: dict[State, tuple[int, int]] = {}

    def _passed(self, state: State) -> Passage:
        """How a state decides everything."""
        state &= self._bits
        found = self._passages.get(state)
        if found is None:
            entries = list(self._entries(state))
            found = self._passages[state] = self._way.decisions.passed(self._start, entries, self.number)
        return found

    def _entries(self, state: State) -> Iterator[tuple[int, bool]]:
        for index, holders in self._rest:
            there = [holder.applies for holder in holders if holder.is_in(state)]
            if there:
                yield index, any(there)

    def _sure(self, state: State) -> tuple[int, int]:
        """What a state allows, and what it denies, for sure."""
        state &= self._bits
        if state not in self._certain:
            self._certain[state] = certain(self._passed(state))
        return self._certain[state]

    def gaps(self, state: State) -> tuple[int, int]:
        """What is cut in a state, and what is opened, and is so neither before nor after."""
        (was_open, was_closed), (later_open, later_closed), (is_open, is_closed) = (
            self._sure(s) for s in (BEFORE, self._way.complete, state)
        )
        cut = without(was_open & later_open, is_open) | without(is_closed, was_closed | later_closed)
        opened = without(was_closed & later_closed, is_closed) | without(is_open, was_open | later_open)
        return cut, opened

    def not_denied(self, state: State) -> int:
        """What a state allows, or may allow."""
        return without(self._pairs, self._sure(state)[1])

    def turns(self, state: State) -> Turns:
        """What a state opens ahead of the end, and has not closed yet."""
        was, later, now = (self._sure(s)[1] for s in (BEFORE, self._way.complete, state))
        return Turns(without(was, later | now), without(later, was | now))

    def changes(self, one: State, other: State, within: int) -> Iterator[Change]:
        """What differs between two states, within a grid."""
        subjects = tuple(self._way.layout.subjects.members[self.number])
        if within:
            ends = settled(self._passed(one)), settled(self._passed(other))
            for grid, before, after in differing(*ends, within):
                yield Change(self._way.layout, subjects, grid, before, after)
