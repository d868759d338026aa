# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Staged twins of a baseline's policies: StagedGlobalNetworkPolicies, which Calico logs and does not enforce.

What a deletion may say: libcalico-go/lib/validator/v3 of Calico, where all but the tier must be left out of its spec.
https://docs.tigera.io/calico/latest/reference/resources/stagedglobalnetworkpolicy
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .._calico.baseline import BASELINE_LABEL
from .._calico.global_network_policy import STAGED_KIND, Policy
from .._calico.precedence import tier_of
from .pruning import Pruning
from .steps import NotOurs, Plan, Step, baseline_of, being_deleted, plan_present, removals

Live = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Twins:
    """The twins of a baseline with the listed ``policies``; which of those that are not listed go, ``pruning`` says."""

    policies: Sequence[Policy]
    pruning: Pruning

    def staged(self, enforced: Plan, staged: Live) -> Plan:
        """Stages what ``enforced`` would do, and takes away twins that stage something else; nothing of ``enforced`` is in it.

        A policy that is in force as wanted has no twin. Raises NotOurs, BeingDeleted and TooManyToPrune.
        """
        _require_ours(enforced, staged)
        twins = [self._twin(step) for step in enforced.steps]
        plan = plan_present(twins, staged)
        stale = self._stale(staged, [twin.name for twin in twins])
        self._require_few(enforced, stale)
        return replace(plan, steps=(*plan.steps, *removals(stale, staged, STAGED_KIND)))

    def cleared(self, enforced: Plan, staged: Live) -> Plan:
        """The plan, and behind it the removal of twins, which have nothing to show any more. Raises TooManyToPrune."""
        stale = self._stale(staged, ())
        self._require_few(enforced, stale)
        return replace(enforced, steps=(*enforced.steps, *removals(stale, staged, STAGED_KIND)))

    def _stale(self, staged: Live, kept: Sequence[str]) -> list[str]:
        listed = [name for name in sorted(self.pruning.listed) if self._is_ours(staged.get(name))]
        unlisted = self.pruning.leftovers(staged) if self.pruning.prune == "delete" else ()
        return [name for name in (*listed, *unlisted) if name not in kept]

    def _is_ours(self, item: Mapping[str, Any] | None) -> bool:
        return item is not None and baseline_of(item) == self.pruning.name and not being_deleted(item)

    def _require_few(self, enforced: Plan, stale: Sequence[str]) -> None:
        """A policy and its twin count once."""
        removed = {step.name for step in enforced.steps if step.action == "delete"}
        self.pruning.require_few(sorted({*removed, *stale} - self.pruning.listed))

    def _twin(self, step: Step) -> Policy:
        """The policy that stages a step of the enforced plan."""
        if step.action == "delete":
            spec = {"tier": tier_of((step.before or {}).get("spec") or {}), "stagedAction": "Delete"}
            return Policy(step.name, spec, {BASELINE_LABEL: self.pruning.name}, kind=STAGED_KIND)
        policy = next(policy for policy in self.policies if policy.name == step.name)
        return replace(policy, spec={**policy.spec, "stagedAction": "Set"}, kind=STAGED_KIND)


def left_over(pruning: Pruning, enforced: Plan, staged: Live) -> tuple[str, ...]:
    """Twins of policies that are not listed, as they are spelled for people; one that stages a deletion of the plan is none."""
    removed = {step.name for step in enforced.steps if step.action == "delete"}
    return tuple(f"{STAGED_KIND} {name}" for name in pruning.leftovers(staged) if name not in removed)


def _require_ours(enforced: Plan, staged: Live) -> None:
    """Raises NotOurs where the deletion of an unlisted policy would be staged in place of what somebody else stages.

    The user names a listed policy, whose twin may so be taken over; nobody has named this one.
    """
    names = [step.name for step in enforced.steps if step.action == "delete" and step.name in staged]
    foreign = [name for name in names if baseline_of(staged[name]) is None]
    if foreign:
        raise NotOurs(
            f"{STAGED_KIND} {', '.join(foreign)} exists without the label {BASELINE_LABEL}, and the deletion is to be staged",
            "It is somebody else's: remove it, or do without prune: delete.",
        )
