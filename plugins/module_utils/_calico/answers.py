# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers to connections that users ask about: one verdict for everybody that an end stands for, as long as they agree."""

from __future__ import annotations

from dataclasses import dataclass

from .connection import Connection
from .evaluation import node_of
from .inventory import Peer
from .resolution import Target, pairs, resolved
from .table import DecisionTable
from .traffic import Traffic
from .verdict import Check, Decider, Outcome, Verdict

# Beyond it nobody waits for the answer, and what was not looked at is not known.
MOST_PAIRS = 250_000


@dataclass(frozen=True)
class Answered:
    """The answer to a connection, or to a part of what it stands for where not all have the same.

    ``pairs`` counts the pairs of endpoints that it is about, ``source`` and ``destination`` are one of them.
    """

    connection: Connection
    outcome: Outcome
    verdict: Verdict
    traffic: Traffic
    source: Peer | None
    destination: Peer | None
    pairs: int
    reasons: tuple[str, ...]

    @property
    def decided_by(self) -> Decider | None:
        """What the outcome comes from; None where it is unknown, or where policy does not look at the connection."""
        check = self.verdict.deciding
        return None if check is None else check.decided_by


def answer(connection: Connection, table: DecisionTable) -> tuple[Answered, ...]:
    """The answers, one for each verdict with what decided it, with a trace. Raises NotThere."""
    source = resolved(connection.source, connection, table)
    destination = resolved(connection.destination, connection, table)
    reasons = tuple(reason for reason in (source.unknown, destination.unknown) if reason)
    if reasons:
        return (_unknown(connection, reasons),)
    found: dict[object, list[tuple[Target, Target, Verdict]]] = {}
    seen: dict[object, Verdict] = {}
    for count, (one, other) in enumerate(pairs(source.targets, destination.targets)):
        if count >= MOST_PAIRS:
            return (_unknown(connection, (f"more than {MOST_PAIRS} pairs of endpoints are meant; narrow the ends",)),)
        verdict = _verdict(connection, one, other, table, seen)
        found.setdefault(_same(verdict), []).append((one, other, verdict))
    if not found:
        return (_unknown(connection, ("nobody is meant: the ends have no two endpoints of one IP version",)),)
    return tuple(_answered(connection, group, table) for group in found.values())


def _verdict(
    connection: Connection, one: Target, other: Target, table: DecisionTable, seen: dict[object, Verdict]
) -> Verdict:
    """The verdict on one pair; the same as for another one of the same classes on the same nodes."""
    traffic = _traffic(connection, other)
    key = (_kind(one.peer, table), _kind(other.peer, table), node_of(one.peer) == node_of(other.peer), traffic)
    if key not in seen:
        seen[key] = table.verdict(one.peer, other.peer, traffic)
    return seen[key]


def _kind(peer: Peer, table: DecisionTable) -> object:
    placed = node_of(peer) if table.inventory.hosts or peer.node else ""
    return table.class_of(peer) or id(peer), placed, peer.endpoint is None


def _traffic(connection: Connection, destination: Target) -> Traffic:
    port = destination.port if destination.port is not None else connection.port
    number = port if isinstance(port, int) else None
    return Traffic(connection.protocol, number, connection.source_port, connection.icmp_type, connection.icmp_code)


def _same(verdict: Verdict) -> object:
    """What puts two verdicts together: the outcome, where and by what it is decided, and why it is not known."""
    check = verdict.deciding
    return verdict.outcome, verdict.reasons, check and (check.end, check.decided_by)


def _answered(connection: Connection, group: list[tuple[Target, Target, Verdict]], table: DecisionTable) -> Answered:
    one, other, verdict = group[0]
    traffic = _traffic(connection, other)
    # The table decides without a trace; for what is shown the walk is taken.
    traced = table.walked(one.peer, other.peer, traffic)
    if traced.outcome != verdict.outcome:
        # It cannot be, and if it is, then neither answer is to be believed.
        return _unknown(connection, (f"two ways of deciding disagree: {verdict.outcome} and {traced.outcome}",))
    return Answered(connection, traced.outcome, traced, traffic, one.peer, other.peer, len(group), traced.reasons)


def _unknown(connection: Connection, reasons: tuple[str, ...]) -> Answered:
    verdict = Verdict((Check("egress", "the connection", "unknown", None, reasons),))
    traffic = Traffic(connection.protocol, connection.port if isinstance(connection.port, int) else None)
    return Answered(connection, "unknown", verdict, traffic, None, None, 0, reasons)
