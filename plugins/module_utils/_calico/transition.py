# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every state that policies can be in while several writes are carried out one by one, in any order.

All policies of before and after are compiled together, once; a state is a choice among them. So what a state does to all
connections costs a pass through the entries, and no compilation. A state is an integer with a bit for each write that is done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial

from .decisions import Decisions
from .evaluation import Evaluation
from .layout import Change, Layout, common_kinds, laid_out
from .meeting import Candidates, Meeting, meet, takes_place
from .opened_ahead import OpenedAhead
from .policies import DIRECTIONS, CompiledPolicy, Direction, all_policies
from .space import Space
from .states import BEFORE, Choice, DirectionStates, State
from .table import rule_nets

Identity = tuple[str, str, str]
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
    def _ways(self) -> dict[Direction, DirectionStates]:
        decisions = {d: Decisions(self._choice.tiers, d, self.space) for d in DIRECTIONS}
        # The same kinds for both directions, so that both ends of a connection can be held together.
        kinds = common_kinds(list(decisions.values()))
        layouts: dict[Direction, Layout] = {}
        for direction, own in decisions.items():
            selected = [column for span in own.program.applied.values() for column in span]
            layouts[direction] = laid_out(direction, self.space, [own], kinds, selected)
        return {d: DirectionStates(layouts[d], decisions[d], self._choice, self.complete) for d in DIRECTIONS}

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
        return not self._opened_by_both(self._meeting(state), state) and not any(
            self._is_felt(way, state) for way in self._ways.values()
        )

    def _is_felt(self, way: DirectionStates, state: State) -> bool:
        """Whether the other end of some connection that has a gap at one end lets it be felt."""
        other = self._ways["Ingress" if way.layout.direction == "Egress" else "Egress"]
        gaps = {subject.number: subject.gaps(state) for subject in way.with_a_gap(state)}
        if not gaps:
            return False
        cut = {number: found[0] for number, found in gaps.items() if found[0]}
        opened = {number: found[1] for number, found in gaps.items() if found[1]}
        if len(gaps) + len(other.workloads) > CLOSELY or any(
            map(way.concerns_outsiders, (*cut.values(), *opened.values()))
        ):
            return True
        this, that = way.layout.direction, other.layout.direction
        ends = (cut, self._open_before_and_after(other)), (opened, self._open_in(other, state))
        return any(
            meet(
                self.layouts(),
                {this: Candidates([*found], found.__getitem__), that: Candidates(other.workloads, grids)},
            )
            for found, grids in ends
            if found
        )

    def _open_before_and_after(self, way: DirectionStates) -> Callable[[int], int]:
        return lambda number: way.subject(number).not_denied(BEFORE) & way.subject(number).not_denied(self.complete)

    @staticmethod
    def _open_in(way: DirectionStates, state: State) -> Callable[[int], int]:
        return lambda number: way.subject(number).not_denied(state)

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
        """What is cut or opened in a state, and is so neither before nor after, by the ends of connections.

        Changes of one direction have one layout.
        """
        both = self._opened_by_both(self._meeting(state), state)
        for one, other in (DIRECTIONS, DIRECTIONS[::-1]):
            way = self._ways[one]
            at_one_end = (
                change
                for subject in way.with_a_gap(state)
                for grid in subject.gaps(state)
                for change in subject.changes(BEFORE, state, grid)
            )
            yield from _told_apart(way, self._ways[other], state, at_one_end) if both else at_one_end

    def _opened_by_both(self, meeting: Meeting, state: State) -> bool:
        """Whether a connection is open because one end opens already and the other one is not closed yet."""
        return takes_place(
            self.layouts(), meeting, lambda direction, number: self._ways[direction].subject(number).turns(state)
        )


def _told_apart(
    way: DirectionStates, other: DirectionStates, state: State, at_one_end: Iterable[Change]
) -> Iterator[Change]:
    """The changes at one end, and what it opens while the other one, which denies it later, does not deny it yet."""
    closed = ((subject.number, subject.turns(state).closing) for subject in other.turning(state))
    ahead = OpenedAhead(way.layout, other.layout, {number: grid for number, grid in closed if grid})
    for change in at_one_end:
        yield from ahead.whole(change)
    for subject in way.turning(state):
        for change in subject.changes(BEFORE, state, subject.turns(state).opening):
            yield from ahead.of(change)


def _choice(before: Evaluation, after: Evaluation, writes: Sequence[Write]) -> Choice:
    old = {policy.identity: policy for policy in all_policies(before.policies.tiers)}
    new = {policy.identity: policy for policy in all_policies(after.policies.tiers)}
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
    return Choice(tuple(sorted(mixed, key=lambda tier: tier.key)), changing)
