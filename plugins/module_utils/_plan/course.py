# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The policies of a cluster before a plan, after each of its writes, and at its end, compiled for the same peers."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from .._calico.inventory import Inventory, Peer
from .._calico.policies import CompiledPolicy, Direction, all_policies
from .._calico.snapshot import Snapshot, identity
from .._calico.table import DecisionTable
from .steps import Answers, Plan, Step


class Course:
    """The way of the policies through a plan with steps. ``answers`` are the objects as the server stores them.

    ``interrupts`` is whether the plan is carried out though it cuts or opens something of Pods on the way.
    """

    def __init__(self, snapshot: Snapshot, plan: Plan, answers: Answers, *, interrupts: bool) -> None:
        self.snapshot, self._plan, self._answers, self._interrupts = snapshot, plan, answers, interrupts
        self.before = DecisionTable(snapshot)
        self.inventory: Inventory = self.before.inventory
        *_between, (_last, end) = self._states()
        self.after = self._table(end)

    def between(self) -> Iterator[tuple[Step, DecisionTable]]:
        """After each write but the last, where something may be there that is neither before nor after.

        The order of the writes keeps connections of Pods from that, unless the plan interrupts some; of host endpoints it knows
        nothing. Each state is compiled when its turn comes, since all of them would need much room.
        """
        for step, state in self._states() if self._interrupts or self.concerns_hosts else ():
            if step is not self._plan.steps[-1]:
                yield step, self._table(state)

    def _states(self) -> Iterator[tuple[Step, Snapshot]]:
        state = self.snapshot
        for step in self._plan.steps:
            answer = self._answers[step.key]
            gone = [] if step.before is None else [step.before]
            state = state.with_change([] if answer is None else [answer], gone)
            yield step, state

    def _table(self, state: Snapshot) -> DecisionTable:
        return DecisionTable(state, inventory=self.inventory)

    @cached_property
    def concerns_hosts(self) -> bool:
        """Whether the plan may have a say at some host endpoint."""
        return any(policy.may_select(host.labels) for host in self.inventory.hosts for policy in self._changed)

    @property
    def may_concern_hosts(self) -> bool:
        """The same, also where nobody knows which there are."""
        return self.concerns_hosts or bool(self.inventory.unread("HostEndpoint"))

    def concerns(self, peer: Peer, direction: Direction) -> bool:
        """Whether the plan may have a say on what a peer sends (Egress) or gets (Ingress)."""
        if peer.endpoint is None:
            # Whose the address is, or what the node's policy is, may be just what is not known.
            return self.may_concern_hosts or bool(self.inventory.unread("Pod"))
        return self.concerns_hosts or any(
            policy.may_select(peer.endpoint.labels) and (direction in policy.governs or bool(policy.unclear))
            for policy in self._changed
        )

    @cached_property
    def _changed(self) -> tuple[CompiledPolicy, ...]:
        """The policies that the plan takes away or brings."""
        objects = [item for step in self._plan.steps for item in (step.before, self._answers[step.key])]
        names = {identity(item) for item in objects if item is not None}
        policies = [policy for table in (self.before, self.after) for policy in all_policies(table.policies.tiers)]
        return tuple(policy for policy in policies if policy.identity in names)
