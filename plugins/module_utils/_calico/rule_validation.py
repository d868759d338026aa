# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the fields of one rule of a Calico policy must not be together.

Rules: libcalico-go/lib/validator/v3 of Calico, and the conditions (CEL) of its CustomResourceDefinitions. The fields' own types
were checked before, so that values of wrong types are passed over here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from .fault import Fault, Steps, beneath, shown
from .nets import Network, parse_cidr
from .ports import Port, parse_port
from .protocols import WITH_PORTS, protocol_number
from .selector_tokens import InvalidSelector, tokens
from .snapshot import Object, items, mapping, text

Direction = Literal["ingress", "egress"]

_SIDES = ("source", "destination")
_GLOBAL = "global("
# The strings "1" and "58" are not among them: the conditions compare what is written.
_ICMP_VERSION: Mapping[object, int] = {"ICMP": 4, 1: 4, "ICMPv6": 6, 58: 6}
# In this spelling only.
_EVERYTHING_V4 = "0.0.0.0/0"


def rule_faults(rule: Object, direction: Direction) -> Iterator[Fault]:
    """What is wrong with a rule of a policy's ``ingress`` or ``egress``."""
    yield from _misplaced(rule, direction)
    yield from _ports(rule)
    yield from _icmp(rule)
    yield from _http(rule)
    yield from _families(rule)
    yield from _catch_all(rule)
    for side in _SIDES:
        yield from beneath((side,), _side(mapping(rule.get(side))))
    destination = mapping(rule.get("destination"))
    if destination.get("services") is not None:
        yield from (
            Fault(("destination", key), "must not stand beside services, whose ports are those of their endpoints")
            for key in ("ports", "notPorts")
            if items(destination.get(key))
        )


def global_selector_fault(spec: Object, key: str) -> Iterator[Fault]:
    """The fault where ``global()`` is in a selector that cannot have it."""
    if _GLOBAL in text(spec.get(key)):
        yield Fault((key,), "has global(), which only the namespaceSelector of a rule may have")


def _misplaced(rule: Object, direction: Direction) -> Iterator[Fault]:
    side = "destination" if direction == "ingress" else "source"
    if mapping(rule.get(side)).get("services") is not None:
        yield Fault((side, "services"), f"is not allowed in the {side} of an {direction} rule")
    if direction == "egress" and rule.get("http") is not None:
        yield Fault(("http",), "is allowed in ingress rules only")


def _ports(rule: Object) -> Iterator[Fault]:
    protocol = rule.get("protocol")
    number = protocol_number(protocol)
    if number in WITH_PORTS or (number is None and protocol is not None):
        return
    for side in _SIDES:
        for key in ("ports", "notPorts"):
            entries = items(mapping(rule.get(side)).get(key))
            if protocol is not None and entries:
                yield Fault((side, key), f"needs a protocol that has ports (TCP, UDP, SCTP), not {shown(protocol)}")
            elif any(isinstance(parse_port(entry), Port) for entry in entries):
                yield Fault((side, key), "has numbers, so the rule needs its protocol: TCP, UDP or SCTP")


def _icmp(rule: Object) -> Iterator[Fault]:
    if rule.get("icmp") is not None and not _is_one_of(rule.get("protocol"), _ICMP_VERSION):
        yield Fault(("icmp",), "needs the rule's protocol to be ICMP or ICMPv6")
    for key in ("icmp", "notICMP"):
        fields = mapping(rule.get(key))
        if fields.get("code") is not None and fields.get("type") is None:
            yield Fault((key, "type"), "is missing, a code needs its type")
    for key in ("protocol", "notProtocol"):
        protocol, version = rule.get(key), rule.get("ipVersion")
        if _is_one_of(protocol, _ICMP_VERSION) and version not in (None, _ICMP_VERSION[protocol]):
            yield Fault(("ipVersion",), f"is {shown(version)}, {key} {shown(protocol)} needs {_ICMP_VERSION[protocol]}")


def _is_one_of(value: object, known: Iterable[object]) -> bool:
    return isinstance(value, (int, str)) and value in known


def _http(rule: Object) -> Iterator[Fault]:
    if rule.get("http") is None:
        return
    if rule.get("protocol") not in (None, "TCP", 6):
        yield Fault(("protocol",), f"is {shown(rule['protocol'])}, a match on HTTP needs TCP or none")
    if rule.get("action") != "Allow":
        yield Fault(("http",), "is allowed in rules with the action Allow only")
    for index, path in enumerate(items(mapping(rule.get("http")).get("paths"))):
        given = [text(mapping(path).get(key)) for key in ("exact", "prefix")]
        yield from beneath(("http", "paths", index), _http_path([value for value in given if value]))


def _http_path(given: list[str]) -> Iterator[Fault]:
    if len(given) != 1:
        yield Fault((), f"has {len(given)} of exact and prefix, one is wanted")
    elif not given[0].startswith("/") or set("? #") & set(given[0]):
        yield Fault((), f"has {shown(given[0])}, which is no path: it starts with / and has no ?, # or blank")


def _families(rule: Object) -> Iterator[Fault]:
    """A rule is about one address family: that of its ipVersion, else that of its first network."""
    version, decided_by = rule.get("ipVersion"), "ipVersion"
    for steps, _value, network in _networks(rule):
        if version not in (4, 6):
            version, decided_by = network.version, Fault(steps, "").path
        elif network.version != version:
            said = f"is IPv{network.version}, {decided_by} is IPv{version}: give each family a rule of its own"
            yield Fault(steps, said)


def _catch_all(rule: Object) -> Iterator[Fault]:
    for steps, value, network in _networks(rule):
        is_everything = value == _EVERYTHING_V4 or (network.version == 6 and network.prefixlen == 0)
        if is_everything and "notNets" in steps:
            yield Fault(steps, "is every address, so that the rule could never match")


def _networks(rule: Object) -> Iterator[tuple[Steps, object, Network]]:
    """Everything in the rule that is a network: its place, its text, and what that means."""
    for side in _SIDES:
        for key in ("nets", "notNets"):
            for index, value in enumerate(items(mapping(rule.get(side)).get(key))):
                network = parse_cidr(value)
                if network is not None:
                    yield (side, key, index), value, network


def _side(side: Object) -> Iterator[Fault]:
    yield from global_selector_fault(side, "selector")
    namespace_selector = text(side.get("namespaceSelector"))
    if _GLOBAL in namespace_selector and not _is_global_alone(namespace_selector):
        yield Fault(("namespaceSelector",), "has global(), which must stand alone")
    if side.get("services") is None:
        return
    if not mapping(side.get("services")).get("name"):
        yield Fault(("services", "name"), "is missing")
    for key in ("selector", "notSelector", "namespaceSelector", "nets", "notNets"):
        if side.get(key):
            yield Fault((key,), "must not stand beside services")
    if side.get("serviceAccounts") is not None:
        yield Fault(("serviceAccounts",), "must not stand beside services")


def _is_global_alone(selector: str) -> bool:
    try:
        return [token.kind for token in tokens(selector)] == ["global", "end"]
    except InvalidSelector:
        return False
