# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gate that every write passes: once it is closed, no further write is begun, and nothing that waits goes on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from .._calico.errors import NetguardError
from .errors import AnswerLost


class Stopped(Exception):
    """The run is to end: what raised it was not begun. No failure of a request, so nothing takes it for one."""

    code = "cancelled"


class OutOfTime(Stopped):
    """The run is to end now, whatever it waits for: what is under way is left."""


@dataclass(frozen=True)
class Record:
    """The writes that were done, and those of which nobody knows whether they were; each as ``VERB NAME``."""

    done: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


class Gate:
    """Open until it is closed, once and for all. Thread-safe.

    ``tell`` gets the number of writes that were done, and the one that begins. ``wanted`` is asked before each write; where
    it says no, the gate is closed.
    """

    def __init__(self, tell: Callable[[int, str], None], wanted: Callable[[], bool]) -> None:
        self._tell = tell
        self._wanted = wanted
        self._closed = threading.Event()
        # A signal is handled in the middle of what the main thread does, which may be in here.
        self._lock = threading.RLock()
        self._done: list[str] = []
        self._begun: list[str] = []

    def close(self) -> None:
        """Lets no further write through."""
        with self._lock:
            self._closed.set()

    @property
    def closed(self) -> bool:
        return self._closed.is_set()

    @property
    def under_way(self) -> bool:
        """Whether a write was begun of which it is not known what became of it."""
        return bool(self._begun)

    @property
    def record(self) -> Record:
        """What was written so far. A write whose answer was lost stays unknown here, whatever was found out afterwards."""
        return Record(tuple(self._done), tuple(self._begun))

    @contextmanager
    def write(self, what: str) -> Iterator[None]:
        """Encloses one request that writes. Raises Stopped, with nothing sent, where the gate is closed."""
        with self._lock:
            if not self._wanted():
                self.close()
            if self.closed:
                raise Stopped
            self._begun.append(what)
        self._tell(len(self._done), what)
        try:
            yield
        except (AnswerLost, OutOfTime):
            raise
        except (NetguardError, Stopped):
            self._begun.remove(what)
            raise
        self._done.append(what)
        self._begun.remove(what)

    def pause(self, seconds: float) -> None:
        """Waits before a request is repeated. Raises Stopped, at once, when the gate is closed."""
        if self._closed.wait(seconds):
            raise Stopped
