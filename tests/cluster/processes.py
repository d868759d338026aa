# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts processes that outlive their starter, finds them again, and stops them.

A process is known by a variable in its environment that names its owner, which /proc shows for as long as it runs.
No file of process ids has to be right for that, and an id that another process got meanwhile is not taken for ours.
"""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_OWNER_VARIABLE = "NETGUARD_CONTROL_PLANE"
_KILL_SECONDS = 10.0


@dataclass(frozen=True)
class Process:
    """A process that this one started, and the file with what it prints."""

    name: str
    pid: int
    log: Path


def spawn(name: str, command: Sequence[str], owner: Path, log: Path) -> Process:
    """Start a program in a session of its own, marked as the owner's. Raises OSError where it cannot be started."""
    # Nothing else is passed on: etcd, for one, reads all of its options from variables too.
    environment = {_OWNER_VARIABLE: str(owner), "PATH": os.environ.get("PATH", os.defpath)}
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    pid = os.posix_spawn(command[0], list(command), environment, file_actions=actions, setsid=True, setsigmask=())
    return Process(name, pid, log)


def exit_description(process: Process) -> str | None:
    """How the process ended, or None while it runs; this takes the exit status, so an end is told once."""
    result = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG)
    if result is None:
        return None
    if result.si_code == os.CLD_EXITED:
        return f"ended with exit status {result.si_status}"
    return f"was ended by {signal.Signals(result.si_status).name}"


def log_tail(log: Path, lines: int = 15) -> list[str]:
    """The last lines of a log, none where it does not exist."""
    with suppress(FileNotFoundError):
        return log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]
    return []


def owned_by(owner: Path) -> list[int]:
    """The ids of the owner's processes that run now."""
    numbers = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return [pid for pid in numbers if _is_owned(pid, owner)]


def stop_owned_by(owner: Path, patience: float) -> None:
    """Ask all of the owner's processes to end, and after `patience` seconds end those that did not."""
    _stop_round(owner, patience)
    deadline = time.monotonic() + _KILL_SECONDS
    # What a process starts while it is being ended was not there to be ended with it.
    while owned_by(owner) and time.monotonic() < deadline:
        _stop_round(owner, 0.0)


def _stop_round(owner: Path, patience: float) -> None:
    watched = list(_open(owned_by(owner), owner))
    try:
        for _name, descriptor in watched:
            _send(descriptor, signal.SIGTERM)
        deadline = time.monotonic() + patience
        for pid, descriptor in watched:
            if not _ended(descriptor, deadline - time.monotonic()):
                _send(descriptor, signal.SIGKILL)
                _ended(descriptor, _KILL_SECONDS)
            _reap(pid)
    finally:
        for _name, descriptor in watched:
            os.close(descriptor)


def _is_owned(pid: int, owner: Path) -> bool:
    """Whether the process has the owner's mark."""
    mark = f"{_OWNER_VARIABLE}={owner}".encode()
    with suppress(OSError):
        return mark in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    return False


def _open(pids: Iterable[int], owner: Path) -> Iterable[tuple[int, int]]:
    """Descriptors of the processes. A descriptor stays with its process, so the mark is read again once it is open."""
    for pid in pids:
        with suppress(ProcessLookupError):
            descriptor = os.pidfd_open(pid)
            if _is_owned(pid, owner):
                yield pid, descriptor
            else:
                os.close(descriptor)


def _send(descriptor: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        signal.pidfd_send_signal(descriptor, number)


def _ended(descriptor: int, seconds: float) -> bool:
    """Whether the process ends within the time."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(max(0.0, seconds) * 1000))


def _reap(pid: int) -> None:
    """Take the exit status, so that a child of this process leaves no entry behind."""
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
