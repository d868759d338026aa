# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that can be cancelled: by SIGTERM, by SIGINT, and by the end of those for whom it works."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from .._apply.lost_answer import OutcomeUnknown
from .._cluster.background import in_background
from .._cluster.gate import Gate, OutOfTime, Record, Stopped
from .callers import Caller, all_there

LOOK_SECONDS = 0.25
# How long the answer of a write that was sent is waited for. With the look and the end of the process it is less than 2 s.
GRACE_SECONDS = 1.0
_NAMED = 50
_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_Handler = Callable[[int, Any], None]


@contextmanager
def cancellable(gate: Gate, callers: Sequence[Caller]) -> Iterator[None]:
    """Closes the gate when the run is cancelled, and ends what is in the block.

    Raises Stopped at once where no write is under way, and otherwise when the next one is begun; OutOfTime where the answer
    of one does not come. To be entered in the main thread, which gets the signals.
    """
    over = threading.Event()
    handlers: dict[int, _Handler] = {**dict.fromkeys(_SIGNALS, _stopping(gate)), signal.SIGALRM: _giving_up}
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    if callers:
        in_background(_watch, callers, over)
    try:
        yield
    finally:
        over.set()
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():
            signal.signal(number, handler)


def cancellation(record: Record, total: int | None) -> dict[str, Any]:
    """What a cancelled module says of its writes; ``total`` is how many there were to be, where that was known already."""
    of_all = f" of {total}" if total is not None else ""
    said = ["The run was cancelled", "nothing was written" if not (record.done or record.unknown) else ""]
    if record.done:
        said.append(f"{len(record.done)}{of_all} writes were done ({_listed(record.done)})")
    if record.unknown:
        said.append(f"whether these were done is not known, as their answers had not come: {_listed(record.unknown)}")
    if record.done or record.unknown:
        said.append("no other write was sent")
    return {
        "msg": f"{'; '.join(filter(None, said))}. Run again to go on from here.",
        "code": OutcomeUnknown.code if record.unknown else Stopped.code,
        "changed": bool(record.done or record.unknown),
    }


def _stopping(gate: Gate) -> _Handler:
    def stop(_number: int, _frame: Any) -> None:
        if gate.closed:
            return
        gate.close()
        if not gate.under_way:
            raise Stopped
        signal.setitimer(signal.ITIMER_REAL, GRACE_SECONDS)

    return stop


def _giving_up(_number: int, _frame: Any) -> None:
    raise OutOfTime


def _watch(callers: Sequence[Caller], over: threading.Event) -> None:
    """Cancels the run when one of them has ended. The signal gets the main thread out of what it waits for."""
    main = threading.main_thread().ident
    while not over.wait(LOOK_SECONDS):
        if main is not None and not all_there(callers):
            signal.pthread_kill(main, signal.SIGTERM)
            return


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
