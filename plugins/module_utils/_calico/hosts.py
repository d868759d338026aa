# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policy on the nodes themselves: host endpoints, their failsafe ports, and what a node does with its Pods' traffic to itself.

Follows https://docs.tigera.io/calico/latest/reference/host-endpoints/ (failsafe, forwarded, pre-dnat) and
https://docs.tigera.io/calico/latest/reference/resources/felixconfig
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .endpoints import Endpoint
from .inventory import Inventory
from .matching import Flow, rule_answer
from .nets import parse_net
from .policies import CompiledPolicy, CompiledTier, Direction, all_policies
from .protocols import NUMBERS, protocol_number
from .snapshot import Object, items, mapping, text
from .verdict import Check, Decider, End, Outcome
from .walk import Behind, Walk

DEFAULT_ALLOW_PROFILE = "projectcalico-default-allow"
_TCP, _UDP = NUMBERS["TCP"], NUMBERS["UDP"]
_BOTH_WAYS = tuple((_TCP, port) for port in (179, 2379, 2380, 5473, 6443, 6666, 6667))
_FAILSAFE: Mapping[Direction, tuple[tuple[int, int], ...]] = {
    "Ingress": ((_TCP, 22), (_UDP, 68), *_BOTH_WAYS),
    "Egress": ((_UDP, 53), (_UDP, 67), *_BOTH_WAYS),
}
_FAILSAFE_FIELD: Mapping[Direction, str] = {
    "Ingress": "failsafeInboundHostPorts",
    "Egress": "failsafeOutboundHostPorts",
}
# Policies of a namespace never select a host endpoint, which has none.
_OF_NAMESPACES = ("NetworkPolicy", "KubernetesNetworkPolicy")
_END: Mapping[Direction, End] = {"Ingress": "ingress", "Egress": "egress"}


@dataclass(frozen=True)
class Hosts:
    """The nodes' own policy in one snapshot."""

    tiers: Sequence[CompiledTier]
    inventory: Inventory

    def process_check(self, node: str, direction: Direction, flow: Flow) -> Check | None:
        """What happens to traffic from or to a process of the node itself; None where no host endpoint can be meant."""
        at = f"node {node}"
        if self.inventory.unread("HostEndpoint"):
            return _unknown(direction, at, f"HostEndpoint was not read: {self.inventory.unread('HostEndpoint')}")
        candidates = self._candidates(node, direction, flow)
        if not candidates:
            return None
        failsafe = self._failsafe(node, direction, flow)
        if failsafe:
            return Check(_END[direction], at, "allow", Decider("Failsafe", _FAILSAFE_FIELD[direction]))
        checks = [self._normal(endpoint, direction, flow) for endpoint, _certain in candidates]
        reasons = [] if failsafe is False else ["the failsafe ports of the node are not known"]
        return _agreed(direction, at, checks, any(certain for _endpoint, certain in candidates), reasons)

    def forward_check(self, node: str, direction: Direction, flow: Flow) -> Check | None:
        """What policies with applyOnForward do to traffic of the node's Pods that leaves or enters it; None for nothing."""
        unread = self.inventory.unread("HostEndpoint")
        if unread and any(_is_forward(p) and p.kind not in _OF_NAMESPACES for p in all_policies(self.tiers)):
            return _unknown(direction, f"node {node}, forwarded", f"HostEndpoint was not read: {unread}")
        checks = [
            check
            for endpoint in self.inventory.hosts
            if endpoint.node == node and (check := self._forward(endpoint, direction, flow)) is not None
        ]
        if not checks:
            return None
        # The traffic may be encapsulated, and then passes another interface than the one that policy looks at.
        reason = "which interface of the node the traffic passes, and whether encapsulated, is not known"
        return _agreed(direction, f"node {node}, forwarded", checks, False, [reason])

    def own_pods_check(self, node: str) -> Check:
        """What a node does with what its Pods send to itself, after their egress policy."""
        action, known = self._setting(node, "defaultEndpointToHostAction")
        at, chosen = f"node {node}", text(action) or "Drop"
        if not known:
            return _unknown("Ingress", at, "defaultEndpointToHostAction of the node is not known")
        outcome: Outcome = "deny" if chosen == "Drop" else "allow"
        return Check("ingress", at, outcome, Decider("FelixConfiguration", f"defaultEndpointToHostAction {chosen}"))

    def _candidates(self, node: str, direction: Direction, flow: Flow) -> list[tuple[Endpoint, bool]]:
        """Host endpoints that may be meant, and whether each is for sure: all of its node's, or one with the address."""
        own = flow.destination.address if direction == "Ingress" else flow.source.address
        of_node = [endpoint for endpoint in self.inventory.hosts if endpoint.node == node]
        by_address = [e for e in of_node if own is not None and own in e.addresses and e.interface != "*"]
        if by_address:
            return [(endpoint, True) for endpoint in by_address[:1]]
        named = [e for e in of_node if e.interface != "*" and not e.addresses]
        return [(e, e.interface == "*" and not named) for e in of_node if e.interface == "*" or e in named]

    def _normal(self, endpoint: Endpoint, direction: Direction, flow: Flow) -> Check:
        walk = Walk(self.tiers, self.inventory, direction, endpoint, flow, _is_normal)
        check = walk.check(str(endpoint), _profile(endpoint))
        early = [self._matching(p, endpoint, direction, flow) for p in all_policies(self.tiers) if not _is_normal(p)]
        reasons = [reason for reason in early if reason]
        return _unknown(direction, str(endpoint), *reasons) if reasons else check

    def _matching(self, policy: CompiledPolicy, endpoint: Endpoint, direction: Direction, flow: Flow) -> str:
        """Why a policy before connection tracking may decide here, empty where it cannot."""
        selects = policy.selector is None or policy.selector.matches(endpoint.labels) is not False
        if not selects or direction not in policy.governs:
            return ""
        kind = "doNotTrack" if policy.untracked else "preDNAT"
        found = any(rule_answer(rule, flow, self.inventory).holds is not False for rule in policy.rules[direction])
        return (
            f"{policy.kind} {policy.name} ({kind}) comes before connection tracking and is not judged" if found else ""
        )

    def _forward(self, endpoint: Endpoint, direction: Direction, flow: Flow) -> Check | None:
        walk = Walk(self.tiers, self.inventory, direction, endpoint, flow, _is_forward)
        behind: Behind = ("allow", Decider("HostEndpoint", endpoint.name))
        check = walk.check(str(endpoint), behind)
        return None if check.outcome == "allow" and check.decided_by == behind[1] else check

    def _failsafe(self, node: str, direction: Direction, flow: Flow) -> bool | None:
        value, known = self._setting(node, _FAILSAFE_FIELD[direction])
        if not known:
            return None
        if value is None:
            return (flow.traffic.protocol, flow.traffic.port) in _FAILSAFE[direction]
        other = flow.source if direction == "Ingress" else flow.destination
        answers = [_opens(mapping(entry), flow, other.address) for entry in items(value)]
        return True if True in answers else None if None in answers else False

    def _setting(self, node: str, name: str) -> tuple[Any, bool]:
        """A setting of Felix on the node, and whether it is known: the environment of calico-node is not looked at."""
        configurations = self.inventory.felix_configurations()
        if self.inventory.unread("FelixConfiguration"):
            return None, False
        scoped = [c for c in configurations.values() if c.get("nodeSelector") and c.get(name) is not None]
        if scoped:
            return None, False
        for configuration in (f"node.{node}", "default"):
            value = configurations.get(configuration, {}).get(name)
            if value is not None:
                return value, True
        return None, True


def _opens(entry: Object, flow: Flow, other: Any) -> bool | None:
    protocol = protocol_number(entry.get("protocol") or "TCP")
    if (protocol, entry.get("port")) != (flow.traffic.protocol, flow.traffic.port):
        return False
    net = parse_net(entry.get("net")) if entry.get("net") else None
    if net is None:
        return True
    return None if other is None else other in net


def _is_normal(policy: CompiledPolicy) -> bool:
    return not policy.untracked and not policy.pre_dnat


def _is_forward(policy: CompiledPolicy) -> bool:
    return _is_normal(policy) and policy.apply_on_forward


def _profile(endpoint: Endpoint) -> Behind:
    if DEFAULT_ALLOW_PROFILE in endpoint.profiles:
        return "allow", Decider("Profile", DEFAULT_ALLOW_PROFILE, rule=0)
    if endpoint.profiles:
        return "unknown", Decider("Profile", ", ".join(endpoint.profiles))
    return "deny", Decider("HostEndpoint", endpoint.name)


def _agreed(direction: Direction, at: str, checks: Sequence[Check], certain: bool, reasons: Sequence[str]) -> Check:
    """One check where all ways to go end alike; if none of the endpoints is certainly meant, going past all is one way."""
    outcomes = {check.outcome for check in checks} | ({"allow"} if not certain else set())
    if any(reasons):
        outcomes.add("allow")
    if outcomes == {checks[0].outcome}:
        return Check(_END[direction], at, checks[0].outcome, checks[0].decided_by, (), checks[0].trace)
    why = [*reasons, *(reason for check in checks for reason in check.reasons)]
    if not certain:
        why.append("which host endpoint the traffic passes is not known")
    trace = tuple(looked for check in checks for looked in check.trace)
    return Check(_END[direction], at, "unknown", None, tuple(dict.fromkeys(why)), trace)


def _unknown(direction: Direction, at: str, *reasons: str) -> Check:
    return Check(_END[direction], at, "unknown", None, tuple(reasons))
