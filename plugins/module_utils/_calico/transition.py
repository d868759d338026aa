# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every state that policies can be in while several writes are carried out one by one, in any order.

All policies of before and after are compiled together, once; a state is a choice among them. So what a state does to all
connections costs a pass through the entries, and no compilation. A state is an integer with a bit for each write that is done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial

from .decisions import Decisions, Passage, certain, settled
from .evaluation import Evaluation
from .layout import Change, Layout, common_kinds, differing, laid_out
from .meeting import Around, Meeting, Turns, meet, takes_place
from .policies import DIRECTIONS, CompiledPolicy, CompiledTier, Direction, all_policies
from .space import Space
from .table import rule_nets

Identity = tuple[str, str, str]
State = int
BEFORE: State = 0
# Where more groups of endpoints are to be looked at closely, a gap at one end counts, whatever the other end does.
CLOSELY = 1_000


@dataclass(frozen=True)
class Write:
    """One write, by kind, namespace and name: the policy that it takes away, and the one that it brings; both for an update."""

    gone: Identity | None
    come: Identity | None


class Transition:
    """The way from one set of policies to another, for the same endpoints, by writes of single policies.

    Promises are about workload endpoints and connections whose verdict before and after is known; what host endpoints do is
    not looked at.
    """

    def __init__(self, before: Evaluation, after: Evaluation, writes: Sequence[Write]) -> None:
        self.before, self.after = before, after
        self.complete: State = (1 << len(writes)) - 1
        nets = [net for evaluation in (before, after) for net in rule_nets(evaluation)]
        self.space = Space(before.inventory, nets)
        self._choice = _choice(before, after, writes)

    @cached_property
    def _ways(self) -> dict[Direction, _Way]:
        decisions = {d: Decisions(self._choice.tiers, d, self.space) for d in DIRECTIONS}
        # The same kinds for both directions, so that both ends of a connection can be held together.
        kinds = common_kinds(list(decisions.values()))
        layouts: dict[Direction, Layout] = {}
        for direction, own in decisions.items():
            selected = [column for span in own.program.applied.values() for column in span]
            layouts[direction] = laid_out(direction, self.space, [own], kinds, selected)
        return {d: _Way(layouts[d], decisions[d], self._choice, self.complete) for d in DIRECTIONS}

    def layouts(self) -> dict[Direction, Layout]:
        """How the grids of each direction are laid out."""
        return {direction: way.layout for direction, way in self._ways.items()}

    def changes(self) -> Iterator[Change]:
        """What all writes together alter, by the ends of connections, in no order that means anything."""
        for way in self._ways.values():
            for subject in way.subjects():
                yield from subject.changes(BEFORE, self.complete, -1)

    def without_a_gap(self, states: Iterable[State]) -> frozenset[State]:
        """The states in which no connection is cut that is allowed before and after, and none opened that is denied in both.

        An end is taken by itself, save where the one that denies before is not the one that denies after; so a gap that the
        other end closes counts too. Where an end is not known before or after, and is decided in between, that counts as a gap.
        """
        left = dict.fromkeys(states)
        meetings = {state: Meeting() for state in left}
        for way in self._ways.values():
            for number in way.concerned:
                for state in [*left]:
                    found = way.found(number, state)
                    if found.has_gap:
                        del left[state]
                    else:
                        meetings[state].add(way.layout.direction, number, found.opening, found.closing)
        return frozenset(state for state in left if not self._opened_by_both(meetings[state], state))

    def is_without_a_gap(self, state: State) -> bool:
        """The same of one state, looked at closely: a gap that the other end closes does not count, unless there are too many."""
        if self.without_a_gap([state]):
            return True
        return not self._opened_by_both(self._meeting(state), state) and not any(
            self._is_felt(way, state) for way in self._ways.values()
        )

    def _is_felt(self, way: _Way, state: State) -> bool:
        """Whether the other end of some connection that has a gap at one end lets it be felt."""
        other = self._ways["Ingress" if way.layout.direction == "Egress" else "Egress"]
        gaps = {subject.number: subject.gaps(state) for subject in way.subjects()}
        cut = {number: found[0] for number, found in gaps.items() if found[0]}
        opened = {number: found[1] for number, found in gaps.items() if found[1]}
        if not cut and not opened:
            return False
        if len(gaps) + len(other.workloads) > CLOSELY or any(
            map(way.concerns_outsiders, (*cut.values(), *opened.values()))
        ):
            return True
        partners = list(map(other.subject, other.workloads))
        before_and_after = {s.number: s.not_denied(BEFORE) & s.not_denied(self.complete) for s in partners}
        now = {s.number: s.not_denied(state) for s in partners}
        this, that = way.layout.direction, other.layout.direction
        return meet(self.layouts(), {this: cut, that: before_and_after}) or meet(
            self.layouts(), {this: opened, that: now}
        )

    def _meeting(self, state: State) -> Meeting:
        meeting = Meeting()
        for way in self._ways.values():
            for number in way.concerned:
                found = way.found(number, state)
                meeting.add(way.layout.direction, number, found.opening, found.closing)
        return meeting

    def groups(self) -> Iterator[tuple[State, Callable[[State], bool]]]:
        """For each group of ends that policy treats alike, the writes that may concern it, and if a state has a gap there."""
        for way in self._ways.values():
            for number, bits in way.bits.items():
                yield bits, partial(way.has_gap, number)

    def gaps(self, state: State) -> Iterator[Change]:
        """What is cut or opened in a state, and is so neither before nor after, by the ends of connections."""
        for way in self._ways.values():
            for subject in way.subjects():
                for grid in subject.gaps(state):
                    yield from subject.changes(BEFORE, state, grid)
        if self._opened_by_both(self._meeting(state), state):
            for way in self._ways.values():
                for subject in way.subjects():
                    yield from subject.changes(BEFORE, state, subject.turns(state).opening)

    def _opened_by_both(self, meeting: Meeting, state: State) -> bool:
        """Whether a connection is open because one end opens already and the other one is not closed yet."""
        return meeting.is_likely(self.layouts()) and takes_place(
            self.layouts(), {d: {s.number: s.turns(state) for s in way.subjects()} for d, way in self._ways.items()}
        )


@dataclass(frozen=True)
class _Found:
    """What was found out about one class of subjects in one state."""

    has_gap: bool
    opening: Around
    closing: Around


class _Way:
    """One direction, with everything that some state has."""

    def __init__(self, layout: Layout, decisions: Decisions, choice: _Choice, complete: State) -> None:
        self.layout, self.decisions, self.choice, self.complete = layout, decisions, choice, complete
        self._pairs = {version: layout.pairs_of(version) for version in (4, 6, None)}
        self.applied = {
            policy: (layout.subjects.column(sure), layout.subjects.column(perhaps))
            for policy, (sure, perhaps) in decisions.program.applied.items()
        }
        self.bits = self._writes_of_classes()
        # The classes of workloads that some write may concern; for all others every state is the same.
        self.concerned = tuple(sorted(self.bits))
        self._found: dict[tuple[int, State], _Found] = {}
        self._latest: _Subject | None = None

    def _writes_of_classes(self) -> dict[int, State]:
        """For each class of workloads the writes that may concern it."""
        found: dict[int, State] = {}
        for policy, (bit, _comes) in self.choice.changing.items():
            selected = self.applied.get(policy, (0, 0))[1]
            for number, members in enumerate(self.layout.subjects.members):
                if selected >> number & 1 and self.layout.space.points[members[0]].endpoint is not None:
                    found[number] = found.get(number, 0) | bit
        return found

    def found(self, number: int, state: State) -> _Found:
        """What a state does with a class of subjects. Classes are few writes' concern, so it is seldom asked anew."""
        state &= self.bits[number]
        known = self._found.get((number, state))
        if known is None:
            subject = self.subject(number)
            turns = subject.turns(state)
            around = Around.of(self.layout, turns.opening), Around.of(self.layout, turns.closing)
            known = self._found[number, state] = _Found(any(subject.gaps(state)), *around)
        return known

    def has_gap(self, number: int, state: State) -> bool:
        """Whether a state cuts or opens something for a class of subjects that is neither before nor after."""
        return self.found(number, state).has_gap

    def subjects(self) -> Iterator[_Subject]:
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

    def subject(self, number: int) -> _Subject:
        """What each state does with a class."""
        # Only the latest is kept: grids of all of them would need too much memory.
        if self._latest is None or self._latest.number != number:
            members = self.layout.subjects.members[number]
            pairs = self._pairs[self.layout.space.points[members[0]].version] & ~self._unseen(members)
            self._latest = _Subject(self, number, pairs)
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
        return row * self._every_kind if row else 0

    @cached_property
    def _every_kind(self) -> int:
        """What makes a grid with a row for each kind of traffic of a row."""
        return sum(1 << number * len(self.layout.peers) for number in range(len(self.layout.kinds)))

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


class _Subject:
    """What each state does with one class of subjects."""

    def __init__(self, way: _Way, number: int, pairs: int) -> None:
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


@dataclass(frozen=True)
class _Choice:
    """All policies of before and after in tiers, and for those that not every state has, the bit and whether it brings them."""

    tiers: tuple[CompiledTier, ...]
    changing: Mapping[CompiledPolicy, tuple[State, bool]]

    def has(self, policy: CompiledPolicy, state: State) -> bool:
        """Whether a state has the policy."""
        bit, comes = self.changing.get(policy, (0, False))
        return bool(state & bit) == comes


def _choice(before: Evaluation, after: Evaluation, writes: Sequence[Write]) -> _Choice:
    old = {_identity(policy): policy for policy in all_policies(before.policies.tiers)}
    new = {_identity(policy): policy for policy in all_policies(after.policies.tiers)}
    changing: dict[CompiledPolicy, tuple[State, bool]] = {}
    for number, write in enumerate(writes):
        if write.gone in old:
            changing[old[write.gone]] = (1 << number, False)
        if write.come in new:
            changing[new[write.come]] = (1 << number, True)
    tiers = {tier.name: tier for evaluation in (after, before) for tier in evaluation.policies.tiers}
    members: dict[str, list[CompiledPolicy]] = {name: [] for name in tiers}
    for policy in [*all_policies(before.policies.tiers), *(p for p in new.values() if p in changing)]:
        members[policy.tier].append(policy)
    mixed = [
        replace(tier, policies=tuple(sorted(members[name], key=lambda policy: policy.key)))
        for name, tier in tiers.items()
    ]
    return _Choice(tuple(sorted(mixed, key=lambda tier: tier.key)), changing)


def _identity(policy: CompiledPolicy) -> Identity:
    return policy.kind, policy.namespace, policy.name
