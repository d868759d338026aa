# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is where: endpoints, network sets, nodes and Services of a snapshot, found by name and by address."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from .endpoints import (
    Endpoint,
    NetworkSet,
    host_endpoint,
    is_finished,
    is_host_networked,
    network_set,
    parents,
    pod_addresses,
    workload_endpoint,
)
from .nets import Address, parse_address
from .protocols import protocol_number
from .selector_tree import Labels
from .snapshot import Object, Snapshot, items, labels_of, mapping, name_of, namespace_of, spec_of, text
from .traffic import Traffic

# Kinds of which an unread one may have any address, and any labels.
_TUNNEL_ADDRESSES = tuple(
    f"projectcalico.org/{name}"
    for name in ("IPv4IPIPTunnelAddr", "IPv4VXLANTunnelAddr", "IPv6VXLANTunnelAddr", "IPv4WireguardInterfaceAddr")
)
_WITH_ADDRESSES = ("Pod", "HostEndpoint", "GlobalNetworkSet", "NetworkSet")


@dataclass(frozen=True, eq=False)
class Peer:
    """One end of a connection: an address, the workload endpoint that has it, or the node whose own process it is.

    A hypothetical endpoint has no address. An address that nobody has is outside the cluster.
    """

    address: Address | None
    endpoint: Endpoint | None = None
    node: str = ""

    @property
    def version(self) -> int | None:
        return None if self.address is None else self.address.version

    def __str__(self) -> str:
        if self.endpoint is not None:
            name = self.endpoint.name or "with these labels"
            return f"pod {self.endpoint.namespace}/{name}"
        return f"node {self.node}" if self.node else str(self.address)


@dataclass(frozen=True)
class ServicePort:
    """One port of a Service: its name, its numbers for the Service and on nodes, and whose it is."""

    namespace: str
    service: str
    name: str
    protocol: int
    port: int
    node_port: int | None


class Inventory:
    """What a snapshot has, indexed. Reads nothing; an unread kind makes answers incomplete, and says so."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self.parents = parents(
            snapshot.of("Namespace"), snapshot.of("ServiceAccount"), "ServiceAccount" not in snapshot.unread
        )
        workloads = [e for pod in snapshot.of("Pod") if (e := workload_endpoint(pod, self.parents)) is not None]
        self.workloads: tuple[Endpoint, ...] = tuple(workloads)
        self.hosts: tuple[Endpoint, ...] = tuple(host_endpoint(h) for h in snapshot.of("HostEndpoint"))
        sets = [*snapshot.of("GlobalNetworkSet"), *snapshot.of("NetworkSet")]
        self.sets: tuple[NetworkSet, ...] = tuple(network_set(s, self.parents) for s in sets)
        self._sets_at: dict[Address, tuple[Labels, ...]] = {}
        self.unread_reason = "; ".join(
            f"{kind} was not read: {snapshot.unread[kind]}" for kind in _WITH_ADDRESSES if kind in snapshot.unread
        )

    @cached_property
    def owners(self) -> dict[Address, tuple[Endpoint, ...]]:
        """Endpoints by address."""
        found: dict[Address, tuple[Endpoint, ...]] = {}
        for endpoint in (*self.workloads, *self.hosts):
            for address in endpoint.addresses:
                found[address] = (*found.get(address, ()), endpoint)
        return found

    @cached_property
    def workload_by_name(self) -> dict[tuple[str, str], Endpoint]:
        """Workload endpoints by namespace and name of their Pod."""
        return {(e.namespace, e.name): e for e in self.workloads}

    @cached_property
    def host_network_pods(self) -> dict[tuple[str, str], str]:
        """Node by namespace and name of each Pod that uses its node's network."""
        pods = [pod for pod in self._snapshot.of("Pod") if is_host_networked(pod)]
        return {(namespace_of(pod), name_of(pod)): text(spec_of(pod).get("nodeName")) for pod in pods}

    @cached_property
    def node_addresses(self) -> dict[str, tuple[Address, ...]]:
        """Addresses by node: of the Node itself, and of the Pods that use its network."""
        found: dict[str, dict[Address, None]] = {}
        for node in self._snapshot.of("Node"):
            listed = items(mapping(node.get("status")).get("addresses"))
            of_node = [parse_address(mapping(entry).get("address")) for entry in listed]
            found[name_of(node)] = {a: None for a in of_node if a is not None}
        for pod in self._snapshot.of("Pod"):
            if is_host_networked(pod) and text(spec_of(pod).get("nodeName")):
                found.setdefault(text(spec_of(pod).get("nodeName")), {}).update(dict.fromkeys(pod_addresses(pod)))
        for endpoint in self.hosts:
            if endpoint.node:
                found.setdefault(endpoint.node, {}).update(dict.fromkeys(endpoint.addresses))
        return {node: tuple(addresses) for node, addresses in found.items()}

    @cached_property
    def tunnel_ends(self) -> dict[str, tuple[Peer, ...]]:
        """Each node with the addresses that its own traffic has where it goes to other nodes through a tunnel."""
        found = {}
        for node in self._snapshot.of("Node"):
            annotations = mapping(mapping(node.get("metadata")).get("annotations"))
            addresses = [parse_address(annotations.get(name)) for name in _TUNNEL_ADDRESSES]
            found[name_of(node)] = tuple(Peer(a, None, name_of(node)) for a in addresses if a is not None)
        return found

    @cached_property
    def node_by_address(self) -> dict[Address, str]:
        """Nodes by each of their addresses, those of tunnels among them."""
        own = {a: node for node, addresses in self.node_addresses.items() for a in addresses}
        tunnels = {p.address: node for node, peers in self.tunnel_ends.items() for p in peers if p.address is not None}
        return {**tunnels, **own}

    @cached_property
    def host_ports(self) -> dict[tuple[str, int, int], str]:
        """Pods by node, protocol and number of a port that they have there as a hostPort."""
        found: dict[tuple[str, int, int], str] = {}
        for pod in self._snapshot.of("Pod"):
            node = text(spec_of(pod).get("nodeName"))
            if node and not is_host_networked(pod) and not is_finished(pod):
                shown = f"{namespace_of(pod)}/{name_of(pod)}"
                found |= {(node, protocol, number): shown for protocol, number in _host_ports(pod)}
        return found

    def host_port_pod(self, node: str, traffic: Traffic) -> str:
        """The Pod to which a node's port may be forwarded, empty where it is none; any port where it is not known."""
        asked = (node, traffic.protocol)
        return next(
            (pod for key, pod in self.host_ports.items() if key[:2] == asked and traffic.port in (None, key[2])), ""
        )

    @cached_property
    def service_endpoints(self) -> dict[tuple[str, str], frozenset[tuple[Address, int, int | None]]]:
        """Address, protocol and port of each endpoint by namespace and name of its Service, as EndpointSlices have them."""
        found: dict[tuple[str, str], set[tuple[Address, int, int | None]]] = {}
        for item in self._snapshot.of("EndpointSlice"):
            service = (namespace_of(item), labels_of(item).get("kubernetes.io/service-name", ""))
            found.setdefault(service, set()).update(_slice_endpoints(item))
        return {service: frozenset(endpoints) for service, endpoints in found.items()}

    def peer_at(self, address: Address) -> Peer:
        """Who has an address; where several have it, the first workload endpoint."""
        workload = next((e for e in self.owners.get(address, ()) if e.kind == "Pod"), None)
        return Peer(address, workload, "" if workload else self.node_by_address.get(address, ""))

    def labels_at(self, peer: Peer) -> Iterator[Labels]:
        """The labels of every endpoint and network set that has the peer's address."""
        if peer.address is None:
            if peer.endpoint is not None:
                yield peer.endpoint.labels
            return
        yield from (endpoint.labels for endpoint in self.owners.get(peer.address, ()))
        yield from self._labels_of_sets(peer.address)

    def _labels_of_sets(self, address: Address) -> tuple[Labels, ...]:
        """The labels of every network set that has the address; every rule of a trace asks for them again."""
        found = self._sets_at.get(address)
        if found is None:
            found = tuple(s.labels for s in self.sets if any(address in net for net in s.nets))
            self._sets_at[address] = found
        return found

    @cached_property
    def service_addresses(self) -> dict[tuple[Address, int, int], ServicePort]:
        """Service ports by address, protocol and port: cluster IPs, external IPs and load balancers' addresses."""
        found: dict[tuple[Address, int, int], ServicePort] = {}
        for service in self._snapshot.of("Service"):
            addresses = list(_addresses_of(service))
            for port in _ports_of(service):
                found |= {(address, port.protocol, port.port): port for address in addresses}
        return found

    @cached_property
    def service_ips(self) -> frozenset[Address]:
        """Every address of a Service."""
        return frozenset(address for address, _protocol, _port in self.service_addresses)

    @cached_property
    def node_ports(self) -> dict[tuple[int, int], ServicePort]:
        """Service ports by protocol and the number that they have on every node."""
        return {(port.protocol, port.node_port): port for port in self.service_ports if port.node_port is not None}

    @cached_property
    def service_ports(self) -> tuple[ServicePort, ...]:
        """Every port of every Service."""
        return tuple(port for service in self._snapshot.of("Service") for port in _ports_of(service))

    def ready_endpoints(self, service: ServicePort) -> list[tuple[Address, int]]:
        """Address and number of each ready endpoint behind a Service's port."""
        found: dict[tuple[Address, int], None] = {}
        for item in self._snapshot.of("EndpointSlice"):
            owner = (namespace_of(item), labels_of(item).get("kubernetes.io/service-name"))
            if owner == (service.namespace, service.service):
                found |= dict.fromkeys(_ready(item, service))
        return list(found)

    def endpoints_at(self, peer: Peer) -> tuple[Endpoint, ...]:
        """The endpoints that have the peer's address, or the hypothetical one itself."""
        if peer.address is not None:
            return self.owners.get(peer.address, ())
        return () if peer.endpoint is None else (peer.endpoint,)

    def possible_labels(self, peer: Peer) -> Iterator[Labels]:
        """The labels of network sets that may have the address that the peer does not have yet."""
        if peer.address is None:
            yield from (s.labels for s in self.sets if s.nets)

    def unread(self, kind: str) -> str:
        """Why the kind was not read, empty where it was."""
        return self._snapshot.unread.get(kind, "")

    def felix_configurations(self) -> dict[str, Object]:
        """Specs of the FelixConfigurations by name: ``default``, ``node.NAME``, or one with a nodeSelector."""
        return {name_of(item): spec_of(item) for item in self._snapshot.of("FelixConfiguration")}

    def felix_environment(self) -> dict[str, str | None] | None:
        """FELIX_ variables of calico-node without the prefix, None for one whose value comes from elsewhere.

        None instead of all of them where any may come from elsewhere.
        """
        nodes = [d for d in self._snapshot.of("DaemonSet") if name_of(d) == "calico-node"]
        containers = [
            c for d in nodes for c in items(mapping(mapping(spec_of(d).get("template")).get("spec")).get("containers"))
        ]
        if any(items(mapping(c).get("envFrom")) for c in containers):
            return None
        variables = [mapping(e) for c in containers for e in items(mapping(c).get("env"))]
        found = {text(v.get("name")).upper(): v.get("value") for v in variables}
        return {
            k.removeprefix("FELIX_"): v if isinstance(v, str) else None
            for k, v in found.items()
            if k.startswith("FELIX_")
        }

    def felix_environment_is_known(self) -> bool:
        """Whether the environment of calico-node was read."""
        return any(name_of(d) == "calico-node" for d in self._snapshot.of("DaemonSet"))

    def pods(self) -> tuple[Object, ...]:
        return self._snapshot.of("Pod")


def _host_ports(pod: Object) -> Iterator[tuple[int, int]]:
    for container in items(spec_of(pod).get("containers")):
        for port in map(mapping, items(mapping(container).get("ports"))):
            protocol, number = protocol_number(port.get("protocol") or "TCP"), port.get("hostPort")
            if protocol is not None and isinstance(number, int):
                yield protocol, number


def _slice_endpoints(item: Object) -> Iterator[tuple[Address, int, int | None]]:
    ports = [mapping(port) for port in items(item.get("ports"))]
    numbered = [(protocol_number(p.get("protocol") or "TCP"), p.get("port")) for p in ports]
    for endpoint in items(item.get("endpoints")):
        for value in items(mapping(endpoint).get("addresses")):
            address = parse_address(value)
            if address is not None:
                # Without ports the address alone counts, for rules that ask about addresses only.
                yield address, 0, None
                yield from ((address, p, n) for p, n in numbered if p is not None and isinstance(n, int))


def _addresses_of(service: Object) -> Iterator[Address]:
    spec = spec_of(service)
    balancer = items(mapping(mapping(service.get("status")).get("loadBalancer")).get("ingress"))
    listed = [spec.get("clusterIP"), *items(spec.get("clusterIPs")), *items(spec.get("externalIPs"))]
    for value in [*listed, *(mapping(entry).get("ip") for entry in balancer)]:
        address = parse_address(value)
        if address is not None:
            yield address


def _ports_of(service: Object) -> Iterator[ServicePort]:
    for port in map(mapping, items(spec_of(service).get("ports"))):
        protocol, number, on_nodes = (
            protocol_number(port.get("protocol") or "TCP"),
            port.get("port"),
            port.get("nodePort"),
        )
        if protocol is not None and isinstance(number, int):
            node_port = on_nodes if isinstance(on_nodes, int) and on_nodes else None
            name = text(port.get("name"))
            yield ServicePort(namespace_of(service), name_of(service), name, protocol, number, node_port)


def _ready(item: Object, service: ServicePort) -> Iterator[tuple[Address, int]]:
    ports = [mapping(port) for port in items(item.get("ports"))]
    numbers = [
        p["port"]
        for p in ports
        if text(p.get("name")) == service.name
        and protocol_number(p.get("protocol") or "TCP") == service.protocol
        and isinstance(p.get("port"), int)
    ]
    for endpoint in map(mapping, items(item.get("endpoints"))):
        if mapping(endpoint.get("conditions")).get("ready") is not False:
            for value in items(endpoint.get("addresses")):
                address = parse_address(value)
                if address is not None:
                    yield from ((address, number) for number in numbers)
