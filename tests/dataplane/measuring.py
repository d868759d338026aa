# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections of every client by every path, what is seen of them, and whether that is what is predicted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from _service import data_plane as dp
from _service.source_address import Outcome, outcomes

import network
import objects
from network import ENTRY, NODES, OUTSIDE, OUTSIDE_ADDRESS, PODS, Agent

# Until everything was seen that is predicted, and so many more, in which nothing else must show.
TRIES, MORE = 60, 10
# Where nobody is to answer; each takes as long as one waits.
UNANSWERED, PATIENCE = 3, 0.8
# The endpoint, what its process sees, what ingress and egress policy see, and the answer where there is no endpoint.
Seen: TypeAlias = "tuple[str | None, str | None, tuple[str, ...], tuple[str, ...], str]"


@dataclass(frozen=True)
class Expected:
    """What is measured: a name for it, the Service as it is, and who asks.

    ``sticks`` is whether one client always gets one endpoint, which may be any of those that are predicted.
    """

    name: str
    service: dp.ServicePort
    clients: Sequence[str] = (*PODS, *NODES, OUTSIDE)
    sticks: bool = False


class Measuring:
    """One lab: its data plane, its namespaces, and the addresses of its Service by their kinds."""

    def __init__(
        self, lab: str, plane: dp.DataPlane, agents: Mapping[str, Agent], addresses: Mapping[str, str]
    ) -> None:
        self._lab, self._plane, self._agents, self._addresses = lab, plane, agents, addresses
        self._names = {
            **{pod.address: f"{dp.POD} {name}" for name, pod in PODS.items()},
            **{address: f"{dp.NODE} {name}" for name, address in NODES.items()},
            OUTSIDE_ADDRESS: f"{dp.OUTSIDE} {OUTSIDE}",
            **{address: kind for kind, address in addresses.items()},
        }
        self._counters = network.watch({name: address for address, name in self._names.items()})

    def table(self, expected: Expected) -> int:
        """Prints a row for each client, path and protocol; returns how many are not as predicted."""
        rows = [
            self._row(expected, client, target, protocol)
            for client in expected.clients
            for target in self._targets(client, expected.service)
            for protocol in ("TCP", "UDP")
        ]
        return rows.count(False)

    def _row(self, expected: Expected, client: str, target: dp.Target, protocol: str) -> bool:
        found = outcomes(self._client(client), target, expected.service, self._plane)
        predicted = frozenset(_shown(outcome) for outcome in found)
        seen, tries = self._seen(client, target, protocol, predicted, expected.sticks)
        path = f"{target.kind}@{target.name}" if target.name else target.kind
        title = f"{self._lab}, {expected.name}: {client} to {path} {protocol}"
        is_good = (seen <= predicted and len(seen) == 1) if expected.sticks else seen == predicted
        said = _in_short(seen) if is_good else f"DIFFERS: seen {_in_short(seen)}, predicted {_in_short(predicted)}"
        print(f"{title:80} {tries:3} x  {said}", flush=True)
        return is_good

    def _targets(self, client: str, service: dp.ServicePort) -> Iterator[dp.Target]:
        if client != OUTSIDE:
            for endpoint in service.endpoints:
                yield dp.Target(dp.POD_IP, endpoint.name, endpoint.address)
            yield dp.Target(dp.CLUSTER_IP, "", self._addresses[dp.CLUSTER_IP])
        for name, address in NODES.items():
            yield dp.Target(dp.NODE_PORT, name, address)
        for kind in (dp.LOAD_BALANCER, dp.EXTERNAL_IP):
            yield dp.Target(kind, "", self._addresses[kind], ENTRY if client == OUTSIDE else "")

    def _client(self, name: str) -> dp.Client:
        if name in PODS:
            return dp.Client(dp.Address(dp.POD, name, PODS[name].address), PODS[name].node)
        if name in NODES:
            return dp.Client(dp.Address(dp.NODE, name, NODES[name]), name)
        return dp.Client(dp.Address(dp.OUTSIDE, name, OUTSIDE_ADDRESS))

    def _seen(
        self, client: str, target: dp.Target, protocol: str, predicted: frozenset[Seen], sticks: bool
    ) -> tuple[frozenset[Seen], int]:
        """What was seen, and in how many connections."""
        seen: set[Seen] = set()
        is_answered = any(outcome[0] for outcome in predicted)
        limit, more = (0 if sticks else TRIES, MORE) if is_answered else (UNANSWERED, 0)
        # What came late of earlier ones is none of these.
        self._hit()
        tries = 0
        while tries < limit and not predicted <= seen:
            seen.add(self._once(client, target, protocol, is_answered))
            tries += 1
        for _again in range(more):
            seen.add(self._once(client, target, protocol, is_answered))
        return frozenset(seen), tries + more

    def _once(self, client: str, target: dp.Target, protocol: str, is_answered: bool) -> Seen:
        port = {dp.POD_IP: objects.TARGET_PORT, dp.NODE_PORT: objects.NODE_PORT}.get(target.kind, objects.PORT)
        patience = 3.0 if is_answered else PATIENCE
        asked = {"protocol": protocol, "address": target.address, "port": port, "patience": patience}
        answer = self._agents[client].do("connect", **asked)
        hit = self._hit()
        ingress = tuple(sorted({other for direction, _pod, other in hit if direction == "ingress"}))
        egress = tuple(sorted({other for direction, pod, other in hit if direction == "egress" and pod == client}))
        if isinstance(answer, str):
            return None, None, ingress, egress, answer
        endpoint, source = answer
        return endpoint, self._names.get(source, source), ingress, egress, ""

    def _hit(self) -> list[tuple[str, str, str]]:
        """What policy has seen on all nodes since this was asked last."""
        return [self._counters[name] for node in NODES for name in self._agents[node].do("count", table=network.TABLE)]


def _shown(outcome: Outcome) -> Seen:
    process = None if outcome.process_sees is None else str(outcome.process_sees)
    seen = (outcome.ingress_policy_sees, outcome.egress_policy_sees)
    ingress, egress = (() if address is None else (str(address),) for address in seen)
    return outcome.endpoint, process, ingress, egress, outcome.answer


def _in_short(seen: frozenset[Seen]) -> str:
    return "; ".join(map(_told, sorted(seen, key=str))) or "nothing"


def _told(seen: Seen) -> str:
    endpoint, process, ingress, egress, answer = seen
    who = f"{endpoint} sees {process}" if endpoint else answer
    return f"{who}, ingress policy {'/'.join(ingress) or '-'}, egress policy {'/'.join(egress) or '-'}"
