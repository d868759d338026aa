# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""When lines about a long run are shown, and what is in them."""

from __future__ import annotations

import threading

import pytest
from ansible_collections.netguard.calico.plugins.plugin_utils import _lines
from ansible_collections.netguard.calico.plugins.plugin_utils._lines import lines


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ("3 of 20 written, update a", "policy_baseline [h]: 3 of 20 written, update a, running for 0 s"),
        ("", "policy_baseline [h]: running for 0 s"),
    ],
)
def test_a_long_run_shows_what_it_said_last(monkeypatch: pytest.MonkeyPatch, said: str, line: str) -> None:
    monkeypatch.setattr(_lines, "FIRST_LINE_SECONDS", 0.02)
    monkeypatch.setattr(_lines, "LINE_SECONDS", 0.01)
    shown: list[str] = []
    enough = threading.Event()

    def show(text: str) -> None:
        shown.append(text)
        if len(shown) == 3:
            enough.set()

    with lines("policy_baseline [h]", lambda: said, show):
        assert enough.wait(10)
    assert set(shown) == {line}


def test_a_short_run_shows_nothing() -> None:
    shown: list[str] = []
    with lines("policy_baseline [h]", lambda: "planning", shown.append):
        pass
    assert shown == []


def test_the_first_line_comes_in_the_tenth_second_and_one_each_five_seconds() -> None:
    assert (_lines.FIRST_LINE_SECONDS, _lines.LINE_SECONDS) == (10.0, 5.0)
