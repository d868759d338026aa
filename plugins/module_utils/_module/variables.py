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


def typed(value: Any, kind: str, variable: str) -> Any:
    """``value`` as ``kind``: dict, list, strings (a list of them), bool or int.

    A dict or a list may be a string of YAML or JSON; strings may also be separated by commas or lines. Raises
    InvalidInput that names ``variable``, never its content, which may be a secret.
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
    if isinstance(value, str) and not value.lstrip().startswith(("[", "-")):
        return [part.strip() for part in re.split(r"[,\n]", value) if part.strip()]
    found = _list(value, variable)
    if not all(isinstance(part, (str, int, float)) and not isinstance(part, bool) for part in found):
        raise InvalidInput(f"{variable} is not a list of strings", "Give a list, or one string with commas between.")
    return [str(part) for part in found]


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
    import yaml

    try:
        return yaml.safe_load(value)
    except yaml.YAMLError:
        raise InvalidInput(f"{variable} is a string that is not YAML", "Give YAML or JSON.") from None


_KINDS: Mapping[str, Callable[[Any, str], Any]] = {
    "dict": _dict,
    "list": _list,
    "strings": _strings,
    "bool": _bool,
    "int": _int,
}
