# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of role variables, which surveys and ``-e`` give as strings, as what they are meant to be."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from .._calico.errors import InvalidInput

_TRUE = ("true", "yes", "on", "1")
_FALSE = ("false", "no", "off", "0")
_CLOSED = re.compile(r"[^\[\]]*(\[[^\[\]]+\][^\[\]]*)*")


def typed(value: Any, kind: str, variable: str) -> Any:
    """``value`` as ``kind``: dict, list, strings (a list of them), bool or int.

    A dict or a list may be a string of YAML or JSON; strings may also be separated by commas or lines. A string that is
    a whole list of YAML is that list, ``[a-c]`` too; one that goes on behind a bracket, as ``[a-c]-*`` does, is globs.
    Raises InvalidInput that names ``variable``, never its content, which may be a secret.
    """
    return _KINDS[kind](value, variable)


def _dict(value: Any, variable: str) -> dict[str, Any]:
    found = _parsed(value, variable)
    if found is None or found == "":
        return {}
    if not isinstance(found, Mapping):
        raise InvalidInput(f"{variable} is not a mapping", "Give a mapping, or a string of YAML or JSON that is one.")
    return dict(found)


def _list(value: Any, variable: str) -> list[Any]:
    found = _parsed(value, variable)
    if found is None or found == "":
        return []
    if isinstance(found, (str, Mapping)) or not isinstance(found, (list, tuple)):
        raise InvalidInput(f"{variable} is not a list", "Give a list, or a string of YAML or JSON that is one.")
    return list(found)


def _strings(value: Any, variable: str) -> list[str]:
    if isinstance(value, str) and not _begins_a_list(value):
        return _separated(value, variable)
    found = _list(value, variable)
    if not all(isinstance(part, (str, int, float)) and not isinstance(part, bool) for part in found):
        raise InvalidInput(f"{variable} is not a list of strings", "Give a list, or one string with commas between.")
    return [str(part) for part in found]


def _begins_a_list(value: str) -> bool:
    """Whether the string is YAML's list. A glob may begin with a bracket too, and goes on behind it, as no list does."""
    text = value.lstrip()
    if not text.startswith("["):
        return text.startswith("-")
    try:
        _yaml(text)
    except ValueError:
        return False
    return True


def _separated(value: str, variable: str) -> list[str]:
    parts = [part.strip() for part in re.split(r"[,\n]", value) if part.strip()]
    if not all(_CLOSED.fullmatch(part) for part in parts):
        # A list that was not closed would select less than was meant, without a word.
        raise InvalidInput(
            f"{variable} is neither a list nor globs with closed brackets",
            "Close the brackets, or give a list with its globs in quotes.",
        )
    return parts


def _bool(value: Any, variable: str) -> bool:
    word = str(value).strip().lower()
    if word not in (*_TRUE, *_FALSE):
        raise InvalidInput(f"{variable} is {value!r}, neither true nor false", "Give true or false.")
    return word in _TRUE


def _int(value: Any, variable: str) -> int:
    if isinstance(value, bool) or not re.fullmatch(r"-?[0-9]+", str(value).strip()):
        raise InvalidInput(f"{variable} is {value!r}, not a whole number", "Give a number without a unit.")
    return int(value)


def _parsed(value: Any, variable: str) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return _yaml(value)
    except ValueError:
        raise InvalidInput(f"{variable} is a string that is not YAML", "Give YAML or JSON.") from None


def _yaml(text: str) -> Any:
    """What the text stands for. Raises ValueError without the parser's words, which quote it."""
    import yaml

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        raise ValueError("not YAML") from None


_KINDS: Mapping[str, Callable[[Any, str], Any]] = {
    "dict": _dict,
    "list": _list,
    "strings": _strings,
    "bool": _bool,
    "int": _int,
}
