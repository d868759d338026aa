# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everybody who can be an end of a connection, as points with one bit each.

Points are the addresses of endpoints and nodes, endpoints without an address, and for everything outside one address out of each
range that no network in any rule or set divides: whatever holds for it holds for the whole range.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from ipaddress import IPv4Address, IPv6Address
from itertools import pairwise

from .endpoints import Endpoint
from .inventory import Inventory, Peer
from .label_index import LabelIndex, Span
from .nets import Address, Network
from .selector import Selector
from .selector_tree import Labels

_BITS = {4: 32, 6: 128}
_ADDRESS: Mapping[int, Callable[[int], Address]] = {4: IPv4Address, 6: IPv6Address}


class Space:
    """The points of one inventory; ``nets`` are all networks by which rules tell addresses apart."""

    def __init__(self, inventory: Inventory, nets: Iterable[Network]) -> None:
        self.inventory = inventory
        self._bounds = {version: _bounds(version, nets, inventory) for version in (4, 6)}
        self.points = self._made(inventory)
        self.all = (1 << len(self.points)) - 1
        self.index = {id(point): index for index, point in enumerate(self.points)}
        self._sorted = {
            version: [int(p.address) for p in self.points if p.address is not None and p.version == version]
            for version in (4, 6)
        }
        self._offset = {4: 0, 6: len(self._sorted[4])}
        self.without_address = self.all & ~self.of_version(4) & ~self.of_version(6)
        self._labels, self._further = self._owners()

    def _made(self, inventory: Inventory) -> list[Peer]:
        known = {a: inventory.peer_at(a) for a in [*inventory.owners, *inventory.node_by_address]}
        for version in (4, 6):
            for first, last in self._ranges(version):
                address = _outside(version, first, last, known)
                if address is not None:
                    known[address] = Peer(address)
        ordered = sorted(known, key=lambda address: (address.version, int(address)))
        homeless = [Peer(None, endpoint) for endpoint in inventory.workloads if not endpoint.addresses]
        return [known[address] for address in ordered] + homeless

    def _ranges(self, version: int) -> Iterable[tuple[int, int]]:
        bounds = [*self._bounds[version], 1 << _BITS[version]]
        return ((first, after - 1) for first, after in pairwise(bounds))

    def _owners(self) -> tuple[LabelIndex, list[tuple[int, Endpoint]]]:
        """Labels of the first endpoint of each point, and further endpoints with the point's index."""
        first: list[Labels] = []
        further: list[tuple[int, Endpoint]] = []
        for index, point in enumerate(self.points):
            endpoints = self.inventory.endpoints_at(point)
            first.append(endpoints[0].labels if endpoints else {})
            further += [(index, endpoint) for endpoint in endpoints[1:]]
        return LabelIndex(first), further

    @cached_property
    def owned(self) -> int:
        """Points that have an endpoint."""
        return bits_of(i for i, point in enumerate(self.points) if self.inventory.endpoints_at(point))

    @cached_property
    def _sets(self) -> list[tuple[Labels, int, bool]]:
        """Labels of each network set, its points, and whether it has any network."""
        return [(s.labels, self.within(s.nets), bool(s.nets)) for s in self.inventory.sets]

    def of_version(self, version: int) -> int:
        """Points whose address has the IP version."""
        count = len(self._sorted[version])
        return ((1 << count) - 1) << self._offset[version]

    def within(self, nets: Iterable[Network]) -> int:
        """Points whose address is in one of the networks."""
        found = 0
        for net in nets:
            numbers, first = self._sorted[net.version], int(net.network_address)
            low, high = bisect_left(numbers, first), bisect_right(numbers, first + net.num_addresses - 1)
            found |= ((1 << (high - low)) - 1) << (low + self._offset[net.version])
        return found

    def at(self, addresses: Iterable[Address]) -> int:
        """Points that have one of the addresses."""
        found = 0
        for address in addresses:
            numbers = self._sorted[address.version]
            index = bisect_left(numbers, int(address))
            if index < len(numbers) and numbers[index] == int(address):
                found |= 1 << (index + self._offset[address.version])
        return found

    def peers(self, selector: Selector) -> Span:
        """Points whose address some selected endpoint or network set has."""
        sure, perhaps = self.endpoints(selector)
        for index, endpoint in self._further:
            answer = selector.matches(endpoint.labels)
            if answer is not False:
                perhaps |= 1 << index
                sure |= (1 << index) if answer else 0
        for labels, points, has_nets in self._sets:
            answer = selector.matches(labels)
            if answer is not False:
                perhaps |= points | (self.without_address if has_nets else 0)
                sure |= points if answer else 0
        return sure, self.all if self.inventory.unread_reason else perhaps

    def endpoints(self, selector: Selector | None) -> Span:
        """Points whose (first) endpoint is selected."""
        if selector is None:
            return self.owned, self.owned
        sure, perhaps = self._labels.span(selector.root)
        return sure & self.owned, perhaps & self.owned

    @cached_property
    def _named_ports(self) -> dict[tuple[str, int], dict[int, int]]:
        """Points by name and protocol of a port, and by its number, of the first endpoint of each."""
        found: dict[tuple[str, int], dict[int, int]] = {}
        for index, point in enumerate(self.points):
            for endpoint in self.inventory.endpoints_at(point)[:1]:
                for port in endpoint.ports or ():
                    numbers = found.setdefault((port.name, port.protocol), {})
                    numbers[port.number] = numbers.get(port.number, 0) | 1 << index
        return found

    def with_port(self, name: str, protocol: int, number: int | None, selector: Selector | None) -> Span:
        """Points where an endpoint that is selected has the port under the name; any number where it is not known."""
        numbers = self._named_ports.get((name, protocol), {})
        found = numbers.get(number, 0) if number is not None else _union(numbers.values())
        selected = self.endpoints(selector)
        sure, perhaps = (found & selected[0] if number is not None else 0), found & selected[1]
        for index, endpoint in self._further:
            answer = True if selector is None else selector.matches(endpoint.labels)
            ports = [p.number for p in endpoint.ports or () if (p.name, p.protocol) == (name, protocol)]
            if answer is not False and ports and (number is None or number in ports):
                perhaps |= 1 << index
                sure |= 1 << index if answer and number is not None else 0
        return sure, perhaps

    def point_of(self, peer: Peer) -> int | None:
        """The index of the point that stands for the peer, None where it is hypothetical."""
        index = self.index.get(id(peer))
        if index is not None:
            return index
        if peer.address is None and peer.endpoint is None:
            return None
        if peer.address is None:
            return next((i for i, p in enumerate(self.points) if p.endpoint is peer.endpoint), None)
        return self._at(peer.address)

    def span_of(self, index: int) -> tuple[int, Address, Address] | None:
        """IP version, first and last address of the range for which a point stands, None for one without an address."""
        address = self.points[index].address
        if address is None:
            return None
        version, bounds = address.version, self._bounds[address.version]
        if self.points[index].node or self.owned >> index & 1:
            return version, address, address
        after = bisect_right(bounds, int(address))
        last = bounds[after] - 1 if after < len(bounds) else (1 << _BITS[version]) - 1
        return version, _ADDRESS[version](bounds[after - 1]), _ADDRESS[version](last)

    def _at(self, address: Address) -> int | None:
        own = self.at([address])
        if own:
            return own.bit_length() - 1
        bounds = self._bounds[address.version]
        first = bounds[bisect_right(bounds, int(address)) - 1]
        numbers = self._sorted[address.version]
        return self._representative(address.version, first, bisect_left(numbers, first), numbers)

    def _representative(self, version: int, first: int, low: int, numbers: Sequence[int]) -> int | None:
        bounds = self._bounds[version]
        after = bisect_right(bounds, first)
        last = bounds[after] - 1 if after < len(bounds) else (1 << _BITS[version]) - 1
        for index in range(low, bisect_right(numbers, last)):
            point = self.points[index + self._offset[version]]
            position = index + self._offset[version]
            if not point.node and not self.owned >> position & 1:
                return position
        return None


def _bounds(version: int, nets: Iterable[Network], inventory: Inventory) -> list[int]:
    """Where ranges begin that no network divides, sorted."""
    end = 1 << _BITS[version]
    found = {0}
    for net in (*nets, *(net for s in inventory.sets for net in s.nets)):
        if net.version == version:
            first = int(net.network_address)
            found.update((first, first + net.num_addresses))
    return sorted(bound for bound in found if bound < end)


def _outside(version: int, first: int, last: int, taken: dict[Address, Peer]) -> Address | None:
    """An address of the range that nobody has, the last one that is free."""
    for number in range(last, max(first, last - len(taken)) - 1, -1):
        address = _ADDRESS[version](number)
        if address not in taken:
            return address
    return None


def _union(columns: Iterable[int]) -> int:
    found = 0
    for column in columns:
        found |= column
    return found


def bits_of(indexes: Iterable[int]) -> int:
    """An integer with these bits."""
    found = 0
    for index in indexes:
        found |= 1 << index
    return found


def indexes_of(bits: int) -> Iterator[int]:
    """The indexes of the bits that an integer has, the lowest first."""
    text = f"{bits:b}"[::-1]
    place = text.find("1")
    while place >= 0:
        yield place
        place = text.find("1", place + 1)
