# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the twelve steps of every module sent, as a table: backend by module by step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

STATES = ("create", "change", "delete")
# Check mode and real, first and again.
RUNS = ("check", "run", "check", "run")
_BACKEND, _NAMES, _CELL = 15, 47, 7


@dataclass
class Matrix:
    """Real requests that were sent and real writes among them, by row and step in their order."""

    rows: dict[tuple[str, str], list[tuple[int, int]]] = field(default_factory=dict)

    def add(self, backend: str, module: str, requests: int, writes: int) -> None:
        """The next step of a module on a backend."""
        self.rows.setdefault((backend, module), []).append((requests, writes))

    def lines(self) -> Iterator[str]:
        """The table, as ``requests/writes`` for each step; a row that is not complete says so."""
        if not self.rows:
            return
        yield " " * _NAMES + "".join(f"{state:<{_CELL * len(RUNS)}}" for state in STATES)
        yield f"{'requests/writes':{_NAMES}}" + "".join(f"{run:<{_CELL}}" for _state in STATES for run in RUNS)
        for (backend, module), steps in sorted(self.rows.items()):
            cells = "".join(f"{f'{requests}/{writes}':<{_CELL}}" for requests, writes in steps)
            complete = "" if len(steps) == len(STATES) * len(RUNS) else "(not complete)"
            yield f"{backend:<{_BACKEND}}{module:<{_NAMES - _BACKEND}}{cells}{complete}"
