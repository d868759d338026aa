# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Verdicts on many connections: the same answers as the walk's, decided on bits. Only what is not sure is walked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from .classes import Classes, spans_columns
from .columns import nets_of, service_addresses
from .endpoints import Endpoint
from .evaluation import Evaluation, at, profile
from .inventory import Inventory, Peer
from .label_index import Span
from .matching import Flow, rule_answer
from .nets import Address, Network, parse_net
from .policies import DIRECTIONS, Direction, Staged, all_policies
from .program import Entry, Program
from .rule import Rule
from .snapshot import Snapshot
from .space import Space
from .traffic import Traffic
from .verdict import END_OF_TIER, Check, Decider, End, Outcome, Verdict


class DecisionTable(Evaluation):
    """An evaluation that is compiled once and then answers many connections; ``walked`` gives a trace for one."""

    def __init__(self, snapshot: Snapshot, staged: Staged = "ignore", inventory: Inventory | None = None) -> None:
        super().__init__(snapshot, staged, inventory)
        self.space = Space(self.inventory, rule_nets(self))
        self._programs = {d: Program(self.policies.tiers, d, self.space) for d in DIRECTIONS}
        size = len(self.space.points)
        self._subjects = {d: _Role(program.subjects, size) for d, program in self._programs.items()}
        self._peers = {d: _Role(program.peers, size) for d, program in self._programs.items()}
        self._verdicts: dict[tuple[int, int, Traffic], Verdict] = {}
        self._points: dict[int, int | None] = {}
        # What is kept by id() must not be collected, or another object could get its id.
        self._kept: list[Peer] = []

    def verdict(self, source: Peer, destination: Peer, traffic: Traffic) -> Verdict:
        key = (id(source), id(destination), traffic)
        known = self._verdicts.get(key)
        if known is None:
            self._kept += (source, destination)
            known = self._verdicts[key] = self.decided(Flow(source, destination, traffic))
        return known

    def decided(self, flow: Flow) -> Verdict:
        """The same verdict for somebody who asks but once; nothing of it is kept."""
        return Verdict(tuple(self.checks(flow, self.decided_check)))

    def walked(self, source: Peer, destination: Peer, traffic: Traffic) -> Verdict:
        """The same verdict with a trace of everything that was looked at."""
        return super().verdict(source, destination, traffic)

    def decided_check(self, direction: Direction, endpoint: Endpoint, flow: Flow) -> Check:
        """What policy says at a workload endpoint, decided on bits, and walked only where that is not sure."""
        subject, other = (flow.source, flow.destination) if direction == "Egress" else (flow.destination, flow.source)
        own, peer = self._point(subject), self._point(other)
        if own is None or peer is None or self.space.points[own].endpoint is not endpoint:
            return self.endpoint_check(direction, endpoint, flow)
        decided = self._decided(direction, own, peer, flow)
        if decided is None:
            return self.endpoint_check(direction, endpoint, flow)
        end: End = "egress" if direction == "Egress" else "ingress"
        if isinstance(decided, Decider):
            return Check(end, at(endpoint), "allow", decided)
        outcome: Outcome = "allow" if decided.action == "Allow" else "deny"
        return Check(end, at(endpoint), outcome, self._decider(direction, decided, own))

    def _decided(self, direction: Direction, own: int, peer: int, flow: Flow) -> Entry | Decider | None:
        """The entry that decides, the profile where none does, None where that is not sure."""
        program = self._programs[direction]
        subject, other = self._subjects[direction].entries(own), self._peers[direction].entries(peer)
        conditions = program.traffic(flow.traffic, flow.version)
        sure, perhaps = (subject[i] & other[i] & conditions[i] for i in (0, 1))
        while perhaps:
            bit = perhaps & -perhaps
            index = bit.bit_length() - 1
            entry = program.entries[index]
            if bit & program.special and entry.rule is not None:
                holds = rule_answer(entry.rule, flow, self.inventory).holds
                if holds is False:
                    perhaps ^= bit
                    continue
                # Who applies is sure or not apart from what this connection's port says.
                sure = sure | bit if holds and _applies(program, index, own) else sure & ~bit
            if not sure & bit:
                return None
            if entry.action != "Pass":
                return entry
            perhaps &= program.after_tier[index]
        endpoint = self.space.points[own].endpoint
        return None if endpoint is None else profile(endpoint)

    def _decider(self, direction: Direction, entry: Entry, own: int) -> Decider:
        if entry.policy is not None:
            policy, rule = entry.policy, entry.index
        else:
            first = self._programs[direction].first_applying(entry.tier, own)
            if first is None:
                return Decider("Tier", entry.tier.name, "", entry.tier.name, END_OF_TIER)
            policy, rule = first, END_OF_TIER
        return Decider(policy.kind, policy.name, policy.namespace, entry.tier.name, rule)

    def class_of(self, peer: Peer) -> object:
        """What is equal for two peers that policy on workloads cannot tell apart; None for one that is like no other."""
        point = self._point(peer)
        if point is None or self.space.points[point].endpoint is not peer.endpoint:
            return None
        owners = self.inventory.endpoints_at(peer)
        if len(owners) > 1:
            return None
        roles = (*self._subjects.values(), *self._peers.values())
        ports = tuple(endpoint.ports for endpoint in owners) if self._looks_at_ports else ()
        return (*(role.classes.of[point] for role in roles), ports, self._services_at.get(peer.address))

    @cached_property
    def _special(self) -> list[Rule]:
        """Rules whose condition on the port is another one for each address; they are no columns of classes."""
        programs = self._programs.values()
        return [
            entry.rule
            for program in programs
            for index, entry in enumerate(program.entries)
            if entry.rule is not None and program.special >> index & 1
        ]

    @cached_property
    def _looks_at_ports(self) -> bool:
        return any(
            side.depends_on_port_of_address for rule in self._special for side in (rule.source, rule.destination)
        )

    @cached_property
    def _services_at(self) -> Mapping[Address | None, frozenset[object]]:
        """What the Services of rules have at each address."""
        found: dict[Address | None, set[object]] = {}
        for service in {rule.destination.service for rule in self._special} - {None}:
            for address, protocol, port in self.inventory.service_endpoints.get(service, ()):  # type: ignore[arg-type]
                found.setdefault(address, set()).add((service, protocol, port))
        return {address: frozenset(ports) for address, ports in found.items()}

    def _point(self, peer: Peer) -> int | None:
        key = id(peer)
        if key not in self._points:
            self._points[key] = self.space.point_of(peer)
            self._kept.append(peer)
        return self._points[key]


class _Role:
    """For each class of points the entries that match them in one role, for sure and perhaps."""

    def __init__(self, spans: Sequence[Span], size: int) -> None:
        self.classes = Classes(size, spans_columns(spans))
        self._sure = self.classes.places([span[0] for span in spans])
        # Where nothing is uncertain, which is the rule, both are the same.
        exact = all(sure == perhaps for sure, perhaps in spans)
        self._perhaps = None if exact else self.classes.places([span[1] for span in spans])
        self._known: dict[int, Span] = {}

    def entries(self, point: int) -> Span:
        """The entries that match the point."""
        number = self.classes.of[point]
        found = self._known.get(number)
        if found is None:
            sure = self.classes.row(number, self._sure)
            perhaps = sure if self._perhaps is None else self.classes.row(number, self._perhaps)
            found = self._known[number] = (sure, perhaps)
        return found


def _applies(program: Program, index: int, own: int) -> bool:
    """Whether the entry's policy selects the point for sure."""
    policy = program.entries[index].policy
    return policy is not None and bool(program.applied[policy][0] >> own & 1)


def rule_nets(evaluation: Evaluation) -> Sequence[Network]:
    """Every network by which the rules of an evaluation tell addresses apart, those of Services among them."""
    policies = list(all_policies(evaluation.policies.tiers))
    services = {
        side.service
        for policy in policies
        for rules in policy.rules.values()
        for rule in rules
        for side in (rule.source, rule.destination)
        if side.service is not None
    }
    addresses = [a for service in services for a in service_addresses(service, evaluation.inventory)]
    alone = [net for address in addresses if (net := parse_net(str(address))) is not None]
    return [*nets_of(policies), *alone]
