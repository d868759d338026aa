# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan was made on is what it is weighed on; what lists hide is known from its own name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import pytest
from ansible_collections.netguard.calico.plugins.module_utils._apply.rehearsal import Rehearsal
from ansible_collections.netguard.calico.plugins.module_utils._apply.weighing import Weighed, weighed_live
from ansible_collections.netguard.calico.plugins.module_utils._cluster.errors import Conflict, Forbidden
from ansible_collections.netguard.calico.plugins.module_utils._cluster.gateway import Gateway
from ansible_collections.netguard.calico.plugins.module_utils._cluster.resources import Resource
from ansible_collections.netguard.calico.plugins.module_utils._plan.allowance import Allowance
from ansible_collections.netguard.calico.plugins.module_utils._plan.steps import Plan, Step

Object = dict[str, Any]


@dataclass
class Lists:
    """The outermost edge: a server's lists by kind, those of one tier refused."""

    objects: Mapping[str, list[Object]]
    refused_tier: str = ""

    def list(self, resource: Resource, _namespace: str = "", selector: str = "") -> list[Object]:
        if self.refused_tier and selector.endswith(f"=={self.refused_tier}"):
            raise Forbidden("it is forbidden", "Grant it.", "list", resource.plural)
        return list(self.objects.get(resource.kind, [])) if resource.group != "networking.k8s.io" else []

    def get(self, *_asked: Any) -> None:
        return None


def policy(version: str, tier: str = "default") -> Object:
    metadata = {"name": "a", "uid": "a", "resourceVersion": version}
    spec = {"tier": tier, "order": 1, "types": ["Egress"]}
    return {"apiVersion": "projectcalico.org/v3", "kind": "GlobalNetworkPolicy", "metadata": metadata, "spec": spec}


def weigh(lists: Lists, before: Object) -> Weighed:
    step = Step("update", "a", before, before)
    rehearsal = Rehearsal(Plan((step,)), {step.key: before})
    return weighed_live(cast(Gateway, lists), "aggregated", rehearsal, Allowance())


def test_a_policy_that_changed_since_it_was_planned_on_is_a_conflict() -> None:
    assert weigh(Lists({"GlobalNetworkPolicy": [policy("1")]}), policy("1")).consequences.unjudged == ()
    for live in ([policy("2")], []):
        with pytest.raises(Conflict, match="GlobalNetworkPolicy a was changed"):
            weigh(Lists({"GlobalNetworkPolicy": live}), policy("1"))


def test_a_policy_of_a_tier_that_may_not_be_listed_is_no_conflict() -> None:
    tiers = [{"metadata": {"name": "secret"}, "apiVersion": "projectcalico.org/v3", "kind": "Tier", "spec": {}}]
    found = weigh(Lists({"Tier": tiers}, "secret"), policy("1", "secret"))
    assert "the policies of tier secret were not read" in found.consequences.unjudged[0]


def test_nothing_to_write_asks_for_nothing() -> None:
    found = weighed_live(cast(Gateway, None), "aggregated", Rehearsal(Plan(()), {}), Allowance())
    assert (found.guarded.judged, found.lockout.checks) == ((), ())
