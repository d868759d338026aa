# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions about connections answered for people: now, after a change, and what the change alters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .._calico.answers import Answered, answer
from .._calico.changes import Comparison, NotComparable
from .._calico.connection import Connection
from .._calico.policies import Staged
from .._calico.resolution import NotThere
from .._calico.snapshot import Snapshot
from .._calico.table import DecisionTable
from .changed_connections import changed_connections, not_compared
from .explanation import explained
from .policy_findings import policy_findings


@dataclass(frozen=True)
class Questions:
    """What is asked about a snapshot: connections, and the snapshot after a change, None where nothing is changed."""

    connections: Sequence[Connection]
    after: Snapshot | None
    staged: Staged


def verdict_report(snapshot: Snapshot, questions: Questions) -> dict[str, Any]:
    """Everything that was asked, as plain values. Raises NotThere for a connection with ends that are not there."""
    before = DecisionTable(snapshot, questions.staged)
    after = before if questions.after is None else DecisionTable(questions.after, questions.staged)
    now = [_answers(connection, before) for connection in questions.connections]
    then = now if after is before else [_answers(connection, after) for connection in questions.connections]
    _refuse_nobody(now, then)
    listed = [_as_result(answered) for group in then if not isinstance(group, NotThere) for answered in group]
    report: dict[str, Any] = {
        "verdicts": listed,
        "counts": dict(Counter(entry["verdict"] for entry in listed)),
        "findings": [finding.as_result() for finding in policy_findings(after)],
        "unread": [*_unread(snapshot.unread), *_unread({f"tier {k}": v for k, v in snapshot.unread_tiers.items()})],
    }
    if after is not before:
        report["changed_verdicts"] = [
            {"connection": str(connection), "before": _briefs(was), "after": _briefs(becomes)}
            for connection, was, becomes in zip(questions.connections, now, then, strict=True)
            if _briefs(was) != _briefs(becomes)
        ]
        report |= _changed(before, after)
    return report


def _answers(connection: Connection, table: DecisionTable) -> Sequence[Answered] | NotThere:
    """The answers, or that an end is not there, which may be so before or after a change only."""
    try:
        return answer(connection, table)
    except NotThere as error:
        return error


def _refuse_nobody(now: Sequence[Sequence[Answered] | NotThere], then: Sequence[Sequence[Answered] | NotThere]) -> None:
    for was, becomes in zip(now, then, strict=True):
        if isinstance(was, NotThere) and isinstance(becomes, NotThere):
            raise becomes


def _briefs(group: Sequence[Answered] | NotThere) -> list[dict[str, Any]]:
    return [] if isinstance(group, NotThere) else [*map(_brief, group)]


def _changed(before: DecisionTable, after: DecisionTable) -> dict[str, Any]:
    try:
        comparison = Comparison(before, after)
        changes = changed_connections(comparison, comparison.changes())
    except NotComparable as error:
        # Connections that were asked about are compared all the same.
        return {"changed_connections": None, "not_compared": error.message}
    beyond = "; ".join(not_compared(before, after))
    return {"changed_connections": [change.as_result() for change in changes], "not_compared": beyond}


def _as_result(answered: Answered) -> dict[str, Any]:
    deciding = answered.verdict.deciding
    return {
        **_brief(answered),
        "connection": str(answered.connection),
        "source": None if answered.source is None else str(answered.source),
        "destination": None if answered.destination is None else str(answered.destination),
        "traffic": str(answered.traffic),
        "at": None if deciding is None else f"{deciding.end} of {deciding.at}",
        "reasons": list(answered.reasons),
        "trace": [check.as_result() for check in answered.verdict.checks],
        "text": explained(answered),
    }


def _brief(answered: Answered) -> dict[str, Any]:
    """The verdict and what decides, which is what is compared; also who decides counts."""
    decider = answered.decided_by
    return {
        "verdict": answered.outcome,
        "decided_by": None if decider is None else decider.as_result(),
        "pairs": answered.pairs,
    }


def _unread(reasons: Mapping[str, str]) -> Iterable[dict[str, str]]:
    return [{"what": what, "message": message} for what, message in sorted(reasons.items())]
