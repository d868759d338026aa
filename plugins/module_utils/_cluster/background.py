# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Threads that leave signals to the main thread."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from typing import Any


def in_background(do: Callable[..., object], *args: Any) -> threading.Thread:
    """Starts a thread that keeps no process alive, and in which no signal arrives.

    Python's handlers run in the main thread only, and one that waits does not notice a signal that the kernel gave to another
    thread: the run would not be cancelled. https://docs.python.org/3/library/signal.html#signals-and-threads
    """
    thread = threading.Thread(target=do, args=args, daemon=True)
    # A thread begins with the mask of the one that starts it.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        thread.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return thread
