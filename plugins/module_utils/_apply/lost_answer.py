# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A write whose answer was lost: what it was about is read again, to know whether it was done."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from .._calico.errors import NetguardError
from .._cluster.errors import AnswerLost

Object = Mapping[str, Any]
# Between reading and reading again, in seconds.
PAUSES = (0.5, 1.0, 2.0)


class OutcomeUnknown(NetguardError):
    """A write was sent, its answer was lost, and what it was about does not tell either."""

    code = "outcome_unknown"
    changed = True

    def __init__(self, write: str, lost: NetguardError, why: str) -> None:
        super().__init__(
            f"Whether {write} was done is not known: {lost.message} {why}",
            "Run again: what was done is kept, and the rest follows.",
        )


def read_until(
    read: Callable[[], Object | None], done: Callable[[Object | None], bool], what: str, lost: AnswerLost
) -> Object | None:
    """What ``read`` gives, read again for some seconds until it is ``done``, since a write may still be under way.

    Raises OutcomeUnknown where it cannot be read.
    """
    for pause in (*PAUSES, 0.0):
        try:
            live = read()
        except NetguardError as unread:
            raise OutcomeUnknown(what, lost, f"Reading it again failed too: {unread.message}") from lost
        if done(live):
            break
        time.sleep(pause)
    return live
