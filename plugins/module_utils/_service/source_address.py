# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who sees whom on a path to a Service: what the endpoint's process sees as source, and what policies see.

These are different answers. kube-proxy and natOutgoing masquerade behind Calico's workload policy, so on the node that
translates, policy still sees the client. Elsewhere it sees what that node made of it. All of this is about iptables and nftables;
with the eBPF data plane, or kube-proxy in ipvs mode, addresses take other ways.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from .data_plane import (
    NODE,
    NODE_PORT,
    POD,
    POD_IP,
    TUNNEL,
    Address,
    Client,
    DataPlane,
    Endpoint,
    Node,
    ServicePort,
    Target,
    within,
)
from .kube_proxy import NO_ANSWER, Arrival, masquerades_own, passes_unseen, translation

UNKNOWN = "unknown"


@dataclass(frozen=True)
class Outcome:
    """One thing that may become of a connection.

    ``endpoint`` is which one answers, None where none does; ``answer`` then says "no answer" (a timeout) or "refused", or
    "unknown" where that is not decided by the cluster.
    ``process_sees`` is the source as the endpoint's process sees it. ``ingress_policy_sees`` is the source as the endpoint's
    workload policy sees it, ``egress_policy_sees`` the destination as the client's does; None where no such policy
    sees the connection. ``translated_by`` is the node that puts the endpoint in place of the Service, empty where none does.
    """

    endpoint: str | None
    process_sees: Address | None
    ingress_policy_sees: Address | None
    egress_policy_sees: Address | None
    translated_by: str = ""
    answer: str = ""


@dataclass(frozen=True)
class _Packet:
    """The first packet of a connection on a node: its source, and how it came there."""

    source: Address
    node: Node
    arrival: Arrival


def outcomes(client: Client, target: Target, service: ServicePort, plane: DataPlane) -> frozenset[Outcome]:
    """Everything that may become of connections of the client to the target; kube-proxy chooses among endpoints by chance."""
    if client.node:
        return frozenset(_from_node(client, target, service, plane))
    return frozenset(_entering(client, target, service, plane))


def _entering(client: Client, target: Target, service: ServicePort, plane: DataPlane) -> Iterator[Outcome]:
    """What becomes of a connection that comes to a node by the network outside."""
    entered = plane.nodes.get(target.name if target.kind == NODE_PORT else target.entry)
    if entered is None:
        yield _lost(None)
        return
    packet = _Packet(client.address, entered, Arrival(client.address.address))
    yield from _translated(packet, client, target, service, plane)


def _from_node(client: Client, target: Target, service: ServicePort, plane: DataPlane) -> Iterator[Outcome]:
    """What becomes of a connection that begins on a node."""
    node, address = plane.nodes[client.node], client.address.address
    is_pod = client.address.kind == POD
    packet = _Packet(client.address, node, Arrival(address, from_process=not is_pod, from_own_pod=is_pod))
    if target.kind == POD_IP:
        yield _direct(packet, client, target, service, plane)
        return
    if not is_pod and passes_unseen(target.kind, service, plane.kube_proxy):
        yield from _entering(client, target, service, plane)
        return
    at_own_node = service.translated if target.kind != NODE_PORT else target.name == node.name
    if at_own_node:
        yield from _translated(packet, client, target, service, plane)
        return
    seen = _original(target) if is_pod else None
    asked = plane.nodes.get(target.name)
    if target.kind != NODE_PORT or asked is None:
        # It leaves for a load balancer with ipMode Proxy, whose source address nobody here can know.
        yield Outcome(None, None, None, seen, answer=UNKNOWN)
        return
    source = _leaving(packet, asked.address, plane)
    further = _Packet(source, asked, Arrival(source.address))
    yield from (
        replace(outcome, egress_policy_sees=seen) for outcome in _translated(further, client, target, service, plane)
    )


def _direct(packet: _Packet, client: Client, target: Target, service: ServicePort, plane: DataPlane) -> Outcome:
    """A connection to an endpoint's own address."""
    endpoint = next((each for each in service.endpoints if each.name == target.name), None)
    if endpoint is None:
        return _lost(_original(target) if client.address.kind == POD else None)
    if client.address == _address_of(endpoint, plane):
        # It never leaves the Pod.
        return Outcome(endpoint.name, client.address, None, None)
    source = _leaving(packet, endpoint.address, plane)
    if packet.arrival.from_process:
        source = _of_node(packet.node, endpoint, plane)
    return _delivered(packet, client, endpoint, source, plane)


def _translated(
    packet: _Packet, client: Client, target: Target, service: ServicePort, plane: DataPlane
) -> Iterator[Outcome]:
    """What becomes of a connection on the node that is to translate it."""
    made = translation(target.kind, packet.arrival, service, packet.node, plane.kube_proxy)
    if made.dropped:
        own = packet.arrival.from_own_pod
        yield Outcome(None, None, None, _original(target) if own else None, "", made.dropped)
    for endpoint in made.endpoints:
        returns = packet.source.address == endpoint.address
        source = (
            _of_node(packet.node, endpoint, plane)
            if made.masqueraded or (returns and masquerades_own(endpoint, packet.node, plane.kube_proxy))
            else _leaving(packet, endpoint.address, plane)
        )
        outcome = replace(_delivered(packet, client, endpoint, source, plane), translated_by=packet.node.name)
        # An answer that does not come by the node that translated is not one that the client knows.
        known = packet.node.name in (client.node, endpoint.node, source.name if source.kind in (NODE, TUNNEL) else "")
        yield outcome if known else replace(outcome, endpoint=None, process_sees=None, answer=NO_ANSWER)


def _delivered(packet: _Packet, client: Client, endpoint: Endpoint, source: Address, plane: DataPlane) -> Outcome:
    """The connection of a packet that leaves its node for the endpoint with this source."""
    here = endpoint.node == packet.node.name
    # In a node's network there is no workload, and a node reaches its own Pods always.
    unseen = _in_node_network(endpoint, plane) or (here and packet.arrival.from_process)
    ingress = None if unseen else packet.source if here else source
    egress = _address_of(endpoint, plane) if client.address.kind == POD else None
    return Outcome(endpoint.name, source, ingress, egress)


def _leaving(packet: _Packet, destination: str, plane: DataPlane) -> Address:
    """The source with which a packet leaves its node: natOutgoing masquerades what goes from the pools to outside of them."""
    nat = plane.nat_outgoing
    kept = within(destination, nat.pools) or (
        nat.nodes_excluded and any(destination == node.address for node in plane.nodes.values())
    )
    if kept or not within(packet.source.address, nat.masqueraded):
        return packet.source
    return Address(NODE, packet.node.name, packet.node.address)


def _of_node(node: Node, endpoint: Endpoint, plane: DataPlane) -> Address:
    """The address of its own with which a node reaches the endpoint: the tunnel's, where one leads to that Pod."""
    if node.tunnel and endpoint.node != node.name and not _in_node_network(endpoint, plane):
        return Address(TUNNEL, node.name, node.tunnel)
    return Address(NODE, node.name, node.address)


def _in_node_network(endpoint: Endpoint, plane: DataPlane) -> bool:
    node = plane.nodes.get(endpoint.node)
    return node is not None and node.address == endpoint.address


def _address_of(endpoint: Endpoint, plane: DataPlane) -> Address:
    if _in_node_network(endpoint, plane):
        return Address(NODE, endpoint.node, endpoint.address)
    return Address(POD, endpoint.name, endpoint.address)


def _original(target: Target) -> Address:
    """The destination of a connection that was not translated."""
    kind = {NODE_PORT: NODE, POD_IP: POD}.get(target.kind, target.kind)
    return Address(kind, target.name, target.address)


def _lost(egress_policy_sees: Address | None) -> Outcome:
    """A connection that nobody answers."""
    return Outcome(None, None, None, egress_policy_sees, "", NO_ANSWER)
