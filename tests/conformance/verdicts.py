# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the walk, and the decisions on bits, give Calico's verdict with Calico's decider."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from _calico.inventory import Peer
from _calico.matching import Flow
from _calico.nets import parse_address
from _calico.policies import Direction
from _calico.protocols import protocol_number
from _calico.snapshot import snapshot
from _calico.table import DecisionTable
from _calico.traffic import Traffic
from _calico.verdict import Check

_ENDS: tuple[tuple[str, Direction], ...] = (("egress", "Egress"), ("ingress", "Ingress"))


def compare(vector: Mapping[str, Any]) -> Sequence[str]:
    """One answer for each connection: what differs at either end."""
    table = DecisionTable(snapshot(vector["resources"], {}, {}))
    return ["; ".join(_differences(vector, connection, table)) for connection in vector["connections"]]


def _differences(vector: Mapping[str, Any], connection: Mapping[str, Any], table: DecisionTable) -> Iterator[str]:
    source, destination = (_peer(connection[side], table) for side in ("source", "destination"))
    protocol = protocol_number(connection["protocol"])
    assert protocol is not None, "the vectors name protocols"
    traffic = Traffic(protocol, connection.get("destination_port"), connection.get("source_port"))
    flow = Flow(source, destination, traffic)
    for (end, direction), peer in zip(_ENDS, (source, destination), strict=True):
        found = _found(direction, peer, flow, table)
        if any(answer != connection[end] for answer in found):
            place = f"{vector['name']} {connection['source']} to {connection['destination']} {traffic}"
            yield f"{place}: {end} is {found}, {connection[end]} to Calico"


def _found(direction: Direction, peer: Peer, flow: Flow, table: DecisionTable) -> list[dict[str, Any] | None]:
    """The walk's answer and the one on bits; None where the end is no Pod, and policy does not look there."""
    if peer.endpoint is None:
        return [None]
    return [_answer(check(direction, peer.endpoint, flow)) for check in (table.endpoint_check, table.decided_check)]


def _peer(text: str, table: DecisionTable) -> Peer:
    if text.startswith("pod:"):
        namespace, _slash, name = text.removeprefix("pod:").partition("/")
        return table.inventory.peer_at(table.inventory.workload_by_name[namespace, name].addresses[0])
    address = parse_address(text)
    assert address is not None, "an end is a pod or an address"
    return table.inventory.peer_at(address)


def _answer(check: Check) -> dict[str, Any]:
    if check.decided_by is None:
        return {"verdict": check.outcome}
    decided = check.decided_by.as_result()
    return {"verdict": check.outcome, "policy": decided.pop("name"), **decided}
