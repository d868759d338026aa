# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What passes the gate before it is closed and after, and what is known of it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.netguard.calico.plugins.module_utils._calico.errors import NetguardError
from ansible_collections.netguard.calico.plugins.module_utils._cluster.errors import AnswerLost, Refused, Unreachable
from ansible_collections.netguard.calico.plugins.module_utils._cluster.gate import Gate, OutOfTime, Record, Stopped
from ansible_collections.netguard.calico.plugins.module_utils._cluster.gated import GatedGateway
from ansible_collections.netguard.calico.plugins.module_utils._cluster.resources import (
    GLOBAL_NETWORK_POLICIES,
    SERVICES,
)


def unheard(_done: int, _what: str) -> None:
    pass


def gate(tell: Callable[[int, str], None] = unheard, wanted: Callable[[], bool] = lambda: True) -> Gate:
    return Gate(tell, wanted)


def test_a_write_is_told_when_it_begins_and_recorded_when_it_is_done() -> None:
    told: list[tuple[int, str]] = []
    open_one = gate(lambda done, what: told.append((done, what)))
    with open_one.write("create a"):
        assert (open_one.under_way, open_one.record) == (True, Record((), ("create a",)))
    with open_one.write("update b"):
        pass
    assert told == [(0, "create a"), (1, "update b")]
    assert (open_one.under_way, open_one.record) == (False, Record(("create a", "update b")))


@pytest.mark.parametrize(
    ("error", "unknown"),
    [
        (Refused("no"), ()),
        (Stopped(), ()),
        (AnswerLost(Unreachable("no answer")), ("create a",)),
        (OutOfTime(), ("create a",)),
        (KeyError("a bug"), ("create a",)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_write_that_failed_is_done_not_done_or_unknown(error: Exception, unknown: tuple[str, ...]) -> None:
    tried = gate()
    with pytest.raises(type(error)), tried.write("create a"):
        raise error
    assert tried.record == Record((), unknown)


def test_nothing_passes_a_closed_gate() -> None:
    closed = gate()
    with closed.write("create a"):
        closed.close()
    with pytest.raises(Stopped), closed.write("create b"):
        pytest.fail("it was let through")
    with pytest.raises(Stopped):
        closed.pause(60.0)
    assert closed.record == Record(("create a",))


def test_what_nobody_wants_any_more_closes_it() -> None:
    left = gate(wanted=lambda: False)
    with pytest.raises(Stopped), left.write("create a"):
        pytest.fail("it was let through")
    assert left.closed


def test_who_pauses_is_called_when_it_closes() -> None:
    closed = gate()
    threading.Timer(0.05, closed.close).start()
    with pytest.raises(Stopped):
        closed.pause(60.0)


def test_a_pause_ends_by_itself() -> None:
    gate().pause(0.01)


class Cluster:
    """A gateway that remembers what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return lambda *_arguments: self.asked.append(name)

    def rehearsal(self) -> Cluster:
        return self


NAMED = {"metadata": {"name": "a"}}
WRITES: list[tuple[str, tuple[Any, ...], str]] = [
    ("create", (GLOBAL_NETWORK_POLICIES, NAMED), "create a"),
    ("replace", (GLOBAL_NETWORK_POLICIES, NAMED), "update a"),
    ("merge_patch", (SERVICES, "web", "shop", {}), "patch shop/web"),
    ("delete", (GLOBAL_NETWORK_POLICIES, "a", "", "uid", "1"), "delete a"),
]


@pytest.mark.parametrize(
    ("method", "arguments", "named"), WRITES, ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_write_of_a_gateway_passes_the_gate(method: str, arguments: tuple[Any, ...], named: str) -> None:
    cluster, passed = Cluster(), gate()
    gated: Any = GatedGateway(cluster, passed)
    getattr(gated, method)(*arguments)
    assert passed.record == Record((named,))
    passed.close()
    with pytest.raises(Stopped):
        getattr(gated, method)(*arguments)
    assert cluster.asked == [method]


def test_reads_and_dry_runs_do_not_pass_it() -> None:
    cluster, closed = Cluster(), gate()
    closed.close()
    gated = GatedGateway(cluster, closed)
    gated.read("/version")
    gated.get(SERVICES, "web", "shop")
    gated.list(SERVICES)
    gated.rehearsal().create(GLOBAL_NETWORK_POLICIES, NAMED)
    assert cluster.asked == ["read", "get", "list", "create"]


def test_to_be_stopped_is_no_failure_of_a_request() -> None:
    assert not issubclass(Stopped, NetguardError)
