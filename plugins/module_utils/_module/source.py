# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what the user wrote, in a task or a file, to plain manifests that know where they came from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from .._calico.baseline import Placeholders, default_manifests, labelled
from .._calico.fault import Steps
from .._calico.global_network_policy import Policy
from .._calico.manifest import SourcedManifest, parse_policies
from .yaml_file import Document, documents


def baseline_policies(params: Mapping[str, Any]) -> tuple[Policy, ...]:
    """The policies of a baseline from the options ``policies``, ``src`` or ``default_policies``, with its label."""
    return tuple(labelled(policy, params["name"]) for policy in parse_policies(_manifests(params)))


def single_policy(definition: Any) -> Policy:
    """The one policy of the option ``definition``."""
    return parse_policies([SourcedManifest("definition", definition)])[0]


def _manifests(params: Mapping[str, Any]) -> list[SourcedManifest]:
    if params.get("src"):
        return manifests_of_file(Path(params["src"]))
    if params.get("policies") is not None:
        return [SourcedManifest(f"policies[{i}]", content) for i, content in enumerate(params["policies"])]
    given = {key: value for key, value in (params.get("default_policies") or {}).items() if value}
    return [SourcedManifest("default policies", content) for content in default_manifests(Placeholders(**given))]


def manifests_of_file(path: Path) -> list[SourcedManifest]:
    """The documents of a YAML file; a List's items count each. Raises InvalidInput that names file and line."""
    return [manifest for document in documents(path) for manifest in _of_document(path, document)]


def _of_document(path: Path, document: Document) -> Iterator[SourcedManifest]:
    content = document.content
    listed = content.get("items") if isinstance(content, Mapping) else None
    parts: dict[Steps, object] = {(): content}
    if isinstance(listed, list):
        parts = {("items", index): item for index, item in enumerate(listed)}
    for start, part in parts.items():
        place = partial(_place, path, document, start)
        yield SourcedManifest(place(()), part, place)


def _place(path: Path, document: Document, start: Steps, steps: Steps) -> str:
    return f"{path}:{document.line((*start, *steps))}"
