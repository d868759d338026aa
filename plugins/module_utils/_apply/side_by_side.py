# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same done to many things, some at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import TypeVar

from .._cluster.background import in_background

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")


def side_by_side(do: Callable[[Item], Outcome], items: Sequence[Item], at_a_time: int) -> list[Outcome]:
    """What ``do`` makes of each item, in their order. Raises what the first of them raised.

    Unlike those of a ThreadPoolExecutor, its threads keep no process alive, so that one that is to end does not wait for a
    server that does not answer.
    """
    waiting: SimpleQueue[tuple[Item, Future[Outcome]]] = SimpleQueue()
    futures: list[Future[Outcome]] = []
    for item in items:
        futures.append(Future())
        waiting.put((item, futures[-1]))
    for _thread in range(min(at_a_time, len(items))):
        in_background(_serve, do, waiting)
    return [future.result() for future in futures]


def _serve(do: Callable[[Item], Outcome], waiting: SimpleQueue[tuple[Item, Future[Outcome]]]) -> None:
    while True:
        try:
            item, future = waiting.get_nowait()
        except Empty:
            return
        try:
            future.set_result(do(item))
        # Whatever it is, it is raised again where the result is asked for.
        except BaseException as error:
            future.set_exception(error)
