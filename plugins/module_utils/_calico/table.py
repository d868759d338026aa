# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Verdicts on many connections: the same answers as the walk's, decided on bits. Only what is not sure is walked."""

from __future__ import annotations

from collections.abc import Sequence

from .classes import Classes, spans_columns
from .columns import nets_of, service_addresses
from .endpoints import Endpoint
from .evaluation import Evaluation, at, profile
from .inventory import Peer
from .label_index import Span
from .matching import Flow, rule_answer
from .nets import Network, parse_net
from .policies import DIRECTIONS, Direction, Staged, all_policies
from .program import Entry, Program
from .snapshot import Snapshot
from .space import Space
from .traffic import Traffic
from .verdict import END_OF_TIER, Check, Decider, End, Outcome, Verdict


class DecisionTable(Evaluation):
    """An evaluation that is compiled once and then answers many connections; ``walked`` gives a trace for one."""

    def __init__(self, snapshot: Snapshot, staged: Staged = "ignore") -> None:
        super().__init__(snapshot, staged)
        self.space = Space(self.inventory, rule_nets(self))
        self._programs = {d: Program(self.policies.tiers, d, self.space) for d in DIRECTIONS}
        self.classes = Classes(len(self.space.points), [c for p in self._programs.values() for c in program_columns(p)])
        self._sides = {d: _Sides(program, self.classes) for d, program in self._programs.items()}
        self._verdicts: dict[tuple[int, int, Traffic], Verdict] = {}
        self._points: dict[int, int | None] = {}
        # What is kept by id() must not be collected, or another object could get its id.
        self._kept: list[Peer] = []

    def verdict(self, source: Peer, destination: Peer, traffic: Traffic) -> Verdict:
        key = (id(source), id(destination), traffic)
        known = self._verdicts.get(key)
        if known is None:
            self._kept += (source, destination)
            flow = Flow(source, destination, traffic)
            known = self._verdicts[key] = Verdict(tuple(self.checks(flow, self.decided_check)))
        return known

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
        program, sides = self._programs[direction], self._sides[direction]
        subject, other = sides.subject(self.classes.of[own]), sides.peer(self.classes.of[peer])
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
                sure = sure | bit if holds and sides.applies(program, index, own) else sure & ~bit
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
            assert first is not None, "the end of a tier matched for an endpoint to which nothing in it applies"
            policy, rule = first, END_OF_TIER
        return Decider(policy.kind, policy.name, policy.namespace, entry.tier.name, rule)

    def _point(self, peer: Peer) -> int | None:
        key = id(peer)
        if key not in self._points:
            self._points[key] = self.space.point_of(peer)
            self._kept.append(peer)
        return self._points[key]


class _Sides:
    """For each class the entries that match it as subject, and as peer."""

    def __init__(self, program: Program, classes: Classes) -> None:
        self._classes = classes
        self._picks = {
            (own, sure): classes.places(
                [span[0 if sure else 1] for span in (program.subjects if own else program.peers)]
            )
            for own in (True, False)
            for sure in (True, False)
        }
        self._known: dict[tuple[int, bool], Span] = {}

    def subject(self, number: int) -> Span:
        return self._span(number, True)

    def peer(self, number: int) -> Span:
        return self._span(number, False)

    @staticmethod
    def applies(program: Program, index: int, own: int) -> bool:
        """Whether the entry's policy selects the point for sure."""
        policy = program.entries[index].policy
        return policy is not None and bool(program.applied[policy][0] >> own & 1)

    def _span(self, number: int, own: bool) -> Span:
        key = (number, own)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = (self._row(number, own, True), self._row(number, own, False))
        return found

    def _row(self, number: int, own: bool, sure: bool) -> int:
        return self._classes.row(number, self._picks[own, sure])


def program_columns(program: Program) -> list[int]:
    """Every column by which a program tells points apart."""
    return [*spans_columns(program.subjects), *spans_columns(program.peers)]


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
