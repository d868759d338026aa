# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a text is a selector, decided by replacing what is a selector until nothing else is left.

It shares nothing with the collection's own parser, so that the two cannot err alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_LABEL = r"[A-Za-z0-9_./-]+"
_STRING = r"(?:'[^']*'|\"[^\"]*\")"
_SET = rf"\{{\s*(?:{_STRING}\s*(?:,\s*{_STRING}\s*)*)?\}}"
_ATOM = re.compile(
    rf"(?:all|global)\(\s*\)|has\(\s*{_LABEL}\s*\)"
    rf"|{_LABEL}\s*(?:==|!=|(?<=\s)contains(?=[\s'\"])|(?<=\s)(?:starts|ends)\s+with(?=[\s'\"]))\s*{_STRING}"
    rf"|{_LABEL}\s+(?:not\s+)?in\s*{_SET}"
)
# The mark stands for a whole selector; no selector can hold it.
_MARK = "\0"
_COMPOUND = re.compile(rf"!\s*{_MARK}|\(\s*{_MARK}\s*\)|{_MARK}\s*(?:&&|\|\|)\s*{_MARK}")
_FIELDS = frozenset({"selector", "notSelector", "namespaceSelector", "serviceAccountSelector", "nodeSelector"})


def is_selector(text: str) -> bool:
    """Whether Calico could read the text as a selector; an empty one selects everything."""
    rest, found = _ATOM.sub(_MARK, text), 1
    while found:
        rest, found = _COMPOUND.subn(_MARK, rest)
    return rest.strip() in ("", _MARK)


def bad_selectors(spec: Any, path: str = "spec") -> Iterator[tuple[str, str]]:
    """Field and text of everything in a spec that should be a selector and is none."""
    if isinstance(spec, list):
        for index, item in enumerate(spec):
            yield from bad_selectors(item, f"{path}[{index}]")
    elif isinstance(spec, dict):
        for field, value in spec.items():
            if field in _FIELDS and isinstance(value, str):
                if not is_selector(value):
                    yield f"{path}.{field}", value
            else:
                yield from bad_selectors(value, f"{path}.{field}")
