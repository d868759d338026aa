# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What service_external_traffic_policy returns: outcomes, counted, within the limit, and what is to be warned of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .._apply.lost_answer import OutcomeUnknown
from .._cluster.gate import Stopped
from .._report.size import not_fine, within_limit
from .._service.external_traffic_policy import REFUSED
from .._service.hazard import WARN, Hazard
from .._service.outcome import ServiceOutcome, owned_fields
from .run import Result, Session, Unfinished

SERVICES_FAILED = "services_failed"
BATCH_IN_TROUBLE = "batch_in_trouble"
_FINE = ("unchanged", "ignored", "not_applicable")
STATUSES = ("changed", *_FINE, REFUSED, "missing", "gone", "failed", "not_attempted")


@dataclass(frozen=True)
class Done:
    """What became of the Services: where the backup of this run is, empty where there is none; why no further batch was begun,
    empty where all were; what is hazardous for all Services alike; and which backup was put back, None where none was to be."""

    outcomes: Sequence[ServiceOutcome]
    backup_file: str = ""
    trouble: Sequence[str] = ()
    of_cluster: Sequence[Hazard] = ()
    restored_from: Mapping[str, str] | None = None


def finished(session: Session, done: Done) -> Result:
    """The result. Raises Unfinished where Services failed, or no further ones were begun."""
    outcomes = done.outcomes
    for outcome in outcomes:
        if outcome.status == "missing":
            session.warn(f"Service {outcome.namespace}/{outcome.name}: {outcome.reason}")
    _warn_of_hazards(session, outcomes)
    for hazard in done.of_cluster:
        if hazard.severity == WARN:
            session.warn(f"{hazard.id}: {hazard.message}. {hazard.remedy}")
    told = [hazard.as_result() for hazard in done.of_cluster]
    result = {**_result(session, outcomes), "backup_file": done.backup_file, "cluster_hazards": told}
    if done.restored_from is not None:
        result["restored_from"] = done.restored_from
    _require_not_cancelled(outcomes, result)
    if done.trouble:
        raise Unfinished(
            f"After a batch of Services was changed, {'; '.join(done.trouble)}. No further batch was begun. Those that are "
            "changed get back what they had by state absent, or by state restored with their backup.",
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
