# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One rule of a policy, compiled: what a connection must be like for it to match.

Follows https://docs.tigera.io/calico/latest/reference/resources/globalnetworkpolicy#rule and, for what the data plane makes of
invalid rules, felix/calc and libcalico-go/lib/validator/v1 of Calico.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from .nets import Network, parse_net
from .ports import NamedPort, Port, parse_port
from .protocols import NUMBERS, OF_ICMP, WITH_PORTS, protocol_number
from .rule_selectors import read, side_selector, unreadable, without
from .selector import Selector
from .snapshot import Object, items, mapping, text

Action = Literal["Allow", "Deny", "Pass", "Log"]

# Calico lowers the case of the others; Pass alone has another name in its data plane.
_ACTIONS: dict[str, Action] = {"allow": "Allow", "deny": "Deny", "log": "Log"}


@dataclass(frozen=True)
class Side:
    """The conditions on one end of a connection. What is empty or None does not narrow.

    ``selector`` has the negative one in it where both are given: then an address matches if one endpoint or network set that
    has it satisfies both. ``not_selector`` stands alone: no endpoint or set that has the address may satisfy it.
    """

    selector: Selector | None = None
    not_selector: Selector | None = None
    nets: tuple[Network, ...] = ()
    not_nets: tuple[Network, ...] = ()
    ports: tuple[Port, ...] = ()
    named_ports: tuple[str, ...] = ()
    not_ports: tuple[Port, ...] = ()
    not_named_ports: tuple[str, ...] = ()
    service: tuple[str, str] | None = None

    @property
    def depends_on_port_of_address(self) -> bool:
        """Whether the condition on the port is another one for each address."""
        return bool(self.named_ports or self.not_named_ports)


@dataclass(frozen=True)
class Icmp:
    """Type and code of an ICMP message; None does not narrow."""

    type: int | None
    code: int | None


@dataclass(frozen=True)
class Rule:
    """A rule. ``http`` says that it looks at requests too, which policy on packets cannot."""

    action: Action
    source: Side = Side()
    destination: Side = Side()
    protocol: int | None = None
    not_protocol: int | None = None
    icmp: Icmp | None = None
    not_icmp: Icmp | None = None
    ip_version: int | None = None
    http: bool = False

    @property
    def named_port_protocol(self) -> int:
        """The protocol of the ports that its names mean: its own UDP or SCTP, else TCP. Rule: felix/calc of Calico."""
        return self.protocol if self.protocol in (NUMBERS["UDP"], NUMBERS["SCTP"]) else NUMBERS["TCP"]


@dataclass
class Faults:
    """What is wrong with a live policy, by what the data plane makes of it.

    ``missing``: it treats the whole policy as not there; ``ignored``: it leaves a condition out, so that more matches;
    ``unclear``: what it does was not found out. Each is a path and a sentence.
    """

    missing: list[tuple[str, str]] = field(default_factory=list)
    ignored: list[tuple[str, str]] = field(default_factory=list)
    unclear: list[tuple[str, str]] = field(default_factory=list)


def compile_rule(raw: Any, namespace: str, path: str, faults: Faults) -> Rule:
    """The rule as the data plane takes it; what is wrong with it is added to ``faults``."""
    rule = mapping(raw)
    if rule is not raw:
        faults.unclear.append((path, "is not a rule"))
    compiled = _compiled(rule, namespace, path, faults)
    _together(compiled, path, faults)
    return compiled


def _compiled(rule: Object, namespace: str, path: str, faults: Faults) -> Rule:
    return Rule(
        action=_action(rule.get("action"), path, faults),
        source=_side(rule.get("source"), namespace, f"{path}.source", faults),
        destination=_side(rule.get("destination"), namespace, f"{path}.destination", faults),
        protocol=_protocol(rule.get("protocol"), f"{path}.protocol", faults),
        not_protocol=_protocol(rule.get("notProtocol"), f"{path}.notProtocol", faults),
        icmp=_icmp(rule.get("icmp"), f"{path}.icmp", faults),
        not_icmp=_icmp(rule.get("notICMP"), f"{path}.notICMP", faults),
        ip_version=_ip_version(rule.get("ipVersion"), f"{path}.ipVersion", faults),
        http=bool(rule.get("http")),
    )


def _together(rule: Rule, path: str, faults: Faults) -> None:
    """What the data plane makes of fields that do not go together, which plain CRDs accept."""
    sides = (rule.source, rule.destination)
    if rule.protocol not in WITH_PORTS:
        if any(side.ports or side.not_ports for side in sides):
            faults.missing.append((path, "has ports without a protocol that has ports"))
        elif any(side.depends_on_port_of_address for side in sides):
            faults.unclear.append((path, "names ports without a protocol that has ports"))
    if rule.protocol not in OF_ICMP and (rule.icmp is not None or rule.not_icmp is not None):
        faults.unclear.append((path, "has ICMP messages without the protocol ICMP or ICMPv6"))


def _action(value: Any, path: str, faults: Faults) -> Action:
    if value == "Pass":
        return "Pass"
    action = _ACTIONS.get(text(value).lower())
    if action is None:
        faults.missing.append((f"{path}.action", f"{value!r} is no action"))
        return "Deny"
    return action


def _side(raw: Any, namespace: str, path: str, faults: Faults) -> Side:
    side = mapping(raw)
    if raw is not None and side is not raw:
        faults.unclear.append((path, "is no mapping"))
    combined = side_selector(side, namespace)
    # Unlike a policy's own, the selectors of a rule are checked again, one by one, where Felix takes the policy.
    alone = unreadable(side)
    faults.missing += [(f"{path}.{name}", "cannot be read") for name in alone]
    ignored = [name for name in combined.ignored if name not in alone]
    faults.ignored += [(f"{path}.{name}", "cannot be read, and everybody matches") for name in ignored]
    together = Faults() if alone else faults
    negative = text(side.get("notSelector"))
    ports, not_ports = _ports(side, "ports", path, faults), _ports(side, "notPorts", path, faults)
    return Side(
        selector=_selector(without(combined.text, negative), f"{path}.selector", together),
        not_selector=None if combined.text else _selector(negative, f"{path}.notSelector", together),
        nets=_nets(side, "nets", path, faults),
        not_nets=_nets(side, "notNets", path, faults),
        ports=tuple(p for p in ports if isinstance(p, Port)),
        named_ports=tuple(p.name for p in ports if isinstance(p, NamedPort)),
        not_ports=tuple(p for p in not_ports if isinstance(p, Port)),
        not_named_ports=tuple(p.name for p in not_ports if isinstance(p, NamedPort)),
        service=_service(mapping(side.get("services")), namespace),
    )


def _selector(combined: str, path: str, faults: Faults) -> Selector | None:
    if not combined:
        return None
    found = read(combined)
    if found is None:
        faults.missing.append((path, "cannot be read"))
    return found


def _nets(side: Object, key: str, path: str, faults: Faults) -> tuple[Network, ...]:
    """The networks that can be read. Of a source Calico leaves the others out, for a destination that was not measured."""
    found: list[Network] = []
    for index, value in enumerate(items(side.get(key))):
        net = parse_net(value)
        where = (f"{path}.{key}[{index}]", f"{value!r} is no network, and is left out")
        if net is not None:
            found.append(net)
        elif path.endswith(".source"):
            faults.ignored.append(where)
        else:
            faults.unclear.append(where)
    return tuple(found)


def _ports(side: Object, key: str, path: str, faults: Faults) -> list[Port | NamedPort]:
    found: list[Port | NamedPort] = []
    for index, value in enumerate(items(side.get(key))):
        port = parse_port(value)
        if port is None:
            faults.unclear.append((f"{path}.{key}[{index}]", f"{value!r} is no port"))
        else:
            found.append(port)
    return found


def _service(services: Object, namespace: str) -> tuple[str, str] | None:
    name = text(services.get("name"))
    return (text(services.get("namespace")) or namespace, name) if name else None


def _protocol(value: Any, path: str, faults: Faults) -> int | None:
    if value is None:
        return None
    number = protocol_number(value)
    if number is None:
        faults.missing.append((path, f"{value!r} is no protocol"))
    return number


def _icmp(raw: Any, path: str, faults: Faults) -> Icmp | None:
    if raw is None:
        return None
    values = mapping(raw)
    found = [values.get("type"), values.get("code")]
    if any(v is not None and (not isinstance(v, int) or isinstance(v, bool)) for v in found):
        faults.unclear.append((path, "type and code are numbers"))
        return None
    return Icmp(found[0], found[1])


def _ip_version(value: Any, path: str, faults: Faults) -> int | None:
    if value in (None, 4, 6):
        return None if value is None else int(value)
    faults.missing.append((path, f"{value!r} is neither 4 nor 6"))
    return None
