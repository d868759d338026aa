# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers to connections that users ask about: one verdict for everybody that an end stands for, as long as they agree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .connection import Connection
from .inventory import Peer
from .matching import Flow
from .resolution import Resolved, Target, pairs, resolved
from .table import DecisionTable
from .traffic import Traffic
from .translation import Translated, second_leg, translated
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
    found: dict[object, list[_Asked]] = {}
    seen: dict[object, Verdict] = {}
    for count, asked in enumerate(_asked(connection, source, destination, table)):
        if count >= MOST_PAIRS:
            return (_unknown(connection, (f"more than {MOST_PAIRS} pairs of endpoints are meant; narrow the ends",)),)
        found.setdefault(_same(_verdict(asked, table, seen)), []).append(asked)
    if not found:
        return (_unknown(connection, ("nobody is meant: the ends have no two endpoints of one IP version",)),)
    return tuple(_answered(connection, group, table) for group in found.values())


@dataclass(frozen=True)
class _Asked:
    """One pair of peers; ``beyond`` is the Service that another node translates to on the way."""

    source: Peer
    destination: Peer
    traffic: Traffic
    beyond: Translated | None = None


def _asked(connection: Connection, source: Resolved, destination: Resolved, table: DecisionTable) -> Iterator[_Asked]:
    """Every pair that the connection means, with addresses that the source's own node translates put right."""
    for one, other in pairs(source.targets, destination.targets):
        traffic = _traffic(connection, other)
        found = translated(one.peer, other.peer, traffic, table)
        if found is None or not found.at_source:
            yield _Asked(one.peer, other.peer, traffic, found)
            continue
        behind = table.inventory.ready_endpoints(found.service)
        targets = [Target(table.inventory.peer_at(address), port) for address, port in behind]
        for again, endpoint in pairs([one], targets):
            yield _Asked(again.peer, endpoint.peer, _traffic(connection, endpoint))


def _verdict(asked: _Asked, table: DecisionTable, seen: dict[object, Verdict]) -> Verdict:
    """The verdict on one pair; the same as for another one of the same classes on the same nodes."""
    if asked.beyond is not None:
        return second_leg(asked.beyond, _flow(asked), table, table.decided_check)
    key = (*_kinds(asked.source, asked.destination, table), asked.traffic)
    if key not in seen:
        seen[key] = _unless_service(table.verdict(asked.source, asked.destination, asked.traffic), asked, table)
    return seen[key]


def _unless_service(verdict: Verdict, asked: _Asked, table: DecisionTable) -> Verdict:
    """Where Services were not read, any address that is no Pod's may be one, and mean others than itself."""
    unread = table.inventory.unread("Service")
    if not unread or asked.destination.endpoint is not None or asked.traffic.port is None:
        return verdict
    reason = f"the address may be a Service's; Service was not read: {unread}"
    return Verdict((*verdict.checks, Check("ingress", str(asked.destination), "unknown", None, (reason,))))


def _flow(asked: _Asked) -> Flow:
    return Flow(asked.source, asked.destination, asked.traffic)


def _kinds(source: Peer, destination: Peer, table: DecisionTable) -> tuple[object, ...]:
    """What is equal for two pairs that have one verdict; where nodes have a say, every pair is one by itself."""
    if source.node or destination.node or table.judges_hosts:
        return id(source), id(destination)
    return tuple(
        (table.class_of(peer) or id(peer), peer.endpoint is None, peer.version) for peer in (source, destination)
    )


def _traffic(connection: Connection, destination: Target) -> Traffic:
    port = destination.port if destination.port is not None else connection.port
    number = port if isinstance(port, int) else None
    return Traffic(connection.protocol, number, connection.source_port, connection.icmp_type, connection.icmp_code)


def _same(verdict: Verdict) -> object:
    """What puts two verdicts together: the outcome, where and by what it is decided, and why it is not known."""
    check = verdict.deciding
    return verdict.outcome, verdict.reasons, check and (check.end, check.decided_by)


def _answered(connection: Connection, group: list[_Asked], table: DecisionTable) -> Answered:
    """The answer for a group, with a trace, which the table does not give."""
    asked = group[0]
    decided = _verdict(asked, table, {})
    if asked.beyond is not None:
        traced = second_leg(asked.beyond, _flow(asked), table, table.endpoint_check)
    else:
        walked = table.walked(asked.source, asked.destination, asked.traffic)
        traced = _unless_service(walked, asked, table)
    if traced.outcome != decided.outcome:
        # It cannot be, and if it is, then neither answer is to be believed.
        return _unknown(connection, (f"two ways of deciding disagree: {decided.outcome} and {traced.outcome}",))
    ends = asked.source, asked.destination
    return Answered(connection, traced.outcome, traced, asked.traffic, *ends, len(group), traced.reasons)


def _unknown(connection: Connection, reasons: tuple[str, ...]) -> Answered:
    verdict = Verdict((Check("egress", "the connection", "unknown", None, reasons),))
    traffic = Traffic(connection.protocol, connection.port if isinstance(connection.port, int) else None)
    return Answered(connection, "unknown", verdict, traffic, None, None, 0, reasons)
