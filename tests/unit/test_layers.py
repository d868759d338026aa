# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Imports point one way; see ARCHITECTURE.md. The rule is checked by reading the imports, and proven able to fail."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PLUGINS = Path(__file__).resolve().parents[2] / "plugins"
OWN = "ansible_collections.netguard.calico.plugins"
PACKAGE = f"{OWN}.module_utils"

# Each layer with those of our own that it may import.
LAYERS = {
    "_calico": set(),
    "_service": {"_calico"},
    "_report": {"_calico"},
    "_plan": {"_report", "_service", "_calico"},
    "_cluster": {"_calico"},
    "_apply": {"_cluster", "_plan", "_report", "_service", "_calico"},
    "_module": {"_apply", "_cluster", "_plan", "_report", "_service", "_calico"},
    "modules": {"_module", "_apply", "_plan"},
    "doc_fragments": set(),
    "filter": {"_module", "_report", "_calico"},
    "test": {"_report", "_calico"},
    "action": {"plugin_utils"},
    "plugin_utils": {"_module", "_cluster"},
}
# What is not the standard library, and who may import it. Inside functions only, where the value says so.
FOREIGN = {
    "ansible": dict.fromkeys(("_module", "modules", "filter", "test", "plugin_utils"), "anywhere"),
    "yaml": {"_module": "late", "_cluster": "late"},
    "jmespath": {"_module": "late"},
    "kubernetes": {"_cluster": "late"},
    "urllib3": {"_cluster": "late"},
}


def violations(source: str, layer: str) -> list[str]:
    """What the imports of a file of this layer do against the rule."""
    tree = ast.parse(source)
    early = {id(node) for node in tree.body}
    return [
        fault
        for node in ast.walk(tree)
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for name in _imported(node, layer)
        if (fault := _fault(name, layer, id(node) in early))
    ]


def _imported(node: ast.Import | ast.ImportFrom, layer: str) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif node.level == 0:
        yield node.module or ""
    else:
        # One dot is the file's own package, two are module_utils.
        yield f"{PACKAGE}.{layer if node.level == 1 else node.module}"


def _fault(name: str, layer: str, early: bool) -> str | None:
    if name.startswith(OWN):
        target = name.removeprefix(f"{OWN}.").removeprefix("module_utils.").split(".")[0]
        return None if target in LAYERS[layer] | {layer} else f"{layer} imports {target}"
    top = name.split(".")[0]
    if top in sys.stdlib_module_names:
        return None
    allowed = FOREIGN.get(top, {}).get(layer)
    if allowed is None:
        return f"{layer} imports {top}"
    return f"{layer} imports {top} at the start" if allowed == "late" and early else None


def layer_of(file: Path) -> str:
    parts = file.relative_to(PLUGINS).parts
    return parts[1] if parts[0] == "module_utils" else parts[0]


FILES = sorted(PLUGINS.rglob("*.py"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PLUGINS)))
def test_imports_point_one_way(file: Path) -> None:
    assert violations(file.read_text(encoding="utf-8"), layer_of(file)) == []


@pytest.mark.parametrize(
    ("layer", "source", "fault"),
    [
        ("_calico", "import yaml", "_calico imports yaml"),
        ("_calico", "from .._plan.steps import Plan", "_calico imports _plan"),
        ("_report", "from .._cluster import gateway", "_report imports _cluster"),
        ("_plan", "from ansible.module_utils.basic import AnsibleModule", "_plan imports ansible"),
        ("_cluster", "import kubernetes", "_cluster imports kubernetes at the start"),
        ("_apply", "def f():\n    import urllib3", "_apply imports urllib3"),
        ("action", f"from {PACKAGE}._module.callers import caller", "action imports _module"),
        ("_module", f"from {OWN}.plugin_utils._lines import lines", "_module imports plugin_utils"),
        ("modules", f"from {PACKAGE}._cluster.gateway import Gateway", "modules imports _cluster"),
    ],
)
def test_the_rule_can_fail(layer: str, source: str, fault: str) -> None:
    assert violations(source, layer) == [fault]


def test_late_imports_are_allowed_where_they_belong() -> None:
    assert violations("def f():\n    import kubernetes", "_cluster") == []
