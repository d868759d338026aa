# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong, or rarely meant, with the policies of a cluster, seen with its endpoints."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import starmap

from .._calico.global_network_policy import DEFAULT_TIER
from .._calico.policies import CompiledPolicy, CompiledTier, all_policies, describe
from .._calico.rule import Rule, Side
from .._calico.selector import Selector
from .._calico.table import DecisionTable
from .judgement import Finding

_EFFECTS = {
    "missing": "Calico treats the whole policy as missing",
    "ignored": "Calico leaves the condition out, so that it fails open",
    "unclear": "what Calico makes of it is not known, and verdicts that it may decide are unknown",
    "denied": "Calico denies whatever its policies select",
}
_KUBERNETES = ("NetworkPolicy", "KubernetesNetworkPolicy")
_NAMED = 10


def policy_findings(evaluation: DecisionTable) -> tuple[Finding, ...]:
    """Everything found, what fails open first."""
    tiers = evaluation.policies.tiers
    return (
        *_faults(evaluation),
        *(finding for tier in tiers for finding in _switched_off(tier, evaluation)),
        *(finding for policy in all_policies(tiers) for finding in _unreachable(policy)),
        *_selects_nothing(evaluation),
    )


def _faults(evaluation: DecisionTable) -> Iterator[Finding]:
    for fault in evaluation.policies.faults:
        subject = describe(fault)
        yield Finding(
            "policy_fails_open", subject, f"{subject}: {fault.path} {fault.message}; {_EFFECTS[fault.effect]}"
        )


def _switched_off(tier: CompiledTier, evaluation: DecisionTable) -> Iterator[Finding]:
    """What a NetworkPolicy does not match is denied by the end of the tier, unless a later policy allows everything."""
    listed = tier.policies if tier.name == DEFAULT_TIER else ()
    selected = _Selected(evaluation)
    for index, policy in enumerate(listed):
        ways = [d for d, rules in policy.rules.items() if d in policy.governs and any(map(_allows_everything, rules))]
        earlier = [p for p in listed[:index] if p.kind in _KUBERNETES and p.name and p.governs & set(ways)]
        before = [p for p in earlier if selected.share(policy, p)]
        if before:
            word = "NetworkPolicy" if len(before) == 1 else "NetworkPolicies"
            more = f" and {len(before) - _NAMED} more" if len(before) > _NAMED else ""
            named = ", ".join(f"{p.namespace}/{p.name}" for p in before[:_NAMED])
            yield Finding(
                "implicit_deny_switched_off",
                describe(policy),
                f"{describe(policy)} allows all {' and '.join(map(str.lower, ways))} of what it selects, behind {len(before)} "
                f"{word}; of what both select, what is not matched there is allowed, no longer denied: {named}{more}",
            )


class _Selected:
    """Which Pods policies have in common; each selector is asked once."""

    def __init__(self, evaluation: DecisionTable) -> None:
        self._space = evaluation.space
        self._is_known = bool(evaluation.inventory.workloads) and not evaluation.inventory.unread("Pod")
        self._points: dict[CompiledPolicy, int] = {}

    def share(self, one: CompiledPolicy, other: CompiledPolicy) -> bool:
        """Whether both may select some Pod; true where Pods are not known, so that nothing is kept back."""
        return not self._is_known or bool(self._of(one) & self._of(other))

    def _of(self, policy: CompiledPolicy) -> int:
        if policy not in self._points:
            self._points[policy] = self._space.endpoints(policy.selector)[1]
        return self._points[policy]


def _unreachable(policy: CompiledPolicy) -> Iterator[Finding]:
    for direction, rules in policy.rules.items():
        for index, rule in enumerate(rules):
            earlier = next((i for i, r in enumerate(rules[:index]) if r.action != "Log" and _covers(r, rule)), None)
            if earlier is not None:
                path = f"spec.{direction.lower()}[{index}]"
                yield Finding(
                    "rule_unreachable",
                    describe(policy),
                    f"{describe(policy)}: {path} never decides, since rule {earlier} matches everything that it matches",
                )


def _allows_everything(rule: Rule) -> bool:
    return rule == Rule("Allow")


def _covers(rule: Rule, other: Rule) -> bool:
    """Whether every condition of ``rule`` is one of ``other`` too, so that it matches wherever the other does."""
    plain = ("protocol", "not_protocol", "icmp", "not_icmp", "ip_version")
    if rule.http or not all(getattr(rule, name) in (None, getattr(other, name)) for name in plain):
        return False
    sides = [(rule.source, other.source), (rule.destination, other.destination)]
    # A name means the ports of one protocol, which is another one for a rule without a protocol.
    named = any(side.depends_on_port_of_address for side, _other in sides)
    return (not named or rule.protocol == other.protocol) and all(starmap(_side_covers, sides))


def _side_covers(side: Side, other: Side) -> bool:
    plain = ("selector", "not_selector", "nets", "not_nets", "not_ports", "not_named_ports", "service")
    return all(getattr(side, name) in (None, (), getattr(other, name)) for name in plain) and _ports_cover(side, other)


def _ports_cover(side: Side, other: Side) -> bool:
    """Numbers and names are alternatives, so each of the other's must be there; neither means every port."""
    if not side.ports and not side.named_ports:
        return True
    return (
        bool(other.ports or other.named_ports)
        and set(other.named_ports) <= set(side.named_ports)
        and all(any(mine.first <= port.first and port.last <= mine.last for mine in side.ports) for port in other.ports)
    )


def _selects_nothing(evaluation: DecisionTable) -> Iterator[Finding]:
    inventory = evaluation.inventory
    if inventory.unread("Pod") or inventory.unread("HostEndpoint"):
        return
    for policy in all_policies(evaluation.policies.tiers):
        if policy.name and policy.selector is not None and not _selects(policy.selector, evaluation):
            yield Finding(
                "policy_selects_nothing", describe(policy), f"{describe(policy)} selects no endpoint of the cluster"
            )


def _selects(selector: Selector, evaluation: DecisionTable) -> bool:
    """Whether some endpoint may be selected; workload endpoints are asked all at once."""
    return bool(evaluation.space.endpoints(selector)[1]) or any(
        selector.matches(host.labels) is not False for host in evaluation.inventory.hosts
    )
