# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What makes a cluster compliant, and what never does."""

from __future__ import annotations

from ansible_collections.netguard.calico.plugins.module_utils._report.facts import (
    CheckFact,
    PolicyFact,
    ServiceFact,
    Unread,
)
from ansible_collections.netguard.calico.plugins.module_utils._report.judgement import judge
from ansible_collections.netguard.calico.plugins.module_utils._report.summary import summary

FINE = PolicyFact("p", "in_place")
UNREAD = Unread("tiers", "forbidden", "no")


def service(status: str) -> ServiceFact:
    return ServiceFact("shop", "web", "NodePort", "Cluster", status, "it is Cluster, not Local")


def test_everything_as_declared_is_compliant() -> None:
    assert judge([FINE], [service("compliant")], [CheckFact("c", "q", "", True, True)], ()).status == "compliant"


def test_something_unread_is_never_compliant() -> None:
    assert judge([FINE], None, (), [UNREAD]).status == "unknown"


def test_a_policy_that_could_not_be_looked_at_is_never_compliant() -> None:
    assert judge([PolicyFact("p", "unknown")], None, (), ()).status == "unknown"


def test_something_wrong_outweighs_something_unread() -> None:
    assert judge([PolicyFact("p", "missing")], None, (), [UNREAD]).status == "not_compliant"


def test_nothing_asked_for_is_not_compliant() -> None:
    assert judge(None, None, (), ()).status == "not_judged"


def test_each_thing_that_is_wrong_is_a_finding() -> None:
    drifted = PolicyFact("d", "drifted", ({"path": "spec.order", "live": 1, "wanted": 2},))
    failed = CheckFact("c", "q", "", False, None)
    found = judge([PolicyFact("m", "missing"), drifted], [service("not_compliant"), service("missing")], [failed], ())
    assert [f.id for f in found.findings] == [
        "policy_missing",
        "policy_drifted",
        "service_not_compliant",
        "service_missing",
        "check_failed",
    ]
    assert "spec.order" in found.findings[1].message


def test_the_summary_says_the_verdict_first_and_cuts_long_lists() -> None:
    found = judge([PolicyFact(f"p{i}", "missing") for i in range(25)], None, (), ())
    lines = summary("https://c", found, {"policies": {"missing": 25, "total": 25}}, ())
    assert lines[:2] == ["https://c: NOT compliant", "policies: 25 (25 missing)"]
    assert lines[-1] == "- and 5 more findings"
