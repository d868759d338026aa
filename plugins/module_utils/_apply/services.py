# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services brought to the wanted state, some at a time; each answers for itself."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from .._calico.errors import NetguardError
from .._cluster.errors import AnswerLost, Conflict, NotFound, Unreachable
from .._cluster.gate import Stopped
from .._cluster.gateway import Gateway
from .._cluster.resources import SERVICES
from .._service.decided import Decided, Service, Wanted
from .._service.external_traffic_policy import Decision
from .._service.outcome import ServiceOutcome, failed, outcome_of, without_write
from .lost_answer import OutcomeUnknown, read_until
from .node_ports import holder
from .side_by_side import side_by_side

AT_A_TIME = 8
# In the API server's words about a port of the nodes that another Service has.
_TAKEN = "already allocated"
ATTEMPTS = 3
# A server that does not answer takes minutes for each Service; after so many the rest is not attempted.
NO_ANSWERS = AT_A_TIME
UNANSWERED = (Unreachable.code, OutcomeUnknown.code)


def changed(gateway: Gateway, decided: Sequence[Decided], wanted: Wanted) -> list[ServiceOutcome]:
    """Writes what differs; a failure of one does not keep the others from being written, unless nobody answers."""
    return _each_until(gateway, decided, wanted, _Failures(NO_ANSWERS, UNANSWERED))


def changed_until_failure(gateway: Gateway, decided: Sequence[Decided], wanted: Wanted) -> list[ServiceOutcome]:
    """The same, but after the first failure no further write is begun."""
    return _each_until(gateway, decided, wanted, _Failures(1))


# What a Service ends in after the server has answered a write; one that needs none says nothing about the server.
_ANSWERED = ("changed", "gone", "failed")


class _Failures:
    """Failures one after the other, of these codes or of all; ``enough`` where so many are that no further write is begun."""

    def __init__(self, limit: int, codes: Collection[str] = ()) -> None:
        self._limit, self._codes = limit, codes
        self._lock = threading.Lock()
        self._count = 0

    def add(self, outcome: ServiceOutcome) -> None:
        counts = outcome.status == "failed" and (not self._codes or outcome.code in self._codes)
        with self._lock:
            if counts:
                self._count += 1
            elif self._count < self._limit and outcome.status in _ANSWERED:
                self._count = 0

    @property
    def enough(self) -> bool:
        return self._count >= self._limit


def _each_until(
    gateway: Gateway, decided: Sequence[Decided], wanted: Wanted, failures: _Failures
) -> list[ServiceOutcome]:
    def attempt(one: Decided) -> ServiceOutcome:
        if failures.enough and one.is_to_change:
            return others_failed(one.service)
        outcome = _carried_out(gateway, one, wanted)
        failures.add(outcome)
        return outcome

    return side_by_side(attempt, decided, AT_A_TIME)


def _carried_out(gateway: Gateway, one: Decided, wanted: Wanted) -> ServiceOutcome:
    """Carries out what was decided; decides anew where the Service was changed since it was read."""
    service = one.service
    try:
        for conflicts in range(ATTEMPTS):
            try:
                return replace(_attempted(gateway, one), conflicts=conflicts)
            except Conflict:
                live = gateway.get(SERVICES, service["metadata"]["name"], service["metadata"]["namespace"])
                if live is None:
                    return outcome_of(service, "gone", "it was deleted meanwhile")
                service, one = live, Decided(live, wanted.decide(live))
        found = failed(service, Conflict.code, f"it was changed by others {ATTEMPTS} times while it was written")
        return replace(found, conflicts=ATTEMPTS)
    except NotFound:
        return outcome_of(service, "gone", "it was deleted meanwhile")
    except NetguardError as error:
        # The API server answers 500 to a port that is taken, so the code does not tell it from other trouble.
        held = _held(gateway, one.decision) if _TAKEN in error.message else ""
        return failed(service, error.code, f"{error.message}{held}")
    except Stopped:
        return cancelled(service)


def _held(gateway: Gateway, decision: Decision) -> str:
    """Who has the health check's port that was to be put back, to be said behind the refusal."""
    port = ((decision.patch or {}).get("spec") or {}).get("healthCheckNodePort")
    found = holder(gateway, port) if port else None
    return f". Service {found} has port {port} now; give that one another, or take the record away" if found else ""


def _attempted(gateway: Gateway, one: Decided) -> ServiceOutcome:
    service, decision = one.service, one.decision
    if decision.patch is None:
        return without_write(one)
    after = _patched(gateway, service, decision.patch)
    return replace(outcome_of(service, "changed", decision.reason, after), hazards=decision.hazards)


def _patched(gateway: Gateway, service: Service, patch: Mapping[str, Any]) -> Service:
    """The Service after the patch; read again where the answer was lost.

    Raises the patch's own error where it was not done, OutcomeUnknown where the Service does not tell.
    """
    was = service["metadata"]
    name, namespace = was["name"], was["namespace"]
    try:
        return gateway.merge_patch(SERVICES, name, namespace, dict(patch))
    except AnswerLost as lost:
        what = f"patch {namespace}/{name}"
        try:
            live = read_until(
                lambda: gateway.get(SERVICES, name, namespace), lambda live: not _is_same(service, live), what, lost
            )
        except Stopped:
            raise OutcomeUnknown(what, lost, "The run was cancelled before it could be read again.") from lost
        if live is None:
            raise NotFound(f"services {namespace}/{name} does not exist") from lost
        if live["metadata"]["uid"] != was["uid"]:
            raise Conflict(f"services {namespace}/{name} is another one now") from lost
        if _is_same(service, live):
            raise
        if not _has(patch, live):
            raise OutcomeUnknown(what, lost, "It was changed by somebody else since.") from lost
        return live


def _is_same(service: Service, live: Service | None) -> bool:
    return live is not None and live["metadata"]["resourceVersion"] == service["metadata"]["resourceVersion"]


def _has(patch: Mapping[str, Any], live: Service) -> bool:
    """Whether the live Service has what the patch sets, and lacks what it takes away."""
    parts = (
        (patch.get("spec") or {}, live.get("spec") or {}),
        (patch["metadata"].get("annotations") or {}, live["metadata"].get("annotations") or {}),
    )
    return all(found.get(key) == value for wanted, found in parts for key, value in wanted.items())


def not_attempted(service: Service, reason: str) -> ServiceOutcome:
    """A Service of which no write was begun."""
    return outcome_of(service, "not_attempted", reason)


def others_failed(service: Service) -> ServiceOutcome:
    """A Service of which no write was begun, since those before it failed."""
    return not_attempted(service, "others failed before")


def cancelled(service: Service) -> ServiceOutcome:
    """A Service of which no write was begun, since the run was cancelled."""
    return replace(not_attempted(service, "the run was cancelled"), code=Stopped.code)
