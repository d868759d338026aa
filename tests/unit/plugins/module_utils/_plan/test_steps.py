# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans on live objects: what is written, in which order, and what is refused."""

from __future__ import annotations

import pytest
from ansible_collections.netguard.calico.plugins.module_utils._calico.baseline import (
    BASELINE_LABEL,
    Placeholders,
    default_manifests,
    labelled,
)
from ansible_collections.netguard.calico.plugins.module_utils._calico.manifest import SourcedManifest, parse_policies
from ansible_collections.netguard.calico.plugins.module_utils._plan.steps import (
    NotOurs,
    plan_absent,
    plan_present,
    plan_removal,
)

POLICIES = tuple(
    labelled(policy, "default")
    for policy in parse_policies([SourcedManifest("d", m) for m in default_manifests(Placeholders())])
)


def stored(policy, **metadata):
    manifest = policy.manifest()
    return {**manifest, "metadata": {**manifest["metadata"], "uid": "u", "resourceVersion": "7", **metadata}}


def live(*policies):
    return {policy.name: stored(policy) for policy in policies}


def test_from_nothing_the_closing_allow_comes_first():
    plan = plan_present(POLICIES, {})
    assert [(step.action, step.name) for step in plan.steps] == [
        ("create", "global-default"),
        ("create", "global-egress-deny"),
        ("create", "global-egress-allow"),
        ("create", "global-privileged-namespace"),
    ]
    assert plan.adopted == ()


def test_removal_leaves_the_closing_allow_for_last():
    names = [step.name for step in plan_absent(POLICIES, live(*POLICIES)).steps]
    assert names[-1] == "global-default" and names[0] == "global-privileged-namespace"


def test_in_place_needs_no_step():
    assert plan_present(POLICIES, live(*POLICIES)).steps == ()


def test_an_added_field_is_named_and_removed():
    drifted = stored(POLICIES[1])
    drifted["spec"] = {**drifted["spec"], "selector": "app == 'web'"}
    (step,) = plan_present(POLICIES[1:2], {drifted["metadata"]["name"]: drifted}).steps
    assert [d.as_result() for d in step.difference] == [
        {"path": "spec.selector", "live": "app == 'web'", "wanted": None}
    ]
    assert "selector" not in step.after["spec"] and step.after["metadata"]["resourceVersion"] == "7"


def test_labels_and_annotations_of_others_stay():
    found = stored(POLICIES[0], labels={"team": "edge"}, annotations={"note": "kept"})
    plan = plan_present(POLICIES[:1], {"global-default": found})
    assert plan.adopted == ("global-default",)
    assert plan.steps[0].after["metadata"]["labels"] == {"team": "edge", BASELINE_LABEL: "default"}
    assert plan.steps[0].after["metadata"]["annotations"] == {"note": "kept"}


@pytest.mark.parametrize("plan", [plan_present, plan_absent])
def test_another_baselines_policy_is_refused(plan):
    theirs = stored(POLICIES[0], labels={BASELINE_LABEL: "other"})
    with pytest.raises(NotOurs, match="global-default belongs to the baseline other, not to default"):
        plan(POLICIES, {"global-default": theirs})


def test_absent_refuses_an_unlabelled_policy_with_another_spec():
    theirs = stored(POLICIES[0], labels={})
    theirs["spec"] = {**theirs["spec"], "order": 1}
    with pytest.raises(NotOurs, match="global-default exists with another spec"):
        plan_absent(POLICIES, {"global-default": theirs})


def test_absent_takes_an_unlabelled_policy_with_an_equal_spec():
    assert [s.name for s in plan_absent(POLICIES, {"global-default": stored(POLICIES[0], labels={})}).steps] == [
        "global-default"
    ]


def test_removal_by_name():
    assert plan_removal("x", {}).steps == ()
    assert plan_removal("global-default", live(POLICIES[0])).steps[0].action == "delete"
