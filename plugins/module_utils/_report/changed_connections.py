# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a change of policies opens and cuts, summed up for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import summarize_address_range
from typing import Any, Protocol

from .._calico.evaluation import Evaluation, applies_to_workloads
from .._calico.layout import Change, Layout
from .._calico.policies import Direction, all_policies
from .._calico.program import Entry
from .._calico.space import Space
from .._calico.verdict import Outcome
from .change_products import Product, products
from .traffic_words import TrafficWords

# How many namespaces, networks and kinds of traffic are named before "and N more".
NAMED = 6
HOSTS_NOT_COMPARED = "what nodes, their host endpoints and Felix's settings do with connections is not compared"
_EFFECTS = {("deny", "allow"): "opened", ("allow", "deny"): "cut"}

# Direction, effect, and what decides before and after.
_Key = tuple[Direction, str, str, str]


@dataclass(frozen=True)
class ChangedConnections:
    """Connections that a change opens, cuts, or makes unknown at one end, by what decides before and after.

    ``end`` is where: egress of the source or ingress of the destination. All sources with all destinations and all traffic are
    meant, save pairs that policy never looks at; ``in_part`` says that it is a sum of too many that are not all of them.
    ``example`` is one of them in words.
    """

    end: str
    effect: str
    in_part: bool
    source: Group
    destination: Group
    traffic: tuple[str, ...]
    decided_before: str
    decided_after: str
    example: str

    def as_result(self) -> dict[str, Any]:
        """As modules return it."""
        return {
            "end": self.end,
            "effect": self.effect,
            "in_part": self.in_part,
            "source": self.source.as_result(),
            "destination": self.destination.as_result(),
            "traffic": list(self.traffic),
            "decided_before": self.decided_before,
            "decided_after": self.decided_after,
            "example": self.example,
            "text": str(self),
        }

    def __str__(self) -> str:
        effect = f"{self.effect} in part" if self.in_part else self.effect
        return (
            f"{effect} at the {self.end} end: from {self.source} to {self.destination}, {_listed(self.traffic)}; "
            f"for example {self.example}. Before: {self.decided_before}. After: {self.decided_after}."
        )


@dataclass(frozen=True)
class Group:
    """Endpoints, counted by namespace, and networks outside."""

    endpoints: int
    namespaces: tuple[tuple[str, int], ...]
    networks: tuple[str, ...]

    def as_result(self) -> dict[str, Any]:
        return {"endpoints": self.endpoints, "namespaces": dict(self.namespaces), "networks": list(self.networks)}

    def __str__(self) -> str:
        inside = _listed([f"{namespace} ({count})" for namespace, count in self.namespaces])
        word = "endpoint" if self.endpoints == 1 else "endpoints"
        parts = [f"{self.endpoints} {word} in {inside}"] if self.endpoints else []
        return " and ".join([*parts, *([f"outside {_listed(self.networks)}"] if self.networks else [])])


class Compared(Protocol):
    """Two sets of policies for the same endpoints, laid out to be held together."""

    before: Evaluation
    after: Evaluation
    space: Space

    def layouts(self) -> Mapping[Direction, Layout]:
        """How the grids of each direction are laid out."""


def changed_connections(compared: Compared, changes: Iterable[Change]) -> tuple[ChangedConnections, ...]:
    """The changes put together, what is cut first, then what is not known, then what is opened; most endpoints first."""
    gathered: dict[_Key, list[Change]] = {}
    for change in changes:
        key = (change.layout.direction, _effect(change), _decider(change.before), _decider(change.after))
        gathered.setdefault(key, []).append(change)
    layouts = compared.layouts()
    words = {direction: _words(compared, layout) for direction, layout in layouts.items()}
    found = [
        _told(key, product, words[key[0]], compared.space)
        for key, changes in gathered.items()
        for product in products(changes)
    ]
    rank = {"cut": 0, "no longer known": 1, "known now": 2, "opened": 3}
    return tuple(sorted(found, key=lambda c: (rank[c.effect], -c.source.endpoints - c.destination.endpoints, str(c))))


def not_compared(before: Evaluation, after: Evaluation) -> tuple[str, ...]:
    """What a comparison of everything leaves out, though single connections can be asked about."""
    hosts = before.judges_hosts or after.judges_hosts or _felix(before) != _felix(after)
    return (*([HOSTS_NOT_COMPARED] if hosts else []), *sharing_not_compared(after))


def sharing_not_compared(evaluation: Evaluation) -> tuple[str, ...]:
    """That Pods share an address, where they do."""
    shared = any(len([e for e in owners if e.kind == "Pod"]) > 1 for owners in evaluation.inventory.owners.values())
    return ("of Pods that share an address only the first is compared",) if shared else ()


def _felix(evaluation: Evaluation) -> object:
    return [evaluation.snapshot.of(kind) for kind in ("FelixConfiguration", "DaemonSet")]


def _words(compared: Compared, layout: Layout) -> TrafficWords:
    policies = [p for e in (compared.before, compared.after) for p in all_policies(e.policies.tiers)]
    rules = [rule for policy in policies if applies_to_workloads(policy) for rule in policy.rules[layout.direction]]
    return TrafficWords([kind for group in layout.kinds for kind in group], rules)


def _effect(change: Change) -> str:
    outcomes = (change.before[0], change.after[0])
    return _EFFECTS.get(outcomes) or ("no longer known" if outcomes[1] == "unknown" else "known now")


def _decider(decided: tuple[Outcome, Entry | None]) -> str:
    outcome, entry = decided
    if outcome == "unknown":
        return "not known"
    word = "allowed" if outcome == "allow" else "denied"
    if entry is None:
        return f"{word} by the namespace's profile, since no policy decides"
    if entry.policy is None:
        return f"{word} by the end of tier {entry.tier.name}"
    policy = entry.policy
    named = f"{policy.kind} {policy.namespace}/{policy.name}" if policy.namespace else f"{policy.kind} {policy.name}"
    return f"{word} by rule {entry.index} of {named}"


def _told(key: _Key, product: Product, words: TrafficWords, space: Space) -> ChangedConnections:
    direction, effect, before, after = key
    subjects, peers = _group(product.subjects, space), _group(product.peers, space)
    subject, peer, kind = product.example
    one, other = space.points[subject], space.points[peer]
    ends = (one, other) if direction == "Egress" else (other, one)
    return ChangedConnections(
        end="egress" if direction == "Egress" else "ingress",
        effect=effect,
        in_part=product.in_part,
        source=subjects if direction == "Egress" else peers,
        destination=peers if direction == "Egress" else subjects,
        traffic=words.texts(product.kinds),
        decided_before=before,
        decided_after=after,
        example=f"{ends[0]} to {ends[1]}, {words.example(kind, product.kinds)}",
    )


def _group(points: frozenset[int], space: Space) -> Group:
    pods: Counter[str] = Counter()
    names: set[tuple[str, str]] = set()
    outside: list[int] = []
    for index in points:
        endpoint = space.points[index].endpoint
        if endpoint is None:
            outside.append(index)
        elif (endpoint.namespace, endpoint.name) not in names:
            names.add((endpoint.namespace, endpoint.name))
            pods[endpoint.namespace] += 1
    networks = tuple(_networks(outside, space))
    return Group(sum(pods.values()), tuple(sorted(pods.items(), key=lambda item: (-item[1], item[0]))), networks)


def _networks(points: Sequence[int], space: Space) -> Iterator[str]:
    """The ranges that points outside stand for, neighbours put together."""
    spans = sorted(span for index in points if (span := space.span_of(index)) is not None)
    merged: list[list[Any]] = []
    for version, first, last in spans:
        if merged and merged[-1][0] == version and int(first) == int(merged[-1][2]) + 1:
            merged[-1][2] = last
        else:
            merged.append([version, first, last])
    for _version, first, last in merged:
        yield from map(str, summarize_address_range(first, last))


def _listed(parts: Sequence[str]) -> str:
    more = len(parts) - NAMED
    return ", ".join(parts[:NAMED]) + (f" and {more} more" if more > 0 else "")
