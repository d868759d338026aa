# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a rule matches a connection, condition by condition, with the reason.

Follows https://docs.tigera.io/calico/latest/reference/resources/globalnetworkpolicy#entityrule and felix/calc of Calico.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .inventory import Inventory, Peer
from .nets import Network
from .ports import Port
from .rule import Rule, Side
from .selector import Selector
from .traffic import Answer, Traffic, is_among, traffic_answers


@dataclass(frozen=True)
class Flow:
    """A connection as rules look at it."""

    source: Peer
    destination: Peer
    traffic: Traffic

    @property
    def version(self) -> int | None:
        """4 or 6, None where neither end has an address."""
        return self.source.version or self.destination.version


def rule_answer(rule: Rule, flow: Flow, inventory: Inventory) -> Answer:
    """Whether the rule matches; the reason is the first condition that fails, or everything that is not known."""
    unknown: list[str] = []
    for answer in _answers(rule, flow, inventory):
        if answer.holds is False:
            return answer
        if answer.holds is None:
            unknown.append(answer.because)
    return Answer(None, "; ".join(unknown)) if unknown else Answer(True, "every condition holds")


def _answers(rule: Rule, flow: Flow, inventory: Inventory) -> Iterator[Answer]:
    yield from traffic_answers(rule, flow.traffic, flow.version)
    yield from _side_answers(rule, flow, rule.source, flow.source, "source", inventory)
    yield from _side_answers(rule, flow, rule.destination, flow.destination, "destination", inventory)


def _side_answers(rule: Rule, flow: Flow, side: Side, peer: Peer, name: str, inventory: Inventory) -> Iterator[Answer]:
    port = flow.traffic.source_port if name == "source" else flow.traffic.port

    def named(names: Sequence[str]) -> bool | None:
        return has_named_port(names, port, rule, side, peer, inventory)

    if side.ports or side.named_ports:
        holds = _either(is_among(port, side.ports), named(side.named_ports))
        yield Answer(holds, f"{name} port {_port(port)} is asked to be among {_ports(side.ports, side.named_ports)}")
    if side.not_ports or side.not_named_ports:
        found = _either(is_among(port, side.not_ports), named(side.not_named_ports))
        shown = _ports(side.not_ports, side.not_named_ports)
        yield Answer(_opposite(found), f"{name} port {_port(port)} is asked not to be among {shown}")
    yield from _net_answers(side, peer, name)
    if side.selector is not None:
        yield Answer(selected(side.selector, peer, inventory), f"{name} is asked to be {side.selector}")
    if side.not_selector is not None:
        holds = _opposite(selected(side.not_selector, peer, inventory))
        yield Answer(holds, f"{name} is asked not to be {side.not_selector}")
    if side.service is not None:
        shown = "/".join(side.service)
        yield Answer(
            _of_service(side.service, name, flow, peer, inventory), f"{name} is asked to be of Service {shown}"
        )


def _net_answers(side: Side, peer: Peer, name: str) -> Iterator[Answer]:
    if side.nets:
        holds = None if peer.address is None else any(peer.address in net for net in side.nets)
        yield Answer(holds, f"{name} is asked to be in {_listed(side.nets)}")
    if side.not_nets:
        holds = None if peer.address is None else _outside(side, peer)
        yield Answer(holds, f"{name} is asked not to be in {_listed(side.not_nets)}")


def _outside(side: Side, peer: Peer) -> bool:
    """Felix drops a rule for an IP version of which it has negative networks of the other version only."""
    of_version = [net for net in side.not_nets if net.version == peer.version]
    return bool(of_version) and not any(peer.address in net for net in of_version)


def selected(selector: Selector, peer: Peer, inventory: Inventory) -> bool | None:
    """Whether one endpoint or network set that has the peer's address is selected."""
    answer: bool | None = False
    for labels in inventory.labels_at(peer):
        found = selector.matches(labels)
        if found:
            return True
        if found is None:
            answer = None
    if answer is False and (inventory.unread_reason or _may_be_in_a_set(selector, peer, inventory)):
        return None
    return answer


def _may_be_in_a_set(selector: Selector, peer: Peer, inventory: Inventory) -> bool:
    return any(selector.matches(labels) is not False for labels in inventory.possible_labels(peer))


def _of_service(service: tuple[str, str], name: str, flow: Flow, peer: Peer, inventory: Inventory) -> bool | None:
    if inventory.unread("EndpointSlice") or peer.address is None:
        return None
    endpoints = inventory.service_endpoints.get(service, frozenset())
    if name == "source":
        return (peer.address, 0, None) in endpoints
    if flow.traffic.port is None:
        return None if any(address == peer.address for address, _protocol, _port in endpoints) else False
    return (peer.address, flow.traffic.protocol, flow.traffic.port) in endpoints


def has_named_port(
    names: Sequence[str], port: int | None, rule: Rule, side: Side, peer: Peer, inventory: Inventory
) -> bool | None:
    """Whether the port is one of these names where the peer is; Calico looks only at whom the positive selector means."""
    if not names:
        return False
    protocol = rule.named_port_protocol
    answer: bool | None = None if inventory.unread("Pod") or inventory.unread("HostEndpoint") else False
    for endpoint in inventory.endpoints_at(peer):
        if endpoint.ports is None:
            return None
        numbers = [p.number for p in endpoint.ports if p.name in names and p.protocol == protocol]
        if not numbers or (port is not None and port not in numbers):
            continue
        chosen = True if side.selector is None else side.selector.matches(endpoint.labels)
        if chosen and port is not None:
            return True
        answer = answer if chosen is False else None
    return answer


def _either(one: bool | None, other: bool | None) -> bool | None:
    if one or other:
        return True
    return None if None in (one, other) else False


def _opposite(answer: bool | None) -> bool | None:
    return None if answer is None else not answer


def _listed(nets: Sequence[Network]) -> str:
    shown = ", ".join(map(str, nets[:5]))
    return f"{shown} and {len(nets) - 5} more" if len(nets) > 5 else shown


def _port(port: int | None) -> str:
    return "not known" if port is None else str(port)


def _ports(ranges: Sequence[Port], names: Sequence[str]) -> str:
    numbers = [str(r.first) if r.first == r.last else f"{r.first}:{r.last}" for r in ranges]
    return ", ".join([*numbers, *names])
