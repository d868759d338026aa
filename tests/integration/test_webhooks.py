# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Admission webhooks that refuse with their own words."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from admission_webhook import refusing
from ansible_run import Ansible
from cluster_content import Content
from conftest import OWN, policy
from control_plane import ControlPlane
from requests_seen import Requests

# Calico's API server asks no webhooks of the cluster.
pytestmark = [pytest.mark.parametrize("plane", [OWN], indirect=True, scope="session"), pytest.mark.any_versions]
A = [policy("a", order=1, types=["Ingress"])]


def test_a_refusal_by_the_sites_own_webhook_is_not_taken_for_a_missing_right(
    ansible: Ansible, requests: Callable[[], Requests], plane: ControlPlane, content: Content
) -> None:
    with refusing(plane, "policies.example.org", "a ticket number is missing"), requests() as seen:
        content.until_refused("a")
        answer = ansible.module("policy_baseline", policies=A)
    assert (answer.failed, answer.result["code"]) == (True, "refused")
    assert (
        'admission webhook "policies.example.org" denied the request: a ticket number is missing'
        in (answer.result["msg"])
    )
    assert (seen.writes, content.policies()) == ([], {})


def test_a_right_on_a_tier_that_a_webhook_asks_for_is_named(
    ansible: Ansible, plane: ControlPlane, content: Content
) -> None:
    words = 'User "somebody" cannot create globalnetworkpolicies.projectcalico.org in tier "default"'
    with refusing(plane, "rbac.projectcalico.org", words):
        content.until_refused("a")
        answer = ansible.module("policy_baseline", policies=A)
    assert (answer.failed, answer.result["code"]) == (True, "forbidden")
    assert words in answer.result["msg"]
    assert (
        "create on tier.globalnetworkpolicies.projectcalico.org with the resource name default.*"
        in (answer.result["msg"])
    )
