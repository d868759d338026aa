# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The conditions of rules as columns: for each point of a space, whether the condition on that end holds."""

from __future__ import annotations

from collections.abc import Iterable

from .inventory import Inventory
from .label_index import Span
from .nets import Address, Network
from .policies import CompiledPolicy
from .rule import Rule, Side
from .space import Space


def nets_of(policies: Iterable[CompiledPolicy]) -> Iterable[Network]:
    """Every network that a rule of the policies names."""
    for policy in policies:
        for rules in policy.rules.values():
            for rule in rules:
                for side in (rule.source, rule.destination):
                    yield from side.nets
                    yield from side.not_nets


def side_span(side: Side, is_source: bool, space: Space) -> Span:
    """Points for which a side's conditions hold, apart from those on ports, and on ports and addresses together."""
    sure = perhaps = space.all
    homeless = space.without_address
    if side.nets:
        found = space.within(side.nets)
        sure, perhaps = sure & found, perhaps & (found | homeless)
    if side.not_nets:
        found = _outside(side, space)
        sure, perhaps = sure & found, perhaps & (found | homeless)
    if side.selector is not None:
        selected = space.peers(side.selector)
        sure, perhaps = sure & selected[0], perhaps & selected[1]
    if side.not_selector is not None:
        selected = space.peers(side.not_selector)
        sure, perhaps = sure & ~selected[1], perhaps & ~selected[0]
    if side.service is not None:
        behind = _of_service(side.service, is_source, space)
        sure, perhaps = sure & behind[0], perhaps & behind[1]
    return sure, perhaps


def _outside(side: Side, space: Space) -> int:
    found = 0
    for version in (4, 6):
        nets = [net for net in side.not_nets if net.version == version]
        if nets:
            found |= space.of_version(version) & ~space.within(nets)
    return found


def _of_service(service: tuple[str, str], is_source: bool, space: Space) -> Span:
    if space.inventory.unread("EndpointSlice"):
        return 0, space.all
    found = space.at(service_addresses(service, space.inventory))
    # For a destination the port counts too, and is asked about with the connection.
    return (found if is_source else 0), found | space.without_address


def service_addresses(service: tuple[str, str], inventory: Inventory) -> list[Address]:
    """The addresses of a Service's endpoints."""
    endpoints = inventory.service_endpoints.get(service, frozenset())
    return [address for address, protocol, _port in endpoints if protocol == 0]


def service_port_span(service: tuple[str, str], protocol: int, port: int | None, space: Space) -> Span:
    """Points that are an endpoint of the Service with this very port."""
    if space.inventory.unread("EndpointSlice"):
        return 0, space.all
    endpoints = space.inventory.service_endpoints.get(service, frozenset())
    if port is None:
        return 0, space.at(address for address, _protocol, _port in endpoints) | space.without_address
    found = space.at(address for address, p, n in endpoints if (p, n) == (protocol, port))
    return found, found | space.without_address


def named_port_span(names: tuple[str, ...], port: int | None, rule: Rule, side: Side, space: Space) -> Span:
    """Points where the port is one of these names."""
    if not names:
        return 0, 0
    protocol = rule.named_port_protocol
    sure = perhaps = 0
    for name in names:
        found = space.with_port(name, protocol, port, side.selector)
        sure, perhaps = sure | found[0], perhaps | found[1]
    unread = space.inventory.unread("Pod") or space.inventory.unread("HostEndpoint")
    return sure, space.all if unread else perhaps


def named_numbers(names: tuple[str, ...], rule: Rule, inventory: Inventory) -> set[int]:
    """Every number that a port of one of these names has somewhere."""
    protocol = rule.named_port_protocol
    endpoints = (*inventory.workloads, *inventory.hosts)
    return {p.number for e in endpoints for p in e.ports or () if p.name in names and p.protocol == protocol}
