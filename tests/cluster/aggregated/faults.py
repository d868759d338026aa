# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults that a server shows at its front, ordered by files that each serve for one request.

An order is a file in the folder `faults` of the control plane. The first request that it fits takes it away, so it is
carried out once, whatever number of requests come at a time.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from aggregated.exchange import Answer, Request, answer
from aggregated.refusal import Refusal

DELAY = "delay"
BREAK_BEFORE = "break before"
BREAK_DURING = "break during"
BREAK_AFTER = "break after"
ANSWER = "answer"
HANG = "hang"


@dataclass(frozen=True)
class Fault:
    """What is to go wrong.

    Attributes:
        action: DELAY waits and goes on. BREAK_BEFORE closes the connection with nothing done, BREAK_DURING does the work
            and sends half of the answer, BREAK_AFTER does the work and sends nothing. ANSWER does nothing and sends
            `status`. HANG does nothing and sends nothing for `seconds`.
        method: the HTTP method that it waits for; empty for any.
        path: a part of the path with its query; empty for any.
        without: a part that the path with its query must not have, such as `dryRun`; empty for none.
        status: the status of ANSWER, such as 409, 429, 500, 503.
        retry_after: seconds for the header Retry-After, none where it is None.
        seconds: how long DELAY and HANG last.
    """

    action: str
    method: str = ""
    path: str = ""
    without: str = ""
    status: int = 500
    retry_after: int | None = None
    seconds: float = 0.0

    def fits(self, request: Request, target: str) -> bool:
        """Whether the request to this path with its query is one that it waits for."""
        kept_out = bool(self.without) and self.without in target
        return self.method in ("", request.method) and self.path in target and not kept_out

    def answer(self) -> Answer:
        """The answer that ANSWER gives."""
        refusal = Refusal(self.status, f"the stand-in was told to answer {self.status}")
        given = answer(self.status, refusal.body)
        more = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
        return Answer(given.status, given.body, {**given.headers, **more})


def order(directory: Path, fault: Fault, times: int = 1) -> None:
    """Let the fault happen to the next requests that it fits, as many as `times`."""
    folder = _folder(directory)
    folder.mkdir(mode=0o700, exist_ok=True)
    for _time in range(times):
        file = folder / f"{uuid.uuid4()}.part"
        file.write_text(json.dumps(asdict(fault)), encoding="utf-8")
        file.rename(file.with_suffix(".json"))


def cancel(directory: Path) -> int:
    """Take back every order that was not carried out, and say how many there were."""
    left = list(_orders(directory))
    for file in left:
        file.unlink(missing_ok=True)
    return len(left)


@contextmanager
def ordered(directory: Path, fault: Fault, times: int = 1) -> Iterator[None]:
    """Order the fault for the length of the block. Raises AssertionError where it was not carried out in it."""
    order(directory, fault, times)
    try:
        yield
    finally:
        left = cancel(directory)
    assert not left, f"{left} of {times} faults met no request that they fit: {fault}"


def claim(directory: Path, request: Request, target: str) -> Fault | None:
    """The fault for this request, which nobody else gets any more; None where there is none."""
    for file in _orders(directory):
        with suppress(FileNotFoundError):
            fault = _read(json.loads(file.read_text(encoding="utf-8")))
            if fault.fits(request, target):
                file.unlink()
                return fault
    return None


def _read(content: Mapping[str, object]) -> Fault:
    return Fault(**content)  # type: ignore[arg-type]


def _orders(directory: Path) -> list[Path]:
    return sorted(_folder(directory).glob("*.json"))


def _folder(directory: Path) -> Path:
    return directory / "faults"
