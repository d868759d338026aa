# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A YAML file as plain values that know their lines, read as Kubernetes' own tools read it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .._calico.errors import InvalidInput

if TYPE_CHECKING:
    import yaml

_STRING = "tag:yaml.org,2002:str"
_NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")


@dataclass(frozen=True)
class Document:
    """One document: its value, and the nodes that it was made from."""

    content: object
    node: yaml.Node

    def line(self, steps: Sequence[object]) -> int:
        """The line of the part that the steps lead to, or, where that is missing, of the last one that is there."""
        node, mark = self.node, self.node.start_mark
        for step in steps:
            found = _child(node, step)
            if found is None:
                break
            node, mark = found
        return int(mark.line) + 1


def documents(path: Path) -> list[Document]:
    """The documents of the file, without empty ones.

    Raises InvalidInput, with the line, for what is no YAML, and for a key that a mapping has twice, of which YAML's
    readers keep only the last one.
    """
    import yaml

    try:
        found, repeated = _read(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise InvalidInput(f"{path} cannot be read: {reason}", "Give a YAML file of policies as src.") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "it does not parse"
        raise InvalidInput(f"{path}{line} is not YAML: {problem}", "Correct the file.") from error
    except (ValueError, LookupError, TypeError, ArithmeticError, RecursionError) as error:
        # PyYAML lets through what its constructors meet in values such as 2026-02-31, and in lists in lists without end.
        raise InvalidInput(f"{path} has a value that cannot be read: {error}", "Correct the file.") from error
    if repeated:
        said = (f"{path}:{line}: the key {key} is there twice, first in line {first}" for line, first, key in repeated)
        raise InvalidInput("; ".join(said), "Take one of them away.")
    return [document for document in found if document.content is not None]


def _read(text: str) -> tuple[list[Document], list[tuple[int, int, str]]]:
    """The documents, and the keys that are there twice, which show only before the values are made."""
    import yaml

    found: list[Document] = []
    repeated: list[tuple[int, int, str]] = []
    loader = yaml.SafeLoader(text)
    try:
        while loader.check_node():
            node = loader.get_node()
            if node is not None:
                repeated += _repeated_keys(node)
                _read_base_60_as_text(node)
                found.append(Document(loader.construct_document(node), node))
    finally:
        loader.dispose()
    return found, sorted(repeated)


def _read_base_60_as_text(root: yaml.Node) -> None:
    """To PyYAML an unquoted 22:23 is the number 1343. To Kubernetes it is text, and to Calico it is a range of ports."""
    for node in _nodes(root):
        if node.tag in _NUMBERS and ":" in str(node.value):
            node.tag = _STRING


def _repeated_keys(root: yaml.Node) -> Iterator[tuple[int, int, str]]:
    import yaml

    for node in _nodes(root):
        if not isinstance(node, yaml.MappingNode):
            continue
        first: dict[tuple[str, str], int] = {}
        for key, _value in node.value:
            line, name = key.start_mark.line + 1, (key.tag, str(key.value))
            if isinstance(key, yaml.ScalarNode) and name in first:
                yield line, first[name], str(key.value)
            first.setdefault(name, line)


def _nodes(root: yaml.Node) -> Iterator[yaml.Node]:
    """Every node once, though an alias can make a node part of itself."""
    import yaml

    waiting, seen = [root], {id(root)}
    while waiting:
        node = waiting.pop()
        yield node
        parts = [part for pair in node.value for part in pair] if isinstance(node, yaml.MappingNode) else node.value
        for part in () if isinstance(node, yaml.ScalarNode) else parts:
            if id(part) not in seen:
                seen.add(id(part))
                waiting.append(part)


def _child(node: yaml.Node, step: object) -> tuple[yaml.Node, yaml.Mark] | None:
    import yaml

    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step], node.value[step].start_mark
    if isinstance(node, yaml.MappingNode):
        # What is merged into a mapping comes before its own keys, which count.
        return next(((value, key.start_mark) for key, value in reversed(node.value) if key.value == step), None)
    return None
