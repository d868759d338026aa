# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of service_external_traffic_policy: from options to outcomes, and from outcomes to a result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from .._apply.services import ServiceOutcome, changed, changed_until_failure, owned_fields, selected, to_change
from .._apply.writing import OutcomeUnknown
from .._cluster.gate import Stopped
from .._report.size import not_fine, within_limit
from .._service.external_traffic_policy import Absent, Present
from .._service.selection import Selection, selection
from .run import Result, Session, Unfinished, Work

SERVICES_FAILED = "services_failed"
_FINE = ("unchanged", "ignored", "not_applicable")
STATUSES = ("changed", *_FINE, "missing", "gone", "failed", "not_attempted")


def prepare(params: dict[str, Any]) -> Work:
    """Reads the selection, so that one that selects nothing is refused before anything is sent."""
    chosen = selection(params)
    wanted = Present(params["policy"], params["record_original"]) if params["state"] == "present" else Absent()
    carry_out = changed_until_failure if params["fail_fast"] else changed

    def work(session: Session) -> Result:
        session.progress.phase("listing Services")
        services = selected(session.gateway, chosen)
        session.progress.writes(to_change(services, wanted))
        # The same requests dry: what the server would refuse, check mode reports too.
        gateway = session.gateway.rehearsal() if session.check_mode else session.gateway
        outcomes = [*carry_out(gateway, services, wanted), *_missing(chosen, services)]
        if not outcomes:
            session.warn("The selection matches no Service")
        return _finished(session, outcomes)

    return work


def _missing(chosen: Selection, services: Sequence[Mapping[str, Any]]) -> list[ServiceOutcome]:
    return [
        ServiceOutcome(namespace, name, "", "missing", "it was named and does not exist")
        for namespace, name in chosen.missing(services)
    ]


def _finished(session: Session, outcomes: Sequence[ServiceOutcome]) -> Result:
    for outcome in outcomes:
        if outcome.status == "missing":
            session.warn(f"Service {outcome.namespace}/{outcome.name}: {outcome.reason}")
    result = _result(session, outcomes)
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
