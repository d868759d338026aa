# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of baseline_info: read, judge, and cut to what was asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .._apply.paths import Paths, read_paths
from .._apply.reading import PolicyReading, Reader, read_policies
from .._apply.service_lists import selected
from .._calico.global_network_policy import Policy
from .._report.facts import CheckFact, PolicyFact, ServiceFact, Unread
from .._report.foreign import ForeignPolicy, foreign_policies
from .._report.gaps import Gap, gaps
from .._report.judgement import COMPLIANT, Judgement, judge
from .._report.size import not_fine, within_limit
from .._report.summary import summary
from .._service.external_traffic_policy import (
    TO_CHANGE,
    UNCHANGED,
    Decision,
    Present,
    can_have_policy,
    external_traffic_policy,
)
from .._service.selection import Selection, is_given, selection, service_type
from .checks import Check, answered, check_facts, parsed, parsed_checks
from .policies import warn_about
from .run import Result, Session, Work
from .source import baseline_policies

_STATUS = {UNCHANGED: "compliant", TO_CHANGE: "not_compliant"}
# Most important first, since the last ones are cut where a result grows too large.
_LISTS = ("findings", "checks", "unread", "policies", "gaps", "services", "paths", "foreign_policies")


def prepare(params: dict[str, Any]) -> Work:
    """Reads policies, selection, checks and query, so that a bad one is refused before anything is sent."""
    subset = set(params["gather_subset"])
    policies = baseline_policies(params)
    # Parts that select nothing by themselves are refused as well, or they would pass for "no Services are meant".
    narrowed = is_given(params) or params["exclude_namespaces"] or params["types"]
    chosen = selection(params) if narrowed and "services" in subset else None
    checks = parsed_checks(params["checks"] or ())
    query = parsed(params["query"], "query") if params["query"] else None

    def work(session: Session) -> Result:
        warn_about(session, policies if "policies" in subset else ())
        facts = _facts(session, policies if "policies" in subset else None, chosen, "paths" in subset, checks)
        return _cut(session, facts) if query is None else _queried(query, facts)

    return work


def _facts(
    session: Session,
    policies: Sequence[Policy] | None,
    chosen: Selection | None,
    asks_for_paths: bool,
    checks: Sequence[Check],
) -> Result:
    """Everything that was found out, uncut."""
    reader = Reader()
    reading = None if policies is None else read_policies(reader, session.gateway, policies, session.cluster.backend)
    services = None if chosen is None else _services(reader, session, chosen)
    on_paths = (
        read_paths(reader, session.gateway, session.cluster.backend, policies or ()) if asks_for_paths else Paths()
    )
    unread = reader.unread()
    foreign = () if reading is None else foreign_policies(policies or (), reading.live, reading.tiers)
    found = (*_gaps(policies, reading, foreign, services), *on_paths.gaps)
    facts = {**_as_facts(session, reading, services, foreign, found, unread), "paths": list(on_paths.paths)}
    checked = check_facts(checks, facts)
    missing_tiers = () if reading is None else reading.missing_tiers
    judgement = judge(None if reading is None else reading.facts, services, checked, unread, missing_tiers)
    return {**facts, **_judged(session, judgement, checked, found, facts["counts"])}


def _services(reader: Reader, session: Session, chosen: Selection) -> list[ServiceFact]:
    wanted = Present(session.params["policy"])
    read = reader.items("services", lambda: selected(session.gateway, chosen))
    if read is None:
        return []
    facts = [_service_fact(service, wanted.decide(service)) for service in read]
    missing = [
        ServiceFact(namespace, name, "", None, "missing", "it was named and does not exist")
        for namespace, name in chosen.missing(read)
    ]
    if not facts and not missing:
        session.warn("The selection matches no Service")
    return [*facts, *missing]


def _service_fact(service: Mapping[str, Any], decision: Decision) -> ServiceFact:
    metadata = service["metadata"]
    return ServiceFact(
        metadata["namespace"],
        metadata["name"],
        service_type(service),
        external_traffic_policy(service) if can_have_policy(service) else None,
        _STATUS.get(decision.status, decision.status),
        decision.reason,
    )


def _gaps(
    policies: Sequence[Policy] | None,
    reading: PolicyReading | None,
    foreign: Sequence[ForeignPolicy],
    services: Sequence[ServiceFact] | None,
) -> tuple[Gap, ...]:
    return gaps(policies or (), () if reading is None else reading.live, foreign, services or ())


def _as_facts(
    session: Session,
    reading: PolicyReading | None,
    services: Sequence[ServiceFact] | None,
    foreign: Sequence[ForeignPolicy],
    found: Sequence[Gap],
    unread: Sequence[Unread],
) -> Result:
    policies = () if reading is None else reading.facts
    return {
        "cluster": session.cluster.as_result(),
        "policies": [policy.as_result() for policy in policies],
        "foreign_policies": [policy.as_result() for policy in foreign],
        "services": [service.as_result() for service in services or ()],
        "counts": _counts(policies, services, foreign),
        "gaps": [gap.as_result() for gap in found],
        "unread": [part.as_result() for part in unread],
    }


def _counts(
    policies: Sequence[PolicyFact], services: Sequence[ServiceFact] | None, foreign: Sequence[ForeignPolicy]
) -> dict[str, dict[str, int]]:
    counts = {
        "policies": _counted(policy.status for policy in policies),
        "foreign_policies": _counted(policy.place.kind for policy in foreign),
    }
    return counts if services is None else {**counts, "services": _counted(service.status for service in services)}


def _counted(statuses: Iterable[str]) -> dict[str, int]:
    counted = Counter(statuses)
    return {**counted, "total": sum(counted.values())}


def _judged(
    session: Session,
    judgement: Judgement,
    checked: Sequence[CheckFact],
    found: Sequence[Gap],
    counts: Mapping[str, Mapping[str, int]],
) -> Result:
    return {
        "changed": False,
        "compliant": judgement.status == COMPLIANT,
        "status": judgement.status,
        "judged": list(judgement.judged),
        "findings": [finding.as_result() for finding in judgement.findings],
        "checks": [check.as_result() for check in checked],
        "summary": summary(session.cluster.server, judgement, counts, found),
    }


def _cut(session: Session, facts: Result) -> Result:
    """The result within its limit; the services that are fine are left out where there are many."""
    services, left_out = facts["services"], False
    if not session.params["return_all"]:
        services, left_out = not_fine(services, lambda service: service["complies"] or service["status"] == "ignored")
    lists = {**{name: facts[name] for name in _LISTS}, "services": services}
    kept, cut = within_limit({name: lists[name] for name in _LISTS})
    rest = {name: value for name, value in facts.items() if name not in (*_LISTS, "cluster")}
    return {**rest, **kept, "truncated": left_out or cut}


def _queried(query: Any, facts: Result) -> Result:
    answer = answered(query, facts, "query")
    kept, cut = within_limit({"query_result": [answer]})
    rest = {name: value for name, value in facts.items() if name not in (*_LISTS, "cluster")}
    return {**rest, "query_result": kept["query_result"][0] if kept["query_result"] else None, "truncated": cut}
