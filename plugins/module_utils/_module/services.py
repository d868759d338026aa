# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of service_external_traffic_policy: from options to outcomes, and from outcomes to a result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from .._apply.batches import Batches, InBatches, in_batches
from .._apply.lost_answer import OutcomeUnknown
from .._apply.services import (
    Service,
    ServiceOutcome,
    changed,
    changed_until_failure,
    of_backup,
    owned_fields,
    selected,
)
from .._apply.surroundings import around
from .._calico.errors import InvalidInput
from .._cluster.gate import Stopped
from .._plan.backup import SERVICE
from .._plan.service_backup import restored_by, with_services
from .._report.size import not_fine, within_limit
from .._service.external_traffic_policy import REFUSED, TO_CHANGE, Absent, Present
from .._service.guarded import Guarded, Wanted
from .._service.hazard import ENTERED, REFUSE, WARN, Hazard
from .._service.health_check_port import with_port, without_drawn_port
from .._service.selection import Selection, is_given, selection
from .backups import Place, backup_place, new_backup, stored_backup
from .batch import batch_size
from .run import Result, Session, Unfinished, Work

SERVICES_FAILED = "services_failed"
BATCH_IN_TROUBLE = "batch_in_trouble"
# The hazards that keep a Service from becoming Local, or may.
REFUSING = tuple(name for name, kind in ENTERED.items() if kind.severity == REFUSE)
_FINE = ("unchanged", "ignored", "not_applicable")
STATUSES = ("changed", *_FINE, REFUSED, "missing", "gone", "failed", "not_attempted")


def prepare(params: dict[str, Any]) -> Work:
    """Reads the input, so that a selection that selects nothing is refused before anything is sent."""
    batch_size(params["batch"])
    if params["batch_pause"] < 0:
        raise InvalidInput(f"batch_pause is {params['batch_pause']}", "Give seconds, 0 or more.")
    place = backup_place(params["backup"])
    if place is not None and params["state"] == "restored":
        return _restore(params, place)
    chosen = selection(params)
    asked = Present(params["policy"], params["record_original"]) if params["state"] == "present" else Absent()

    def work(session: Session) -> Result:
        session.progress.phase("listing Services")
        services = selected(session.gateway, chosen)
        wanted = _guarded(session, asked, services) if params["state"] == "present" else asked
        kept = _keep(session, place, services, wanted)
        done = _carried_out(session, services, wanted)
        told = _rehearsed if session.check_mode else _with_port
        outcomes = [*map(told, done.outcomes), *_missing(chosen, services)]
        if not outcomes:
            session.warn("The selection matches no Service")
        of_cluster = wanted.of_cluster if isinstance(wanted, Guarded) else ()
        return _finished(session, outcomes, kept, done.trouble, of_cluster)

    return work


def _guarded(session: Session, asked: Wanted, services: Sequence[Service]) -> Wanted:
    """The wanted state, held against what stands around the Services that would become Local."""
    concerned = [s for s in services if (decided := asked.decide(s)).status == TO_CHANGE and decided.wanted == "Local"]
    if not concerned:
        return asked
    session.progress.phase("looking for hazards")
    ignored, entry_nodes = session.params["ignore_hazards"] or (), session.params["entry_nodes"] or ()
    return Guarded(
        asked, around(session.gateway, session.cluster.backend, concerned), frozenset(ignored), tuple(entry_nodes)
    )


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
        done = _carried_out(session, services, restored_by(backup))
        return _finished(session, [*done.outcomes, *gone], "", done.trouble)

    return work


def _carried_out(session: Session, services: Sequence[Service], wanted: Wanted) -> InBatches:
    carry_out = changed_until_failure if session.params["fail_fast"] else changed
    # The same requests dry: what the server would refuse, check mode reports too.
    gateway = session.gateway.rehearsal() if session.check_mode else session.gateway
    size = batch_size(session.params["batch"])
    if size is None or session.check_mode:
        return InBatches(carry_out(gateway, services, wanted))
    ending = frozenset({"not_attempted", "failed"} if session.params["fail_fast"] else {"not_attempted"})
    how = Batches(size, ending, session.params["batch_pause"], session.pause, session.progress)
    return in_batches(gateway, services, wanted, lambda some: carry_out(gateway, some, wanted), how)


def _keep(session: Session, place: Place | None, services: Sequence[Service], wanted: Wanted) -> str:
    """Stores the backup where something is to be written; returns where, empty where there is none."""
    backup = with_services(new_backup(session), [(service, wanted.decide(service)) for service in services])
    at = None if place is None else place(session.gateway)
    session.progress.writes(len(backup.entries) + (at.writes if at and backup.entries else 0))
    if at is None or not backup.entries:
        return ""
    (at.rehearse if session.check_mode else at.store)(backup)
    return str(at)


def _with_port(outcome: ServiceOutcome) -> ServiceOutcome:
    return replace(outcome, hazards=with_port(outcome.hazards, outcome.after)) if outcome.after else outcome


def _rehearsed(outcome: ServiceOutcome) -> ServiceOutcome:
    if outcome.before is None or outcome.after is None:
        return outcome
    return replace(outcome, after=without_drawn_port(outcome.before, outcome.after))


def _missing(chosen: Selection, services: Sequence[Mapping[str, Any]]) -> list[ServiceOutcome]:
    return [
        ServiceOutcome(namespace, name, "", "missing", "it was named and does not exist")
        for namespace, name in chosen.missing(services)
    ]


def _finished(
    session: Session,
    outcomes: Sequence[ServiceOutcome],
    backup_file: str,
    trouble: Sequence[str],
    of_cluster: Sequence[Hazard] = (),
) -> Result:
    for outcome in outcomes:
        if outcome.status == "missing":
            session.warn(f"Service {outcome.namespace}/{outcome.name}: {outcome.reason}")
    _warn_of_hazards(session, outcomes)
    for hazard in of_cluster:
        if hazard.severity == WARN:
            session.warn(f"{hazard.id}: {hazard.message}. {hazard.remedy}")
    told = [hazard.as_result() for hazard in of_cluster]
    result = {**_result(session, outcomes), "backup_file": backup_file, "cluster_hazards": told}
    _require_not_cancelled(outcomes, result)
    if trouble:
        raise Unfinished(
            f"After a batch of Services was changed, {'; '.join(trouble)}. No further batch was begun. Those that are changed "
            "get back what they had by state absent, or by state restored with their backup.",
            BATCH_IN_TROUBLE,
            result,
        )
    failed = [outcome for outcome in outcomes if outcome.status == "failed"]
    if failed:
        first = failed[0]
        raise Unfinished(
            f"{len(failed)} of {len(outcomes)} Services failed, the first {first.namespace}/{first.name}: {first.reason}",
            SERVICES_FAILED,
            result,
        )
    return result


def _warn_of_hazards(session: Session, outcomes: Sequence[ServiceOutcome]) -> None:
    """One warning of what was refused, and one for each hazard of what was changed, since Services may be thousands."""
    refused = [outcome for outcome in outcomes if outcome.status == REFUSED]
    if refused:
        first = refused[0]
        session.warn(
            f"Services left as they are, since Local is hazardous for them: {len(refused)}. The first is "
            f"{first.namespace}/{first.name}: {first.reason}. What to do is in hazards; ignore_hazards takes their ids."
        )
    seen = [(o, hazard) for o in outcomes if o.status == "changed" for hazard in o.hazards if hazard.severity == WARN]
    for name, count in Counter(hazard.id for _outcome, hazard in seen).items():
        first, hazard = next((outcome, hazard) for outcome, hazard in seen if hazard.id == name)
        at = f"Service {first.namespace}/{first.name}"
        session.warn(f"{name}, the first of {count}: {at}: {hazard.message}. {hazard.remedy}")


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
        "conflicts": sum(outcome.conflicts for outcome in outcomes),
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
