# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands behind and around Services, read from EndpointSlices and Nodes as plain values."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from operator import itemgetter
from typing import Any

from .selection import full_name, service_type
from .settings import Settings

SERVICE_NAME = "kubernetes.io/service-name"
EXCLUDED = "node.kubernetes.io/exclude-from-external-load-balancers"
# Both spellings of MetalLB's annotation for Services that may share an address.
SHARING = ("metallb.io/allow-shared-ip", "metallb.universe.tf/allow-shared-ip")
# kube-apiserver's default --service-node-port-range; which one it has shows nowhere.
FIRST_NODE_PORT, LAST_NODE_PORT = 30_000, 32_767
NODE_PORTS = LAST_NODE_PORT - FIRST_NODE_PORT + 1
Object = Mapping[str, Any]
# Labels and their values.
Selector = frozenset[tuple[str, str]]


@dataclass(frozen=True)
class Behind:
    """An endpoint behind one port of a Service: conditions as kube-proxy takes them, empty ``node`` where none is said.

    ``port`` is the port's name, empty where the Service has one port without a name.
    """

    family: str
    port: str
    address: str
    node: str
    ready: bool
    serving: bool
    terminating: bool


@dataclass(frozen=True)
class NodeState:
    """A Node: whether it is ready, whether load balancers leave it out, its addresses, and the version of its kube-proxy."""

    name: str
    ready: bool
    excluded: bool
    addresses: frozenset[str]
    proxy_version: str = ""


@dataclass(frozen=True)
class HealthChecks:
    """Nodes on which policy denies everybody outside the port for health checks, and those where it depends, or is not known."""

    closed: frozenset[str] = frozenset()
    uncertain: frozenset[str] = frozenset()


@dataclass(frozen=True)
class LoadBalanced:
    """A Service of type LoadBalancer: its addresses and keys for sharing one, and its selector."""

    places: frozenset[str]
    selector: Selector


@dataclass(frozen=True)
class Surroundings:
    """The endpoints of Services by the Services' full names, and the Nodes by name.

    ``load_balancers`` are all Services of that type by full name. ``ports_wanted`` is how many of the nodes' ports the planned
    changes take, ``ports_free`` how many of the API server's default range no Service has; its real range shows nowhere.
    ``settings`` are kube-proxy's and Calico's. ``announcers`` are the nodes that announce a Service's address, by its full name.
    """

    endpoints: Mapping[str, tuple[Behind, ...]]
    nodes: Mapping[str, NodeState]
    load_balancers: Mapping[str, LoadBalanced] = field(default_factory=dict)
    ports_wanted: int = 0
    ports_free: int = NODE_PORTS
    settings: Settings = field(default_factory=Settings)
    announcers: Mapping[str, frozenset[str]] = field(default_factory=dict)
    health_checks: HealthChecks = field(default_factory=HealthChecks)

    @cached_property
    def usable_nodes(self) -> frozenset[str]:
        """Nodes to which load balancers send connections: those that are ready, and that are not left out."""
        return frozenset(node.name for node in self.nodes.values() if node.ready and not node.excluded)

    @cached_property
    def at_place(self) -> Mapping[str, Mapping[Selector, Sequence[str]]]:
        """The full names of load balancers' Services by each address and sharing key, and there by their selectors."""
        places: defaultdict[str, defaultdict[Selector, list[str]]] = defaultdict(lambda: defaultdict(list))
        for name, balanced in sorted(self.load_balancers.items(), key=itemgetter(0)):
            for place in balanced.places:
                places[place][balanced.selector].append(name)
        return places

    def behind(self, service: Object) -> tuple[Behind, ...]:
        """The endpoints of a Service."""
        return self.endpoints.get(full_name(service), ())


def surroundings(
    slices: Iterable[Object], nodes: Iterable[Object], services: Sequence[Object] = (), concerned: Sequence[Object] = ()
) -> Surroundings:
    """What these EndpointSlices and Nodes say, and all ``services``, where some that are ``concerned`` have a load balancer."""
    endpoints: defaultdict[str, dict[Behind, None]] = defaultdict(dict)
    for piece in slices:
        metadata = piece["metadata"]
        service = (metadata.get("labels") or {}).get(SERVICE_NAME)
        if service:
            endpoints[f"{metadata['namespace']}/{service}"].update(dict.fromkeys(_behind(piece)))
    states = map(_node, nodes)
    ports = {port for service in services for port in node_ports_of(service)}
    return Surroundings(
        {name: tuple(found) for name, found in endpoints.items()},
        {node.name: node for node in states},
        {full_name(service): _balanced(service) for service in services if service_type(service) == "LoadBalancer"},
        sum(service_type(service) == "LoadBalancer" for service in concerned),
        NODE_PORTS - len(ports),
    )


def load_balancer_ingress(service: Object) -> Sequence[Object]:
    """The places where a Service's load balancer answers."""
    return ((service.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()


def node_ports_of(service: Object) -> list[int]:
    """The ports of the nodes that a Service has, its health check's included."""
    spec = service.get("spec") or {}
    ports = [spec.get("healthCheckNodePort"), *(each.get("nodePort") for each in spec.get("ports") or ())]
    return [port for port in ports if port]


def _balanced(service: Object) -> LoadBalanced:
    spec, annotations = service.get("spec") or {}, service["metadata"].get("annotations") or {}
    addresses = [spec.get("loadBalancerIP"), *(each.get("ip") for each in load_balancer_ingress(service))]
    # Without a selector its endpoints are its own.
    selector = spec.get("selector") or {"": full_name(service)}
    keys = [f"key {annotations[name]}" for name in SHARING if annotations.get(name)]
    return LoadBalanced(frozenset([*keys, *(each for each in addresses if each)]), frozenset(selector.items()))


def _behind(piece: Object) -> Iterable[Behind]:
    """The endpoints of one slice, once for each of its ports."""
    for endpoint in piece.get("endpoints") or ():
        conditions = endpoint.get("conditions") or {}
        # What is not said counts as ready; serving is what ready would be without the Pod's end.
        ready = conditions.get("ready") is not False
        serving = ready if conditions.get("serving") is None else bool(conditions["serving"])
        for port in piece.get("ports") or ():
            for address in endpoint.get("addresses") or ():
                yield Behind(
                    piece["addressType"],
                    port.get("name") or "",
                    address,
                    endpoint.get("nodeName") or "",
                    ready,
                    serving,
                    bool(conditions.get("terminating")),
                )


def _node(node: Object) -> NodeState:
    metadata, status = node["metadata"], node.get("status") or {}
    # The label's value means nothing; that it is there is what the service controller looks at.
    excluded = EXCLUDED in (metadata.get("labels") or {})
    ready = any(each["type"] == "Ready" and each["status"] == "True" for each in status.get("conditions") or ())
    addresses = frozenset(each["address"] for each in status.get("addresses") or ())
    info = status.get("nodeInfo") or {}
    # Kubernetes 1.33 and newer leave kube-proxy's empty; it is as old as the kubelet at most where they are updated together.
    version = info.get("kubeProxyVersion") or info.get("kubeletVersion") or ""
    return NodeState(metadata["name"], ready, excluded, addresses, version)
