# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The digest of a plan: the same for what does the same, another for everything else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.netguard.calico.plugins.module_utils._calico.errors import InvalidInput
from ansible_collections.netguard.calico.plugins.module_utils._calico.manifest import SourcedManifest, parse_policies
from ansible_collections.netguard.calico.plugins.module_utils._plan.digest import (
    Approval,
    PlanDiffers,
    approved_digest,
)
from ansible_collections.netguard.calico.plugins.module_utils._plan.steps import Plan, plan_absent, plan_present

plan_digest = Approval(cluster="u").digest


def policies(**spec: Any) -> Any:
    manifest = {"apiVersion": "projectcalico.org/v3", "kind": "GlobalNetworkPolicy", "metadata": {"name": "a"}}
    return parse_policies([SourcedManifest("it", {**manifest, "spec": {"order": 1, "types": ["Ingress"], **spec}})])


def live(version: str = "1", labels: dict[str, str] | None = None, **spec: Any) -> dict[str, Any]:
    (policy,) = policies(**spec)
    manifest = policy.manifest()
    metadata = {"name": "a", "uid": version, "resourceVersion": version, "labels": labels or {}}
    return {"a": {**manifest, "metadata": metadata}}


def test_equal_plans_have_one_digest_whatever_the_server_numbers() -> None:
    assert plan_digest(plan_present(policies(), {})) == plan_digest(plan_present(policies(), {}))
    one = plan_present(policies(), live("1", order=2))
    other = plan_present(policies(), live("2", {"of": "others"}, order=2))
    assert plan_digest(one) == plan_digest(other)
    assert plan_digest(plan_absent(policies(), live("1"))) == plan_digest(plan_absent(policies(), live("2")))


DENY = [{"action": "Deny", "source": {"selector": "all()"}}]


def test_every_other_plan_has_another_digest() -> None:
    plans = [
        Plan(()),
        plan_present(policies(), {}),
        plan_present(policies(order=2), {}),
        plan_present(policies(), live(order=2)),
        plan_present(policies(), live(order=3)),
        plan_present(policies(order=4), live(order=3)),
        plan_absent(policies(), live()),
        plan_present(policies(ingress=[{"action": "Allow", "source": {"selector": "all()"}}]), live(ingress=DENY)),
        plan_present(policies(ingress=[{"action": "Allow", "source": {"selector": "a == 'b'"}}]), live(ingress=DENY)),
    ]
    assert len({plan_digest(plan) for plan in plans}) == len(plans)


def test_the_order_of_writes_counts() -> None:
    plan = plan_present(policies(), {})
    step = plan.steps[0]
    other = replace(step, name="b")
    assert plan_digest(Plan((step, other))) != plan_digest(Plan((other, step)))


def test_only_the_approved_plan_passes() -> None:
    plan = plan_present(policies(), {})
    Approval(None, "u").require(plan)
    Approval(plan_digest(plan), "u").require(plan)
    Approval("0" * 64, "u").require(Plan(()))
    with pytest.raises(PlanDiffers, match=f"{plan_digest(plan)}: create a"):
        Approval("0" * 64, "u").require(plan)


def test_another_cluster_is_another_plan() -> None:
    plan = plan_present(policies(), {})
    with pytest.raises(PlanDiffers):
        Approval(plan_digest(plan), "another").require(plan)


def test_what_is_no_digest_approves_nothing() -> None:
    assert approved_digest(f" {'A' * 64}\n") == "a" * 64
    assert approved_digest(None) is None
    for text in ("", " ", "0" * 63, "g" * 64):
        with pytest.raises(InvalidInput, match="64 hexadecimal digits"):
            approved_digest(text)
