# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The writes that make the live policies the wanted ones, as plain values; nothing here touches a cluster."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from .._calico.baseline import BASELINE_LABEL
from .._calico.canonical import canonical_spec
from .._calico.errors import NetguardError
from .._calico.global_network_policy import KIND, Policy
from .difference import Difference, differences

Action = Literal["create", "update", "delete"]
Key = tuple[str, str]
# The server's object as it answers a step, None for a deletion; and those of a plan's steps by their keys.
Answer: TypeAlias = "Mapping[str, Any] | None"
Answers = Mapping[Key, Answer]


class NotOurs(NetguardError):
    """A policy belongs to somebody else, and what was asked for would change or remove it."""

    code = "not_ours"


class BeingDeleted(NetguardError):
    """A policy that is to be there is deleted already, and kept by its finalizers only."""

    code = "being_deleted"


@dataclass(frozen=True)
class Step:
    """One write of an object of ``kind``. ``before`` is the live object that it was planned on, ``after`` the one to be sent."""

    action: Action
    name: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    difference: tuple[Difference, ...] = ()
    kind: str = KIND

    def __str__(self) -> str:
        return f"{self.action} {self.name}" if self.kind == KIND else f"{self.action} {self.kind} {self.name}"

    @property
    def key(self) -> Key:
        """Kind and wanted name; a plan writes each object once."""
        return self.kind, self.name

    def as_result(self) -> dict[str, Any]:
        """The step as a module returns it."""
        changed = [difference.as_result() for difference in self.difference]
        return {"action": self.action, "kind": self.kind, "name": self.name, "difference": changed}


@dataclass(frozen=True)
class Plan:
    """Steps in the order of their writing, and the names of unlabelled policies that they take over."""

    steps: tuple[Step, ...]
    adopted: tuple[str, ...] = ()


def plan_present(policies: Sequence[Policy], live: Mapping[str, Mapping[str, Any]]) -> Plan:
    """Creates what is missing and updates what differs, the policy that is looked at last being written first.

    ``live`` maps names to objects. That order keeps the tier's closing Allow in place before any policy that isolates
    the endpoints it selects; taken the other way round, connections are cut until the last write.
    """
    owned_elsewhere(policies, live)
    _on_their_way_out(policies, live)
    steps = [step for policy in policies if (step := _present_step(policy, live.get(policy.name)))]
    return Plan(in_preferred_order(steps), _adopted(policies, live))


def plan_absent(policies: Sequence[Policy], live: Mapping[str, Mapping[str, Any]]) -> Plan:
    """Deletes the listed policies that carry our label or have an equal spec, the last one looked at last.

    Raises NotOurs for a listed policy that is neither.
    """
    owned_elsewhere(policies, live)
    foreign = [p.name for p in policies if p.name in live and not _ours(p, live[p.name])]
    if foreign:
        raise NotOurs(
            f"{', '.join(foreign)} exists with another spec and without the label {BASELINE_LABEL}",
            "It is somebody else's: leave it out of the list, or remove it by name with global_network_policy.",
        )
    return Plan(removals([policy.name for policy in policies], live))


def plan_removal(name: str, live: Mapping[str, Mapping[str, Any]]) -> Plan:
    """Deletes the policy of that name, if there is one, whatever its spec: it was named by itself."""
    return Plan(removals([name], live))


def being_deleted(live: Mapping[str, Any]) -> bool:
    """Whether the object is deleted, and there only until its finalizers are done."""
    return "deletionTimestamp" in live["metadata"]


def kept_by_finalizers(plan: Plan, live: Mapping[str, Mapping[str, Any]], named: Iterable[str]) -> list[str]:
    """Policies that are deleted by the plan, or were and are among the named, and stay in force until others let them go."""
    removed = [s.name for s in plan.steps if s.action == "delete" and s.kind == KIND and _has_finalizers(s)]
    return sorted({*removed, *(name for name in named if name in live and being_deleted(live[name]))})


def removals(names: Iterable[str], live: Mapping[str, Mapping[str, Any]], kind: str = KIND) -> tuple[Step, ...]:
    """The deletion of each of these that is live and not deleted already, the one that is looked at last being the last."""
    there = (name for name in names if name in live and not being_deleted(live[name]))
    return in_preferred_order([Step("delete", name, live[name], None, kind=kind) for name in there])


def in_preferred_order(steps: Iterable[Step]) -> tuple[Step, ...]:
    """Creates and updates, the policy that is looked at last being the first; then deletions, that one being the last."""
    ordered = sorted(steps, key=_order)
    deleted = [step for step in ordered if step.action == "delete"]
    return (*(step for step in reversed(ordered) if step.action != "delete"), *deleted)


def desired_object(live: Mapping[str, Any], policy: Policy) -> dict[str, Any]:
    """The live object with the wanted spec, and the wanted labels and annotations beside those of others."""
    metadata = {key: value for key, value in live["metadata"].items() if key != "managedFields"}
    for part, wanted in (("labels", policy.labels), ("annotations", policy.annotations)):
        if wanted:
            metadata[part] = {**(metadata.get(part) or {}), **wanted}
    return {**policy.manifest(), "metadata": metadata}


def owned_elsewhere(policies: Sequence[Policy], live: Mapping[str, Mapping[str, Any]]) -> None:
    """Raises NotOurs where a listed policy carries the label of another baseline."""
    for policy in policies:
        wanted, owner = policy.labels.get(BASELINE_LABEL), baseline_of(live.get(policy.name))
        if wanted and owner and owner != wanted:
            raise NotOurs(
                f"{policy.kind} {policy.name} belongs to the baseline {owner}, not to {wanted}",
                f"Remove it from the baseline {owner} first (state: absent), or take its label {BASELINE_LABEL} away.",
            )


def baseline_of(live: Mapping[str, Any] | None) -> str | None:
    """The name of the baseline whose label the object carries."""
    if live is None:
        return None
    label = (live["metadata"].get("labels") or {}).get(BASELINE_LABEL)
    return str(label) if label else None


def _on_their_way_out(policies: Sequence[Policy], live: Mapping[str, Mapping[str, Any]]) -> None:
    """Raises BeingDeleted where a listed policy will vanish, whatever is written to it."""
    names = [policy.name for policy in policies if policy.name in live and being_deleted(live[policy.name])]
    if names:
        raise BeingDeleted(
            f"{', '.join(names)} is being deleted and waits for its finalizers",
            "Wait until it is gone, or see to its metadata.finalizers; then run again.",
        )


def _present_step(policy: Policy, live: Mapping[str, Any] | None) -> Step | None:
    if live is None:
        return Step("create", policy.name, None, policy.manifest(), kind=policy.kind)
    found = differences(live, policy)
    return Step("update", policy.name, live, desired_object(live, policy), found, policy.kind) if found else None


def _adopted(policies: Sequence[Policy], live: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    named = [p.name for p in policies if BASELINE_LABEL in p.labels and p.name in live]
    return tuple(sorted(name for name in named if baseline_of(live[name]) is None))


def _has_finalizers(step: Step) -> bool:
    return bool((step.before or {})["metadata"].get("finalizers"))


def _ours(policy: Policy, live: Mapping[str, Any]) -> bool:
    return baseline_of(live) is not None or canonical_spec(live.get("spec") or {}) == canonical_spec(policy.spec)


def _order(step: Step) -> tuple[float, str]:
    order = (step.after or step.before or {}).get("spec", {}).get("order")
    return (math.inf if order is None else float(order), step.name)
