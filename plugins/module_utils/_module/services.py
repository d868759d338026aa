# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of service_external_traffic_policy: from options to outcomes, and from outcomes to a result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from .._apply.services import (
    Service,
    ServiceOutcome,
    Wanted,
    changed,
    changed_until_failure,
    of_backup,
    owned_fields,
    selected,
)
from .._apply.writing import OutcomeUnknown
from .._calico.errors import InvalidInput
from .._cluster.gate import Stopped
from .._plan.backup import SERVICE
from .._plan.service_backup import restored_by, with_services
from .._report.size import not_fine, within_limit
from .._service.external_traffic_policy import Absent, Present
from .._service.selection import Selection, is_given, selection
from .backups import Place, backup_place, new_backup, stored_backup
from .run import Result, Session, Unfinished, Work

SERVICES_FAILED = "services_failed"
_FINE = ("unchanged", "ignored", "not_applicable")
STATUSES = ("changed", *_FINE, "missing", "gone", "failed", "not_attempted")


def prepare(params: dict[str, Any]) -> Work:
    """Reads the input, so that a selection that selects nothing is refused before anything is sent."""
    place = backup_place(params["backup"])
    if place is not None and params["state"] == "restored":
        return _restore(params, place)
    chosen = selection(params)
    wanted = Present(params["policy"], params["record_original"]) if params["state"] == "present" else Absent()

    def work(session: Session) -> Result:
        session.progress.phase("listing Services")
        services = selected(session.gateway, chosen)
        kept = _keep(session, place, services, wanted)
        outcomes = [*_carried_out(session, services, wanted), *_missing(chosen, services)]
        if not outcomes:
            session.warn("The selection matches no Service")
        return _finished(session, outcomes, kept)

    return work


def _restore(params: Mapping[str, Any], place: Place) -> Work:
    """The work that puts back what a backup holds. Raises InvalidInput where Services are selected besides."""
    if is_given(params):
        raise InvalidInput(
            "state is restored, and Services are selected",
            "The backup says which are put back; leave the selection out.",
        )

    def work(session: Session) -> Result:
        backup = stored_backup(session, place, [SERVICE])
        session.progress.phase("listing Services")
        services, gone = of_backup(session.gateway, backup)
        session.progress.writes(len(services))
        return _finished(session, [*_carried_out(session, services, restored_by(backup)), *gone], "")

    return work


def _carried_out(session: Session, services: Sequence[Service], wanted: Wanted) -> list[ServiceOutcome]:
    carry_out = changed_until_failure if session.params["fail_fast"] else changed
    # The same requests dry: what the server would refuse, check mode reports too.
    gateway = session.gateway.rehearsal() if session.check_mode else session.gateway
    return carry_out(gateway, services, wanted)


def _keep(session: Session, place: Place | None, services: Sequence[Service], wanted: Wanted) -> str:
    """Stores the backup where something is to be written; returns where, empty where there is none."""
    backup = with_services(new_backup(session), [(service, wanted.decide(service)) for service in services])
    at = None if place is None else place(session.gateway)
    session.progress.writes(len(backup.entries) + (at.writes if at and backup.entries else 0))
    if at is None or not backup.entries:
        return ""
    (at.rehearse if session.check_mode else at.store)(backup)
    return str(at)


def _missing(chosen: Selection, services: Sequence[Mapping[str, Any]]) -> list[ServiceOutcome]:
    return [
        ServiceOutcome(namespace, name, "", "missing", "it was named and does not exist")
        for namespace, name in chosen.missing(services)
    ]


def _finished(session: Session, outcomes: Sequence[ServiceOutcome], backup_file: str) -> Result:
    for outcome in outcomes:
        if outcome.status == "missing":
            session.warn(f"Service {outcome.namespace}/{outcome.name}: {outcome.reason}")
    result = {**_result(session, outcomes), "backup_file": backup_file}
    _require_not_cancelled(outcomes, result)
    failed = [outcome for outcome in outcomes if outcome.status == "failed"]
    if failed:
        first = failed[0]
        raise Unfinished(
            f"{len(failed)} of {len(outcomes)} Services failed, the first {first.namespace}/{first.name}: {first.reason}",
            SERVICES_FAILED,
            result,
        )
    return result


def _require_not_cancelled(outcomes: Sequence[ServiceOutcome], result: Result) -> None:
    left = [outcome for outcome in outcomes if outcome.code == Stopped.code]
    if left:
        written = sum(outcome.status == "changed" for outcome in outcomes)
        raise Unfinished(
            f"The run was cancelled: {written} Services were changed, {len(left)} were not attempted, no other write was "
            "sent. Run again to go on from here.",
            Stopped.code,
            result,
        )


def _result(session: Session, outcomes: Sequence[ServiceOutcome]) -> Result:
    counted = Counter(outcome.status for outcome in outcomes)
    entries: Sequence[Mapping[str, Any]] = [outcome.as_result() for outcome in outcomes]
    left_out = False
    if not session.params["return_all"]:
        entries, left_out = not_fine(entries, lambda entry: entry["status"] in _FINE)
    lists: dict[str, Sequence[Any]] = {"services": entries}
    if session.diff_mode:
        lists["diff"] = [_diff(outcome) for outcome in outcomes if outcome.status == "changed"]
    kept, cut = within_limit(lists)
    counts = {status: counted[status] for status in STATUSES}
    return {
        "changed": any(o.status == "changed" or o.code == OutcomeUnknown.code for o in outcomes),
        "counts": {**counts, "total": len(outcomes)},
        "truncated": left_out or cut,
        **kept,
    }


def _diff(outcome: ServiceOutcome) -> dict[str, Any]:
    name = f"Service {outcome.namespace}/{outcome.name}"
    return {
        "before_header": f"{name} (in the cluster)",
        "after_header": f"{name} (wanted)",
        "before": owned_fields(outcome.before),
        "after": owned_fields(outcome.after),
    }
