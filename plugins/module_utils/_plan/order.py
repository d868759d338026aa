# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An order of writes in which no state on the way cuts or opens what is neither before nor after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import permutations

from .._calico.states import BEFORE, State
from .._calico.transition import Transition

# So many states are looked at before the search is given up, and more where there are few groups of ends to look at.
STATES = 40
LOOKS = 200_000
# Groups of ends that so few writes concern are looked at in every order, which tells which write must come first.
_FEW = 3

# For each write those that must come before it.
_Earlier = Mapping[int, frozenset[int]]


def order_without_a_gap(transition: Transition, preferred: Sequence[int]) -> tuple[int, ...] | None:
    """The numbers of the writes in such an order, as near to ``preferred`` as is found; None where none was found.

    A few orders are looked at closely, others by one end of connections at a time: faster, and erring on the safe side.
    """
    if _is_without_a_gap(transition, preferred):
        return tuple(preferred)
    earlier = _earlier(transition, preferred)
    if earlier is None:
        return None
    # Often the other way round will do: where a wider policy makes room for what follows.
    for candidate in (preferred, preferred[::-1]):
        order = _in_order(candidate, earlier)
        if order is None:
            return None
        if _is_without_a_gap(transition, order):
            return order
    return _Search(transition, preferred, earlier).found()


def on_the_way(order: Sequence[int]) -> list[State]:
    """The states between the first and the last write of an order."""
    states, state = [], BEFORE
    for number in order[:-1]:
        state |= 1 << number
        states.append(state)
    return states


def _is_without_a_gap(transition: Transition, order: Sequence[int]) -> bool:
    states = on_the_way(order)
    safe = transition.without_a_gap(states)
    return all(state in safe or transition.is_without_a_gap(state) for state in states)


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
        self._seen: set[State] = set()
        groups = sum(1 for _group in transition.groups())
        self._left = max(STATES, min(len(preferred) ** 2, LOOKS // max(groups, 1)))

    def found(self) -> tuple[int, ...] | None:
        """The order, None where there is none or too many states were looked at."""
        return self._onward(BEFORE)

    def _onward(self, state: State) -> tuple[int, ...] | None:
        if state == self._transition.complete:
            return ()
        for number in self._preferred:
            following = state | 1 << number
            if following != state and self._needs[number] & ~state == 0 and self._is_good(following):
                rest = self._onward(following)
                if rest is not None:
                    return (number, *rest)
        return None

    def _is_good(self, state: State) -> bool:
        """Whether a state was not seen yet and has no gap; false once too many were looked at."""
        if state == self._transition.complete:
            return True
        if state in self._seen or self._left <= 0:
            return False
        self._seen.add(state)
        self._left -= 1
        return state in self._transition.without_a_gap([state])
