# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines about a long run, for as long as it lasts."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ansible_collections.netguard.calico.plugins.module_utils._cluster.background import in_background

FIRST_LINE_SECONDS = 10.0
LINE_SECONDS = 5.0


@contextmanager
def lines(subject: str, said: Callable[[], str], show: Callable[[str], None]) -> Iterator[None]:
    """Shows, from a while after the block was entered on, how long it has run, and what it said of itself last."""
    over = threading.Event()
    thread = in_background(_show, subject, said, show, over)
    try:
        yield
    finally:
        over.set()
        thread.join()


def _show(subject: str, said: Callable[[], str], show: Callable[[str], None], over: threading.Event) -> None:
    start = time.monotonic()
    pause = FIRST_LINE_SECONDS
    while not over.wait(pause):
        pause = LINE_SECONDS
        running = f"running for {time.monotonic() - start:.0f} s"
        show(f"{subject}: {', '.join(filter(None, (said(), running)))}")
