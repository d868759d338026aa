# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a connection carries, apart from its ends, and whether a rule's conditions on that hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .ports import Port
from .protocols import NUMBERS, OF_ICMP
from .rule import Icmp, Rule

_NAMES = {number: name for name, number in NUMBERS.items()}


@dataclass(frozen=True)
class Traffic:
    """Protocol by number, and what it has: ports of 1 to 65535, or type and code of an ICMP message; None is not known."""

    protocol: int
    port: int | None = None
    source_port: int | None = None
    icmp_type: int | None = None
    icmp_code: int | None = None

    def __str__(self) -> str:
        name = protocol_name(self.protocol)
        if self.port is not None:
            return f"{name} {self.port}"
        return name if self.icmp_type is None else f"{name} type {self.icmp_type}"


@dataclass(frozen=True)
class Answer:
    """Whether a condition holds, None where that is not known, and a sentence that says why."""

    holds: bool | None
    because: str


def traffic_answers(rule: Rule, traffic: Traffic, version: int | None) -> Iterator[Answer]:
    """An answer for each condition of the rule that does not look at addresses; ``version`` is 4, 6 or None."""
    if rule.protocol is not None:
        holds = rule.protocol == traffic.protocol
        yield Answer(holds, f"protocol is {_not(holds)}{protocol_name(rule.protocol)}")
    if rule.not_protocol is not None:
        holds = rule.not_protocol != traffic.protocol
        yield Answer(holds, f"protocol is {_not(not holds)}{protocol_name(rule.not_protocol)}")
    if rule.ip_version is not None:
        known = None if version is None else rule.ip_version == version
        yield Answer(known, f"IP version {rule.ip_version} is asked for, it is {version or 'not known'}")
    if rule.icmp is not None:
        yield Answer(_is_icmp(rule.icmp, traffic), f"ICMP {_shown(rule.icmp)} is asked for")
    if rule.not_icmp is not None:
        found = _is_icmp(rule.not_icmp, traffic)
        yield Answer(None if found is None else not found, f"ICMP {_shown(rule.not_icmp)} is left out")
    if rule.http:
        yield Answer(None, "it looks at HTTP requests, which policy on packets does not see")


def protocol_name(number: int) -> str:
    """The protocol's name, or its number where it has none in Calico."""
    return _NAMES.get(number, str(number))


def is_among(port: int | None, ranges: Sequence[Port]) -> bool | None:
    """Whether the port is in one of the ranges; None for a port that is not known, where there are ranges."""
    if not ranges:
        return False
    return None if port is None else any(r.first <= port <= r.last for r in ranges)


def _is_icmp(wanted: Icmp, traffic: Traffic) -> bool | None:
    if traffic.protocol not in OF_ICMP:
        return False
    answers = [
        None if found is None else found == asked
        for asked, found in ((wanted.type, traffic.icmp_type), (wanted.code, traffic.icmp_code))
        if asked is not None
    ]
    return False if False in answers else None if None in answers else True


def _shown(icmp: Icmp) -> str:
    return f"type {icmp.type}" if icmp.code is None else f"type {icmp.type} code {icmp.code}"


def _not(holds: bool) -> str:
    return "" if holds else "not "
