# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an answer of the API server means."""

from __future__ import annotations

import json

import pytest
from ansible_collections.netguard.calico.plugins.module_utils._cluster.errors import answer_error


def status(message: str, **details: str) -> bytes:
    return json.dumps({"kind": "Status", "message": message, "details": details}).encode()


@pytest.mark.parametrize(
    ("code", "content", "meaning"),
    [
        (400, status("unknown field"), "refused"),
        (401, status("Unauthorized"), "unauthorised"),
        (403, status('tiers is forbidden: User "system:anonymous" cannot get'), "unauthorised"),
        (403, status('tiers is forbidden: User "jane" cannot get'), "forbidden"),
        (404, b"404 page not found", "api_absent"),
        (404, status("not found", name="x"), "not_found"),
        (409, status("the object has been modified"), "conflict"),
        (422, status("Invalid value"), "refused"),
        (429, status("too many requests"), "unavailable"),
        (500, b"", "unavailable"),
        (503, b"service unavailable", "unavailable"),
    ],
)
def test_each_status_has_one_meaning(code: int, content: bytes, meaning: str) -> None:
    assert answer_error(code, "get", "tiers.projectcalico.org", "x", content).code == meaning


def test_a_missing_right_is_named_with_verb_and_resource() -> None:
    error = answer_error(403, "list", "services", "", status('User "jane" cannot list'))
    assert "Grant the verb list on services" in error.message


def test_a_missing_right_on_a_tier_says_what_calico_asks_besides() -> None:
    words = "operation on Calico tiered policy is forbidden"
    error = answer_error(403, "update", "globalnetworkpolicies.projectcalico.org", "x", status(words))
    assert "update on tier.globalnetworkpolicies.projectcalico.org" in error.message


def test_messages_are_one_line() -> None:
    assert "\n" not in answer_error(422, "create", "x", "y", status("first\n second")).message
