# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What kube-proxy on one node does with a connection to a Service, in iptables and in nftables mode.

Follows Kubernetes' pkg/proxy/topology.go (which endpoints are eligible) and pkg/proxy/iptables/proxier.go (what is
masqueraded); pkg/proxy/nftables/proxier.go answers alike, but for what functions below say of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .data_plane import CLUSTER_IP, EXTERNAL_IP, IPTABLES, LOAD_BALANCER, Endpoint, KubeProxy, Node, ServicePort

NO_ANSWER, REFUSED = "no answer", "refused"
# From this release on, nftables mode masquerades what returns to an endpoint on that endpoint's node only.
OWN_NODE_ONLY_SINCE = (1, 36)


@dataclass(frozen=True)
class Arrival:
    """A connection as it comes to a node: its source address; whether a process of the node made it, or one of its Pods."""

    source: str
    from_process: bool = False
    from_own_pod: bool = False


@dataclass(frozen=True)
class Translation:
    """The eligible endpoints, and whether the source becomes the node's address. Without endpoints, ``dropped`` says how."""

    endpoints: tuple[Endpoint, ...]
    masqueraded: bool = False
    dropped: str = ""


def translation(kind: str, arrival: Arrival, service: ServicePort, node: Node, kube_proxy: KubeProxy) -> Translation:
    """What the node makes of a connection to an address of the Service of this kind."""
    if not usable(service.endpoints):
        return Translation((), dropped=REFUSED)
    detection = kube_proxy.detection
    works = detection.works(node)
    local = works and detection.is_local(arrival.source, arrival.from_own_pod, node)
    if kind == CLUSTER_IP:
        masqueraded = kube_proxy.masquerade_all or (works and not local)
        return _chosen(service.internal_policy, service, node, masqueraded)
    if service.external_policy != "Local":
        return _chosen("Cluster", service, node, masqueraded=True)
    if local or arrival.from_process:
        # Neither is subject to a traffic policy, as if it had gone out to the load balancer and come back.
        return _chosen("Cluster", service, node, masqueraded=not local)
    return _chosen("Local", service, node, masqueraded=False)


def passes_unseen(kind: str, service: ServicePort, kube_proxy: KubeProxy) -> bool:
    """Whether what a node's own process sends to an address of a Service without endpoints goes out as if there were no Service.

    In iptables mode, addresses from outside are rejected where packets are forwarded or come in, and not where a node's own
    leave; in nftables mode there too (measured; createAndInsertIPTablesChains in pkg/proxy/iptables/proxier.go).
    """
    from_outside = kind in (LOAD_BALANCER, EXTERNAL_IP)
    return kube_proxy.mode == IPTABLES and from_outside and not usable(service.endpoints)


def masquerades_own(endpoint: Endpoint, node: Node, kube_proxy: KubeProxy) -> bool:
    """Whether the node masquerades what it translates from an endpoint to itself, which the endpoint else takes for its own.

    In iptables mode, and in nftables mode before 1.36, for all (the first rule of each endpoint's chain); in nftables mode since
    for endpoints of its own (measured; hairpinConnections in pkg/proxy/nftables/proxier.go).
    """
    everywhere = kube_proxy.mode == IPTABLES or kube_proxy.release < OWN_NODE_ONLY_SINCE
    return everywhere or endpoint.node == node.name


def _chosen(policy: str, service: ServicePort, node: Node, masqueraded: bool) -> Translation:
    endpoints = local_endpoints(service, node) if policy == "Local" else cluster_endpoints(service, node)
    # There are some elsewhere, so the packets are dropped, not rejected.
    return Translation(tuple(endpoints), masqueraded, "" if endpoints else NO_ANSWER)


def local_endpoints(service: ServicePort, node: Node) -> Sequence[Endpoint]:
    """The endpoints to which a Local traffic policy keeps this node."""
    return usable([endpoint for endpoint in service.endpoints if endpoint.node == node.name])


def cluster_endpoints(service: ServicePort, node: Node) -> Sequence[Endpoint]:
    """The endpoints that this node uses where the traffic policy is Cluster: all, or those that hints give it."""
    ready = [endpoint for endpoint in service.endpoints if endpoint.ready]
    hinted = _hinted(ready, lambda endpoint: endpoint.for_nodes, node.name)
    return hinted or _hinted(ready, lambda endpoint: endpoint.for_zones, node.zone) or usable(service.endpoints)


def _hinted(ready: Sequence[Endpoint], hints: Callable[[Endpoint], frozenset[str]], place: str) -> Sequence[Endpoint]:
    """The endpoints for this place; none where an endpoint has no hint, since then hints are not followed."""
    return [e for e in ready if place in hints(e)] if place and all(hints(e) for e in ready) else []


def usable(endpoints: Sequence[Endpoint]) -> Sequence[Endpoint]:
    """Those that are ready; where none is, those that end and still serve."""
    ready = [endpoint for endpoint in endpoints if endpoint.ready]
    return ready or [endpoint for endpoint in endpoints if endpoint.serving and endpoint.terminating]
