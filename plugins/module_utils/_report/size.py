# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Results that are never too large: AWX drops one above 700,000 characters without a word."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

LIMIT = 500_000
# Up to this many entries a list is shown in full, the fine ones too.
SHOWN_IN_FULL = 100
# What is in a result besides its lists, and what JSON's escapes may add when it is printed again.
_RESERVED = 50_000

Entry = Mapping[str, Any]


def not_fine(entries: Sequence[Entry], is_fine: Callable[[Entry], bool]) -> tuple[list[Entry], bool]:
    """The entries that need attention where there are many, all of them where there are few; and whether some were cut."""
    if len(entries) <= SHOWN_IN_FULL:
        return list(entries), False
    kept = [entry for entry in entries if not is_fine(entry)]
    return kept, len(kept) < len(entries)


def within_limit(
    lists: Mapping[str, Sequence[Any]], limit: int = LIMIT - _RESERVED
) -> tuple[dict[str, list[Any]], bool]:
    """The lists, in the order of their importance, cut where together they would exceed ``limit`` characters of JSON.

    Returns whether anything was cut, too. Of each list the first entries are kept.
    """
    left = limit
    kept: dict[str, list[Any]] = {}
    for name, entries in lists.items():
        kept[name] = []
        for entry in entries:
            left -= len(json.dumps(entry)) + 2
            if left < 0:
                break
            kept[name].append(entry)
    return kept, any(len(kept[name]) < len(entries) for name, entries in lists.items())
