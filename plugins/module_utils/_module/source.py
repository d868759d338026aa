# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what the user wrote, in a task or a file, to plain manifests that know where they came from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .._calico.baseline import Placeholders, default_manifests, labelled
from .._calico.errors import InvalidInput
from .._calico.manifest import Policy, SourcedManifest, parse_policies


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
    import yaml

    try:
        documents = list(yaml.safe_load_all(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise InvalidInput(f"{path} cannot be read: {reason}", "Give a YAML file of policies as src.") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "it does not parse"
        raise InvalidInput(f"{path}{line} is not YAML: {problem}", "Correct the file.") from error
    found: list[SourcedManifest] = []
    for number, document in enumerate(documents, start=1):
        where = f"{path} document {number}"
        if isinstance(document, Mapping) and isinstance(document.get("items"), list):
            items = enumerate(document["items"])
            found += [SourcedManifest(f"{where} items[{i}]", item) for i, item in items]
        elif document is not None:
            found.append(SourcedManifest(where, document))
    return found
