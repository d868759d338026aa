# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What no dry run tells, or not everywhere: a missing tier, a locked datastore. Check mode and the run refuse both alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from ansible_run import Ansible
from cluster_content import Content
from conftest import policy
from requests_seen import Requests

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


def test_a_datastore_that_says_it_is_ready_is_written_to(ansible: Ansible, content: Content) -> None:
    content.datastore_ready(True)
    assert ansible.module("policy_baseline", policies=A).changed
