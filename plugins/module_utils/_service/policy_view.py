# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What policy says of addresses, and whom it tells apart, for those who ask about many connections."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from .._calico.inventory import Peer
from .._calico.nets import parse_address
from .._calico.table import DecisionTable
from .data_plane import Endpoint
from .kube_proxy import usable


@dataclass
class PolicyView:
    """A table, and who is at an address; always the same peer, since the table knows them by their identity."""

    table: DecisionTable
    _peers: dict[str, Peer] = field(default_factory=dict)

    def at(self, address: str) -> Peer:
        """Who has the address."""
        if address not in self._peers:
            parsed = parse_address(address)
            self._peers[address] = Peer(None) if parsed is None else self.table.inventory.peer_at(parsed)
        return self._peers[address]

    def pods(self, version: int) -> Sequence[Peer]:
        """One Pod of each group that policy cannot tell apart, on each of two nodes where there are so many."""
        found: dict[object, dict[str, Peer]] = {}
        for endpoint in self.table.inventory.workloads:
            for address in endpoint.addresses:
                if address.version == version and endpoint.node:
                    peer = Peer(address, endpoint)
                    of_class = found.setdefault(self.table.class_of(peer) or peer, {})
                    if len(of_class) < 2:
                        of_class.setdefault(endpoint.node, peer)
        return [peer for of_class in found.values() for peer in of_class.values()]

    @cached_property
    def outside(self) -> Sequence[Peer]:
        """One address of each range outside that policy cannot tell apart."""
        return [p for p in self.table.space.points if p.endpoint is None and not p.node and p.address is not None]

    def told_apart(self, endpoints: Sequence[Endpoint]) -> Iterator[tuple[Endpoint, Peer]]:
        """One workload of each group that policy cannot tell apart, on each of two nodes; one that answers, if there is any."""
        seen: dict[object, set[str]] = {}
        for endpoint in dict.fromkeys((*usable(endpoints), *endpoints)):
            peer = self.at(endpoint.address)
            if peer.endpoint is not None:
                nodes = seen.setdefault(self.table.class_of(peer) or peer, set())
                if endpoint.node not in nodes and len(nodes) < 2:
                    nodes.add(endpoint.node)
                    yield endpoint, peer
