# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan does to one lifeline: its connections are asked about before, after, and on the way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Literal

from .._calico.matching import Flow
from .._calico.table import DecisionTable
from .._calico.verdict import Check, Verdict
from .._report.explanation import explained_flow
from .course import Course
from .lifelines import Destination, Lifeline
from .steps import Step

Result = Literal["kept", "denied_before", "worse", "unknown", "not_applicable", "left_out"]
# Where host endpoints have a say, connections are walked one by one, and nobody waits for more than these.
WALKED = 60_000


@dataclass(frozen=True)
class Finding:
    """What becomes of a lifeline; ``is_warned`` where it is not known and the plan may have a part in that."""

    result: Result
    text: str
    is_warned: bool = False


@dataclass
class _Tally:
    """Connections with which it is the same: how many, and the first of them, told after ``lead``."""

    lead: str = ""
    count: int = 0
    first: tuple[Flow, Verdict] | None = None

    def add(self, flow: Flow, verdict: Verdict) -> None:
        self.count += 1
        self.first = self.first or (flow, verdict)

    @property
    def text(self) -> str:
        return "" if self.first is None else self.lead + explained_flow(*self.first, self.count)


@dataclass
class _Sorted:
    """The connections that are not simply allowed after the plan."""

    worse: _Tally = field(default_factory=_Tally)
    unsure: _Tally = field(default_factory=_Tally)
    unconcerned: _Tally = field(default_factory=_Tally)
    denied: _Tally = field(default_factory=lambda: _Tally("denied before and after: "))


class Judgement:
    """One lifeline, judged at the end at once, and on the way with each write that passes by."""

    def __init__(self, lifeline: Lifeline, course: Course) -> None:
        self._lifeline, self._course = lifeline, course
        self._tables = course.before, course.after
        self._limit = WALKED if course.before.judges_hosts else None
        self._destinations = self._told_apart(lifeline.destinations)
        self._is_cut_short = False
        self._sorted = _Sorted()
        for flow in self._flows():
            self._sort(flow)

    def pass_by(self, step: Step, table: DecisionTable) -> None:
        """Looks at the state after a write, unless something is found already: only what is allowed can get worse."""
        if self._sorted.worse.count:
            return
        worse, unsure = _Tally(f"after {step}: "), _Tally(f"after {step}: ")
        for flow in self._flows():
            now = table.decided(flow)
            if now.outcome != "allow" and self._course.before.decided(flow).outcome == "allow":
                (worse if now.outcome == "deny" else unsure).add(flow, now)
        self._sorted.worse = worse
        if not self._sorted.unsure.count:
            self._sorted.unsure = unsure

    def found(self) -> Finding:
        """What becomes of the lifeline."""
        if self._sorted.worse.count:
            return Finding("worse", self._sorted.worse.text)
        doubts = [*self._doubts()]
        if doubts:
            return Finding("unknown", "; ".join(doubts), is_warned=True)
        if self._sorted.unconcerned.count:
            return Finding("unknown", self._sorted.unconcerned.text)
        if self._sorted.denied.count:
            return Finding("denied_before", self._sorted.denied.text)
        return Finding("kept", "every connection is allowed")

    def _doubts(self) -> Iterator[str]:
        if self._lifeline.unread:
            yield self._lifeline.unread
        if self._sorted.unsure.count:
            yield self._sorted.unsure.text
        if self._lifeline.unsure and any(self._course.concerns(p, "Ingress") for p, _t in self._lifeline.destinations):
            yield self._lifeline.unsure
        if self._is_cut_short:
            yield f"of more than {WALKED} connections, on which host endpoints may have a say, no others were asked about"

    def _sort(self, flow: Flow) -> None:
        now = self._course.after.decided(flow)
        if now.outcome == "allow":
            return
        was = self._course.before.decided(flow).outcome
        if was == "deny":
            self._sorted.denied.add(flow, now)
        elif (was, now.outcome) == ("allow", "deny"):
            self._sorted.worse.add(flow, now)
        elif was == now.outcome and not self._concerns(flow, now):
            self._sorted.unconcerned.add(flow, now)
        else:
            self._sorted.unsure.add(flow, now)

    def _concerns(self, flow: Flow, now: Verdict) -> bool:
        """Whether the plan may have a part in what is not known of a connection."""
        if not self._course.may_concern_hosts and all(_is_of_node(c) for c in now.checks if c.outcome == "unknown"):
            return False
        return self._course.concerns(flow.source, "Egress") or self._course.concerns(flow.destination, "Ingress")

    def _flows(self) -> Iterator[Flow]:
        flows = self._lifeline.flows(self._destinations)
        yield from islice(flows, self._limit)
        self._is_cut_short = self._is_cut_short or next(flows, None) is not None

    def _told_apart(self, destinations: Sequence[Destination]) -> list[Destination]:
        """One of each group of destinations that policy cannot tell apart, such as the replicas of a Deployment."""
        forwards = any(table.hosts.forwards for table in self._tables)
        by_node = forwards or any(source.node for source in self._lifeline.sources)
        found: dict[object, Destination] = {}
        for peer, traffic in destinations:
            classes = [table.class_of(peer) for table in self._tables]
            alike = peer.endpoint is not None and None not in classes
            node = peer.endpoint.node if by_node and peer.endpoint is not None else ""
            found.setdefault((*classes, node, traffic, peer.version) if alike else (peer, traffic), (peer, traffic))
        return list(found.values())


def _is_of_node(check: Check) -> bool:
    """Whether it is a node that has the say, by its settings where it has no host endpoint."""
    return check.at.startswith("node ")
