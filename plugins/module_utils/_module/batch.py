# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The size of a batch, as it is given: a number, or a percentage of all."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

from .._calico.errors import InvalidInput

_SIZE = re.compile(r"(?P<number>[0-9]{1,9})(?P<percent>%?)")


def batch_size(given: str | None) -> Callable[[int], int] | None:
    """How many of so many are one batch; None where there are no batches. Raises InvalidInput."""
    if given is None or given == "":
        return None
    found = _SIZE.fullmatch(given)
    number = int(found["number"]) if found else 0
    if found is None or number < 1 or (found["percent"] and number > 100):
        raise InvalidInput(f"batch is {given!r}", "Give a number from 1 on, or a percentage from 1% to 100%.")
    return partial(_share, number) if found["percent"] else partial(min, number)


def _share(percent: int, total: int) -> int:
    """So many percent, rounded up, so that there is always one."""
    return -(-total * percent // 100)
