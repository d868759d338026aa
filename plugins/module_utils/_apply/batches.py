# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services changed some after the others, looked at in between, so that what goes wrong with a few does not with all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .._calico.errors import NetguardError
from .._cluster.gate import Stopped
from .._cluster.gateway import Gateway
from .._cluster.resources import EVENTS, SERVICES
from .._service.aftermath import Sight, by_name, counted, trouble
from .._service.decided import Decided, Service
from .._service.outcome import ServiceOutcome
from .._service.selection import full_name
from .._service.surroundings import surroundings
from .progress import Progress
from .services import cancelled, not_attempted, others_failed
from .surroundings import namespaces_of, slices_of

Carry = Callable[[Sequence[Decided]], list[ServiceOutcome]]
# What becomes of a Service once the run has ended.
Ended = Callable[[Service], ServiceOutcome]


@dataclass(frozen=True)
class Batches:
    """How many of so many Services are changed at a time; ``seconds`` pass before they are looked at.

    ``ending`` are the statuses of which one ends the run: no further batch is begun.
    """

    size: Callable[[int], int]
    ending: frozenset[str]
    seconds: float
    pause: Callable[[float], None]
    progress: Progress


@dataclass(frozen=True)
class InBatches:
    """What became of all Services; ``trouble`` is why no further batch was begun, empty where all were."""

    outcomes: Sequence[ServiceOutcome]
    trouble: Sequence[str] = ()


def in_batches(gateway: Gateway, decided: Sequence[Decided], carry: Carry, how: Batches) -> InBatches:
    """Changes the Services batch after batch; what needs no change is no part of any.

    Raises Forbidden and the like where they cannot be looked at, before anything is written.
    """
    to_change = [one for one in decided if one.is_to_change]
    left_alone = carry([one for one in decided if not one.is_to_change])
    size = max(1, how.size(len(to_change)))
    batches = [to_change[first : first + size] for first in range(0, len(to_change), size)]
    run = _Run(gateway, carry, how)
    for number, batch in enumerate(batches, 1):
        how.progress.phase(f"batch {number} of {len(batches)}")
        run.go_on(batch)
    return InBatches(_in_order(decided, [*left_alone, *run.outcomes]), run.trouble)


class _Run:
    """The batches so far: what became of their Services, and whether another one may begin."""

    def __init__(self, gateway: Gateway, carry: Carry, how: Batches) -> None:
        self._gateway, self._carry, self._how = gateway, carry, how
        self._ended: Ended | None = None
        self.outcomes: list[ServiceOutcome] = []
        self.trouble: Sequence[str] = ()

    def go_on(self, decided: Sequence[Decided]) -> None:
        """Changes the Services of the batch and looks at them, unless the run has ended."""
        batch = [one.service for one in decided]
        before = self._ended or (self._look(batch) if self.outcomes else _seen(self._gateway, batch))
        if not isinstance(before, Sight):
            self.outcomes += map(before, batch)
            return
        done = self._carry(decided)
        self.outcomes += done
        if any(outcome.status in self._how.ending for outcome in done):
            self._ended = others_failed
        try:
            self._how.pause(self._how.seconds)
        except Stopped:
            self._ended = cancelled
            return
        after = self._look(batch)
        self._end_in_trouble(trouble(before, after) if isinstance(after, Sight) else ())

    def _look(self, batch: Sequence[Service]) -> Sight | Ended:
        """What is seen of the batch. Something was written already, so that an error ends the run and does not lose that."""
        try:
            return _seen(self._gateway, batch)
        except NetguardError as error:
            self._end_in_trouble((f"the Services cannot be looked at: {error.message}",))
            return _in_trouble
        except Stopped:
            self._ended = cancelled
            return cancelled

    def _end_in_trouble(self, found: Sequence[str]) -> None:
        if found:
            self.trouble = found
            self._ended = _in_trouble


def _in_trouble(service: Service) -> ServiceOutcome:
    return not_attempted(service, "a batch before it is in trouble")


def _seen(gateway: Gateway, batch: Sequence[Service]) -> Sight:
    namespaces = namespaces_of(batch)
    wanted = {full_name(service) for service in batch}
    services = [s for namespace in namespaces for s in gateway.list(SERVICES, namespace) if full_name(s) in wanted]
    events = [event for namespace in namespaces for event in gateway.list(EVENTS, namespace)]
    return Sight(by_name(services), surroundings(slices_of(gateway, services), ()), counted(events))


def _in_order(decided: Sequence[Decided], outcomes: Sequence[ServiceOutcome]) -> list[ServiceOutcome]:
    place = {full_name(one.service): number for number, one in enumerate(decided)}
    return sorted(outcomes, key=lambda outcome: place[f"{outcome.namespace}/{outcome.name}"])
