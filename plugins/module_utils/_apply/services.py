# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services brought to the wanted state: list, decide, write some at a time; each answers for itself."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .._calico.errors import NetguardError
from .._cluster.errors import AnswerLost, Conflict, NotFound, Unreachable
from .._cluster.gate import Stopped
from .._cluster.gateway import Gateway
from .._cluster.resources import SERVICES
from .._plan.backup import Backup
from .._service.external_traffic_policy import BROKEN, CHANGED_SINCE, ORIGINAL, TO_CHANGE, Decision
from .._service.guarded import Wanted
from .._service.hazard import Hazard
from .._service.selection import Selection, full_name, service_type
from .lost_answer import OutcomeUnknown, read_until
from .node_ports import holder
from .side_by_side import side_by_side

AT_A_TIME = 8
# In the API server's words about a port of the nodes that another Service has.
_TAKEN = "already allocated"
ATTEMPTS = 3
# The codes of what is decided to be a failure.
_FAILING = {BROKEN: "record_broken", CHANGED_SINCE: CHANGED_SINCE}
# A server that does not answer takes minutes for each Service; after so many the rest is not attempted.
NO_ANSWERS = AT_A_TIME
UNANSWERED = (Unreachable.code, OutcomeUnknown.code)

Service = Mapping[str, Any]


@dataclass(frozen=True)
class ServiceOutcome:
    """What became of one Service: the object before, and as the server answered it; ``code`` says why it failed, or that
    it was not attempted as the run was cancelled; ``hazards`` what the change may do, or would have done, to clients;
    ``conflicts`` how often somebody else changed it just before it was written."""

    namespace: str
    name: str
    type: str
    status: str
    reason: str
    before: Service | None = None
    after: Service | None = None
    code: str | None = None
    hazards: tuple[Hazard, ...] = ()
    conflicts: int = 0

    def as_result(self) -> dict[str, Any]:
        return {
            "namespace": self.namespace,
            "name": self.name,
            "type": self.type,
            "status": self.status,
            "reason": self.reason,
            "code": self.code,
            "hazards": [hazard.as_result() for hazard in self.hazards],
            "before": owned_fields(self.before),
            "after": owned_fields(self.after),
        }


def owned_fields(service: Service | None) -> dict[str, Any] | None:
    """The fields of a Service that this collection writes, or that follow from them."""
    if service is None:
        return None
    spec, annotations = service.get("spec") or {}, service["metadata"].get("annotations") or {}
    fields = {key: spec.get(key) for key in ("externalTrafficPolicy", "healthCheckNodePort")}
    return {key: value for key, value in {**fields, "original": annotations.get(ORIGINAL)}.items() if value is not None}


def selected(gateway: Gateway, selection: Selection) -> list[Service]:
    """The Services of the selection, in as few lists as it allows."""
    listed = [
        service
        for namespace in selection.namespaces_to_list()
        for service in gateway.list(SERVICES, namespace, selection.label_selector)
    ]
    return [service for service in listed if selection.holds(service)]


def of_backup(gateway: Gateway, backup: Backup) -> tuple[list[Service], list[ServiceOutcome]]:
    """The Services of a backup, and the outcomes of those that are gone."""
    namespaces = sorted({entry.name.partition("/")[0] for entry in backup.entries})
    live = {full_name(s): s for namespace in namespaces for s in gateway.list(SERVICES, namespace)}
    pairs = [entry.name.partition("/") for entry in backup.entries if entry.name not in live]
    gone = [ServiceOutcome(pair[0], pair[2], "", "gone", "it was deleted since the backup") for pair in pairs]
    return [live[entry.name] for entry in backup.entries if entry.name in live], gone


def changed(gateway: Gateway, services: Sequence[Service], wanted: Wanted) -> list[ServiceOutcome]:
    """Writes what differs; a failure of one does not keep the others from being written, unless nobody answers."""
    return _each_until(gateway, services, wanted, _Failures(NO_ANSWERS, UNANSWERED))


def changed_until_failure(gateway: Gateway, services: Sequence[Service], wanted: Wanted) -> list[ServiceOutcome]:
    """The same, but after the first failure no further write is begun."""
    return _each_until(gateway, services, wanted, _Failures(1))


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
    gateway: Gateway, services: Sequence[Service], wanted: Wanted, failures: _Failures
) -> list[ServiceOutcome]:
    def attempt(service: Service) -> ServiceOutcome:
        if failures.enough and wanted.decide(service).status == TO_CHANGE:
            return others_failed(service)
        outcome = _carried_out(gateway, service, wanted)
        failures.add(outcome)
        return outcome

    return side_by_side(attempt, services, AT_A_TIME)


def _carried_out(gateway: Gateway, service: Service, wanted: Wanted) -> ServiceOutcome:
    try:
        for conflicts in range(ATTEMPTS):
            try:
                return replace(_attempted(gateway, service, wanted), conflicts=conflicts)
            except Conflict:
                live = gateway.get(SERVICES, service["metadata"]["name"], service["metadata"]["namespace"])
                if live is None:
                    return _outcome(service, "gone", "it was deleted meanwhile")
                service = live
        failed = _failed(service, Conflict.code, f"it was changed by others {ATTEMPTS} times while it was written")
        return replace(failed, conflicts=ATTEMPTS)
    except NotFound:
        return _outcome(service, "gone", "it was deleted meanwhile")
    except NetguardError as error:
        # The API server answers 500 to a port that is taken, so the code does not tell it from other trouble.
        held = _held(gateway, wanted.decide(service)) if _TAKEN in error.message else ""
        return _failed(service, error.code, f"{error.message}{held}")
    except Stopped:
        return cancelled(service)


def _held(gateway: Gateway, decision: Decision) -> str:
    """Who has the health check's port that was to be put back, to be said behind the refusal."""
    port = ((decision.patch or {}).get("spec") or {}).get("healthCheckNodePort")
    found = holder(gateway, port) if port else None
    return f". Service {found} has port {port} now; give that one another, or take the record away" if found else ""


def _attempted(gateway: Gateway, service: Service, wanted: Wanted) -> ServiceOutcome:
    decision = wanted.decide(service)
    if decision.status in _FAILING:
        return _failed(service, _FAILING[decision.status], decision.reason)
    if decision.patch is None:
        return replace(_outcome(service, decision.status, decision.reason, service), hazards=decision.hazards)
    after = _patched(gateway, service, decision.patch)
    return replace(_outcome(service, "changed", decision.reason, after), hazards=decision.hazards)


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
    return _outcome(service, "not_attempted", reason)


def others_failed(service: Service) -> ServiceOutcome:
    """A Service of which no write was begun, since those before it failed."""
    return not_attempted(service, "others failed before")


def cancelled(service: Service) -> ServiceOutcome:
    """A Service of which no write was begun, since the run was cancelled."""
    return replace(not_attempted(service, "the run was cancelled"), code=Stopped.code)


def _failed(service: Service, code: str, reason: str) -> ServiceOutcome:
    return replace(_outcome(service, "failed", reason), code=code)


def _outcome(service: Service, status: str, reason: str, after: Service | None = None) -> ServiceOutcome:
    metadata = service["metadata"]
    return ServiceOutcome(
        metadata["namespace"], metadata["name"], service_type(service), status, reason, service, after
    )
