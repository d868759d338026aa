# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who policy applies to and who rules can mean: workload endpoints, host endpoints, network sets.

Rules: libcalico-go/lib/backend/k8s/conversion of Calico. A Pod on the host's network has no endpoint of its own, one that
has ended no longer has its addresses.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from . import labels as inherited
from .labels import Inherited
from .nets import Address, Network, parse_address, parse_net
from .protocols import protocol_number
from .selector_tree import Labels
from .snapshot import Object, items, labels_of, mapping, metadata_of, name_of, namespace_of, spec_of, text

_FINISHED = ("Succeeded", "Failed", "Completed")
_ANNOTATED_IPS = ("cni.projectcalico.org/podIPs", "cni.projectcalico.org/podIP", "vpc.amazonaws.com/pod-ips")


@dataclass(frozen=True)
class NamedPort:
    """A port that an endpoint has under a name."""

    name: str
    protocol: int
    number: int


@dataclass(frozen=True, eq=False)
class Endpoint:
    """A workload endpoint (kind Pod) or a host endpoint (kind HostEndpoint), as Calico sees it.

    ``interface`` is that of a host endpoint, ``*`` for all; ``profiles`` are what decides where no tier does. ``ports`` is None
    where they are not known.
    """

    kind: Literal["Pod", "HostEndpoint"]
    namespace: str
    name: str
    node: str
    labels: Labels
    addresses: tuple[Address, ...]
    ports: tuple[NamedPort, ...] | None = ()
    profiles: tuple[str, ...] = ()
    interface: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


@dataclass(frozen=True, eq=False)
class NetworkSet:
    """A GlobalNetworkSet, or a NetworkSet, which has a namespace."""

    namespace: str
    name: str
    labels: Labels
    nets: tuple[Network, ...]


@dataclass(frozen=True)
class Parents:
    """What endpoints inherit, by namespace and by namespace and service account."""

    namespaces: dict[str, Inherited]
    accounts: dict[tuple[str, str], Inherited]
    accounts_read: bool

    def namespace(self, name: str) -> Inherited:
        """A namespace that is not there is one whose labels are not known."""
        return self.namespaces.get(name) or inherited.of_namespace(name, None)

    def account(self, namespace: str, name: str) -> Inherited | None:
        """None for no account; an account that is not there, though all were read, gives no labels."""
        if not name:
            return None
        missing = Inherited({}, True) if self.accounts_read else inherited.of_service_account(name, None)
        return self.accounts.get((namespace, name), missing)


def parents(namespaces: Iterable[Object], accounts: Iterable[Object], accounts_read: bool) -> Parents:
    """The parents that these Namespaces and ServiceAccounts are."""
    return Parents(
        {name_of(n): inherited.of_namespace(name_of(n), labels_of(n)) for n in namespaces},
        {(namespace_of(a), name_of(a)): inherited.of_service_account(name_of(a), labels_of(a)) for a in accounts},
        accounts_read,
    )


def is_host_networked(pod: Object) -> bool:
    """Whether the Pod is a process of its node, as far as policy goes."""
    return spec_of(pod).get("hostNetwork") is True


def workload_endpoint(pod: Object, known: Parents) -> Endpoint | None:
    """The endpoint of a Pod; None for one on the host's network, one that was not scheduled, and one that has ended."""
    spec, namespace = spec_of(pod), namespace_of(pod)
    if is_host_networked(pod) or not text(spec.get("nodeName")) or is_finished(pod):
        return None
    account = text(spec.get("serviceAccountName"))
    return Endpoint(
        kind="Pod",
        namespace=namespace,
        name=name_of(pod),
        node=text(spec.get("nodeName")),
        labels=inherited.pod_labels(
            labels_of(pod), namespace, account, known.namespace(namespace), known.account(namespace, account)
        ),
        addresses=tuple(pod_addresses(pod)),
        ports=tuple(_container_ports(spec)),
        profiles=(f"kns.{namespace}",),
    )


def hypothetical_endpoint(namespace: str, own: dict[str, str], account: str, known: Parents) -> Endpoint:
    """The endpoint that a Pod with these labels would have; it has no address, no node and no named ports yet."""
    labels = inherited.pod_labels(
        own, namespace, account, known.namespace(namespace), known.account(namespace, account)
    )
    return Endpoint("Pod", namespace, "", "", labels, (), None, (f"kns.{namespace}",))


def host_endpoint(item: Object) -> Endpoint:
    """The endpoint that a HostEndpoint declares."""
    spec = spec_of(item)
    return Endpoint(
        kind="HostEndpoint",
        namespace="",
        name=name_of(item),
        node=text(spec.get("node")),
        labels=labels_of(item),
        addresses=tuple(a for ip in items(spec.get("expectedIPs")) if (a := parse_address(ip)) is not None),
        ports=tuple(_declared_ports(spec)),
        profiles=tuple(text(p) for p in items(spec.get("profiles"))),
        interface=text(spec.get("interfaceName")),
    )


def network_set(item: Object, known: Parents) -> NetworkSet:
    """The set that a NetworkSet or GlobalNetworkSet declares; what is no network is left out, as Calico does."""
    namespace = namespace_of(item) if item.get("kind") == "NetworkSet" else ""
    labels = inherited.network_set_labels(labels_of(item), namespace, known.namespace(namespace) if namespace else None)
    nets = tuple(n for net in items(spec_of(item).get("nets")) if (n := parse_net(net)) is not None)
    return NetworkSet(namespace, name_of(item), labels, nets)


def pod_addresses(pod: Object) -> Iterator[Address]:
    """The addresses of a Pod from its status, or from Calico's annotations while the status has none."""
    status = mapping(pod.get("status"))
    listed = [mapping(entry).get("ip") for entry in items(status.get("podIPs"))] or [status.get("podIP")]
    found = [a for ip in listed if (a := parse_address(ip)) is not None]
    annotations = mapping(metadata_of(pod).get("annotations"))
    for key in _ANNOTATED_IPS:
        if not found:
            found = [a for ip in text(annotations.get(key)).split(",") if (a := parse_address(ip.strip())) is not None]
    yield from found


def is_finished(pod: Object) -> bool:
    """Whether the Pod has ended, so that its addresses may be another's already."""
    if metadata_of(pod).get("deletionTimestamp"):
        annotations = mapping(metadata_of(pod).get("annotations"))
        if annotations.get("cni.projectcalico.org/podIP") == "" or annotations.get("vpc.amazonaws.com/pod-ips") == "":
            return True
    return mapping(pod.get("status")).get("phase") in _FINISHED


def _container_ports(spec: Object) -> Iterator[NamedPort]:
    for container in [*items(spec.get("containers")), *items(spec.get("initContainers"))]:
        for port in items(mapping(container).get("ports")):
            yield from _named_port(mapping(port), "containerPort")


def _declared_ports(spec: Object) -> Iterator[NamedPort]:
    for port in items(spec.get("ports")):
        yield from _named_port(mapping(port), "port")


def _named_port(port: Object, key: str) -> Iterator[NamedPort]:
    protocol, number = protocol_number(port.get("protocol") or "TCP"), port.get(key)
    if text(port.get("name")) and protocol is not None and isinstance(number, int) and not isinstance(number, bool):
        yield NamedPort(text(port.get("name")), protocol, number)
