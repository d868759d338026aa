# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many things done some at a time."""

from __future__ import annotations

import threading

import pytest
from ansible_collections.netguard.calico.plugins.module_utils._apply.side_by_side import side_by_side


def test_outcomes_come_in_the_order_of_the_items() -> None:
    assert side_by_side(lambda number: number * 2, range(50), 8) == [number * 2 for number in range(50)]
    assert side_by_side(str, [], 8) == []


def test_so_many_are_done_at_a_time() -> None:
    meeting = threading.Barrier(4, timeout=10)
    side_by_side(lambda _item: meeting.wait(), range(8), 4)


def test_what_one_raises_is_raised_and_the_others_are_done() -> None:
    done: list[int] = []

    def do(number: int) -> None:
        if number == 1:
            raise KeyError(number)
        done.append(number)

    with pytest.raises(KeyError):
        side_by_side(do, range(3), 1)
    assert done == [0, 2]


def test_its_threads_keep_no_process_alive() -> None:
    daemons = side_by_side(lambda _item: threading.current_thread().daemon, range(3), 2)
    assert daemons == [True, True, True]
