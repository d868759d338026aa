# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong at one place of a manifest, and the words in which values and places are shown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

# From the manifest to the place: names of fields and indices of lists.
Steps = tuple[object, ...]

_SHOWN = 60
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_KINDS: Mapping[type, str] = {bool: "a boolean", int: "a number", float: "a number", str: "a string", list: "a list"}
# Of a larger number Python may refuse to write out the digits.
_BITS_SHOWN = 128


@dataclass(frozen=True)
class Fault:
    """Something that makes a manifest unusable; ``message`` says what is there and what is wanted."""

    steps: Steps
    message: str

    @property
    def path(self) -> str:
        """The place as ``spec.egress[0].destination.nets[1]``; empty for the manifest itself."""
        return "".join(map(_step, self.steps)).removeprefix(".")

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.steps else self.message


def beneath(steps: Steps, faults: Iterable[Fault]) -> Iterator[Fault]:
    """The faults of a part, as faults of the whole in which the part is at ``steps``."""
    return (Fault((*steps, *fault.steps), fault.message) for fault in faults)


def a(value: object) -> str:
    """The value's type in words, such as ``a string``."""
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        return "a mapping"
    return next((words for kind, words in _KINDS.items() if isinstance(value, kind)), f"a {type(value).__name__}")


def shown(value: object) -> str:
    """The value as a message can carry it: on one line, of printable characters, and not too long."""
    if isinstance(value, str):
        return repr(value if len(value) <= _SHOWN else f"{value[: _SHOWN - 3]}...")
    if isinstance(value, int) and value.bit_length() <= _BITS_SHOWN:
        return repr(value)
    return repr(value) if isinstance(value, float) else a(value)


def listed(words: Iterable[str]) -> str:
    """Words as a choice: ``Allow, Deny or Pass``."""
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last


def _step(step: object) -> str:
    return f".{step}" if isinstance(step, str) and _PLAIN.fullmatch(step) else f"[{shown(step)}]"
