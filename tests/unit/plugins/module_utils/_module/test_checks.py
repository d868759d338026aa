# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The user's own checks."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.netguard.calico.plugins.module_utils._calico.errors import InvalidInput
from ansible_collections.netguard.calico.plugins.module_utils._module.checks import check_facts, parsed_checks

FACTS: dict[str, Any] = {"policies": [{"name": "a"}], "counts": {"services": 3}}


@pytest.mark.parametrize(
    ("query", "passed"),
    [
        ("length(policies) == `1`", True),
        ("length(policies) == `2`", False),
        ("polices", False),
        ("policies", False),
        ("counts.services", False),
        ("length(counts.services)", False),
    ],
)
def test_only_true_passes(query: str, passed: bool) -> None:
    checks = parsed_checks([{"id": "c", "query": query}])
    assert [fact.passed for fact in check_facts(checks, FACTS)] == [passed]


def test_every_query_that_does_not_parse_is_named() -> None:
    given = [{"id": "a", "query": "x["}, {"id": "b", "query": "]"}, {"id": "b", "query": "x"}]
    with pytest.raises(InvalidInput, match=r"checks a: 'x\['.*checks b: '\]'.*The check b is given 2 times"):
        parsed_checks(given)


@pytest.mark.parametrize(
    ("check", "said"),
    [
        ({"query": "x"}, "checks[0] has no id"),
        ({"id": "a"}, "checks[0] has no query"),
        ({"id": "a", "query": "x", "jmespath": "x"}, "checks[0] has the unknown key jmespath"),
    ],
)
def test_a_check_that_is_not_one_is_named(check: dict[str, str], said: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parsed_checks([check])
    assert said in caught.value.message
