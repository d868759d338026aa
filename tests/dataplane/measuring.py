# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections of every client by every path, what is seen of them, and whether that is what is predicted.

Many are made at once: each has a tag, by which it is known where policy would see it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from _service import data_plane as dp
from _service.kube_proxy import NO_ANSWER
from _service.source_address import Outcome, outcomes

import network
import objects
from network import EGRESS, ENTRY, INGRESS, NODES, OUTSIDE, OUTSIDE_ADDRESS, PODS, TABLE, Agent

# Until everything was seen that is predicted, and so many more, in which nothing else must show.
TRIES, MORE = 60, 10
# Where nobody is to answer.
UNANSWERED = 3
# Seconds to wait for an answer: where there is to be none, may be one, and is to be one, on a busy machine too.
PATIENCE, DOUBT, TRUST = 0.8, 3.0, 10.0
# So many connections can be told apart; an answer has 0, and may be a new connection to a node that has not seen what it answers.
TAGS = range(1, 64)
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


@dataclass
class _Row:
    """The connections of a client by a path.

    ``complete`` is after how many everything was seen that is predicted, or what counts as that; ``limit`` how many are made
    until then, ``more`` how many from then on, and ``at_once`` how many at a time.
    """

    client: str
    target: dp.Target
    protocol: str
    predicted: frozenset[Seen]
    sticks: bool
    limit: int = TRIES
    more: int = MORE
    at_once: int = MORE + 1
    complete: int | None = None
    seen: set[Seen] = field(default_factory=set)
    tries: int = 0

    def __post_init__(self) -> None:
        if self.sticks:
            # The first one decides for the others.
            self.complete, self.at_once = 0, 1
        if not self.is_answered:
            self.complete, self.more = 0, UNANSWERED

    @property
    def is_answered(self) -> bool:
        return any(outcome[0] for outcome in self.predicted)

    @property
    def takes_patience(self) -> bool:
        return any(outcome[4] == NO_ANSWER for outcome in self.predicted)

    @property
    def is_good(self) -> bool:
        if self.sticks:
            return self.seen <= self.predicted and len(self.seen) == 1
        return self.seen == self.predicted

    def wanted(self) -> int:
        """How many connections are to be made next."""
        until = self.limit if self.complete is None else self.complete
        return min(until + self.more - self.tries, self.at_once)

    def add(self, seen: Seen) -> None:
        """What was seen of one more."""
        self.seen.add(seen)
        self.tries += 1
        if self.complete is None and self.predicted <= self.seen:
            self.complete = self.tries

    def connection(self, tag: int) -> dict[str, Any]:
        """The same for an agent."""
        ports = {dp.POD_IP: objects.TARGET_PORT, dp.NODE_PORT: objects.NODE_PORT}
        return {
            "protocol": self.protocol,
            "address": self.target.address,
            "port": ports.get(self.target.kind, objects.PORT),
            "patience": (DOUBT if self.takes_patience else TRUST) if self.is_answered else PATIENCE,
            "tag": tag,
        }

    def __str__(self) -> str:
        path = f"{self.target.kind}@{self.target.name}" if self.target.name else self.target.kind
        return f"{self.client} to {path} {self.protocol}"


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
        network.watch()

    def table(self, expected: Expected) -> list[bool]:
        """Prints a row for each client, path and protocol; returns for each whether it is as predicted."""
        # kube-proxy deletes what one node knows of UDP. When that node takes a port again, another may still know the connection,
        # which is no new one to policy there then.
        self._on_nodes("flush")
        rows = list(self._rows(expected))
        # What nobody answers is waited for at once, and not together with what is quick.
        for takes_patience in (True, False):
            some = [row for row in rows if row.takes_patience == takes_patience]
            while wave := [row for row in some for _each in range(row.wanted())][: len(TAGS)]:
                self._connect(wave)
        for row in rows:
            title = f"{self._lab}, {expected.name}: {row}"
            differs = f"DIFFERS: seen {_in_short(row.seen)}, predicted {_in_short(row.predicted)}"
            print(f"{title:80} {row.tries:3} x  {_in_short(row.seen) if row.is_good else differs}", flush=True)
        return [row.is_good for row in rows]

    def _rows(self, expected: Expected) -> Iterator[_Row]:
        for client in expected.clients:
            for target in self._targets(client, expected.service):
                found = outcomes(self._client(client), target, expected.service, self._plane)
                predicted = frozenset(map(_shown, found))
                for protocol in ("TCP", "UDP"):
                    yield _Row(client, target, protocol, predicted, expected.sticks)

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

    def _connect(self, wave: Sequence[_Row]) -> None:
        """A connection for each entry, all at once."""
        # What came late of earlier ones is none of these.
        self._on_nodes("forget", table=TABLE, sets=[INGRESS, EGRESS])
        tags: dict[str, list[int]] = {}
        tagged = dict(zip(TAGS, wave, strict=False))
        for tag, row in tagged.items():
            tags.setdefault(row.client, []).append(tag)
        for client, own in tags.items():
            self._agents[client].begin("connect", connections=[tagged[tag].connection(tag) for tag in own])
        answers = {
            tag: answer
            for client, own in tags.items()
            for tag, answer in zip(own, self._agents[client].end(), strict=True)
        }
        sightings = [tuple(each) for found in self._on_nodes("sightings", table=TABLE) for each in found]
        for tag, row in tagged.items():
            policies = [
                tuple(sorted({self._name(address) for kind, of, address in sightings if (kind, of) == (policy, tag)}))
                for policy in (INGRESS, EGRESS)
            ]
            row.add(self._seen(answers[tag], *policies))

    def _seen(self, answer: Any, ingress: tuple[str, ...], egress: tuple[str, ...]) -> Seen:
        if isinstance(answer, str):
            return None, None, ingress, egress, answer
        endpoint, source = answer
        return endpoint, self._name(source), ingress, egress, ""

    def _name(self, address: str) -> str:
        return self._names.get(address, address)

    def _on_nodes(self, what: str, **options: Any) -> list[Any]:
        """What the agents of all nodes answer."""
        for node in NODES:
            self._agents[node].begin(what, **options)
        return [self._agents[node].end() for node in NODES]


def _shown(outcome: Outcome) -> Seen:
    process = None if outcome.process_sees is None else str(outcome.process_sees)
    seen = (outcome.ingress_policy_sees, outcome.egress_policy_sees)
    ingress, egress = (() if address is None else (str(address),) for address in seen)
    return outcome.endpoint, process, ingress, egress, outcome.answer


def _in_short(seen: frozenset[Seen] | set[Seen]) -> str:
    return "; ".join(map(_told, sorted(seen, key=str))) or "nothing"


def _told(seen: Seen) -> str:
    endpoint, process, ingress, egress, answer = seen
    who = f"{endpoint} sees {process}" if endpoint else answer
    return f"{who}, ingress policy {'/'.join(ingress) or '-'}, egress policy {'/'.join(egress) or '-'}"
