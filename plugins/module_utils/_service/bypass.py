# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections that policy denies between two Pods, and that come about by way of a node's port all the same.

Policy looks at what kube-proxy and natOutgoing make of a connection, and not at what its author had in mind. So each connection
of a Pod that is denied directly is asked about again as the client's egress policy, and the endpoint's ingress policy, see it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from .._calico.inventory import Peer
from .._calico.matching import Flow
from .._calico.snapshot import Snapshot
from .._calico.table import DecisionTable
from .._calico.traffic import Traffic
from .._calico.verdict import Check
from .data_plane import NODE, NODE_PORT, POD, Address, Client, DataPlane, Endpoint, Target
from .exposed import Exposed, exposed
from .planes import possible_planes
from .policy_view import PolicyView
from .settings import Settings
from .source_address import Outcome, outcomes

# So many connections are asked about; clients whom policy cannot tell apart count once for each Service and side of a node.
ASKED = 100_000


@dataclass(frozen=True)
class Bypass:
    """A Pod's way to an endpoint past the policy that denies it: ``node`` is the one whose port it asks.

    ``denied`` is the check that denies it directly, ``seen`` the destination that the client's egress policy sees instead.
    ``is_sure`` is false where it depends on settings, or on other things, that are not known.
    """

    service: Exposed
    client: Peer
    endpoint: Peer
    node: str
    denied: Check
    seen: Address
    is_sure: bool

    def __str__(self) -> str:
        may = "is" if self.is_sure else "may be"
        return f"{self.client} by port {self.service.node_port} of node {self.node}, which {may} seen as going to {self.seen}"


@dataclass
class Bypasses:
    """What was found, and whether all connections were asked about."""

    found: tuple[Bypass, ...] = ()
    is_cut_short: bool = False


@dataclass(frozen=True)
class _Asked:
    """A connection of a Pod to an endpoint that is denied directly."""

    service: Exposed
    client: Peer
    endpoint: Endpoint
    peer: Peer
    denied: Check


def bypasses(snapshot: Snapshot, settings: Settings, table: DecisionTable, limit: int = ASKED) -> Bypasses:
    """One example for each Service, IP version and policy, of those whose direct connection a workload's policy denies."""
    found: dict[object, Bypass] = {}
    counter, view = _Counter(limit), PolicyView(table)
    for version in (4, 6):
        planes = possible_planes(snapshot, table.inventory, settings, version)
        for asked in _denied(snapshot, view, version, counter):
            for bypass in _around(asked, planes, view):
                key = (str(bypass.service), bypass.service.node_port, str(bypass.denied.decided_by), version)
                found.setdefault(key, bypass)
    return Bypasses(tuple(found.values()), counter.is_over)


@dataclass
class _Counter:
    left: int
    is_over: bool = field(default=False)

    def takes(self, items: Iterable[Peer]) -> Iterator[Peer]:
        """Those that are still asked about."""
        taken = list(islice(items, self.left + 1))
        self.is_over = self.is_over or len(taken) > self.left
        yield from taken[: self.left]
        self.left -= min(len(taken), self.left)


def _denied(snapshot: Snapshot, view: PolicyView, version: int, counter: _Counter) -> Iterator[_Asked]:
    clients = view.pods(version)
    for service in (each for each in exposed(snapshot, version) if each.node_port):
        for endpoint, peer in view.told_apart(service.service.endpoints):
            traffic = Traffic(service.protocol, service.numbers[endpoint.name])
            for client in counter.takes(clients):
                verdict = view.table.decided(Flow(client, peer, traffic))
                if verdict.outcome == "deny" and verdict.deciding is not None and _is_of_policy(verdict.deciding):
                    yield _Asked(service, client, endpoint, peer, verdict.deciding)


def _is_of_policy(check: Check) -> bool:
    """Whether it is a workload's policy that denies, and not a node."""
    return check.decided_by is not None and bool(check.decided_by.tier) and check.at.startswith("pod ")


def _around(asked: _Asked, planes: Sequence[DataPlane], view: PolicyView) -> Iterator[Bypass]:
    """By which nodes' ports the connection comes about, or may."""
    ways = [dict(_ways(asked, plane, view)) for plane in planes]
    for node, seen in dict.fromkeys(way for of_plane in ways for way in of_plane):
        is_sure = all(of_plane.get((node, seen), False) for of_plane in ways)
        yield Bypass(asked.service, asked.client, asked.peer, node, asked.denied, seen, is_sure)


def _ways(asked: _Asked, plane: DataPlane, view: PolicyView) -> Iterator[tuple[tuple[str, Address], bool]]:
    """The nodes that may let it pass on this data plane, with what the client's egress policy sees, and if they do for sure."""
    workload = asked.client.endpoint
    if workload is None or workload.node not in plane.nodes:
        return
    client = Client(Address(POD, f"{workload.namespace}/{workload.name}", str(asked.client.address)), workload.node)
    for node in _asked_nodes(asked, plane):
        target = Target(NODE_PORT, node, plane.nodes[node].address)
        for outcome in outcomes(client, target, asked.service.service, plane):
            seen = outcome.egress_policy_sees
            if seen is not None and outcome.endpoint == asked.endpoint.name:
                verdicts = {*_seen(asked, outcome, view)}
                if "deny" not in verdicts:
                    yield (node, seen), "unknown" not in verdicts


def _asked_nodes(asked: _Asked, plane: DataPlane) -> list[str]:
    """The client's own node, the endpoint's, and one that is neither; all others are like one of them."""
    own = asked.client.endpoint.node if asked.client.endpoint is not None else ""
    with_endpoint = {endpoint.node for endpoint in asked.service.service.endpoints}
    without = next((name for name in plane.nodes if name not in with_endpoint and name != own), "")
    return [name for name in dict.fromkeys((asked.endpoint.node, without, own)) if name in plane.nodes]


def _seen(asked: _Asked, outcome: Outcome, view: PolicyView) -> Iterator[str]:
    """What the client's egress policy and the endpoint's ingress policy say to what they see."""
    client, endpoint, protocol = asked.client.endpoint, asked.peer.endpoint, asked.service.protocol
    seen, source, behind = (
        outcome.egress_policy_sees,
        outcome.ingress_policy_sees,
        asked.service.numbers[asked.endpoint.name],
    )
    if client is not None and seen is not None:
        number = asked.service.node_port if seen.kind == NODE else behind
        leaving = Flow(asked.client, view.at(seen.address), Traffic(protocol, number))
        yield view.table.decided_check("Egress", client, leaving).outcome
    if endpoint is not None and source is not None:
        arriving = Flow(view.at(source.address), asked.peer, Traffic(protocol, behind))
        yield view.table.decided_check("Ingress", endpoint, arriving).outcome
