# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What check mode plans is what a run writes, in that order, for many random sets of policies.

Hundreds of processes of Ansible would take an hour; these are the modules' own functions in one process, on the same servers.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from ansible_collections.netguard.calico.plugins.module_utils._apply.policies import (
    Change,
    all_and_named_policies,
    planned,
)
from ansible_collections.netguard.calico.plugins.module_utils._apply.transaction import carried_out
from ansible_collections.netguard.calico.plugins.module_utils._calico.baseline import labelled
from ansible_collections.netguard.calico.plugins.module_utils._calico.global_network_policy import Policy
from ansible_collections.netguard.calico.plugins.module_utils._calico.manifest import SourcedManifest, parse_policies
from ansible_collections.netguard.calico.plugins.module_utils._plan.allowance import Allowance
from ansible_collections.netguard.calico.plugins.module_utils._plan.pruning import Pruning
from ansible_collections.netguard.calico.plugins.module_utils._plan.steps import plan_present

from cluster_content import Content
from conftest import EACH_BACKEND, policy
from control_plane import ControlPlane
from in_process import connected
from requests_seen import Requests, policies_written

pytestmark = [pytest.mark.parametrize("plane", EACH_BACKEND, indirect=True, scope="session"), pytest.mark.any_versions]
PAIRS = 200
APPS = ("web", "db", "vault")


def random_policies(chance: random.Random) -> list[Policy]:
    """One to five policies of the same few names, so that sets overlap."""
    names = [name for name in "abcde" if chance.random() < 0.6] or ["a"]
    manifests = [policy(name, **_spec(chance)) for name in names]
    return [
        labelled(p, "random") for p in parse_policies([SourcedManifest(m["metadata"]["name"], m) for m in manifests])
    ]


def _spec(chance: random.Random) -> dict[str, Any]:
    direction = chance.choice(["Ingress", "Egress"])
    end = "source" if direction == "Ingress" else "destination"
    rules = [
        {"action": chance.choice(["Allow", "Deny", "Pass"]), end: {"selector": f"app == '{chance.choice(APPS)}'"}}
        for _again in range(chance.randrange(3))
    ]
    selector = chance.choice([*(f"app == '{app}'" for app in APPS), "all()"])
    spec: dict[str, Any] = {"order": chance.randrange(1, 9), "selector": selector, "types": [direction]}
    return {**spec, direction.lower(): rules} if rules else spec


@pytest.fixture
def changing(plane: ControlPlane, content: Content) -> Callable[[list[Policy]], tuple[Any, Change]]:
    """A gateway, and the change that leaves just the given policies."""
    content.namespace("shop")
    for number, app in enumerate(APPS, 1):
        content.pod("shop", app, f"10.244.1.{number}", app=app)
    gateway, cluster = connected(plane.kubeconfig)

    def change(policies: list[Policy]) -> tuple[Any, Change]:
        names = [p.name for p in policies]
        pruning = Pruning("delete", "random", frozenset(names), 9)
        read = partial(all_and_named_policies, gateway, names)
        allowance = Allowance(interruption=True)
        return gateway, Change(
            read,
            lambda live: pruning.added_to(plan_present(policies, live), live),
            cluster.backend,
            allowance,
            policies=policies,
            present=policies,
        )

    return change


def test_check_mode_plans_what_a_run_writes(
    changing: Callable[[list[Policy]], tuple[Any, Change]], requests: Callable[[], Requests], content: Content
) -> None:
    chance = random.Random(8)
    compared = interrupted = reordered = 0
    while compared < PAIRS:
        gateway, change = changing(random_policies(chance))
        before = content.policies()
        with requests() as dry:
            plan = planned(gateway, change)
        assert dry.writes == []
        with requests() as real:
            done = carried_out(gateway, change)
        after = content.policies()
        wanted = [(step.action, step.name) for step in plan.plan.steps]
        assert [(step.action, step.name) for step in done.plan.steps] == wanted
        names = list(policies_written(real.writes, before, after))
        assert list(zip((write.split(" ")[0] for write in real.writes), names, strict=True)) == wanted
        assert set(after) == {p.name for p in change.policies}
        preferred = [(step.action, step.name) for step in change.plan(before).steps]
        compared += bool(wanted)
        interrupted += bool(plan.weighed.consequences.interruptions)
        reordered += preferred != wanted
    assert min(interrupted, reordered) > 10, "too few plans were hard for this to tell anything"
