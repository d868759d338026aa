# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services changed some after the others, looked at in between, so that what goes wrong with a few does not with all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from .._calico.errors import NetguardError
from .._cluster.gate import Stopped
from .._cluster.gateway import Gateway
from .._cluster.resources import EVENTS, SERVICES
from .._service.aftermath import Sight, by_name, counted, trouble
from .._service.external_traffic_policy import TO_CHANGE
from .._service.guarded import Wanted
from .._service.selection import full_name, listed_for
from .progress import Progress
from .services import Service, ServiceOutcome, not_attempted
from .surroundings import around

Carry = Callable[[Sequence[Service]], list[ServiceOutcome]]


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


def in_batches(gateway: Gateway, services: Sequence[Service], wanted: Wanted, carry: Carry, how: Batches) -> InBatches:
    """Changes the Services batch after batch; what needs no change is no part of any.

    Raises Forbidden and the like where they cannot be looked at, before anything is written.
    """
    waiting = [service for service in services if wanted.decide(service).status == TO_CHANGE]
    left_alone = carry([service for service in services if wanted.decide(service).status != TO_CHANGE])
    found, done, size = tuple[str, ...](), list[ServiceOutcome](), max(1, how.size(len(waiting)))
    number, batches = 0, -(-len(waiting) // size)
    while waiting and not found and not any(outcome.status in how.ending for outcome in done):
        number += 1
        how.progress.phase(f"batch {number} of {batches}")
        batch, waiting = waiting[:size], waiting[size:]
        before = _seen(gateway, batch)
        done += carry(batch)
        try:
            how.pause(how.seconds)
        except Stopped:
            done += [replace(not_attempted(service, "the run was cancelled"), code=Stopped.code) for service in waiting]
            waiting = []
            break
        found = _trouble(gateway, before, batch)
    reason = "a batch before it is in trouble" if found else "others failed before"
    done += [not_attempted(service, reason) for service in waiting]
    return InBatches(_in_order(services, [*left_alone, *done]), found)


def _trouble(gateway: Gateway, before: Sight, batch: Sequence[Service]) -> tuple[str, ...]:
    try:
        return trouble(before, _seen(gateway, batch))
    except NetguardError as error:
        # Not to know how they are is no reason to go on, and none to lose what was done.
        return (f"the Services cannot be looked at: {error.message}",)


def _seen(gateway: Gateway, batch: Sequence[Service]) -> Sight:
    namespaces = listed_for(tuple(dict.fromkeys(service["metadata"]["namespace"] for service in batch)))
    wanted = {full_name(service) for service in batch}
    services = [s for namespace in namespaces for s in gateway.list(SERVICES, namespace) if full_name(s) in wanted]
    events = [event for namespace in namespaces for event in gateway.list(EVENTS, namespace)]
    return Sight(by_name(services), around(gateway, services), counted(events))


def _in_order(services: Sequence[Service], outcomes: Sequence[ServiceOutcome]) -> list[ServiceOutcome]:
    place = {full_name(service): number for number, service in enumerate(services)}
    return sorted(outcomes, key=lambda outcome: place[f"{outcome.namespace}/{outcome.name}"])
