# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing is used that newer releases of ansible-core take away, and each module says what it can. Both rules can fail."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.netguard.calico.plugins.doc_fragments.attributes import ModuleDocFragment

ROOT = Path(__file__).resolve().parents[2]
PYTHON = sorted((ROOT / "plugins").rglob("*.py"))
MODULES = sorted((ROOT / "plugins" / "modules").glob("*.py"))
YAML = sorted(path for folder in ("roles", "playbooks") for path in (ROOT / folder).rglob("*.y*ml"))

# What a result may not bring by itself: warnings are module.warn's business, deprecations that of meta/runtime.yml.
KEYS = {"warnings", "deprecations"}
# What Ansible sets or reads itself. All else of that prefix is a fact, and facts are in ansible_facts only.
VARIABLES = {
    "ansible_check_mode",
    "ansible_facts",
    "ansible_play_hosts_all",
    "ansible_playbook_python",
    "ansible_python_interpreter",
}
ATTRIBUTES = {"check_mode", "diff_mode", "idempotent", "action_group"}


def taken_away(source: str) -> set[str]:
    """What a plugin's source does that newer releases of ansible-core warn of, or do without."""
    return {found for node in ast.walk(ast.parse(source)) for found in _taken_away(node)}


def _taken_away(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Attribute) and node.attr == "deprecate":
        yield node.attr
    if isinstance(node, ast.Constant) and node.value in KEYS:
        yield str(node.value)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr.endswith("_json"):
        yield from (keyword.arg for keyword in node.keywords if keyword.arg in KEYS)


def facts_as_variables(text: str) -> set[str]:
    """Variables of a role or a playbook that are there only while Ansible makes variables of facts."""
    return set(re.findall(r"\bansible_\w+", text)) - VARIABLES


def unsaid(module: Mapping[str, Any], fragment: Mapping[str, Any]) -> set[str]:
    """Attributes of which a module's documentation, put on top of the fragment, lacks what they mean or how far they go."""
    extended = "netguard.calico.attributes" in module.get("extends_documentation_fragment", [])
    shared, own = (fragment["attributes"] if extended else {}), module.get("attributes", {})
    merged = {name: {**shared.get(name, {}), **own.get(name, {})} for name in ATTRIBUTES}
    return {name for name, said in merged.items() if not {"description", "support"} <= said.keys()}


def documentation(path: Path) -> Mapping[str, Any]:
    found = re.search(r'DOCUMENTATION = r"""(.*?)"""', path.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    loaded: Mapping[str, Any] = yaml.safe_load(found[1])
    return loaded


FRAGMENT = yaml.safe_load(ModuleDocFragment.DOCUMENTATION)


@pytest.mark.parametrize("path", PYTHON, ids=lambda path: str(path.relative_to(ROOT)))
def test_plugins_use_nothing_that_is_taken_away(path: Path) -> None:
    assert taken_away(path.read_text(encoding="utf-8")) == set()


@pytest.mark.parametrize("path", YAML, ids=lambda path: str(path.relative_to(ROOT)))
def test_facts_are_read_from_ansible_facts(path: Path) -> None:
    assert facts_as_variables(path.read_text(encoding="utf-8")) == set()


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_each_module_says_what_it_can(path: Path) -> None:
    assert unsaid(documentation(path), FRAGMENT) == set()


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("module.deprecate('old', version='2')", {"deprecate"}),
        ("module.exit_json(changed=False, warnings=['w'])", {"warnings"}),
        ("module.fail_json(msg='m', deprecations=[])", {"deprecations"}),
        ("result = {'warnings': []}", {"warnings"}),
        ("result['deprecations'] = []", {"deprecations"}),
        ("module.warn('w')\nConnection(warnings=()).warnings", set()),
    ],
)
def test_the_rule_for_plugins_can_fail(source: str, expected: set[str]) -> None:
    assert taken_away(source) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("when: ansible_os_family == 'Debian'", {"ansible_os_family"}),
        ("msg: '{{ hostvars[host].ansible_hostname }}'", {"ansible_hostname"}),
        ("when: ansible_facts['os_family'] == 'Debian' and not ansible_check_mode", set()),
    ],
)
def test_the_rule_for_facts_can_fail(text: str, expected: set[str]) -> None:
    assert facts_as_variables(text) == expected


def test_the_rule_for_attributes_can_fail() -> None:
    support = {"support": "full"}
    own = {"check_mode": support, "diff_mode": support}
    extended = {"extends_documentation_fragment": ["netguard.calico.attributes"], "attributes": own}
    assert unsaid(extended, FRAGMENT) == {"idempotent"}
    assert unsaid({"attributes": own}, FRAGMENT) == ATTRIBUTES
