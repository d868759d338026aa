# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the ends that users name to those that a snapshot has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from . import labels
from .columns import service_addresses
from .connection import AddressEnd, Connection, End, LabelsEnd, NodeEnd, PodEnd, ServiceEnd
from .endpoints import Endpoint, hypothetical_endpoint, is_finished, is_host_networked
from .errors import InvalidInput
from .evaluation import Evaluation
from .inventory import Inventory, Peer, ServicePort
from .labels import PartialLabels
from .selector_tree import Labels
from .snapshot import Object, labels_of, name_of, namespace_of, spec_of, text


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
    found = [peer for e in inventory.workloads if _has(e.labels, e.namespace, end) for peer in _peers(e)]
    found += [peer for pod in inventory.pods() if _is_node(pod, end) for peer in _node_peers(pod, inventory)]
    if found:
        return Resolved(tuple(map(Target, found)))
    if end.namespace:
        account = end.service_account or "default"
        hypothetical = hypothetical_endpoint(end.namespace, dict(end.labels), account, inventory.parents)
        return Resolved((Target(Peer(None, hypothetical)),))
    return Resolved((Target(Peer(None, _anywhere(end))),))


def _anywhere(end: LabelsEnd) -> Endpoint:
    """A Pod with these labels of which the namespace is not said."""
    known = {**dict(end.labels), labels.ORCHESTRATOR: "k8s"}
    prefixes = (labels.NAMESPACE_PREFIX, labels.SERVICE_ACCOUNT_PREFIX, labels.NAMESPACE, labels.SERVICE_ACCOUNT)
    return Endpoint("Pod", "", "", "", PartialLabels(known, prefixes), (), None)


def _has(own: Labels, namespace: str, end: LabelsEnd) -> bool:
    wanted = dict(end.labels) | ({labels.SERVICE_ACCOUNT: end.service_account} if end.service_account else {})
    return (not end.namespace or namespace == end.namespace) and all(own.get(k) == v for k, v in wanted.items())


def _is_node(pod: Object, end: LabelsEnd) -> bool:
    """Whether a Pod on its node's network is meant; policy sees it as a process of the node."""
    account = {labels.SERVICE_ACCOUNT: text(spec_of(pod).get("serviceAccountName"))}
    return (
        is_host_networked(pod) and not is_finished(pod) and _has({**labels_of(pod), **account}, namespace_of(pod), end)
    )


def _node_peers(pod: Object, inventory: Inventory) -> Iterator[Peer]:
    node = text(spec_of(pod).get("nodeName"))
    yield from (Peer(a, None, node) for a in inventory.node_addresses.get(node) or (None,))


def _peers(endpoint: Endpoint) -> Iterator[Peer]:
    yield from (Peer(address, endpoint) for address in endpoint.addresses or (None,))


def _service(end: ServiceEnd, connection: Connection, evaluation: Evaluation) -> Resolved:
    inventory = evaluation.inventory
    kinds = [kind for kind in ("Service", "EndpointSlice") if inventory.unread(kind)]
    if kinds:
        return Resolved((), "; ".join(f"{kind} was not read: {inventory.unread(kind)}" for kind in kinds))
    if (end.namespace, end.name) not in {(namespace_of(s), name_of(s)) for s in evaluation.snapshot.of("Service")}:
        raise NotThere(f"There is no Service {end.namespace}/{end.name}", "Name one of the cluster's.")
    if connection.port is None or end is not connection.destination:
        addresses = service_addresses((end.namespace, end.name), inventory)
        targets = [Target(inventory.peer_at(address)) for address in addresses]
    else:
        endpoints = inventory.ready_endpoints(_service_port(end, connection, inventory))
        targets = [Target(inventory.peer_at(address), number) for address, number in endpoints]
    return Resolved(tuple(targets), "" if targets else f"Service {end.namespace}/{end.name} has no ready endpoint")


def _service_port(end: ServiceEnd, connection: Connection, inventory: Inventory) -> ServicePort:
    ports = [p for p in inventory.service_ports if (p.namespace, p.service) == (end.namespace, end.name)]
    for port in ports:
        if port.protocol == connection.protocol and connection.port in (port.port, port.name):
            return port
    known = ", ".join(f"{port.name or '-'} {port.port}" for port in ports) or "none"
    raise NotThere(f"Service {end.namespace}/{end.name} has no port {connection.port}", f"It has: {known}.")


def pairs(sources: Sequence[Target], destinations: Sequence[Target]) -> Iterator[tuple[Target, Target]]:
    """Every connection between them: of one IP version, and not of an endpoint with itself."""
    for source in sources:
        for destination in destinations:
            one, other = source.peer, destination.peer
            mixed = None not in (one.version, other.version) and one.version != other.version
            if not mixed and (one.endpoint is None or one.endpoint is not other.endpoint):
                yield source, destination
