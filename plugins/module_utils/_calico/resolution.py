# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the ends that users name to those that a snapshot has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from . import labels
from .connection import AddressEnd, Connection, End, LabelsEnd, NodeEnd, PodEnd, ServiceEnd
from .endpoints import Endpoint, hypothetical_endpoint
from .errors import InvalidInput
from .evaluation import Evaluation
from .inventory import Inventory, Peer
from .labels import PartialLabels
from .nets import parse_address
from .protocols import protocol_number
from .snapshot import Object, items, labels_of, mapping, name_of, namespace_of, spec_of, text


class NotThere(InvalidInput):
    """A connection names something that the cluster does not have."""

    code = "not_found"


@dataclass(frozen=True)
class Target:
    """One peer that an end stands for; ``port`` is the one behind a Service, where the end is one."""

    peer: Peer
    port: int | None = None


@dataclass(frozen=True)
class Resolved:
    """What an end stands for, or why nobody knows."""

    targets: tuple[Target, ...]
    unknown: str = ""


def resolved(end: End, connection: Connection, evaluation: Evaluation) -> Resolved:
    """The peers that an end stands for. Raises NotThere for a Pod, Service, port or node that does not exist."""
    inventory = evaluation.inventory
    if isinstance(end, AddressEnd):
        return Resolved((Target(inventory.peer_at(end.address)),))
    if isinstance(end, PodEnd):
        return _pod(end, inventory)
    if isinstance(end, NodeEnd):
        return _node(end, inventory)
    if isinstance(end, ServiceEnd):
        return _service(end, connection, evaluation)
    return _labelled(end, inventory)


def _pod(end: PodEnd, inventory: Inventory) -> Resolved:
    key = (end.namespace, end.name)
    if key in inventory.workload_by_name:
        return Resolved(tuple(map(Target, _peers(inventory.workload_by_name[key]))))
    if key in inventory.host_network_pods:
        node = inventory.host_network_pods[key]
        return Resolved(tuple(Target(Peer(a, None, node)) for a in inventory.node_addresses.get(node) or (None,)))
    if inventory.unread("Pod"):
        return Resolved((), f"Pod was not read: {inventory.unread('Pod')}")
    raise NotThere(
        f"There is no Pod {end.namespace}/{end.name} that was scheduled",
        "Name one that runs, or give its namespace and labels.",
    )


def _node(end: NodeEnd, inventory: Inventory) -> Resolved:
    if end.name in inventory.node_addresses:
        addresses = inventory.node_addresses[end.name]
        return Resolved(tuple(Target(Peer(address, None, end.name)) for address in addresses or (None,)))
    if inventory.unread("Node"):
        return Resolved((), f"Node was not read: {inventory.unread('Node')}")
    raise NotThere(f"There is no Node {end.name}", "Name one of the cluster's, or give an address.")


def _labelled(end: LabelsEnd, inventory: Inventory) -> Resolved:
    if inventory.unread("Pod"):
        return Resolved((), f"Pod was not read: {inventory.unread('Pod')}")
    found = [e for e in inventory.workloads if _has(e, end, inventory)]
    if found:
        return Resolved(tuple(Target(peer) for endpoint in found for peer in _peers(endpoint)))
    if end.namespace:
        account = end.service_account or "default"
        hypothetical = hypothetical_endpoint(end.namespace, dict(end.labels), account, (), inventory.parents)
        return Resolved((Target(Peer(None, hypothetical)),))
    return Resolved((Target(Peer(None, _anywhere(end))),))


def _anywhere(end: LabelsEnd) -> Endpoint:
    """A Pod with these labels of which the namespace is not said."""
    known = {**dict(end.labels), labels.ORCHESTRATOR: "k8s"}
    prefixes = (labels.NAMESPACE_PREFIX, labels.SERVICE_ACCOUNT_PREFIX, labels.NAMESPACE, labels.SERVICE_ACCOUNT)
    return Endpoint("Pod", "", "", "", PartialLabels(known, prefixes), ())


def _has(endpoint: Endpoint, end: LabelsEnd, inventory: Inventory) -> bool:
    wanted = dict(end.labels) | ({labels.SERVICE_ACCOUNT: end.service_account} if end.service_account else {})
    return (not end.namespace or endpoint.namespace == end.namespace) and all(
        endpoint.labels.get(key) == value for key, value in wanted.items()
    )


def _peers(endpoint: Endpoint) -> Iterator[Peer]:
    yield from (Peer(address, endpoint) for address in endpoint.addresses or (None,))


def _service(end: ServiceEnd, connection: Connection, evaluation: Evaluation) -> Resolved:
    unread = [
        f"{kind} was not read: {evaluation.inventory.unread(kind)}"
        for kind in ("Service", "EndpointSlice")
        if evaluation.inventory.unread(kind)
    ]
    if unread:
        return Resolved((), "; ".join(unread))
    service = next(
        (s for s in evaluation.snapshot.of("Service") if (namespace_of(s), name_of(s)) == (end.namespace, end.name)),
        None,
    )
    if service is None:
        raise NotThere(f"There is no Service {end.namespace}/{end.name}", "Name one of the cluster's.")
    port = _service_port(service, connection)
    name = text(mapping(port).get("name")) if port is not None else None
    targets = tuple(_behind(end, name, connection, evaluation))
    return Resolved(targets, "" if targets else f"Service {end.namespace}/{end.name} has no ready endpoint")


def _service_port(service: Object, connection: Connection) -> Object | None:
    """The Service's port that the connection asks for; None where it asks for none, as a source does."""
    if connection.port is None or not isinstance(connection.destination, ServiceEnd):
        return None
    ports = [mapping(port) for port in items(spec_of(service).get("ports"))]
    for port in ports:
        same = protocol_number(port.get("protocol") or "TCP") == connection.protocol
        if same and connection.port in (port.get("port"), port.get("name")):
            return port
    known = ", ".join(f"{p.get('name') or '-'} {p.get('port')}" for p in ports) or "none"
    raise NotThere(
        f"Service {namespace_of(service)}/{name_of(service)} has no port {connection.port}", f"It has: {known}."
    )


def _behind(end: ServiceEnd, port: str | None, connection: Connection, evaluation: Evaluation) -> Iterator[Target]:
    """The ready endpoints with the number behind the Service's port."""
    for item in evaluation.snapshot.of("EndpointSlice"):
        if (namespace_of(item), labels_of(item).get("kubernetes.io/service-name")) != (end.namespace, end.name):
            continue
        numbers = [None] if port is None else list(_numbers(item, port, connection.protocol))
        for endpoint in items(item.get("endpoints")):
            ready = mapping(mapping(endpoint).get("conditions")).get("ready")
            for value in items(mapping(endpoint).get("addresses")) if ready is not False else ():
                address = parse_address(value)
                if address is not None:
                    yield from (Target(evaluation.inventory.peer_at(address), number) for number in numbers)


def _numbers(item: Object, name: str, protocol: int) -> Iterator[int]:
    for port in map(mapping, items(item.get("ports"))):
        same = text(port.get("name")) == name and protocol_number(port.get("protocol") or "TCP") == protocol
        if same and isinstance(port.get("port"), int):
            yield port["port"]


def pairs(sources: Sequence[Target], destinations: Sequence[Target]) -> Iterator[tuple[Target, Target]]:
    """Every connection between them: of one IP version, and not of an endpoint with itself."""
    for source in sources:
        for destination in destinations:
            one, other = source.peer, destination.peer
            mixed = None not in (one.version, other.version) and one.version != other.version
            if not mixed and (one.endpoint is None or one.endpoint is not other.endpoint):
                yield source, destination
