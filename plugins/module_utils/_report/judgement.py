# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a cluster is as it was declared. What was not read is never fine."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from .facts import DRIFTED, IN_PLACE, MISSING, CheckFact, PolicyFact, ServiceFact, Unread

COMPLIANT, NOT_COMPLIANT, UNKNOWN, NOT_JUDGED = "compliant", "not_compliant", "unknown", "not_judged"


@dataclass(frozen=True)
class Finding:
    """Something that is not as declared: a stable ``id``, the object, and a sentence."""

    id: str
    subject: str
    message: str

    def as_result(self) -> dict[str, Any]:
        return {"id": self.id, "subject": self.subject, "message": self.message}


@dataclass(frozen=True)
class Judgement:
    """``status`` with the findings that led to it; ``judged`` names the parts that it is about."""

    status: str
    judged: tuple[str, ...]
    findings: tuple[Finding, ...]


def judge(
    policies: Sequence[PolicyFact] | None,
    services: Sequence[ServiceFact] | None,
    checks: Sequence[CheckFact],
    unread: Sequence[Unread],
    missing_tiers: Sequence[str] = (),
) -> Judgement:
    """The judgement on the parts that were asked for; ``None`` stands for a part that was not.

    ``missing_tiers`` are tiers of the policies that do not exist.

    ``not_compliant`` where something is known to be wrong, else ``unknown`` where something was not read, else
    ``not_judged`` where nothing was asked for, else ``compliant``.
    """
    wrong = (
        *_policy_findings(policies or ()),
        *_tier_findings(missing_tiers),
        *_service_findings(services or ()),
        *_check_findings(checks),
    )
    blind = (*_unknown_policies(policies or ()), *_unread_findings(unread))
    asked = {"policies": policies is not None, "services": services is not None, "checks": bool(checks)}
    judged = tuple(part for part, was in asked.items() if was)
    return Judgement(_status(wrong, blind, judged), judged, (*wrong, *blind))


def _status(wrong: Sequence[Finding], blind: Sequence[Finding], judged: Sequence[str]) -> str:
    if wrong:
        return NOT_COMPLIANT
    if blind:
        return UNKNOWN
    return COMPLIANT if judged else NOT_JUDGED


def _policy_findings(policies: Sequence[PolicyFact]) -> Iterable[Finding]:
    for policy in policies:
        if policy.status == MISSING:
            yield Finding("policy_missing", policy.name, f"GlobalNetworkPolicy {policy.name} is missing")
        elif policy.status == DRIFTED:
            fields = ", ".join(str(d["path"]) for d in policy.difference)
            yield Finding("policy_drifted", policy.name, f"GlobalNetworkPolicy {policy.name} differs in {fields}")


def _tier_findings(missing: Sequence[str]) -> Iterable[Finding]:
    for tier in missing:
        message = f"The tier {tier} does not exist: Calico denies everything to what the policies in it select"
        yield Finding("tier_missing", tier, message)


def _unknown_policies(policies: Sequence[PolicyFact]) -> Iterable[Finding]:
    for policy in policies:
        if policy.status not in (IN_PLACE, DRIFTED, MISSING):
            message = f"It is not known whether GlobalNetworkPolicy {policy.name} is as declared"
            yield Finding("policy_unknown", policy.name, message)


def _unread_findings(unread: Sequence[Unread]) -> Iterable[Finding]:
    for part in unread:
        yield Finding("unread", part.what, f"{part.what} could not be read: {part.message}")


def _service_findings(services: Sequence[ServiceFact]) -> Iterable[Finding]:
    for service in services:
        name = f"{service.namespace}/{service.name}"
        if service.status == "missing":
            yield Finding("service_missing", name, f"Service {name} was named and does not exist")
        elif service.status == "not_compliant":
            yield Finding("service_not_compliant", name, f"Service {name}: {service.reason}")


def _check_findings(checks: Sequence[CheckFact]) -> Iterable[Finding]:
    for check in checks:
        if not check.passed:
            yield Finding("check_failed", check.id, f"{check.id}: {check.message or check.query}")
