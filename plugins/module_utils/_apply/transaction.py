# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan carried out: the backup, the writes, new plans on conflicts, and how it ends where a write fails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .._calico.errors import NetguardError
from .._cluster.errors import Conflict
from .._cluster.gateway import Gateway
from .._cluster.resources import WRITTEN
from .._plan.allowance import Allowance
from .._plan.backup import POLICIES, Backup
from .._plan.consequences import joined
from .._plan.restoring import Found, plan_restoring
from .._plan.steps import Answer, Plan, Step
from .lost_answer import OutcomeUnknown
from .policies import PLANS, Change, Outcome, planned_once
from .staging import StagedPolicies, Staging
from .writing import written


class PartlyWritten(NetguardError):
    """A write failed after others had succeeded; the message says which."""

    code = "partly_written"
    changed = True


class PutBack(NetguardError):
    """A write failed after others had succeeded, and what they had changed was put back."""

    code = "put_back"
    changed = True


def carried_out(gateway: Gateway, change: Change) -> Outcome:
    """The plan, written. Somebody else's change leads to a new plan, as long as the plan need not be an approved one.

    Raises PartlyWritten, or PutBack if that is wanted, when a write fails after another one has succeeded.
    """
    run = _Run(gateway, change)
    for left in reversed(range(PLANS)):
        try:
            return run.to_the_end()
        except NetguardError as error:
            if not (left and isinstance(error, Conflict) and run.may_plan_anew()):
                raise run.failure(error) from error
    raise AssertionError("the last attempt returns or raises")


def restoring(gateway: Gateway, backup: Backup, backend: str | None, allowance: Allowance) -> Change:
    """The change by which everything is again as it was before the run that the backup is of."""
    enforced, staged = (backup.of_kind(kind) for kind in POLICIES)

    def behind(plan: Plan, live: Found) -> Plan:
        return replace(plan, steps=(*plan.steps, *plan_restoring(staged, live).steps))

    return Change(
        lambda: _live(gateway, enforced),
        lambda live: plan_restoring(enforced, live),
        backend,
        allowance,
        staging=Staging(lambda: StagedPolicies(_live(gateway, staged)), behind),
    )


def _live(gateway: Gateway, backup: Backup) -> Found:
    """What is live of a backup, by the wanted names."""
    found = {entry.name: gateway.get(WRITTEN[entry.kind], entry.own_name) for entry in backup.entries}
    return {name: item for name, item in found.items() if item is not None}


class _Run:
    """One run: what it has written so far, over all its plans."""

    def __init__(self, gateway: Gateway, change: Change) -> None:
        self._gateway, self._change = gateway, change
        # The plans of which something was to be written, and what was.
        self._outcomes: list[Outcome] = []
        self._written: list[tuple[Step, Answer]] = []
        # With what was written, and with what may have been.
        self._undo = change.undo
        self._failed, self._total = "", 0

    def may_plan_anew(self) -> bool:
        """Whether a conflict may lead to a new plan: what is left of an approved plan is another one."""
        return not (self._written and self._change.approval.approved)

    def to_the_end(self) -> Outcome:
        """Plans on what is live, and writes it."""
        self._failed = "making a new plan"
        outcome = planned_once(self._gateway, self._change)
        if outcome.plan.steps:
            self._total = len(self._written) + len(outcome.plan.steps)
            self._change.progress.writes(self._total + self._undo.writes)
            self._failed = "storing the backup"
            self._undo.with_plan(outcome.plan, outcome.answers).store()
            self._outcomes.append(outcome)
        for step in outcome.plan.steps:
            self._write(step, outcome.answers[step.key])
        return self._whole(outcome)

    def _write(self, step: Step, expected: Answer) -> None:
        self._failed = str(step)
        undo = self._undo.with_plan(Plan((step,)), {step.key: expected})
        try:
            answer = written(self._gateway, step, expected)
        except OutcomeUnknown:
            self._undo = undo
            raise
        self._undo = undo
        self._written.append((step, answer))

    def _whole(self, last: Outcome) -> Outcome:
        """What all plans of this run have done."""
        outcomes = self._outcomes or [last]
        plan = Plan(
            tuple(step for step, _answer in self._written),
            tuple(sorted({name for outcome in outcomes for name in outcome.plan.adopted})),
        )
        answers = {step.key: answer for step, answer in self._written}
        weighed = replace(last.weighed, consequences=joined([o.weighed.consequences for o in outcomes]))
        return replace(last, plan=plan, live=outcomes[0].live, answers=answers, weighed=weighed)

    def failure(self, error: NetguardError) -> NetguardError:
        """What is raised for an error, after what was written is put back if that is wanted."""
        if self._undo.backup.entries and self._change.undo.on_failure == "restore":
            return self._put_back(error)
        return self._stopped(error, "Nothing was undone.") if self._written else error

    def _put_back(self, error: NetguardError) -> NetguardError:
        change = self._change
        # What the user expects was about the plan; no state before it was held to that.
        allowance = replace(change.allowance, expectations=(), on_opened="warn", interruption=False)
        back = restoring(self._gateway, self._undo.backup, change.backend, allowance)
        try:
            # What this run has taken over may be put back.
            steps = carried_out(self._gateway, replace(back, take_over=True)).plan.steps
        except NetguardError as failed:
            return self._stopped(error, f"Putting back what was there before failed too: {failed.message}")
        told = f"What was there before was put back ({_listed(steps)})." if steps else "Nothing had to be put back."
        raised = PutBack(f"{self._told(error)} {told}", "See to the cause, then run again.")
        raised.changed = bool(self._written)
        return self._with_details(raised)

    def _stopped(self, error: NetguardError, left: str) -> NetguardError:
        place = self._undo.place
        back = "" if place is None else f", or put back what was there before (state: restored, backup: {place})"
        return self._with_details(PartlyWritten(f"{self._told(error)} {left}", f"Run again to go on from here{back}."))

    def _told(self, error: NetguardError) -> str:
        done = f"{len(self._written)} of {self._total} writes were done"
        names = f" ({_listed([step for step, _answer in self._written])})" if self._written else ""
        return f"{done}{names}, then {self._failed} failed: {error.message}"

    def _with_details(self, error: NetguardError) -> NetguardError:
        place = self._undo.place
        done = [str(step) for step, _answer in self._written]
        error.details = {"done": done, "backup_file": None if place is None else str(place)}
        return error


def _listed(steps: Sequence[Step]) -> str:
    return ", ".join(map(str, steps))
