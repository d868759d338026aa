# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policies looked at one after the other, for one endpoint and one connection, with a trace of everything looked at.

This is Calico's own order: tiers, in each the policies that select the endpoint, in each the rules, the first that matches; a
Pass goes on with the next tier, the end of a tier counts where a policy of it applied, and behind all of them is the profile.
Where a rule may match or not, both ways are followed; the verdict is unknown only if they end differently.
https://docs.tigera.io/calico/latest/network-policy/policy-tiers/tiered-policy
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from .endpoints import Endpoint
from .inventory import Inventory
from .matching import Flow, rule_answer
from .policies import CompiledPolicy, CompiledTier, Direction
from .verdict import END_OF_TIER, Check, Decider, End, Looked, Outcome

# After the last tier: what is behind it, an outcome and what gives it.
Behind = tuple[Outcome, Decider]


@dataclass
class _Found:
    """Outcomes that are possible, each with what gives it; why there is more than one; and the trace."""

    possible: list[Behind] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    trace: list[Looked] = field(default_factory=list)


@dataclass(frozen=True)
class Walk:
    """One walk: who is asked, in which direction, about what; ``applies`` says which policies count at this place."""

    tiers: Sequence[CompiledTier]
    inventory: Inventory
    direction: Direction
    endpoint: Endpoint
    flow: Flow
    applies: Callable[[CompiledPolicy], bool]

    def check(self, at: str, behind: Behind) -> Check:
        """The outcome at this place; ``behind`` is what follows where no tier decides."""
        found = _Found()
        on = all(self._tier(tier, found) for tier in self.tiers)
        if on:
            found.possible.append(behind)
            if behind[0] == "unknown":
                found.unknown.append(f"what {behind[1]} does is not known")
            found.trace.append(Looked(behind[1], behind[0].capitalize(), True, "no tier decides"))
        return _check(self.direction, at, found)

    def _tier(self, tier: CompiledTier, found: _Found) -> bool:
        """Looks at the policies of one tier; whether a way leads on to the next."""
        on, first, certain = False, None, False
        for policy in tier.policies:
            if self.direction not in policy.governs or not self.applies(policy):
                continue
            selects = True if policy.selector is None else policy.selector.matches(self.endpoint.labels)
            if selects is False:
                continue
            first, certain = first or policy, certain or (selects is True and not policy.unclear)
            passed, ended = self._policy(tier, policy, selects is True, found)
            on = on or passed
            if ended:
                return on
        if first is None:
            return True
        return self._end(tier, first, certain, found) or on

    def _policy(self, tier: CompiledTier, policy: CompiledPolicy, selects: bool, found: _Found) -> tuple[bool, bool]:
        """Looks at the rules of one policy; whether a way leads on to the next tier, and whether it ends here for sure."""
        if policy.unclear:
            _anything(tier, policy, found)
            return True, False
        passed = False
        for index, rule in enumerate(policy.rules[self.direction]):
            answer = rule_answer(rule, self.flow, self.inventory)
            holds = None if answer.holds and not selects else answer.holds
            decider = _decider(tier, policy, index)
            because = (
                answer.because if selects else f"whether the policy selects the endpoint is not known; {answer.because}"
            )
            found.trace.append(Looked(decider, rule.action, holds, because))
            if holds is False or rule.action == "Log":
                continue
            if holds is None:
                found.unknown.append(f"{decider}: {because}")
            if rule.action == "Pass":
                passed = True
            else:
                found.possible.append(("allow" if rule.action == "Allow" else "deny", decider))
            if holds:
                return passed, True
        return passed, False

    def _end(self, tier: CompiledTier, first: CompiledPolicy, certain: bool, found: _Found) -> bool:
        decider = _decider(tier, first, END_OF_TIER)
        if not certain:
            found.unknown.append(f"whether a policy of tier {tier.name} applies is not known")
        because = "no rule of the tier matched" if certain else "no rule matched, if a policy of the tier applies"
        found.trace.append(Looked(decider, tier.default_action, certain or None, because))
        if tier.default_action == "Pass":
            return True
        found.possible.append(("deny", decider))
        return not certain


def _anything(tier: CompiledTier, policy: CompiledPolicy, found: _Found) -> None:
    """A policy of which nobody knows what the data plane does with it may allow and deny everything."""
    decider = _decider(tier, policy, None)
    found.possible += [("allow", decider), ("deny", decider)]
    found.unknown.append(policy.unclear if not policy.name else f"{decider}: {policy.unclear}")
    found.trace.append(Looked(decider, "unclear", None, policy.unclear))


def _decider(tier: CompiledTier, policy: CompiledPolicy, rule: int | None) -> Decider:
    return Decider(policy.kind, policy.name, policy.namespace, tier.name, rule)


def _check(direction: Direction, at: str, found: _Found) -> Check:
    outcomes = {outcome for outcome, _decider in found.possible}
    end: End = "egress" if direction == "Egress" else "ingress"
    if len(outcomes) == 1 and "unknown" not in outcomes:
        # The last one is where every way ends that no uncertain rule left before.
        return Check(end, at, outcomes.pop(), found.possible[-1][1], (), tuple(found.trace))
    return Check(end, at, "unknown", None, tuple(dict.fromkeys(found.unknown)), tuple(found.trace))
