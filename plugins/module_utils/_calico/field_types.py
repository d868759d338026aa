# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The types of fields, as data from which fields.py makes its tables and by which validation.py walks a manifest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from .syntax import Syntax


@dataclass(frozen=True)
class Text:
    """A string. An empty one says nothing and need not have the syntax, unless it has to be ``filled``."""

    syntax: Syntax | None = None
    longest: int | None = None
    filled: bool = False


@dataclass(frozen=True)
class Choice:
    """One of these strings or numbers."""

    values: tuple[str | int, ...]


@dataclass(frozen=True)
class Whole:
    """A number without a fraction."""

    least: int
    most: int


@dataclass(frozen=True)
class Number:
    """A number that a float can hold."""


@dataclass(frozen=True)
class Flag:
    """True or false."""


@dataclass(frozen=True)
class Scalar:
    """A number or a string that has the syntax."""

    syntax: Syntax


@dataclass(frozen=True)
class Strings:
    """A mapping of strings to strings, ``bytes`` long at most, keys and values together."""

    keys: Syntax
    values: Syntax | None = None
    bytes: int | None = None


@dataclass(frozen=True)
class Items:
    """A list; ``distinct`` where nothing may be in it twice."""

    of: Type
    least: int = 0
    most: int | None = None
    distinct: bool = False


@dataclass(frozen=True)
class Fields:
    """A mapping that has these fields and no others."""

    known: Mapping[str, Type]
    required: tuple[str, ...] = ()


@dataclass(frozen=True)
class Anything:
    """What nobody looks at."""


Type: TypeAlias = "Text | Choice | Whole | Number | Flag | Scalar | Strings | Items | Fields | Anything"
