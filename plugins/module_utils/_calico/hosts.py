# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policy on the nodes themselves: host endpoints, and what a node does with its Pods' traffic to itself.

Follows https://docs.tigera.io/calico/latest/reference/host-endpoints/ (failsafe, forwarded, pre-dnat),
https://docs.tigera.io/calico/latest/reference/resources/hostendpoint, and felix/dataplane and felix/rules of Calico.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from .endpoints import Endpoint
from .felix import FAILSAFE, OWN_HOST, Unsettled, action_to_own_host, is_failsafe
from .inventory import Inventory
from .matching import Flow, rule_answer
from .policies import CompiledPolicy, CompiledTier, Direction, all_policies
from .verdict import Check, Decider, End, Outcome
from .walk import Behind, Walk

DEFAULT_ALLOW_PROFILE = "projectcalico-default-allow"
ALL_INTERFACES = "*"
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
        at, unread = f"node {node}", self.inventory.unread("HostEndpoint")
        if unread:
            return unknown(_END[direction], at, f"HostEndpoint was not read: {unread}")
        candidates, certain = self._candidates(node, direction, flow)
        if not candidates:
            return None
        reasons = []
        try:
            failsafe = is_failsafe(self.inventory, node, direction, flow)
            if failsafe:
                return Check(_END[direction], at, "allow", Decider("Failsafe", FAILSAFE[direction]))
            if failsafe is None:
                reasons.append("whether the port is failsafe depends on a port or an address that is not known")
        except Unsettled as error:
            reasons.append(f"the failsafe ports are not known: {error}")
        checks = [self._normal(endpoint, direction, flow) for endpoint in candidates]
        return agreed(_END[direction], at, checks, certain, reasons)

    def forward_checks(self, node: str, crossing: Direction | None, flow: Flow) -> Iterator[Check]:
        """What policies with applyOnForward do to traffic that the node passes on for its Pods.

        ``crossing`` says in which direction the traffic passes one of its interfaces, None for that between its own Pods. An
        endpoint for all interfaces sees it come and go, one for a named interface only where it passes that.
        """
        unread = self.inventory.unread("HostEndpoint")
        if unread and any(_is_for_forwarded(p) and p.kind not in _OF_NAMESPACES for p in all_policies(self.tiers)):
            yield unknown("ingress", f"node {node}, forwarded", f"HostEndpoint was not read: {unread}")
        of_node = self._of_node.get(node, []) if self.forwards else []
        named = [e for e in of_node if e.interface != ALL_INTERFACES] if crossing is not None else []
        directions: tuple[Direction, Direction] = ("Ingress", "Egress")
        for direction in directions if of_node else ():
            chosen = [e for e in of_node if e.interface == ALL_INTERFACES or (e in named and direction == crossing)]
            checks = [check for e in chosen if (check := self._forward(e, direction, flow)) is not None]
            if checks:
                reasons = (
                    ["which interface of the node the traffic passes, and whether encapsulated, is not known"]
                    if named
                    else []
                )
                yield agreed(_END[direction], f"node {node}, forwarded", checks, not named, reasons)

    @cached_property
    def _selecting(self) -> tuple[CompiledTier, ...]:
        """The tiers with those policies only that may select some host endpoint; walks meet the same on a shorter way."""
        return tuple(
            replace(tier, policies=tuple(policy for policy in tier.policies if self._may_select_one(policy)))
            for tier in self.tiers
        )

    def _may_select_one(self, policy: CompiledPolicy) -> bool:
        return policy.selector is None or any(policy.may_select(host.labels) for host in self.inventory.hosts)

    @cached_property
    def forwards(self) -> bool:
        """Whether some policy may have a say on forwarded traffic."""
        return any(map(_is_for_forwarded, all_policies(self._selecting)))

    @cached_property
    def _of_node(self) -> dict[str, list[Endpoint]]:
        """Host endpoints by node, as their names sort them."""
        found: dict[str, list[Endpoint]] = {}
        for endpoint in sorted(self.inventory.hosts, key=lambda e: e.name):
            found.setdefault(endpoint.node, []).append(endpoint)
        return found

    def forwards_somewhere(self, flow: Flow) -> Check | None:
        """The same for an endpoint of which the node is not known: unknown where any node could police it."""
        for node in dict.fromkeys(endpoint.node for endpoint in self.inventory.hosts):
            for crossing in ("Ingress", "Egress"):
                if any(check.outcome != "allow" for check in self.forward_checks(node, crossing, flow)):
                    return unknown("ingress", "the node", "on which node the pod would run is not known")
        return None

    def own_pods_check(self, node: str) -> Check:
        """What a node does with what its Pods send to itself, after their egress policy."""
        at = f"node {node}"
        try:
            action = action_to_own_host(self.inventory, node)
        except Unsettled as error:
            return unknown("ingress", at, f"{OWN_HOST} is not known: {error}")
        outcome: Outcome = "deny" if action.lower() == "drop" else "allow"
        return Check("ingress", at, outcome, Decider("FelixConfiguration", f"{OWN_HOST} {action}"))

    def _candidates(self, node: str, direction: Direction, flow: Flow) -> tuple[list[Endpoint], bool]:
        """Host endpoints that may be meant, and whether it is certain that one of them is."""
        own = flow.destination.address if direction == "Ingress" else flow.source.address
        of_node = self._of_node.get(node, [])
        by_address = [e for e in of_node if own is not None and own in e.addresses and e.interface != ALL_INTERFACES]
        if by_address:
            # Of several for one interface Felix takes the one whose name comes first, be it by address or by interface.
            first = by_address[0]
            return [
                first,
                *(e for e in of_node if e.name < first.name and e.interface not in ("", ALL_INTERFACES)),
            ], True
        every = [e for e in of_node if e.interface == ALL_INTERFACES]
        # An interface may have more addresses than are expected of it.
        named = [e for e in of_node if e.interface not in ("", ALL_INTERFACES) or (own is None and e not in every)]
        return every + named, bool(every)

    def _normal(self, endpoint: Endpoint, direction: Direction, flow: Flow) -> Check:
        walk = Walk(self._selecting, self.inventory, direction, endpoint, flow, _is_normal)
        return self._unless_early(endpoint, direction, flow, walk.check(str(endpoint), _profile(endpoint)))

    def _forward(self, endpoint: Endpoint, direction: Direction, flow: Flow) -> Check | None:
        walk = Walk(self._selecting, self.inventory, direction, endpoint, flow, _is_forward)
        behind: Behind = ("allow", Decider("HostEndpoint", endpoint.name))
        check = self._unless_early(endpoint, direction, flow, walk.check(str(endpoint), behind))
        return None if check.outcome == "allow" and check.decided_by == behind[1] else check

    def _unless_early(self, endpoint: Endpoint, direction: Direction, flow: Flow, check: Check) -> Check:
        """The check, unless a policy before connection tracking may decide; those are not judged."""
        early = [self._early(p, endpoint, direction, flow) for p in all_policies(self._selecting) if not _is_normal(p)]
        reasons = [reason for reason in early if reason]
        return unknown(_END[direction], str(endpoint), *reasons) if reasons else check

    def _early(self, policy: CompiledPolicy, endpoint: Endpoint, direction: Direction, flow: Flow) -> str:
        selects = policy.selector is None or policy.selector.matches(endpoint.labels) is not False
        # Felix leaves untracked policy out on an endpoint for all interfaces.
        ignored = policy.untracked and endpoint.interface == ALL_INTERFACES
        if not selects or ignored or direction not in policy.governs:
            return ""
        rules = policy.rules[direction]
        if not policy.unclear and not any(rule_answer(r, flow, self.inventory).holds is not False for r in rules):
            return ""
        kind = "doNotTrack" if policy.untracked else "preDNAT"
        return f"{policy.kind} {policy.name} ({kind}) comes before connection tracking and is not judged"


def _is_normal(policy: CompiledPolicy) -> bool:
    return not policy.untracked and not policy.pre_dnat


def _is_forward(policy: CompiledPolicy) -> bool:
    return _is_normal(policy) and policy.apply_on_forward


def _is_for_forwarded(policy: CompiledPolicy) -> bool:
    return policy.apply_on_forward or not _is_normal(policy)


def _profile(endpoint: Endpoint) -> Behind:
    if DEFAULT_ALLOW_PROFILE in endpoint.profiles:
        return "allow", Decider("Profile", DEFAULT_ALLOW_PROFILE, rule=0)
    if endpoint.profiles:
        return "unknown", Decider("Profile", ", ".join(endpoint.profiles))
    return "deny", Decider("HostEndpoint", endpoint.name)


def agreed(end: End, at: str, checks: Sequence[Check], certain: bool, reasons: Sequence[str]) -> Check:
    """One check where all ways to go end alike.

    Where it is not certain that one of the endpoints is meant, or where there are ``reasons``, passing freely is one more way.
    """
    outcomes = {check.outcome for check in checks} | ({"allow"} if not certain or reasons else set())
    if outcomes == {checks[0].outcome} and outcomes != {"unknown"}:
        return Check(end, at, checks[0].outcome, checks[0].decided_by, (), checks[0].trace)
    why = [*reasons, *(reason for check in checks for reason in check.reasons)]
    if not reasons and (not certain or len(outcomes) > 1):
        why.append("which host endpoint the traffic passes is not known")
    trace = tuple(looked for check in checks for looked in check.trace)
    return Check(end, at, "unknown", None, tuple(dict.fromkeys(why)), trace)


def unknown(end: End, at: str, *reasons: str) -> Check:
    """A check of which the outcome is not known."""
    return Check(end, at, "unknown", None, tuple(reasons))
