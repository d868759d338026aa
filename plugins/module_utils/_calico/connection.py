# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections as users write them, read and checked; one form for questions and for expectations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from .errors import InvalidInput
from .nets import Address, parse_address
from .protocols import OF_ICMP, WITH_PORTS, protocol_number
from .snapshot import mapping
from .verdict import Outcome

_FIELDS = {"name", "source", "destination", "protocol", "port", "source_port", "icmp", "verdict"}
_END_KINDS = ("pod", "address", "service", "node")
_LABEL_FIELDS = {"namespace", "labels", "service_account"}
_LAST_PORT = 65_535


@dataclass(frozen=True)
class PodEnd:
    """One Pod by name."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"pod {self.namespace}/{self.name}"


@dataclass(frozen=True)
class LabelsEnd:
    """Every Pod that has these labels, in one namespace or in all; where none has them, one that would."""

    namespace: str
    labels: tuple[tuple[str, str], ...]
    service_account: str

    def __str__(self) -> str:
        wanted = " ".join(f"{key}={value}" for key, value in self.labels)
        where = f" in {self.namespace}" if self.namespace else ""
        return f"pods{where}" + (f" with {wanted}" if wanted else "")


@dataclass(frozen=True)
class AddressEnd:
    """Whoever has the address."""

    address: Address

    def __str__(self) -> str:
        return str(self.address)


@dataclass(frozen=True)
class ServiceEnd:
    """The endpoints behind a Service."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"service {self.namespace}/{self.name}"


@dataclass(frozen=True)
class NodeEnd:
    """A process of a node itself."""

    name: str

    def __str__(self) -> str:
        return f"node {self.name}"


End: TypeAlias = "PodEnd | LabelsEnd | AddressEnd | ServiceEnd | NodeEnd"


@dataclass(frozen=True)
class Connection:
    """A connection that somebody asks about. ``port`` may be the name of a Service's port; ``verdict`` is what is expected."""

    name: str
    source: End
    destination: End
    protocol: int
    port: int | str | None
    source_port: int | None = None
    icmp_type: int | None = None
    icmp_code: int | None = None
    verdict: Outcome | None = None

    def __str__(self) -> str:
        return self.name or f"{self.source} to {self.destination}"


def parse_connections(
    given: Sequence[Any], where: str, verdict: Literal["wanted", "refused"]
) -> tuple[Connection, ...]:
    """Reads all of them. Raises InvalidInput with every fault of all, each with its place, such as ``connections[2].source``."""
    faults: list[str] = []
    for index, item in enumerate(given):
        faults += [f"{where}[{index}]{fault}" for fault in _faults(item, verdict)]
    if faults:
        raise InvalidInput(
            "; ".join(faults),
            "An end is one of pod: {namespace, name}, address, service: {namespace, name}, node, or namespace and labels.",
        )
    return tuple(_connection(item) for item in given)


def _faults(item: Any, verdict: str) -> Iterator[str]:
    if not isinstance(item, Mapping):
        yield " is no mapping"
        return
    yield from (f" has the unknown field {key}" for key in sorted(map(str, set(item) - _FIELDS)))
    for side in ("source", "destination"):
        yield from (f".{side} {fault}" for fault in _end_faults(item.get(side)))
    yield from _traffic_faults(item)
    if verdict == "wanted" and item.get("verdict") not in ("allow", "deny"):
        yield ".verdict is neither allow nor deny"
    if verdict == "refused" and "verdict" in item:
        yield ".verdict is for expectations"


def _traffic_faults(item: Mapping[str, Any]) -> Iterator[str]:
    protocol = protocol_number(item.get("protocol", "TCP"))
    if protocol is None:
        yield f".protocol {item.get('protocol')!r} is none; write TCP, UDP, SCTP, ICMP, ICMPv6, UDPLite or a number"
        return
    port, source_port = item.get("port"), item.get("source_port")
    if protocol not in WITH_PORTS and (port is not None or source_port is not None):
        yield ".port is given, and the protocol has no ports"
    if port is not None and not _is_port(port) and not (isinstance(port, str) and port):
        yield f".port {port!r} is no port"
    if isinstance(port, str) and port and not _is_port(port) and "service" not in mapping(item.get("destination")):
        yield f".port {port!r} is a name, which only a Service's port has"
    if source_port is not None and not _is_port(source_port):
        yield f".source_port {source_port!r} is no port"
    yield from _icmp_faults(item.get("icmp"), protocol)


def _icmp_faults(icmp: Any, protocol: int) -> Iterator[str]:
    if icmp is None:
        return
    numbers = [v for v in mapping(icmp).values() if v is not None]
    if protocol not in OF_ICMP:
        yield ".icmp is given, and the protocol is neither ICMP nor ICMPv6"
    if not isinstance(icmp, Mapping) or set(icmp) - {"type", "code"} or not all(_is_number(v, 0, 255) for v in numbers):
        yield ".icmp is not a mapping of type and code, from 0 to 255"


def _end_faults(end: Any) -> Iterator[str]:
    if not isinstance(end, Mapping) or not end:
        yield "is missing" if end is None else "is no mapping that names an end"
        return
    kinds = [kind for kind in _END_KINDS if kind in end]
    if len(kinds) > 1 or (kinds and _LABEL_FIELDS & set(end)):
        yield f"names more than one end: {', '.join(sorted(map(str, end)))}"
    yield from (f"has the unknown field {key}" for key in sorted(map(str, set(end) - set(_END_KINDS) - _LABEL_FIELDS)))
    if "address" in end and parse_address(end["address"]) is None:
        yield f"has the address {end['address']!r}, which is none"
    for kind in ("pod", "service"):
        if kind in end and not _is_named(end[kind]):
            yield f"has a {kind} without namespace and name"
    for key in ("node", "namespace", "service_account"):
        if key in end and (not isinstance(end[key], str) or not end[key]):
            yield f"has a {key} that is no name"
    labels = end.get("labels")
    if labels is not None and not _are_labels(labels):
        yield "has labels that do not map strings to strings"


def _is_named(value: Any) -> bool:
    return (
        isinstance(value, Mapping)
        and set(value) == {"namespace", "name"}
        and all(isinstance(v, str) and v for v in value.values())
    )


def _are_labels(value: Any) -> bool:
    return isinstance(value, Mapping) and all(isinstance(k, str) and isinstance(v, str) for k, v in value.items())


def _is_number(value: Any, first: int, last: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and first <= value <= last


def _is_port(value: Any) -> bool:
    """A port as a number; templates give it as a string."""
    return _is_number(
        int(value) if isinstance(value, str) and value.isdecimal() and len(value) < 6 else value, 1, _LAST_PORT
    )


def _connection(item: Mapping[str, Any]) -> Connection:
    port, source_port, icmp = item.get("port"), item.get("source_port"), mapping(item.get("icmp"))
    return Connection(
        name=str(item.get("name") or ""),
        source=_end(item["source"]),
        destination=_end(item["destination"]),
        # The fields were checked, so that it is one.
        protocol=protocol_number(item.get("protocol", "TCP")) or 0,
        port=int(port) if port is not None and _is_port(port) else port,
        source_port=None if source_port is None else int(source_port),
        icmp_type=icmp.get("type"),
        icmp_code=icmp.get("code"),
        verdict=item.get("verdict"),
    )


def _end(end: Mapping[str, Any]) -> End:
    if "pod" in end:
        return PodEnd(end["pod"]["namespace"], end["pod"]["name"])
    if "service" in end:
        return ServiceEnd(end["service"]["namespace"], end["service"]["name"])
    if "node" in end:
        return NodeEnd(end["node"])
    address = parse_address(end.get("address"))
    if address is not None:
        return AddressEnd(address)
    labels = tuple(sorted((end.get("labels") or {}).items()))
    return LabelsEnd(end.get("namespace", ""), labels, end.get("service_account", ""))
