# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""All rules of one direction in the order in which they are looked at, one bit each; a decision is then and, or, and lowest bit.

A tier's end is an entry behind its rules. A policy that may do anything has three entries, which match perhaps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from .columns import side_span
from .evaluation import applies_to_workloads
from .label_index import Span
from .policies import CompiledPolicy, CompiledTier, Direction
from .rule import Rule, Side
from .space import Space
from .traffic import Traffic, is_among, traffic_answers
from .verdict import END_OF_TIER

Action = Literal["Allow", "Deny", "Pass"]


@dataclass(frozen=True, eq=False)
class Entry:
    """One rule, or the end of a tier (no policy), or one way in which an unclear policy may act (a policy, no rule)."""

    tier: CompiledTier
    policy: CompiledPolicy | None
    index: int
    rule: Rule | None
    action: Action


class Program:
    """The entries of one direction, and for each the points for which it matches, as subject and as peer."""

    def __init__(self, tiers: Sequence[CompiledTier], direction: Direction, space: Space) -> None:
        self.direction, self._space = direction, space
        self.entries = tuple(entry for tier in tiers for entry in _entries(tier, direction))
        self.after_tier = self._after_tier()
        # Rules whose condition on the port depends on the address, which have to be asked for each connection.
        self.special = _mask(self.entries, lambda entry: entry.rule is not None and _is_special(entry.rule))
        self._traffic: dict[tuple[Traffic, int | None], Span] = {}
        self._sides: dict[tuple[Side, bool], Span] = {}

    def _after_tier(self) -> tuple[int, ...]:
        """For each entry the bits of all entries behind its tier."""
        everything, masks = (1 << len(self.entries)) - 1, {}
        for index, entry in enumerate(self.entries):
            masks[entry.tier.name] = everything & ~((1 << (index + 1)) - 1)
        return tuple(masks[entry.tier.name] for entry in self.entries)

    @cached_property
    def subjects(self) -> tuple[Span, ...]:
        """For each entry the points to which its policy applies, and for whose own side the rule matches."""
        return tuple(self._subject(entry) for entry in self.entries)

    @cached_property
    def peers(self) -> tuple[Span, ...]:
        """For each entry the points for whose side the rule matches as the other end."""
        return tuple(self._side(entry, own=False) for entry in self.entries)

    @cached_property
    def applied(self) -> dict[CompiledPolicy, Span]:
        """The points that each policy selects."""
        policies = dict.fromkeys(p for e in self.entries for p in e.tier.policies if _counts(p, self.direction))
        return {policy: self._space.endpoints(policy.selector) for policy in policies}

    def _subject(self, entry: Entry) -> Span:
        if entry.policy is None:
            return self._end(entry.tier)
        sure, perhaps = self.applied[entry.policy]
        if entry.rule is None:
            return 0, perhaps
        own_sure, own_perhaps = self._side(entry, own=True)
        return sure & own_sure, perhaps & own_perhaps

    def _end(self, tier: CompiledTier) -> Span:
        sure = perhaps = 0
        for policy in tier.policies:
            if _counts(policy, self.direction):
                selected = self.applied[policy]
                sure |= 0 if policy.unclear else selected[0]
                perhaps |= selected[1]
        return sure, perhaps

    def _side(self, entry: Entry, own: bool) -> Span:
        if entry.rule is None:
            return self._space.all, self._space.all
        is_source = own == (self.direction == "Egress")
        side = entry.rule.source if is_source else entry.rule.destination
        key = (side, is_source)
        if key not in self._sides:
            self._sides[key] = side_span(side, is_source, self._space)
        return self._sides[key]

    def traffic(self, traffic: Traffic, version: int | None) -> Span:
        """The entries whose conditions on the traffic alone hold."""
        key = (traffic, version)
        if key not in self._traffic:
            self._traffic[key] = self._matching(traffic, version)
        return self._traffic[key]

    def _matching(self, traffic: Traffic, version: int | None) -> Span:
        sure = perhaps = self._unconditional
        for rules, mask in self._by_condition:
            answers = [a.holds for a in traffic_answers(rules, traffic, version)] + _port_answers(rules, traffic)
            if False not in answers:
                perhaps |= mask
                sure |= 0 if None in answers else mask
        return sure, perhaps

    @staticmethod
    def condition(rule: Rule, traffic: Traffic) -> bool:
        """Whether all of the rule's conditions on the traffic hold for sure."""
        return all(answer.holds for answer in traffic_answers(rule, traffic, None)) and all(
            _port_answers(rule, traffic)
        )

    @cached_property
    def _unconditional(self) -> int:
        return _mask(self.entries, lambda entry: entry.rule is None)

    @cached_property
    def _by_condition(self) -> list[tuple[Rule, int]]:
        """One rule of each kind of conditions on the traffic, and the entries that have the same."""
        found: dict[object, tuple[Rule, int]] = {}
        for index, entry in enumerate(self.entries):
            if entry.rule is not None:
                key = _conditions(entry.rule)
                rule, mask = found.get(key, (entry.rule, 0))
                found[key] = (rule, mask | 1 << index)
        return list(found.values())

    def first_applying(self, tier: CompiledTier, point: int) -> CompiledPolicy | None:
        """The first policy of the tier that selects the point, to which the end of the tier is credited."""
        for policy in tier.policies:
            if _counts(policy, self.direction) and self.applied[policy][1] >> point & 1:
                return policy
        return None


def _entries(tier: CompiledTier, direction: Direction) -> Iterator[Entry]:
    counted = [policy for policy in tier.policies if _counts(policy, direction)]
    for policy in counted:
        if policy.unclear:
            yield Entry(tier, policy, 0, None, "Allow")
            yield Entry(tier, policy, 0, None, "Deny")
            yield Entry(tier, policy, 0, None, "Pass")
            continue
        for index, rule in enumerate(policy.rules[direction]):
            if rule.action != "Log":
                yield Entry(tier, policy, index, rule, rule.action)
    if counted:
        yield Entry(tier, None, END_OF_TIER, None, tier.default_action)


def _counts(policy: CompiledPolicy, direction: Direction) -> bool:
    return direction in policy.governs and applies_to_workloads(policy)


def _is_special(rule: Rule) -> bool:
    return (
        rule.source.depends_on_port_of_address
        or rule.destination.depends_on_port_of_address
        or rule.destination.service is not None
    )


def _conditions(rule: Rule) -> tuple[object, ...]:
    """What a rule asks about the traffic alone; two rules with equal ones answer alike."""
    ports = tuple(
        None if side.depends_on_port_of_address else (side.ports, side.not_ports)
        for side in (rule.source, rule.destination)
    )
    return rule.protocol, rule.not_protocol, rule.icmp, rule.not_icmp, rule.ip_version, rule.http, ports


def _port_answers(rule: Rule, traffic: Traffic) -> list[bool | None]:
    """Whether the conditions on numbered ports hold, of sides that name no port."""
    answers: list[bool | None] = []
    for side, port in ((rule.source, traffic.source_port), (rule.destination, traffic.port)):
        if side.depends_on_port_of_address:
            continue
        if side.ports:
            answers.append(is_among(port, side.ports))
        if side.not_ports:
            among = is_among(port, side.not_ports)
            answers.append(None if among is None else not among)
    return answers


def _mask(entries: Sequence[Entry], holds: Callable[[Entry], bool]) -> int:
    found = 0
    for index, entry in enumerate(entries):
        if holds(entry):
            found |= 1 << index
    return found
