# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of a connection to an address that kube-proxy translates: a Service's, or a node's with a NodePort.

Measured with kube-proxy and Felix: the node of the client translates cluster IPs, load balancers' addresses and its own
NodePorts before policy looks, so that policy sees the endpoint. At another node's NodePort the client's egress policy sees that
node; the endpoint's ingress policy then sees the client, or the client's node, or the node that was asked, as
externalTrafficPolicy, natOutgoing and chance have it.
"""

from __future__ import annotations

from dataclasses import dataclass

from .evaluation import EndpointCheck, Evaluation, node_of
from .hosts import agreed, unknown
from .inventory import Peer, ServicePort
from .matching import Flow
from .traffic import Traffic
from .verdict import Check, Verdict


@dataclass(frozen=True)
class Translated:
    """The Service's port behind an address, and whether the source's own node translates, before policy looks."""

    service: ServicePort
    at_source: bool


def translated(source: Peer, destination: Peer, traffic: Traffic, evaluation: Evaluation) -> Translated | None:
    """What the connection is translated to, None where it is not."""
    inventory = evaluation.inventory
    if destination.address is None or destination.endpoint is not None or traffic.port is None:
        return None
    inside = bool(source.endpoint is not None or source.node)
    service = inventory.service_addresses.get((destination.address, traffic.protocol, traffic.port))
    if service is not None:
        return Translated(service, inside)
    on_nodes = inventory.node_ports.get((traffic.protocol, traffic.port)) if destination.node else None
    return None if on_nodes is None else Translated(on_nodes, node_of(source) == destination.node)


def second_leg(found: Translated, flow: Flow, evaluation: Evaluation, at_endpoint: EndpointCheck) -> Verdict:
    """The verdict on a connection that another node translates: its first way to that node, and any way on from there."""
    inventory, checks = evaluation.inventory, list[Check]()
    if flow.source.endpoint is not None and not flow.source.endpoint.node:
        reason = "whether the pod would run on that very node, which translates before policy looks, is not known"
        return Verdict((unknown("ingress", str(flow.destination), reason),))
    if flow.source.endpoint is not None:
        checks.append(at_endpoint("Egress", flow.source.endpoint, flow))
    name = f"Service {found.service.namespace}/{found.service.service}"
    if inventory.unread("EndpointSlice"):
        reason = f"EndpointSlice was not read: {inventory.unread('EndpointSlice')}"
        return Verdict((*checks, unknown("ingress", name, reason)))
    if inventory.hosts or inventory.unread("HostEndpoint"):
        checks.append(unknown("ingress", name, "what host endpoints do to translated traffic is not judged"))
    seen = [
        at_endpoint(
            "Ingress", peer.endpoint, Flow(source, peer, Traffic(flow.traffic.protocol, port, flow.traffic.source_port))
        )
        for address, port in inventory.ready_endpoints(found.service)
        for source in _seen_as(flow, evaluation)
        if (peer := inventory.peer_at(address)).endpoint is not None and source.version == peer.version
    ]
    if not seen:
        return Verdict((*checks, unknown("ingress", name, f"{name} has no ready endpoint that is a pod")))
    reason = "which endpoint answers, and whose address it sees, is not known"
    one = len({check.outcome for check in seen}) == 1
    return Verdict((*checks, agreed("ingress", f"any endpoint of {name}", seen, True, [] if one else [reason])))


def _seen_as(flow: Flow, evaluation: Evaluation) -> list[Peer]:
    """As whom the endpoint's policy may see the client."""
    inventory = evaluation.inventory
    nodes = {node for node in (node_of(flow.source), flow.destination.node) if node} or set(inventory.node_addresses)
    return [
        flow.source,
        *(Peer(a, None, node) for node in sorted(nodes) for a in inventory.node_addresses.get(node, ())),
    ]
