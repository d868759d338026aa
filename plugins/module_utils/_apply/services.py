# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services brought to the wanted state: list, decide, write some at a time; each answers for itself."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Protocol

from .._calico.errors import NetguardError
from .._cluster.errors import AnswerLost, Conflict, NotFound
from .._cluster.gateway import Gateway
from .._cluster.resources import SERVICES
from .._service.external_traffic_policy import BROKEN, ORIGINAL, TO_CHANGE, Decision
from .._service.selection import Selection, service_type
from .writing import OutcomeUnknown

AT_A_TIME = 8
ATTEMPTS = 3
RECORD_BROKEN = "record_broken"

Service = Mapping[str, Any]


class Wanted(Protocol):
    """What decides about one Service."""

    def decide(self, service: Service) -> Decision:
        """The decision on the Service as it was read."""


@dataclass(frozen=True)
class ServiceOutcome:
    """What became of one Service: the object before, and as the server answered it; ``code`` says why it failed."""

    namespace: str
    name: str
    type: str
    status: str
    reason: str
    before: Service | None = None
    after: Service | None = None
    code: str | None = None

    def as_result(self) -> dict[str, Any]:
        return {
            "namespace": self.namespace,
            "name": self.name,
            "type": self.type,
            "status": self.status,
            "reason": self.reason,
            "code": self.code,
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


def changed(gateway: Gateway, services: Sequence[Service], wanted: Wanted) -> list[ServiceOutcome]:
    """Writes what differs; a failure of one does not keep the others from being written."""
    return _each(services, lambda service: _carried_out(gateway, service, wanted))


def changed_until_failure(gateway: Gateway, services: Sequence[Service], wanted: Wanted) -> list[ServiceOutcome]:
    """The same, but after the first failure no further write is begun."""
    failed = threading.Event()

    def attempt(service: Service) -> ServiceOutcome:
        if failed.is_set() and wanted.decide(service).status == TO_CHANGE:
            return _outcome(service, "not_attempted", "another Service failed before")
        outcome = _carried_out(gateway, service, wanted)
        if outcome.status == "failed":
            failed.set()
        return outcome

    return _each(services, attempt)


def _each(services: Sequence[Service], do: Callable[[Service], ServiceOutcome]) -> list[ServiceOutcome]:
    with ThreadPoolExecutor(max_workers=AT_A_TIME) as pool:
        return list(pool.map(do, services))


def _carried_out(gateway: Gateway, service: Service, wanted: Wanted) -> ServiceOutcome:
    try:
        for _attempt in range(ATTEMPTS):
            try:
                return _attempted(gateway, service, wanted)
            except Conflict:
                live = gateway.get(SERVICES, service["metadata"]["name"], service["metadata"]["namespace"])
                if live is None:
                    return _outcome(service, "gone", "it was deleted meanwhile")
                service = live
        return _failed(service, Conflict.code, f"it was changed by others {ATTEMPTS} times while it was written")
    except NotFound:
        return _outcome(service, "gone", "it was deleted meanwhile")
    except NetguardError as error:
        return _failed(service, error.code, error.message)


def _attempted(gateway: Gateway, service: Service, wanted: Wanted) -> ServiceOutcome:
    decision = wanted.decide(service)
    if decision.status == BROKEN:
        return _failed(service, RECORD_BROKEN, decision.reason)
    if decision.patch is None:
        return _outcome(service, decision.status, decision.reason, service)
    after = _patched(gateway, service, decision.patch, wanted)
    return _outcome(service, "changed", decision.reason, after)


def _patched(gateway: Gateway, service: Service, patch: Mapping[str, Any], wanted: Wanted) -> Service:
    """The Service after the patch; read again where the answer was lost."""
    name, namespace = service["metadata"]["name"], service["metadata"]["namespace"]
    try:
        return gateway.merge_patch(SERVICES, name, namespace, dict(patch))
    except AnswerLost as lost:
        try:
            live = gateway.get(SERVICES, name, namespace)
        except NetguardError as unread:
            raise OutcomeUnknown(f"patch {namespace}/{name}", lost, unread) from lost
        if live is None:
            raise NotFound(f"services {namespace}/{name} does not exist") from lost
        if wanted.decide(live).patch is not None:
            raise
        return live


def _failed(service: Service, code: str, reason: str) -> ServiceOutcome:
    return replace(_outcome(service, "failed", reason), code=code)


def _outcome(service: Service, status: str, reason: str, after: Service | None = None) -> ServiceOutcome:
    metadata = service["metadata"]
    return ServiceOutcome(
        metadata["namespace"], metadata["name"], service_type(service), status, reason, service, after
    )
