# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan does to connections: once it is carried out, and on the way; and the order in which it does least harm."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import islice
from typing import Any

from .._calico.errors import NetguardError
from .._calico.evaluation import Evaluation
from .._calico.policies import all_policies
from .._calico.snapshot import Snapshot, identity
from .._calico.transition import Transition, Write
from .._report.changed_connections import (
    HOSTS_NOT_COMPARED,
    NAMED,
    ChangedConnections,
    changed_connections,
    sharing_not_compared,
)
from .allowance import Allowance
from .order import on_the_way, order_without_a_gap
from .steps import Answers, Plan, Step, kept_by_finalizers

# So many states with a gap are described; each takes as long as describing what the whole plan changes.
_TOLD = 3


class OpensConnections(NetguardError):
    """The plan would open connections, or may, and that was to be refused."""

    code = "opens_connections"


class InterruptsConnections(NetguardError):
    """On the way connections would be cut or opened that are not so before, nor after."""

    code = "interrupts_connections"


@dataclass(frozen=True)
class Interruption:
    """The writes done so far, and connections that are cut or opened until the next ones are done."""

    done: tuple[Step, ...]
    connections: tuple[ChangedConnections, ...]

    def as_result(self) -> dict[str, Any]:
        """As modules return it."""
        return {"done": [*map(str, self.done)], "connections": [change.as_result() for change in self.connections]}

    def __str__(self) -> str:
        return f"After {', '.join(map(str, self.done))}: {listed(self.connections)}"


@dataclass(frozen=True)
class Consequences:
    """What changes for connections: ``uncertain`` are those that are not known before or after.

    ``interruptions`` is empty where no state on the way is worse than before and after. ``unjudged`` are reasons why there may be
    more than all this.
    """

    opened: tuple[ChangedConnections, ...] = ()
    cut: tuple[ChangedConnections, ...] = ()
    uncertain: tuple[ChangedConnections, ...] = ()
    interruptions: tuple[Interruption, ...] = ()
    unjudged: tuple[str, ...] = ()

    def require(self, allowance: Allowance) -> None:
        """Raises InterruptsConnections or OpensConnections for what is not allowed."""
        if self.interruptions and not allowance.interruption:
            raise InterruptsConnections(
                f"No order of the writes was found that neither cuts nor opens connections on the way. "
                f"{self.interruptions[0]}",
                "Change fewer policies at a time, or allow it (allow_interruption: true).",
            )
        if allowance.on_opened == "refuse":
            self._require_closed()

    def _require_closed(self) -> None:
        if self.opened:
            raise OpensConnections(
                f"The plan opens connections: {listed(self.opened)}",
                "Change the policies, or allow it (on_opened: warn).",
            )
        unsure = [*map(str, self.uncertain[:NAMED]), *self.unjudged]
        if unsure:
            raise OpensConnections(
                f"Whether the plan opens connections is not known: {'; '.join(unsure)}",
                "Let the account read what is missing, or allow it (on_opened: warn).",
            )


def joined(parts: Sequence[Consequences]) -> Consequences:
    """The consequences of plans that were carried out one after the other, each told once."""
    told: dict[str, tuple[Any, ...]] = {
        part.name: tuple({str(one): one for whole in parts for one in getattr(whole, part.name)}.values())
        for part in fields(Consequences)
    }
    return Consequences(**told)


def weighed(snapshot: Snapshot, plan: Plan, answers: Answers) -> tuple[Plan, Consequences]:
    """The plan in an order without a gap where there is one, and what it does to the connections of the snapshot.

    ``answers`` are the objects as the server stores them, by the steps' keys, None for a deletion.
    """
    if not plan.steps:
        return plan, Consequences()
    before, after = Evaluation(snapshot), Evaluation(_after(snapshot, plan, answers))
    writes = [_write(step, answers[step.key]) for step in plan.steps]
    transition = Transition(before, after, writes)
    numbers = range(len(plan.steps))
    found = order_without_a_gap(transition, numbers)
    ordered = replace(plan, steps=tuple(plan.steps[number] for number in found or numbers))
    changes = changed_connections(transition, transition.changes())
    return ordered, Consequences(
        opened=tuple(change for change in changes if change.effect == "opened"),
        cut=tuple(change for change in changes if change.effect == "cut"),
        uncertain=tuple(change for change in changes if change.effect not in ("opened", "cut")),
        interruptions=() if found is not None else _interruptions(transition, plan.steps),
        unjudged=(*_unread(snapshot), *_kept(plan), *_beyond(before, after, writes)),
    )


def _after(snapshot: Snapshot, plan: Plan, answers: Answers) -> Snapshot:
    present = [answer for step in plan.steps if (answer := answers[step.key]) is not None]
    return snapshot.with_change(present, [step.before for step in plan.steps if step.before is not None])


def _write(step: Step, answer: Mapping[str, Any] | None) -> Write:
    return Write(*(None if item is None else identity(item) for item in (step.before, answer)))


def _interruptions(transition: Transition, steps: Sequence[Step]) -> tuple[Interruption, ...]:
    """The first states on the way that have a gap, in the order of the steps."""
    states = enumerate(on_the_way(range(len(steps))))
    with_a_gap = ((number, state) for number, state in states if not transition.is_without_a_gap(state))
    return tuple(
        Interruption(tuple(steps[: number + 1]), changed_connections(transition, transition.gaps(state)))
        for number, state in islice(with_a_gap, _TOLD)
    )


def _unread(snapshot: Snapshot) -> Iterator[str]:
    for what, reason in sorted(snapshot.unread.items()):
        yield f"{what} was not read: {reason}"
    for tier, reason in sorted(snapshot.unread_tiers.items()):
        yield f"the policies of tier {tier} were not read: {reason}"


def _kept(plan: Plan) -> Iterator[str]:
    for name in kept_by_finalizers(plan, {}, ()):
        yield f"{name} stays in force until its finalizers are taken away, which may be at any time"


def _beyond(before: Evaluation, after: Evaluation, writes: Sequence[Write]) -> Iterator[str]:
    """What is not judged, where the plan's policies have a part in it."""
    # By their own names, which in some releases are not the steps'.
    names = {name for write in writes for name in (write.gone, write.come)}
    policies = [policy for e in (before, after) for policy in all_policies(e.policies.tiers)]
    changed = [policy for policy in policies if policy.identity in names]
    hosts = before.inventory.hosts
    if before.inventory.unread("HostEndpoint") or any(p.may_select(host.labels) for p in changed for host in hosts):
        yield HOSTS_NOT_COMPARED
    yield from sharing_not_compared(before)


def listed(connections: Sequence[ChangedConnections]) -> str:
    """The first of them in words, and how many more there are."""
    more = len(connections) - NAMED
    return " ".join(map(str, connections[:NAMED])) + (f" And {more} more." if more > 0 else "")
