# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What cancels a run, how it ends, and what it says."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from ansible_collections.netguard.calico.plugins.module_utils._cluster.gate import Gate, OutOfTime, Record, Stopped
from ansible_collections.netguard.calico.plugins.module_utils._module import cancelling
from ansible_collections.netguard.calico.plugins.module_utils._module.callers import (
    CALLERS_VARIABLE,
    Caller,
    all_there,
    as_text,
    caller,
    callers_of,
)
from ansible_collections.netguard.calico.plugins.module_utils._module.cancelling import cancellable, cancellation


def gate() -> Gate:
    return Gate(lambda _done, _what: None, lambda: True)


@contextmanager
def process() -> Iterator[subprocess.Popen[bytes]]:
    """A process that does nothing."""
    started = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        yield started
    finally:
        started.kill()
        started.wait()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_what_does_not_write_at_once(number: signal.Signals) -> None:
    asked = gate()
    with pytest.raises(Stopped) as stopped, cancellable(asked, []):
        os.kill(os.getpid(), number)
        time.sleep(60)
    assert not isinstance(stopped.value, OutOfTime)
    assert asked.closed


def test_a_write_under_way_is_finished_and_no_other_one_is_begun() -> None:
    asked = gate()
    with pytest.raises(Stopped), cancellable(asked, []):
        with asked.write("create a"):
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(0.05)
        with asked.write("create b"):
            pytest.fail("it was begun")
    assert asked.record == Record(("create a",))


def test_a_write_without_an_answer_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cancelling, "GRACE_SECONDS", 0.05)
    asked = gate()
    with pytest.raises(OutOfTime), cancellable(asked, []), asked.write("create a"):
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(60)
    assert asked.record == Record((), ("create a",))


def test_a_second_signal_changes_nothing() -> None:
    asked = gate()
    with cancellable(asked, []), asked.write("create a"):
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.05)
    assert asked.record == Record(("create a",))


def test_the_end_of_a_caller_cancels_it() -> None:
    with process() as other:
        callers = [caller(os.getpid()), caller(other.pid)]
        with pytest.raises(Stopped), cancellable(gate(), callers):
            other.kill()
            time.sleep(60)


def test_handlers_and_alarms_are_as_before_afterwards() -> None:
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGALRM)
    before = [signal.getsignal(number) for number in numbers]
    asked = gate()
    with cancellable(asked, [caller(os.getpid())]), asked.write("create a"):
        os.kill(os.getpid(), signal.SIGTERM)
    assert [signal.getsignal(number) for number in numbers] == before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_a_process_is_gone_when_it_has_ended_though_nobody_asked_for_its_status() -> None:
    with process() as other:
        found = caller(other.pid)
        assert not found.gone
        other.kill()
        os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)
        assert found.gone
    assert found.gone


def test_another_process_of_the_same_number_is_not_the_caller() -> None:
    own = caller(os.getpid())
    assert all_there([own])
    assert not all_there([own, Caller(own.pid, f"{own.started}0")])


def test_callers_are_told_by_the_environment() -> None:
    callers = [Caller(7, "123"), Caller(8, "")]
    assert callers_of({CALLERS_VARIABLE: as_text(callers)}) == callers
    assert callers_of({}) == []


@pytest.mark.parametrize(
    ("record", "total", "msg", "code", "changed"),
    [
        (Record(), None, "The run was cancelled; nothing was written.", "cancelled", False),
        (Record(), 2, "The run was cancelled; nothing was written.", "cancelled", False),
        (
            Record(("create a",)),
            2,
            "The run was cancelled; 1 of 2 writes were done (create a); no other write was sent.",
            "cancelled",
            True,
        ),
        (
            Record(("create a",), ("update b",)),
            3,
            "The run was cancelled; 1 of 3 writes were done (create a); whether these were done is not known, as their answers "
            "had not come: update b; no other write was sent.",
            "outcome_unknown",
            True,
        ),
        (
            Record((), ("update b",)),
            None,
            "The run was cancelled; whether these were done is not known, as their answers had not come: update b; no other "
            "write was sent.",
            "outcome_unknown",
            True,
        ),
    ],
)
def test_what_a_cancelled_module_says(record: Record, total: int | None, msg: str, code: str, changed: bool) -> None:
    said = {"msg": f"{msg} Run again to go on from here.", "code": code, "changed": changed}
    assert cancellation(record, total) == said


def test_many_writes_are_not_all_named() -> None:
    said = cancellation(Record(tuple(f"patch n/{number}" for number in range(60))), 1000)["msg"]
    assert "60 of 1000 writes were done" in said
    assert "patch n/49 and 10 more)" in said
