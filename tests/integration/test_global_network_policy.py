# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""global_network_policy against a real API server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_run import Ansible
from cluster_content import Content
from conftest import policy
from contract import Contract


def said(result: dict[str, Any]) -> Any:
    spec = (result["after"] or {}).get("spec")
    return [(s["action"], s["name"]) for s in result["plan"]], spec, [d["path"] for d in result["difference"]]


def test_twelve_steps(contract: Callable[..., Contract], content: Content) -> None:
    steps = contract(
        "global_network_policy",
        said,
        lambda: {name: item["spec"].get("order") for name, item in content.policies().items()},
    )
    content.policy("of-somebody-else", order=1)
    other = {"of-somebody-else": 1}
    steps.step({"definition": policy("a", order=10)}, 1, {"a": 10, **other})
    steps.step({"definition": policy("a", order=11)}, 1, {"a": 11, **other})
    steps.step({"name": "a", "state": "absent"}, 1, other)


def test_the_whole_spec_is_owned(ansible: Ansible, content: Content) -> None:
    content.policy("a", order=10, selector="app == 'web'")
    answer = ansible.module("global_network_policy", definition=policy("a", order=10))
    assert answer.result["difference"][0]["path"] == "spec.selector"
    assert "selector" in answer.result["before"]["spec"]
    assert "selector" not in answer.result["after"]["spec"]


def test_a_policy_of_a_baseline_is_changed_with_a_warning(ansible: Ansible, content: Content) -> None:
    ansible.module("policy_baseline", name="edge", policies=[policy("a", order=10)])
    answer = ansible.module("global_network_policy", definition=policy("a", order=11))
    assert answer.changed
    assert "a belongs to the baseline edge" in answer.result["warnings"][0]
    assert content.policies()["a"]["metadata"]["labels"]["netguard.calico/baseline"] == "edge"
