# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An order of writes in which no state on the way cuts or opens what is neither before nor after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import permutations

from .._calico.transition import BEFORE, State, Transition

# So many states are looked at before the search is given up; an order that is right at once needs one for each write.
STATES = 40
# Groups of ends that so few writes concern are looked at in every order, which tells which write must come first.
_FEW = 3

# For each write those that must come before it.
_Earlier = Mapping[int, frozenset[int]]


def order_without_a_gap(transition: Transition, preferred: Sequence[int]) -> tuple[int, ...] | None:
    """The numbers of the writes in such an order, as near to ``preferred`` as is found; None where none was found.

    The preferred order is looked at closely, others by one end of connections at a time: faster, and erring on the safe side.
    """
    states = on_the_way(preferred)
    safe = transition.without_a_gap(states)
    if all(state in safe or transition.is_without_a_gap(state) for state in states):
        return tuple(preferred)
    earlier = _earlier(transition, preferred)
    if earlier is None:
        return None
    sorted_by_need = _in_order(preferred, earlier)
    if sorted_by_need is None:
        return None
    states = on_the_way(sorted_by_need)
    if len(transition.without_a_gap(states)) == len(states):
        return sorted_by_need
    return _Search(transition, preferred, earlier).found()


def on_the_way(order: Sequence[int]) -> list[State]:
    """The states between the first and the last write of an order."""
    states, state = [], BEFORE
    for number in order[:-1]:
        state |= 1 << number
        states.append(state)
    return states


def _earlier(transition: Transition, writes: Sequence[int]) -> _Earlier | None:
    """Which write must come before which for the sake of some group of ends; None where a group has no order at all."""
    found: dict[int, set[int]] = {number: set() for number in writes}
    for bits, has_gap in transition.groups():
        concerned = [number for number in writes if bits >> number & 1]
        if 2 <= len(concerned) <= _FEW:
            orders = [o for o in permutations(concerned) if not any(has_gap(state) for state in on_the_way(o))]
            if not orders:
                return None
            for one, other in permutations(concerned, 2):
                if all(order.index(one) < order.index(other) for order in orders):
                    found[other].add(one)
    return {number: frozenset(before) for number, before in found.items()}


def _in_order(preferred: Sequence[int], earlier: _Earlier) -> tuple[int, ...] | None:
    """The preferred order, changed where a write must come later; None where writes wait for each other."""
    order: list[int] = []
    while len(order) < len(preferred):
        ready = (number for number in preferred if number not in order and earlier[number].issubset(order))
        following = next(ready, None)
        if following is None:
            return None
        order.append(following)
    return tuple(order)


class _Search:
    """Goes from state to state without a gap, the preferred write first, and back where there is no further way."""

    def __init__(self, transition: Transition, preferred: Sequence[int], earlier: _Earlier) -> None:
        self._transition, self._preferred = transition, preferred
        self._needs = {n: sum(1 << other for other in earlier[n]) for n in preferred}
        self._known: dict[State, bool] = {BEFORE: True, transition.complete: True}

    def found(self) -> tuple[int, ...] | None:
        ways: list[tuple[State, tuple[int, ...]]] = [(BEFORE, ())]
        seen = {BEFORE}
        while ways and len(self._known) <= STATES:
            state, order = ways.pop()
            if state == self._transition.complete:
                return order
            # The preferred write is tried first, and so is put in last.
            for number in reversed(self._further(state)):
                following = state | 1 << number
                if following not in seen:
                    seen.add(following)
                    ways.append((following, (*order, number)))
        return None

    def _further(self, state: State) -> list[int]:
        """The writes that can come next."""
        open_ones = [n for n in self._preferred if not state >> n & 1 and self._needs[n] & ~state == 0]
        asked = [following for n in open_ones if (following := state | 1 << n) not in self._known]
        good = self._transition.without_a_gap(asked) if asked else frozenset()
        self._known |= {following: following in good for following in asked}
        return [number for number in open_ones if self._known[state | 1 << number]]
