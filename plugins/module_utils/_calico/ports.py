# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ports of a rule: a number, a range or a name. Rules: api/pkg/lib/numorstring of Calico, and its validator."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .names import is_port_name

_NUMBER = re.compile(r"0*([0-9]{1,5})")
_LAST = 65_535


@dataclass(frozen=True)
class Port:
    """The ports from ``first`` to ``last``, both included."""

    first: int
    last: int


@dataclass(frozen=True)
class NamedPort:
    """The port that an endpoint declares under this name."""

    name: str


def parse_port(value: object) -> Port | NamedPort | None:
    """The port that an entry of ``ports`` says: 80, "80", "8000:8100" or a name; None where it is none of these."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return _range(value, value)
    if not isinstance(value, str):
        return None
    first, colon, last = value.partition(":")
    numbers = _number(first), _number(last if colon else first)
    if numbers[0] is not None and numbers[1] is not None:
        return _range(numbers[0], numbers[1])
    return NamedPort(value) if is_port_name(value) else None


def _number(text: str) -> int | None:
    digits = _NUMBER.fullmatch(text)
    return None if digits is None else int(digits[1])


def _range(first: int, last: int) -> Port | None:
    return Port(first, last) if 1 <= first <= last <= _LAST else None
