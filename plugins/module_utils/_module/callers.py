# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes for which a module works, named so that another one with the same number is not taken for them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

# Set by the action plugins only, where the module runs on the controller; nothing that users set.
CALLERS_VARIABLE = "NETGUARD_CALICO_CALLERS"
_DEAD = "ZX"


@dataclass(frozen=True)
class Caller:
    """One process; ``started`` is empty where the system does not tell when it was."""

    pid: int
    started: str

    @property
    def gone(self) -> bool:
        """Whether it has ended, also where nobody has asked for its status yet."""
        state, started = _state_and_start(self.pid)
        if not state:
            return not _exists(self.pid)
        return state in _DEAD or started != self.started


def caller(pid: int) -> Caller:
    """The process that has this number now."""
    return Caller(pid, _state_and_start(pid)[1])


def as_text(callers: Iterable[Caller]) -> str:
    """The callers for the environment."""
    return " ".join(f"{caller.pid}:{caller.started}" for caller in callers)


def callers_of(environ: Mapping[str, str]) -> list[Caller]:
    """Those that the environment names; none where nobody does, as for a module that was started without its plugin."""
    pairs = (word.partition(":") for word in environ.get(CALLERS_VARIABLE, "").split())
    return [Caller(int(pid), started) for pid, _colon, started in pairs]


def all_there(callers: Iterable[Caller]) -> bool:
    """Whether none of them has ended."""
    return not any(caller.gone for caller in callers)


def _state_and_start(pid: int) -> tuple[str, str]:
    """State and start time as in proc_pid_stat(5); empty where it is not to be seen, as on systems without /proc."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
            # The name before it may have spaces and brackets itself.
            fields = stat.read().rpartition(")")[2].split()
    except OSError:
        return "", ""
    return fields[0], fields[19]


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
