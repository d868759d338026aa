# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where manifests come from, and that a fault says where it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.netguard.calico.plugins.module_utils._calico.errors import InvalidManifest
from ansible_collections.netguard.calico.plugins.module_utils._module.source import baseline_policies, single_policy

from calico_objects import global_policy, item


def options(**given: Any) -> dict[str, Any]:
    return {"name": "edge", "policies": None, "src": None, "default_policies": None, **given}


def refused(**given: Any) -> str:
    with pytest.raises(InvalidManifest) as error:
        baseline_policies(options(**given))
    return error.value.message


def test_without_anything_they_are_the_default_policies() -> None:
    assert [policy.name for policy in baseline_policies(options())] == [
        "global-default", "global-egress-deny", "global-egress-allow", "global-privileged-namespace",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "placeholder",
    [
        {"egress_deny_selector": "area is 'vault'"},
        {"privileged_namespace_label": "not a label"},
        {"egress_allow_nets": ["192.0.2.1"]},
        {"egress_allow_namespace_selector": "name = 'x'"},
    ],
)
def test_a_placeholder_that_spoils_its_policy_is_refused(placeholder: dict[str, Any]) -> None:
    assert "default policies: spec." in refused(default_policies=placeholder)


def test_every_policy_gets_the_label_of_the_baseline() -> None:
    (policy,) = baseline_policies(options(policies=[global_policy()]))
    assert policy.labels == {"netguard.calico/baseline": "edge"}


def test_a_fault_of_a_policy_in_the_task_says_which() -> None:
    said = refused(policies=[global_policy(), global_policy(ordr=1), item("GlobalNetworkPolicy", {"order": "1"}, "b")])
    assert said.startswith(
        "policies[1]: spec.ordr: unknown field, is order meant?; policies[2]: spec.order: is a string"
    )


def test_a_fault_of_a_single_policy() -> None:
    with pytest.raises(InvalidManifest, match=r"^definition: spec\.order: is a string, a number is wanted"):
        single_policy(global_policy(order="1"))


def test_a_fault_in_a_file_says_its_line(tmp_path: Path) -> None:
    file = tmp_path / "edge.yml"
    good, bad = yaml.safe_dump(global_policy()), yaml.safe_dump(global_policy(order="x"), sort_keys=False)
    file.write_text(f"{good}---\n{bad}---\njust text\n", encoding="utf-8")
    line = file.read_text(encoding="utf-8").splitlines().index("  order: x") + 1
    assert refused(src=str(file)).startswith(
        f"{file}:{line}: spec.order: is a string, a number is wanted; {file}:{line + 2}: is a string, not a GlobalNetworkPolicy"
    )


def test_the_items_of_a_list_count_each(tmp_path: Path) -> None:
    file = tmp_path / "edge.yml"
    items = [global_policy(), item("GlobalNetworkPolicy", {"order": "x"}, "b")]
    file.write_text(yaml.safe_dump({"apiVersion": "v1", "kind": "List", "items": items}), encoding="utf-8")
    line = file.read_text(encoding="utf-8").splitlines().index("    order: x") + 1
    assert refused(src=str(file)).startswith(f"{file}:{line}: spec.order: is a string")
