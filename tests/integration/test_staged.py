# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""state: staged writes previews and nothing that is enforced; the other states take them away behind their own writes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.netguard.calico.plugins.module_utils._apply.policies import (
    Change,
    all_and_named_policies,
)
from ansible_collections.netguard.calico.plugins.module_utils._apply.staging import (
    StagedPolicies,
    Staging,
    previewed,
    staged_policies,
)
from ansible_collections.netguard.calico.plugins.module_utils._apply.transaction import carried_out
from ansible_collections.netguard.calico.plugins.module_utils._calico.baseline import labelled
from ansible_collections.netguard.calico.plugins.module_utils._calico.manifest import SourcedManifest, parse_policies
from ansible_collections.netguard.calico.plugins.module_utils._cluster.connection import connect
from ansible_collections.netguard.calico.plugins.module_utils._module.arguments import CONNECTION
from ansible_collections.netguard.calico.plugins.module_utils._plan.allowance import Allowance
from ansible_collections.netguard.calico.plugins.module_utils._plan.pruning import Pruning
from ansible_collections.netguard.calico.plugins.module_utils._plan.staging import Twins
from ansible_collections.netguard.calico.plugins.module_utils._plan.steps import plan_present

import accounts
from ansible_run import Ansible, Answer
from cluster_content import Content
from conftest import AGGREGATED, EACH_BACKEND, OLDER, policy
from contract import Contract
from control_plane import Backend, ControlPlane
from requests_seen import Requests

pytestmark = pytest.mark.any_versions
on_each_backend = pytest.mark.parametrize("plane", EACH_BACKEND, indirect=True, scope="session")
A, B, C = (policy(name, order=order, types=["Ingress"]) for order, name in enumerate("abc", 1))
A_CHANGED = policy("a", order=11, types=["Ingress"])
OURS = {"netguard.calico/baseline": "edge"}


def staged(content: Content) -> dict[str, Any]:
    """What each staged policy stages: the order of a policy, or its deletion."""
    specs = {name: item["spec"] for name, item in content.staged_policies().items()}
    return {
        name: spec["stagedAction"] if spec["stagedAction"] != "Set" else spec["order"] for name, spec in specs.items()
    }


def steps(answer: Answer) -> list[tuple[str, str, str]]:
    assert not answer.failed, answer.output
    return [
        (step["action"], step["kind"].removesuffix("GlobalNetworkPolicy"), step["name"])
        for step in answer.result["plan"]
    ]


def said(result: dict[str, Any]) -> Any:
    both = [
        [(s["action"], s["kind"], s["name"], [d["path"] for d in s["difference"]]) for s in result[part]]
        for part in ("plan", "preview")
    ]
    return (
        both,
        result["adopted"],
        result["plan_digest"],
        [(d["before"], d["after"]) for d in result["diff"] if "before" in d],
    )


def test_twelve_steps(contract: Callable[..., Contract], ansible: Ansible, content: Content) -> None:
    content.staged_policy("of-somebody-else", order=1)
    ansible.module("policy_baseline", name="edge", policies=[A, B])
    enforced, other = content.policies(), {"of-somebody-else": 1}
    stage = contract("policy_baseline", said, lambda: (content.policies(), staged(content)))
    options = {"name": "edge", "state": "staged", "prune": "delete"}
    stage.step({**options, "policies": [A_CHANGED, C]}, 3, (enforced, {"a": 11, "b": "Delete", "c": 3, **other}))
    stage.step(
        {**options, "policies": [policy("a", order=12, types=["Ingress"]), B]}, 3, (enforced, {"a": 12, **other})
    )
    stage.step({**options, "policies": [A, B]}, 1, (enforced, other))


@on_each_backend
def test_what_is_staged_is_what_present_then_does(
    ansible: Ansible, requests: Callable[[], Requests], content: Content
) -> None:
    ansible.module("policy_baseline", name="edge", policies=[A, B])
    options: dict[str, Any] = {"name": "edge", "policies": [A_CHANGED, C], "prune": "delete"}
    preview = ansible.module("policy_baseline", state="staged", **options)
    assert steps(preview) == [("create", "Staged", name) for name in "bac"]
    assert len(staged(content)) == 3
    with requests() as seen:
        done = ansible.module("policy_baseline", **options)
    twins = [("delete", "Staged", name) for name in "bac"]
    assert sorted(steps(done)[-3:]) == sorted(twins)
    assert done.result["plan"][:3] == preview.result["preview"]
    assert [("/stagedglobal" in write) for write in seen.writes] == [False] * 3 + [True] * 3
    assert (staged(content), set(content.policies())) == ({}, {"a", "c"})
    assert ansible.module("policy_baseline", **options).changed is False


@on_each_backend
def test_absent_takes_away_what_was_staged_last_and_leaves_what_others_staged(
    ansible: Ansible, requests: Callable[[], Requests], content: Content
) -> None:
    content.staged_policy("b", order=9)
    content.staged_policy("c", labels={"netguard.calico/baseline": "core"}, order=9)
    before = {name: item for name, item in content.staged_policies().items() if name != "a"}
    ansible.module("policy_baseline", name="edge", policies=[B])
    assert ansible.module("policy_baseline", name="edge", policies=[A, B], state="staged").changed
    for check in (True, False):
        with requests() as seen:
            answer = ansible.module("policy_baseline", name="edge", policies=[A, B, C], state="absent", check=check)
        assert steps(answer) == [("delete", "", "b"), ("delete", "Staged", "a")]
    assert [write.split("/")[-2] for write in seen.writes] == ["globalnetworkpolicies", "stagedglobalnetworkpolicies"]
    assert (content.policies(), content.staged_policies()) == ({}, before)


@on_each_backend
def test_what_nobody_has_labelled_is_taken_over_where_it_is_listed(ansible: Ansible, content: Content) -> None:
    content.staged_policy("a", order=9)
    answer = ansible.module("policy_baseline", name="edge", policies=[A], state="staged")
    assert (steps(answer), answer.result["adopted"]) == ([("update", "Staged", "a")], ["a"])
    other = ansible.module("policy_baseline", name="core", policies=[A], state="staged")
    assert (other.failed, other.result["code"]) == (True, "not_ours")
    assert "StagedGlobalNetworkPolicy a belongs to the baseline edge, not to core" in other.result["msg"]


@on_each_backend
def test_a_staged_policy_of_somebody_else_is_in_the_way_of_staging_a_deletion(
    ansible: Ansible, requests: Callable[[], Requests], content: Content
) -> None:
    ansible.module("policy_baseline", name="edge", policies=[A, B])
    content.staged_policy("b", order=9)
    with requests() as seen:
        answer = ansible.module("policy_baseline", name="edge", policies=[A], state="staged", prune="delete")
    assert (answer.failed, answer.result["code"], seen.writes) == (True, "not_ours", [])
    assert "StagedGlobalNetworkPolicy b exists without the label" in answer.result["msg"]


@on_each_backend
def test_leftovers_are_told_or_removed_and_counted(ansible: Ansible, content: Content) -> None:
    ansible.module("policy_baseline", name="edge", policies=[A, B])
    options: dict[str, Any] = {"name": "edge", "policies": [A], "state": "staged"}
    content.staged_policy("once", labels=OURS, order=9)
    told = ansible.module("policy_baseline", prune="report", **options)
    assert (steps(told), told.result["prunable"]) == ([], ["b", "StagedGlobalNetworkPolicy once"])
    assert "still there with the label of edge: b, StagedGlobalNetworkPolicy once" in told.result["warnings"][0]
    many = ansible.module("policy_baseline", prune="delete", max_prune=1, **options)
    assert (many.failed, many.result["code"]) == (True, "too_many_to_prune")
    assert steps(ansible.module("policy_baseline", prune="delete", **options)) == [
        ("create", "Staged", "b"),
        ("delete", "Staged", "once"),
    ]
    kept = ansible.module("policy_baseline", name="edge", policies=[A])
    assert (steps(kept), staged(content)) == ([], {"b": "Delete"})
    gone = ansible.module("policy_baseline", name="edge", policies=[A], prune="delete", max_prune=1)
    assert steps(gone) == [("delete", "", "b"), ("delete", "Staged", "b")]


@on_each_backend
def test_the_approved_preview_is_staged_and_no_other_one(ansible: Ansible, content: Content) -> None:
    options: dict[str, Any] = {"policies": [A], "state": "staged"}
    digest = ansible.module("policy_baseline", check=True, **options).result["plan_digest"]
    assert digest != ansible.module("policy_baseline", check=True, policies=[A]).result["plan_digest"]
    refused = ansible.module("policy_baseline", policies=[B], state="staged", plan_digest=digest)
    assert (refused.failed, refused.result["code"], staged(content)) == (True, "plan_differs", {})
    assert ansible.module("policy_baseline", plan_digest=digest, **options).changed


@on_each_backend
def test_a_tier_that_is_missing_is_told_before_anything_is_staged(
    ansible: Ansible, requests: Callable[[], Requests], content: Content
) -> None:
    for check in (True, False):
        with requests() as seen:
            answer = ansible.module("policy_baseline", check=check, policies=[policy("a", tier="no")], state="staged")
        assert (answer.failed, answer.result["code"], seen.writes) == (True, "tier_missing", [])


@on_each_backend
def test_a_staged_policy_that_somebody_changes_meanwhile_is_planned_anew(
    plane: ControlPlane, backend: Backend, content: Content
) -> None:
    content.staged_policy("a", labels=OURS, order=7)
    defaults = {name: spec.get("default") for name, spec in CONNECTION.items()}
    gateway = connect({**defaults, "kubeconfig": str(plane.kubeconfig)}, {}).gateway
    wanted = [labelled(p, "edge") for p in parse_policies([SourcedManifest("a", A)])]
    twins = Twins(wanted, Pruning("none", "edge", frozenset("a"), 5))
    reads: list[int] = []

    def read() -> StagedPolicies:
        found = staged_policies(gateway, backend, wanted)
        if not reads:
            content.patch_staged_policy("a", order=8)
        reads.append(found.live["a"]["spec"]["order"])
        return found

    change = Change(
        read=lambda: all_and_named_policies(gateway, ()),
        plan=lambda live: plan_present(wanted, live),
        backend=backend,
        allowance=Allowance(),
        policies=wanted,
        present=wanted,
        staging=Staging(read, twins.staged, previewed),
    )
    assert [str(step) for step in carried_out(gateway, change).plan.steps] == ["update StagedGlobalNetworkPolicy a"]
    assert (reads, staged(content), content.policies()) == ([7, 8], {"a": 1}, {})


def asked(source: str, destination: str) -> dict[str, Any]:
    ends = {
        end: {"pod": {"namespace": "shop", "name": name}}
        for end, name in (("source", source), ("destination", destination))
    }
    return {**ends, "port": 80}


@pytest.fixture
def shop(content: Content) -> Content:
    content.namespace("shop")
    for number, name in enumerate(("web", "db", "mail"), 1):
        content.pod("shop", name, f"10.244.1.{number}", app=name)
    return content


@on_each_backend
def test_verdicts_with_staged_policies_are_those_once_they_are_enforced(ansible: Ansible, shop: Content) -> None:
    closed = [policy("old", order=1, selector="app == 'mail'", types=["Ingress"], ingress=[{"action": "Deny"}])]
    ansible.module("policy_baseline", policies=closed)
    rules = [{"action": "Allow", "source": {"selector": "app == 'web'"}}]
    options: dict[str, Any] = {
        "policies": [policy("db", order=1, selector="app == 'db'", types=["Ingress"], ingress=rules)]
    }
    options["prune"] = "delete"
    ways = [asked(source, destination) for source, destination in (("web", "db"), ("mail", "db"), ("web", "mail"))]

    def verdicts(**more: Any) -> list[str]:
        found = ansible.module("policy_verdict_info", connections=ways, **more).result["verdicts"]
        return [verdict["verdict"] for verdict in found]

    preview = ansible.module("policy_baseline", state="staged", **options).result
    assert verdicts() == ["allow", "allow", "deny"]
    announced = verdicts(staged="enforce")
    enforced = ansible.module("policy_baseline", **options).result
    assert announced == verdicts() == verdicts(staged="enforce") == ["allow", "deny", "allow"]
    assert (preview["opened"], preview["cut"]) == (enforced["opened"], enforced["cut"])
    assert preview["opened"] and preview["cut"]


@on_each_backend
def test_what_enforcing_would_refuse_is_a_warning(ansible: Ansible, shop: Content) -> None:
    closed: dict[str, Any] = {
        "policies": [policy("db", order=1, selector="app == 'db'", types=["Ingress"], ingress=[{"action": "Deny"}])]
    }
    must = [
        {"name": "web reaches db", **asked("web", "db"), "verdict": "allow"},
        {"name": "nobody reaches db", **asked("nobody", "db"), "verdict": "deny"},
    ]
    assert ansible.module("policy_baseline", expectations=must, **closed).result["code"] == "expectation_not_met"
    for changed in (True, False):
        answer = ansible.module("policy_baseline", state="staged", expectations=must, on_opened="refuse", **closed)
        assert (answer.failed, answer.changed) == (False, changed), answer.output
        told = " ".join(answer.result["warnings"])
        assert "The expectation web reaches db would not be met" in told
        assert "Whether the expectation nobody reaches db would be met is not known" in told
        assert [one["met"] for one in answer.result["expectations"]] == [False, False]
    ansible.module("policy_baseline", **closed)
    opened = ansible.module(
        "policy_baseline", state="staged", policies=[policy("db", order=1, types=["Egress"])], on_opened="refuse"
    )
    assert "Once enforced, the policies would open connections" in " ".join(opened.result["warnings"])


def without(rules: Sequence[accounts.Rule], *resources: str) -> list[accounts.Rule]:
    """The rules without those about the resources."""
    kept = [{**rule, "resources": [r for r in rule["resources"] if r not in resources]} for rule in rules]
    return [rule for rule in kept if rule["resources"]]


def reading(rules: Sequence[accounts.Rule], *resources: str) -> list[accounts.Rule]:
    """The rules, those about the resources for reading only."""
    kept = without(rules, *resources)
    only = [
        {"apiGroups": ["projectcalico.org"], "resources": [resource], "verbs": ["get", "list"]}
        for resource in resources
    ]
    return [*kept, *only]


@pytest.fixture
def limited(ansible: Ansible, plane: ControlPlane, tmp_path: Path) -> Callable[[str, list[accounts.Rule]], Ansible]:
    """Ansible as an account of this name with these rules."""

    def limited(name: str, rules: list[accounts.Rule]) -> Ansible:
        return replace(ansible, options={"kubeconfig": str(accounts.with_rules(plane, name, rules, tmp_path))})

    return limited


@on_each_backend
def test_who_may_not_read_staged_policies_writes_enforced_ones_and_is_told(
    limited: Callable[[str, list[accounts.Rule]], Ansible], content: Content
) -> None:
    content.staged_policy("a", labels=OURS, order=9)
    blind = limited("blind-to-staged", without(accounts.rules("writer"), "stagedglobalnetworkpolicies"))
    for state in ("present", "absent"):
        answer = blind.module("policy_baseline", name="edge", policies=[A], state=state)
        assert (answer.failed, answer.changed, staged(content)) == (False, True, {"a": 9}), answer.output
        assert any(text.startswith("Staged policies of this baseline, if") for text in answer.result["warnings"])
        assert any("list on stagedglobalnetworkpolicies" in text for text in answer.result["warnings"])
    refused = blind.module("policy_baseline", name="edge", policies=[A], state="staged")
    assert (refused.failed, refused.result["code"]) == (True, "forbidden")
    assert "list stagedglobalnetworkpolicies.projectcalico.org is forbidden" in refused.result["msg"]


@on_each_backend
def test_who_may_only_stage_stages_and_is_told_that_nothing_was_tried(
    limited: Callable[[str, list[accounts.Rule]], Ansible], content: Content
) -> None:
    of_enforced = ("globalnetworkpolicies", "tier.globalnetworkpolicies")
    stager = limited("only-stages", reading(accounts.rules("writer"), *of_enforced))
    for check in (True, False):
        answer = stager.module("policy_baseline", policies=[A], state="staged", check=check)
        assert steps(answer) == [("create", "Staged", "a")]
        assert any("was not tried: create globalnetworkpolicies" in text for text in answer.result["warnings"])
    assert (staged(content), content.policies()) == ({"a": 1}, {})
    assert stager.module("policy_baseline", policies=[A]).result["code"] == "forbidden"


@pytest.mark.parametrize("plane", [AGGREGATED], indirect=True, scope="session")
def test_a_tier_that_is_hidden_is_not_taken_for_one_without_staged_policies(
    limited: Callable[[str, list[accounts.Rule]], Ansible], content: Content
) -> None:
    rules = without(accounts.rules("writer"), "tier.stagedglobalnetworkpolicies")
    answer = limited("sees-no-staged-tier", rules).module("policy_baseline", policies=[A])
    assert (answer.failed, answer.changed) == (False, True), answer.output
    assert any("if there are any, were left" in text for text in answer.result["warnings"])


@pytest.mark.parametrize("plane", list(OLDER)[1:2], indirect=True, scope="session")
def test_where_there_are_no_staged_policies_nothing_is_staged_and_nothing_is_left(
    ansible: Ansible, requests: Callable[[], Requests], content: Content
) -> None:
    with requests() as seen:
        refused = ansible.module("policy_baseline", policies=[A], state="staged")
    assert (refused.failed, refused.result["code"], seen.writes) == (True, "api_absent", [])
    assert "does not serve StagedGlobalNetworkPolicy, which Calico has from v3.30 on" in refused.result["msg"]
    for state in ("present", "absent"):
        answer = ansible.module("policy_baseline", policies=[A], state=state)
        assert (answer.failed, answer.changed) == (False, True), answer.output
        assert not any("taged" in text for text in answer.result.get("warnings", []))


@pytest.mark.parametrize("plane", list(OLDER)[2:3], indirect=True, scope="session")
def test_a_release_with_tiers_before_names_is_staged_as_any_other(ansible: Ansible, content: Content) -> None:
    ansible.module("policy_baseline", name="edge", policies=[A, B])
    options: dict[str, Any] = {"name": "edge", "policies": [A_CHANGED], "prune": "delete"}
    for changed in (True, False):
        answer = ansible.module("policy_baseline", state="staged", **options)
        assert (answer.failed, answer.changed) == (False, changed), answer.output
    assert len(staged(content)) == 2
    assert not ansible.module("policy_baseline", **options).failed
    assert (staged(content), len(content.policies())) == ({}, 1)
