# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An account that may see one tier only: Calico's API server leaves the others out of lists without a word."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import accounts
from ansible_run import Ansible
from cluster_content import Content
from conftest import AGGREGATED, policy
from control_plane import ControlPlane

pytestmark = [pytest.mark.parametrize("plane", [AGGREGATED], indirect=True, scope="session"), pytest.mark.any_versions]
TIERS = "/apis/projectcalico.org/v3/tiers"
ALLOW = policy("a", types=["Ingress"], ingress=[{"action": "Allow"}])


def in_default_tier(rules: list[accounts.Rule]) -> list[accounts.Rule]:
    """The rights, as far as they are about the tier default."""
    kept: list[accounts.Rule] = []
    for rule in rules:
        of_tiers = [resource for resource in rule["resources"] if resource.startswith("tier.")]
        others = [resource for resource in rule["resources"] if resource not in (*of_tiers, "tiers")]
        kept.append({**rule, "resources": of_tiers, "resourceNames": ["default.*"]})
        kept.append({**rule, "resources": others})
        if "tiers" in rule["resources"]:
            kept.append({**rule, "resources": ["tiers"], "verbs": ["list"]})
            kept.append({**rule, "resources": ["tiers"], "verbs": ["get"], "resourceNames": ["default"]})
    return [rule for rule in kept if rule["resources"]]


@pytest.fixture
def closed(content: Content) -> Iterator[Content]:
    """A cluster with another tier, which has a policy."""
    tier = {"apiVersion": "projectcalico.org/v3", "kind": "Tier", "metadata": {"name": "closed"}}
    content.request("POST", TIERS, {**tier, "spec": {"order": 50, "defaultAction": "Deny"}})
    content.policy("hidden", tier="closed", types=["Ingress"], order=1)
    yield content
    content.delete_policy("hidden")
    content.request("DELETE", f"{TIERS}/closed")


@pytest.fixture
def short_sighted(ansible: Ansible, plane: ControlPlane, closed: Content, tmp_path: Path) -> Ansible:
    """Ansible, as accounts with all rights of docs/rbac, but in the tier default only."""
    files = {
        module: accounts.with_rules(plane, f"short-{account}", in_default_tier(accounts.rules(account)), tmp_path)
        for module, account in accounts.OF_MODULE.items()
    }
    return replace(ansible, accounts=files)


def test_an_audit_says_which_tiers_it_did_not_see(ansible: Ansible, short_sighted: Ansible) -> None:
    ansible.module("policy_baseline", policies=[ALLOW])
    found = short_sighted.module("baseline_info", policies=[ALLOW]).result
    assert {part["what"]: part["code"] for part in found["unread"]} == {
        "globalnetworkpolicies.projectcalico.org of tier closed": "forbidden",
        "networkpolicies.projectcalico.org of tier closed": "forbidden",
    }
    assert (found["compliant"], found["status"]) == (False, "unknown")


@pytest.mark.usefixtures("closed")
def test_an_audit_that_sees_every_tier_is_not_in_doubt(ansible: Ansible) -> None:
    ansible.module("policy_baseline", policies=[ALLOW])
    found = ansible.module("baseline_info", policies=[ALLOW]).result
    assert (found["unread"], found["status"]) == ([], "compliant")


def test_a_verdict_through_a_tier_that_is_not_seen_is_unknown(
    ansible: Ansible, short_sighted: Ansible, closed: Content
) -> None:
    closed.namespace("shop")
    closed.pod("shop", "web", "10.244.1.10")
    asked = {"source": {"address": "192.0.2.1"}, "destination": {"pod": {"namespace": "shop", "name": "web"}}}
    answers = [
        each.module("policy_verdict_info", connections=[{**asked, "port": 80}]) for each in (short_sighted, ansible)
    ]
    blind, seeing = (answer.result["verdicts"][0] for answer in answers)
    assert (blind["verdict"], blind["decided_by"]) == ("unknown", None)
    assert "closed" in " ".join(blind["reasons"])
    assert [part["what"] for part in answers[0].result["unread"]] == ["tier closed"]
    assert (seeing["verdict"], seeing["decided_by"]["name"]) == ("deny", "hidden")


def test_what_is_hidden_is_not_taken_for_removed(short_sighted: Ansible) -> None:
    hidden = policy("hidden", tier="closed", types=["Ingress"], order=1)
    answer = short_sighted.module("policy_baseline", policies=[hidden], state="absent")
    assert (answer.failed, answer.result["code"]) == (True, "forbidden")


def test_what_is_not_there_is_removed_already(ansible: Ansible, content: Content) -> None:
    answer = ansible.module("policy_baseline", policies=[ALLOW], state="absent")
    assert (answer.failed, answer.changed) == (False, False)
