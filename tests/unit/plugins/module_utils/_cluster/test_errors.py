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


@pytest.mark.parametrize("code", [400, 403])
def test_a_webhook_refuses_with_its_own_words(code: int) -> None:
    words = 'admission webhook "policies.example.org" denied the request: the frontier is closed'
    error = answer_error(code, "create", "globalnetworkpolicies.projectcalico.org", "x", status(words))
    assert error.code == "refused"
    assert words in error.message
    assert "Grant" not in error.message


@pytest.mark.parametrize("code", [400, 403])
def test_calicos_webhook_asks_for_rights_on_tiers(code: int) -> None:
    words = (
        'admission webhook "tiered-rbac.api.projectcalico.org" denied the request: Authorization failed: '
        'User "jane" cannot create globalnetworkpolicies.projectcalico.org in tier "edge" (user cannot get tier)'
    )
    error = answer_error(code, "create", "globalnetworkpolicies.projectcalico.org", "x", status(words))
    assert error.code == "forbidden"
    assert "create on tier.globalnetworkpolicies.projectcalico.org with the resource name edge.*" in error.message


def test_a_name_that_has_tier_in_it_is_no_tier() -> None:
    error = answer_error(403, "get", "tiers.projectcalico.org", "frontier", status('User "jane" cannot get tiers'))
    assert "Grant the verb get on tiers.projectcalico.org" in error.message


def test_messages_are_one_line() -> None:
    assert "\n" not in answer_error(422, "create", "x", "y", status("first\n second")).message
