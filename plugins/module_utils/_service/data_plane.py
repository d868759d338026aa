# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What decides whom a Service's endpoints see: nodes, endpoints, kube-proxy's settings and Calico's.

All of it is of one address family; a cluster with two is looked at twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network

POD, NODE, TUNNEL, OUTSIDE = "pod", "node", "tunnel", "outside"
CLUSTER_IP, NODE_PORT, LOAD_BALANCER, EXTERNAL_IP, POD_IP = (
    "cluster_ip",
    "node_port",
    "load_balancer_ip",
    "external_ip",
    "pod_ip",
)
IPTABLES, NFTABLES = "iptables", "nftables"
# How Calico begins the names of the Pods' interfaces on a node (FelixConfiguration interfacePrefix).
POD_INTERFACES = "cali"


@dataclass(frozen=True)
class Address:
    """An address and whose it is: ``kind`` is one of the names above; ``name`` is empty for a Service's own address."""

    kind: str
    name: str
    address: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}" if self.name else self.kind


@dataclass(frozen=True)
class Node:
    """A node; ``tunnel`` is its address inside the pool where IPIP or VXLAN carries Pods' traffic, else empty."""

    name: str
    address: str
    pod_cidr: str = ""
    zone: str = ""
    tunnel: str = ""


@dataclass(frozen=True)
class Client:
    """Who connects: a Pod, a process on a node (also one of a Pod in the node's network), or somebody outside.

    ``node`` is where the client runs, empty for one outside.
    """

    address: Address
    node: str = ""


@dataclass(frozen=True)
class Target:
    """What the client asks: ``kind`` is CLUSTER_IP, NODE_PORT, LOAD_BALANCER, EXTERNAL_IP or POD_IP.

    ``name`` is the node of a NodePort, the endpoint of a Pod's address. ``entry`` is the node to which the network
    routes a load balancer's address or an external IP, empty where it is routed to none.
    """

    kind: str
    name: str = ""
    address: str = ""
    entry: str = ""


@dataclass(frozen=True)
class Endpoint:
    """An endpoint of the Service, with the conditions and hints of its EndpointSlice.

    One that has its node's address is in the node's network, where no workload's policy is.
    """

    name: str
    node: str
    address: str
    ready: bool = True
    serving: bool = True
    terminating: bool = False
    for_nodes: frozenset[str] = frozenset()
    for_zones: frozenset[str] = frozenset()


@dataclass(frozen=True)
class ServicePort:
    """One port of a Service, as kube-proxy sees it. ``translated`` is false for a load balancer's address with ipMode Proxy."""

    endpoints: tuple[Endpoint, ...]
    external_policy: str = "Cluster"
    internal_policy: str = "Cluster"
    translated: bool = True


@dataclass(frozen=True)
class LocalDetection:
    """How kube-proxy tells a node's own Pods: KubeProxyConfiguration detectLocalMode, with the value that it needs.

    https://kubernetes.io/docs/reference/config-api/kube-proxy-config.v1alpha1/#kubeproxy-config-k8s-io-v1alpha1-LocalMode
    """

    mode: str = "ClusterCIDR"
    cluster_cidr: str = ""
    interface_prefix: str = ""

    def works(self, node: Node) -> bool:
        """Whether it tells anything: without the value that it needs, kube-proxy leaves the rules out."""
        needed = {
            "ClusterCIDR": self.cluster_cidr,
            "NodeCIDR": node.pod_cidr,
            "InterfaceNamePrefix": self.interface_prefix,
        }
        return bool(needed.get(self.mode, self.mode))

    def is_local(self, source: str, from_own_pod: bool, node: Node) -> bool:
        """Whether the node takes this source for one of its Pods; ``from_own_pod``: whether it came in by a Pod's interface."""
        if self.mode == "InterfaceNamePrefix":
            return from_own_pod and POD_INTERFACES.startswith(self.interface_prefix)
        if self.mode == "BridgeInterface":
            # Calico gives each Pod an interface of its own, and none of them is a bridge.
            return False
        return within(source, (self.cluster_cidr if self.mode == "ClusterCIDR" else node.pod_cidr).split(","))


@dataclass(frozen=True)
class KubeProxy:
    """The settings of kube-proxy that decide about addresses; ``mode`` is iptables or nftables.

    ``release`` is major and minor number; nftables mode differs by it.
    """

    detection: LocalDetection = field(default_factory=LocalDetection)
    masquerade_all: bool = False
    mode: str = IPTABLES
    release: tuple[int, int] = (1, 36)


@dataclass(frozen=True)
class NatOutgoing:
    """Calico's masquerade of what leaves the pools: ``masqueraded`` are pools with natOutgoing, ``pools`` all of them.

    ``nodes_excluded`` is natOutgoingExclusions: IPPoolsAndHostIPs, with which what goes to a node keeps its source.
    https://docs.tigera.io/calico/latest/reference/resources/felixconfig
    """

    masqueraded: tuple[str, ...] = ()
    pools: tuple[str, ...] = ()
    nodes_excluded: bool = False


@dataclass(frozen=True)
class DataPlane:
    """The nodes by name, and what is set on all of them."""

    nodes: Mapping[str, Node]
    kube_proxy: KubeProxy
    nat_outgoing: NatOutgoing


def within(address: str, nets: tuple[str, ...] | list[str]) -> bool:
    """Whether one of the nets, in CIDR notation and perhaps of another family or empty, has the address."""
    return any(ip_address(address) in ip_network(net.strip(), strict=False) for net in nets if net.strip())
