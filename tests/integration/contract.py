# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The contract of a module: each step in check mode and for real, first and again, and what it sends meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ansible_run import Answer
from requests_seen import Requests

# How many runs a step has.
STEP = 4


@dataclass(frozen=True)
class Contract:
    """A module, the part of its result that says what is done, and how to read the state that it writes.

    ``runs`` are the ways in which the module is run, one after the other. ``sent`` gets the number of requests, and of real
    writes among them, of each run.
    """

    runs: Iterator[Callable[..., Answer]]
    requests: Callable[[], Requests]
    sent: Callable[[str, int, int], None]
    module: str
    said: Callable[[dict[str, Any]], Any]
    state: Callable[[], Any]

    def step(self, options: dict[str, Any], writes: int, after: Any) -> None:
        """Four runs: dry, real, dry again, real again. ``writes`` real requests are sent by the second only."""
        before = self.state()
        dry = self._run(options, check=True, changed=True, writes=0, state=before)
        real = self._run(options, check=False, changed=True, writes=writes, state=after)
        assert self.said(dry.result) == self.said(real.result), "check mode says something else than the run does"
        self._run(options, check=True, changed=False, writes=0, state=after)
        self._run(options, check=False, changed=False, writes=0, state=after)

    def read_step(self, options: dict[str, Any]) -> None:
        """Four runs of a module that only reads; all of them say the same."""
        state = self.state()
        answers = [
            self._run(options, check=check, changed=False, writes=0, state=state)
            for check in (True, False, True, False)
        ]
        assert len({repr(self.said(answer.result)) for answer in answers}) == 1

    def _run(self, options: dict[str, Any], check: bool, changed: bool, writes: int, state: Any) -> Answer:
        with self.requests() as seen:
            answer = next(self.runs)(self.module, check=check, diff=True, **options)
        self.sent(self.module, len(seen.all), len(seen.writes))
        assert not answer.failed, answer.output
        assert answer.changed is changed, answer.output
        assert len(seen.writes) == writes, seen.writes
        if seen.calico_log:
            of_calico = [write for write in seen.writes if "projectcalico.org" in write]
            assert len(seen.writes_at_calico) == len(of_calico), seen.writes_at_calico
        assert self.state() == state
        return answer
