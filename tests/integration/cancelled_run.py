# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run of a module that is cancelled while it writes, in every way in which jobs are, and the processes that it consists of."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from ansible_collections.netguard.calico.plugins.module_utils._module.callers import CALLERS_VARIABLE

from ansible_run import Ansible, Answer

# ansible-runner's own way, which is SIGKILL to the process group of ansible-playbook, and signals to ansible-playbook alone.
RUNNER = "ansible-runner"
WAYS = [RUNNER, "SIGTERM", "SIGINT", "SIGKILL"]
_PATIENCE = 300.0


class CancelledRun:
    """One task, as it runs."""

    def __init__(self, ansible: Ansible, answer: Future[Answer], told: threading.Event) -> None:
        self._answer = answer
        self._told = told
        self._directory = str(ansible.directory)

    def cancel(self, way: str) -> None:
        """Returns as soon as ansible-playbook has ended."""
        playbook = self.playbook()
        if way == RUNNER:
            self._told.set()
        else:
            os.kill(playbook, signal.Signals[way])
        until(lambda: not _runs(playbook))

    def playbook(self) -> int:
        """The process of ansible-playbook, of which workers are copies."""
        ours = {pid for pid in _processes() if self._is_playbook(pid)}
        (main,) = (pid for pid in ours if _parent(pid) not in ours)
        return main

    def module(self) -> int:
        """The process of the module."""
        mark = f":{_started(self.playbook())}".encode()
        names = [pid for pid in _processes() if mark in _environment(pid) and b"AnsiballZ" in _command(pid)]
        # A shell or two stand before it, which have the same words on their command lines and not its environment.
        return max(names)

    def answer(self) -> Answer:
        """What the task answered, once it has ended."""
        return self._answer.result(_PATIENCE)

    def _is_playbook(self, pid: int) -> bool:
        command = _command(pid)
        return b"ansible-playbook" in command and self._directory.encode() in command


@contextmanager
def running(ansible: Ansible, module: str, **options: Any) -> Iterator[CancelledRun]:
    """Starts the task, and waits for its end when the block is left."""
    told = threading.Event()
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(replace(ansible, cancelled=told.is_set).task, module, **options)
        yield CancelledRun(ansible, answer, told)
        answer.result(_PATIENCE)


def until(holds: Callable[[], bool]) -> None:
    """Waits until it holds. Raises AssertionError where that takes longer than some minutes."""
    deadline = time.monotonic() + _PATIENCE
    while not holds():
        assert time.monotonic() < deadline, "it did not come about in some minutes"
        time.sleep(0.01)


def until_ended(pid: int) -> None:
    """Waits for the end of a process."""
    until(lambda: not _runs(pid))


def _processes() -> Iterator[int]:
    return (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())


def _runs(pid: int) -> bool:
    return _stat(pid)[0] not in ("", "Z", "X")


def _parent(pid: int) -> int:
    return int(_stat(pid)[1] or 0)


def _started(pid: int) -> str:
    return _stat(pid)[19]


def _stat(pid: int) -> list[str]:
    """The fields of proc_pid_stat(5) from the state on; empty ones where there is no such process."""
    return _read(pid, "stat").decode(errors="replace").rpartition(")")[2].split() or [""] * 20


def _command(pid: int) -> bytes:
    return _read(pid, "cmdline")


def _environment(pid: int) -> bytes:
    return next((line for line in _read(pid, "environ").split(b"\0") if CALLERS_VARIABLE.encode() in line), b"")


def _read(pid: int, name: str) -> bytes:
    with suppress(OSError):
        return Path("/proc", str(pid), name).read_bytes()
    return b""
