# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What no dry run tells, or not everywhere: a missing tier, a locked datastore. Check mode and the run refuse both alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ansible_run import Ansible
from cluster_content import Content
from conftest import policy
from requests_seen import Requests

pytestmark = pytest.mark.any_versions

TIERS = "/apis/projectcalico.org/v3/tiers"
INFORMATIONS = "/apis/projectcalico.org/v3/clusterinformations"
A = [policy("a", order=1, types=["Ingress"])]


@pytest.fixture
def locked(content: Content) -> Iterator[None]:
    """A cluster whose datastore is locked, as `calicoctl datastore migrate lock` leaves it."""
    content.datastore_ready(False)
    yield
    content.datastore_ready(True)


@pytest.mark.parametrize("check", [True, False])
def test_a_policy_in_a_tier_that_does_not_exist_is_refused_before_the_first_write(
    ansible: Ansible, requests: Callable[[], Requests], content: Content, check: bool
) -> None:
    wanted = [*A, policy("b", tier="nowhere", order=2)]
    with requests() as seen:
        answer = ansible.module("policy_baseline", check=check, policies=wanted)
    assert (answer.failed, answer.result["code"]) == (True, "tier_missing")
    assert answer.result["msg"].startswith("The tier nowhere of b does not exist. Create the Tier nowhere first")
    assert (seen.writes, content.policies()) == ([], {})


@pytest.mark.usefixtures("locked")
@pytest.mark.parametrize("check", [True, False])
def test_nothing_is_written_to_a_locked_datastore(
    ansible: Ansible, requests: Callable[[], Requests], content: Content, check: bool
) -> None:
    with requests() as seen:
        answer = ansible.module("policy_baseline", check=check, policies=A)
    assert (answer.failed, answer.result["code"]) == (True, "datastore_locked")
    assert "calicoctl datastore migrate unlock" in answer.result["msg"]
    assert (seen.writes, content.policies()) == ([], {})


def test_an_audit_of_a_locked_datastore_is_not_sure(
    ansible: Ansible, content: Content, request: pytest.FixtureRequest
) -> None:
    ansible.module("policy_baseline", policies=A)
    assert ansible.module("baseline_info", policies=A).result["status"] == "compliant"
    request.getfixturevalue("locked")
    found = ansible.module("baseline_info", policies=A).result
    assert (found["compliant"], found["status"]) == (False, "unknown")
    assert [part["code"] for part in found["unread"]] == ["datastore_locked"]


@pytest.fixture
def in_a_lost_tier(ansible: Ansible, administrator: Ansible, content: Content, native_only: None) -> dict[str, Any]:
    """A baseline that was written into a tier which somebody has deleted since."""
    tier = {"apiVersion": "projectcalico.org/v3", "kind": "Tier", "metadata": {"name": "security"}}
    content.request("POST", TIERS, {**tier, "spec": {"order": 50, "defaultAction": "Deny"}})
    baseline: dict[str, Any] = {"policies": [policy("a", tier="security", order=1, types=["Ingress"])]}
    assert administrator.module("policy_baseline", **baseline).changed
    assert ansible.module("baseline_info", **baseline).result["status"] == "compliant"
    content.request("DELETE", f"{TIERS}/security")
    return baseline


def test_a_baseline_in_a_tier_that_was_deleted_is_not_fine(ansible: Ansible, in_a_lost_tier: dict[str, Any]) -> None:
    found = ansible.module("baseline_info", **in_a_lost_tier).result
    assert (found["compliant"], [f["id"] for f in found["findings"]]) == (False, ["tier_missing"])
    answer = ansible.module("policy_baseline", **in_a_lost_tier)
    assert (answer.failed, answer.result["code"]) == (True, "tier_missing")
    assert ansible.module("policy_baseline", state="absent", **in_a_lost_tier).changed


@pytest.mark.usefixtures("native_only")
def test_an_audit_where_calico_does_not_say_that_it_uses_the_datastore_is_not_sure(
    ansible: Ansible, content: Content
) -> None:
    ansible.module("policy_baseline", policies=A)
    content.request("DELETE", f"{INFORMATIONS}/default")
    try:
        found = ansible.module("baseline_info", policies=A).result
    finally:
        content.datastore_ready(True)
    assert (found["status"], [part["code"] for part in found["unread"]]) == ("unknown", ["datastore_not_ready"])


@pytest.mark.usefixtures("native_only")
def test_a_policy_that_finalizers_keep_is_not_called_removed_or_in_place(ansible: Ansible, content: Content) -> None:
    ansible.module("policy_baseline", policies=A)
    content.set_finalizers("a", ["example.org/keeps-it"])
    try:
        removed = ansible.module("policy_baseline", policies=A, state="absent")
        again = ansible.module("policy_baseline", policies=A, state="absent")
        audit = ansible.module("baseline_info", policies=A).result
        present = ansible.module("policy_baseline", policies=A)
    finally:
        content.set_finalizers("a", [])
    assert (removed.changed, again.changed) == (True, False)
    for answer in (removed, again):
        assert "a has finalizers: it stays in force" in answer.result["warnings"][0]
    assert [d["path"] for d in audit["policies"][0]["difference"]] == ["metadata.deletionTimestamp"]
    assert audit["compliant"] is False
    assert (present.failed, present.result["code"]) == (True, "being_deleted")


def test_a_datastore_that_says_it_is_ready_is_written_to(ansible: Ansible, content: Content) -> None:
    content.datastore_ready(True)
    assert ansible.module("policy_baseline", policies=A).changed
