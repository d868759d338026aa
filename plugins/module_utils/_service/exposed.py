# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ports of Services with their endpoints and the ways to them, from the objects of a snapshot."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .._calico.nets import parse_address
from .._calico.protocols import protocol_number
from .._calico.snapshot import Snapshot, items, labels_of, mapping, name_of, namespace_of, spec_of, text
from .data_plane import Endpoint, ServicePort
from .surroundings import SERVICE_NAME, load_balancer_ingress

_FAMILIES = {4: "IPv4", 6: "IPv6"}
Slices = Mapping[tuple[str, str], Sequence[Mapping[str, Any]]]


@dataclass(frozen=True)
class Exposed:
    """One port of a Service: ``numbers`` are the ports of the endpoints, by their names.

    ``node_port`` is 0 where it has none, ``external`` one of its external IPs, or empty. ``balancers`` are the places of its load
    balancer, each an address or a name, with whether kube-proxy takes it for an address of its own.
    """

    namespace: str
    name: str
    protocol: int
    port: int
    node_port: int
    service: ServicePort
    numbers: Mapping[str, int]
    balancers: tuple[tuple[str, bool], ...] = ()
    external: str = ""

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


def exposed(snapshot: Snapshot, version: int) -> Iterator[Exposed]:
    """Every port that kube-proxy serves, with its endpoints of one IP version; an endpoint's name is its address."""
    slices: defaultdict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for piece in snapshot.of("EndpointSlice"):
        if piece.get("addressType") == _FAMILIES[version]:
            slices[namespace_of(piece), labels_of(piece).get(SERVICE_NAME, "")].append(piece)
    for service in snapshot.of("Service"):
        if spec_of(service).get("type") == "ExternalName" or spec_of(service).get("clusterIP") == "None":
            continue
        for port in map(mapping, items(spec_of(service).get("ports"))):
            protocol = protocol_number(port.get("protocol") or "TCP")
            if protocol is not None:
                yield _exposed(service, port, protocol, slices, version)


def _exposed(
    service: Mapping[str, Any], port: Mapping[str, Any], protocol: int, slices: Slices, version: int
) -> Exposed:
    spec, key = spec_of(service), (namespace_of(service), name_of(service))
    endpoints = {
        endpoint.name: (endpoint, number)
        for piece in slices.get(key, ())
        for endpoint, number in _endpoints(piece, text(port.get("name")))
    }
    of_port = ServicePort(
        tuple(endpoint for endpoint, _number in endpoints.values()),
        text(spec.get("externalTrafficPolicy")) or "Cluster",
        text(spec.get("internalTrafficPolicy")) or "Cluster",
    )
    return Exposed(
        *key,
        protocol,
        _number(port.get("port")),
        _number(port.get("nodePort")),
        of_port,
        {name: n for name, (_e, n) in endpoints.items()},
        tuple(_balancers(service, version)),
        _of_version(items(spec.get("externalIPs")), version),
    )


def _balancers(service: Mapping[str, Any], version: int) -> Iterator[tuple[str, bool]]:
    for place in map(mapping, load_balancer_ingress(service)):
        address = _of_version([place.get("ip")], version)
        if address:
            yield address, place.get("ipMode") != "Proxy"
        elif not place.get("ip") and text(place.get("hostname")):
            yield text(place.get("hostname")), False


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def _of_version(addresses: Iterable[object], version: int) -> str:
    """The first address of that version, empty where there is none."""
    parsed = map(parse_address, addresses)
    return next((str(each) for each in parsed if each is not None and each.version == version), "")


def _endpoints(piece: Mapping[str, Any], port: str) -> Iterator[tuple[Endpoint, int]]:
    numbers = [p.get("port") for p in map(mapping, items(piece.get("ports"))) if text(p.get("name")) == port]
    for endpoint in map(mapping, items(piece.get("endpoints"))):
        conditions, hints = mapping(endpoint.get("conditions")), mapping(endpoint.get("hints"))
        ready = conditions.get("ready") is not False
        serving = ready if conditions.get("serving") is None else conditions["serving"] is True
        addresses = [parse_address(address) for address in items(endpoint.get("addresses"))]
        for address in (str(each) for each in addresses if each is not None):
            for number in numbers:
                if isinstance(number, int):
                    yield (
                        Endpoint(
                            address,
                            text(endpoint.get("nodeName")),
                            address,
                            ready,
                            serving,
                            conditions.get("terminating") is True,
                            frozenset(text(mapping(hint).get("name")) for hint in items(hints.get("forNodes"))),
                            frozenset(text(mapping(hint).get("name")) for hint in items(hints.get("forZones"))),
                        ),
                        number,
                    )
