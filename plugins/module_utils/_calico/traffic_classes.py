# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""All traffic, divided where rules divide it: whatever holds for one class' example holds for the whole class."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product

from .protocols import OF_ICMP, WITH_PORTS
from .rule import Rule, Side
from .traffic import Traffic, protocol_name

LAST_PORT = 65_535
_LAST_ICMP = {"type": 255, "code": 255}
# Reserved for experiments, so that no rule is likely to name it; it stands for all protocols that none names.
_OTHERS = (253, 254)


@dataclass(frozen=True)
class TrafficClass:
    """Traffic that no rule tells apart: an example, and the destination ports from ``first`` to ``last`` where it has any."""

    example: Traffic
    first: int = 0
    last: int = 0
    other_protocols: bool = False

    @property
    def protocol(self) -> str:
        return "other protocols" if self.other_protocols else protocol_name(self.example.protocol)


def traffic_classes(
    rules: Iterable[Rule], extra_ports: Iterable[int], extra_sources: Iterable[int]
) -> tuple[TrafficClass, ...]:
    """The classes into which the rules divide all traffic; the extra ones are numbers that names and Services stand for."""
    listed = list(rules)
    named = {p for rule in listed for p in (rule.protocol, rule.not_protocol) if p is not None}
    ports = _bounds((rule.destination for rule in listed), extra_ports)
    # The last one first: it is one that no rule names, as clients have it.
    sources = _bounds((rule.source for rule in listed), extra_sources)[::-1]
    found: list[TrafficClass] = []
    for protocol in sorted(named | WITH_PORTS):
        if protocol in WITH_PORTS:
            found += _with_ports(protocol, ports, sources)
        else:
            found += _icmp(protocol, listed) if protocol in OF_ICMP else [TrafficClass(Traffic(protocol))]
    others = [number for number in (*_OTHERS, *range(1, 256)) if number not in {*named, *WITH_PORTS}]
    return (*found, *(TrafficClass(Traffic(other), other_protocols=True) for other in others[:1]))


def _bounds(sides: Iterable[Side], extra: Iterable[int]) -> list[int]:
    """Where ranges of ports begin that neither the sides nor the extra numbers divide, in order."""
    bounds = {1}
    for side in sides:
        for port in (*side.ports, *side.not_ports):
            bounds.update((port.first, port.last + 1))
    for number in extra:
        bounds.update((number, number + 1))
    return sorted(bound for bound in bounds if 1 <= bound <= LAST_PORT)


def _with_ports(protocol: int, ports: Sequence[int], sources: Sequence[int]) -> Iterator[TrafficClass]:
    lasts = [*(bound - 1 for bound in ports[1:]), LAST_PORT]
    for (first, last), source in product(zip(ports, lasts, strict=True), sources):
        yield TrafficClass(Traffic(protocol, first, source), first, last)


def _icmp(protocol: int, rules: Sequence[Rule]) -> Iterator[TrafficClass]:
    asked = [icmp for rule in rules for icmp in (rule.icmp, rule.not_icmp) if icmp is not None]
    types = _values([icmp.type for icmp in asked], _LAST_ICMP["type"])
    codes = _values([icmp.code for icmp in asked], _LAST_ICMP["code"])
    for icmp_type, icmp_code in product(types, codes):
        yield TrafficClass(Traffic(protocol, icmp_type=icmp_type, icmp_code=icmp_code))


def _values(asked: Sequence[int | None], last: int) -> list[int]:
    """The numbers that are asked about, and one that is not."""
    found = sorted({number for number in asked if number is not None})
    others = (number for number in range(last, -1, -1) if number not in found)
    return [*found, *islice(others, 1)]
