# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connections by which a cluster lives: who must go on reaching whom, by the ids of the lock-out checks.

Endpoints are asked about and not the Services in front of them, since policy sees what kube-proxy makes of a Service's address.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from .._calico.endpoints import is_finished, is_host_networked
from .._calico.inventory import Inventory, Peer
from .._calico.matching import Flow
from .._calico.nets import Address, parse_address
from .._calico.protocols import NUMBERS
from .._calico.snapshot import Object, Snapshot, items, labels_of, mapping, name_of, namespace_of, spec_of, text
from .._calico.traffic import Traffic

Destination = tuple[Peer, Traffic]

# https://kubernetes.io/docs/reference/networking/ports-and-protocols/
_KUBELET_PORT = 10_250
_HTTPS = 443
_DNS = 53
# Where the operator, and where the plain manifests, put Typha.
_TYPHA = (("calico-system", "calico-typha"), ("kube-system", "calico-typha"))
# The label that Kubernetes' own add-ons have, whatever the Service is called.
_DNS_LABEL = ("k8s-app", "kube-dns")
# assets/dns/service.yaml of openshift/cluster-dns-operator.
_DNS_OF_OPENSHIFT = ("openshift-dns", "dns-default")
_KONNECTIVITY = "konnectivity-agent"
_WEBHOOKS = ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration")
_FROM_ELSEWHERE = (
    "the API servers are no nodes of the cluster, and from which addresses they connect is not known; judged are the "
    "addresses under which they are reached"
)


@dataclass(frozen=True)
class Lifeline:
    """Who must go on reaching whom; neither sources nor destinations where there is nobody, as ``absent`` says.

    ``tunnels`` are further sources, where a Pod is reached through a tunnel. ``unread`` says what of it is not known at all,
    ``unsure`` what is not known of the sources.
    """

    sources: tuple[Peer, ...] = ()
    destinations: tuple[Destination, ...] = ()
    tunnels: tuple[Peer, ...] = ()
    absent: str = ""
    unread: str = ""
    unsure: str = ""

    def flows(self, destinations: Iterable[Destination]) -> Iterator[Flow]:
        """Every connection to these destinations, save those of an endpoint with itself."""
        for peer, traffic in destinations:
            for source in self.sources if peer.endpoint is None else (*self.sources, *self.tunnels):
                is_itself = source.endpoint is not None and source.endpoint is peer.endpoint
                if not is_itself and (source.version == peer.version or None in (source.version, peer.version)):
                    yield Flow(source, peer, traffic)


@dataclass(frozen=True)
class Lifelines:
    """A cluster's lifelines. ``callees`` has whom its API server calls; ``control_node`` is where plans are carried out."""

    snapshot: Snapshot
    inventory: Inventory
    callees: Snapshot
    control_node: Address | None = None

    def of(self, check: str) -> Lifeline:
        """The lifeline of a check."""
        kinds = ("Service", "EndpointSlice", *_KINDS.get(check, ()))
        unread = "; ".join(f"{kind} was not read: {why}" for kind in kinds if (why := self.inventory.unread(kind)))
        return Lifeline(unread=unread) if unread else _OF[check](self)

    def nodes_to_api_server(self) -> Lifeline:
        """Every node to every API server."""
        return self._to_api_servers(tuple(self._node_peers()), "no node has an address")

    def pods_to_api_server(self) -> Lifeline:
        """Every Pod to every API server."""
        return self._to_api_servers(self._pods, "there are no Pods")

    def from_control_node(self) -> Lifeline:
        """The address from which plans are carried out to every API server."""
        if self.control_node is None:
            return Lifeline(absent="no control_node_address is given")
        return self._to_api_servers((self.inventory.peer_at(self.control_node),), "")

    def pods_to_dns(self) -> Lifeline:
        """Every Pod to whoever answers for the cluster's DNS."""
        services = [
            (namespace_of(service), name_of(service))
            for service in self.snapshot.of("Service")
            if (namespace_of(service) == "kube-system" and _DNS_LABEL in labels_of(service).items())
            or (namespace_of(service), name_of(service)) == _DNS_OF_OPENSHIFT
        ]
        found = [end for service in services for end in self._behind(*service, _DNS)]
        return _lifeline(self._pods, found, "no Service of the cluster's DNS has a ready endpoint")

    def kubelet(self) -> Lifeline:
        """The API servers to every node's kubelet."""
        found = [(peer, Traffic(NUMBERS["TCP"], _kubelet_port(node))) for node, peer in self._nodes_with_peers()]
        return self._called(found, "no node has an address")

    def typha(self) -> Lifeline:
        """Every node to Typha."""
        found = [end for service in _TYPHA for end in self._behind(*service, None)]
        return _lifeline(
            tuple(self._node_peers()), found, "no Typha has a ready endpoint", tunnels=self._tunnels_of(self._nodes)
        )

    def calico_api_server(self) -> Lifeline:
        """The API servers to Calico's own, where it is one that they pass requests on to."""
        references = [spec_of(item).get("service") for item in self.callees.of("APIService")]
        return self._called(
            self._named(references), "no API server of Calico's has a ready endpoint", self._uncalled(("APIService",))
        )

    def admission_webhooks(self) -> Lifeline:
        """The API servers to the Services that admission webhooks name."""
        configurations = [item for kind in _WEBHOOKS for item in self.callees.of(kind)]
        webhooks = [mapping(webhook) for item in configurations for webhook in items(item.get("webhooks"))]
        references = [mapping(webhook.get("clientConfig")).get("service") for webhook in webhooks]
        return self._called(
            self._named(references),
            "no Service of an admission webhook has a ready endpoint",
            self._uncalled(_WEBHOOKS),
        )

    def _uncalled(self, kinds: Sequence[str]) -> str:
        return "; ".join(f"{kind} was not read: {why}" for kind in kinds if (why := self.callees.unread.get(kind)))

    def _to_api_servers(self, sources: tuple[Peer, ...], nobody: str) -> Lifeline:
        if sources and not self._api_servers:
            return Lifeline(unread="no EndpointSlice says where the API servers are")
        return _lifeline(sources, self._api_servers, nobody)

    def _called(self, destinations: Iterable[Destination], nobody: str, unread: str = "") -> Lifeline:
        """The API servers to these."""
        found = _distinct_ends(destinations)
        if not found:
            return Lifeline(unread=unread) if unread else Lifeline(absent=nobody)
        peers = [peer for peer, _traffic in self._api_servers]
        if not peers:
            return Lifeline(unread="no EndpointSlice says where the API servers are")
        unsure = "" if all(peer.node for peer in peers) else _FROM_ELSEWHERE
        sources = _distinct([*peers, *self._konnectivity()])
        return Lifeline(sources, found, self._tunnels_of({peer.node for peer in peers}), "", unread, unsure)

    @cached_property
    def _api_servers(self) -> tuple[Destination, ...]:
        return _distinct_ends(self._behind("default", "kubernetes", None))

    @cached_property
    def _pods(self) -> tuple[Peer, ...]:
        return tuple(Peer(a, endpoint) for endpoint in self.inventory.workloads for a in endpoint.addresses or (None,))

    @cached_property
    def _nodes(self) -> set[str]:
        return {name_of(node) for node in self.snapshot.of("Node")}

    def _node_peers(self) -> Iterator[Peer]:
        return (peer for _node, peer in self._nodes_with_peers())

    def _nodes_with_peers(self) -> Iterator[tuple[Object, Peer]]:
        """Each node with the addresses by which it is reached inside the cluster."""
        for node in self.snapshot.of("Node"):
            listed = [mapping(entry) for entry in items(mapping(node.get("status")).get("addresses"))]
            for entry in listed:
                address = parse_address(entry.get("address"))
                if address is not None and entry.get("type") == "InternalIP":
                    yield node, Peer(address, None, name_of(node))

    def _tunnels_of(self, nodes: Iterable[str]) -> tuple[Peer, ...]:
        return tuple(peer for node in sorted(nodes) for peer in self.inventory.tunnel_ends.get(node, ()))

    def _konnectivity(self) -> Iterator[Peer]:
        """The agents through which API servers outside of a cluster may connect."""
        for pod in self.inventory.pods():
            if _KONNECTIVITY in (labels_of(pod).get("k8s-app"), labels_of(pod).get("app")) and not is_finished(pod):
                yield from self._peers_of(pod)

    def _peers_of(self, pod: Object) -> Iterator[Peer]:
        node, endpoint = text(spec_of(pod).get("nodeName")), self.inventory.workload_by_name.get(_named(pod))
        if endpoint is not None:
            yield from (Peer(address, endpoint) for address in endpoint.addresses)
        elif is_host_networked(pod):
            yield from (peer for of, peer in self._nodes_with_peers() if name_of(of) == node)

    def _named(self, references: Iterable[object]) -> Iterator[Destination]:
        """Who is behind the Services that API objects name; without a port they mean 443."""
        for reference in map(mapping, references):
            port = reference.get("port")
            number = port if isinstance(port, int) else _HTTPS
            yield from self._behind(text(reference.get("namespace")), text(reference.get("name")), number)

    def _behind(self, namespace: str, name: str, number: int | None) -> Iterator[Destination]:
        """The ready endpoints of a Service's port, or of all its ports."""
        for port in self.inventory.service_ports:
            if (port.namespace, port.service) == (namespace, name) and number in (None, port.port):
                for address, behind in self.inventory.ready_endpoints(port):
                    yield self.inventory.peer_at(address), Traffic(port.protocol, behind)


_OF: Mapping[str, Callable[[Lifelines], Lifeline]] = {
    "nodes_to_api_server": Lifelines.nodes_to_api_server,
    "pods_to_api_server": Lifelines.pods_to_api_server,
    "pods_to_dns": Lifelines.pods_to_dns,
    "kubelet": Lifelines.kubelet,
    "typha": Lifelines.typha,
    "calico_api_server": Lifelines.calico_api_server,
    "admission_webhooks": Lifelines.admission_webhooks,
    "control_node": Lifelines.from_control_node,
}
# Kinds without which nothing of a check can be said, besides those that all need.
_KINDS: Mapping[str, Sequence[str]] = {
    "nodes_to_api_server": ("Node",),
    "pods_to_api_server": ("Pod",),
    "pods_to_dns": ("Pod",),
    "kubelet": ("Node",),
    "typha": ("Node",),
}


def _lifeline(
    sources: tuple[Peer, ...], destinations: Iterable[Destination], nobody: str, tunnels: tuple[Peer, ...] = ()
) -> Lifeline:
    found = _distinct_ends(destinations)
    return Lifeline(sources, found, tunnels) if sources and found else Lifeline(absent=nobody)


def _distinct(peers: Iterable[Peer]) -> tuple[Peer, ...]:
    """One peer for each address."""
    return tuple({peer.address: peer for peer in peers}.values())


def _distinct_ends(destinations: Iterable[Destination]) -> tuple[Destination, ...]:
    return tuple({(peer.address, traffic): (peer, traffic) for peer, traffic in destinations}.values())


def _named(pod: Object) -> tuple[str, str]:
    return namespace_of(pod), name_of(pod)


def _kubelet_port(node: Object) -> int:
    endpoints = mapping(mapping(node.get("status")).get("daemonEndpoints"))
    port = mapping(endpoints.get("kubeletEndpoint")).get("Port")
    return port if isinstance(port, int) and port else _KUBELET_PORT
