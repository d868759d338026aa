# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which thread gets signals."""

from __future__ import annotations

import signal
import threading

from ansible_collections.netguard.calico.plugins.module_utils._cluster.background import in_background


def test_no_signal_that_can_be_kept_off_arrives_in_the_background() -> None:
    masks: list[set[int]] = []
    thread = in_background(lambda: masks.append({*signal.pthread_sigmask(signal.SIG_BLOCK, [])}))
    thread.join(10)
    assert {signal.SIGINT, signal.SIGTERM, signal.SIGALRM} <= masks[0]
    assert thread.daemon


def test_the_thread_that_starts_it_gets_signals_as_before() -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    in_background(threading.Event().is_set).join(10)
    assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == before
