# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a plan cuts a lifeline of the cluster: what it makes worse is refused, what was broken before is only told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .._calico.errors import NetguardError
from .._calico.snapshot import Snapshot
from .allowance import Allowance
from .check_ids import LOCKOUT_CHECKS
from .course import Course
from .judgement import Judgement, Result
from .lifelines import Lifeline, Lifelines


class LocksOut(NetguardError):
    """After the plan, or on the way, a connection by which the cluster lives would be denied that is not so now."""

    code = "locks_out"


@dataclass(frozen=True)
class Checked:
    """What becomes of one check; ``is_warned`` where the plan has a part in it that its result is not known."""

    check: str
    result: Result
    text: str
    is_warned: bool = False

    def as_result(self) -> dict[str, Any]:
        """As modules return it."""
        return {"id": self.check, "result": self.result, "text": self.text}

    def __str__(self) -> str:
        return f"{self.check}: {self.text}"


@dataclass(frozen=True)
class Lockout:
    """All checks, in the order of their ids; none where there is nothing to write."""

    checks: tuple[Checked, ...] = ()

    def unsure(self) -> tuple[Checked, ...]:
        """The checks of which somebody should know that they are not known."""
        return tuple(one for one in self.checks if one.is_warned)

    def worse(self) -> tuple[Checked, ...]:
        """The checks that the plan makes worse."""
        return tuple(one for one in self.checks if one.result == "worse")

    def require(self) -> None:
        """Raises LocksOut where a check is worse."""
        worse = self.worse()
        if worse:
            ids = ", ".join(one.check for one in worse)
            raise LocksOut(
                f"The plan cuts what the cluster lives by. {' '.join(map(str, worse))}",
                f"Nothing was written; change the policies, or leave checks out (lockout_checks: [{ids}]).",
            )


def judged(course: Course, callees: Snapshot, allowance: Allowance) -> Lockout:
    """Judges all checks after the plan, and on the way where something may be cut there."""
    lifelines = Lifelines(course.snapshot, course.inventory, callees, allowance.control_node)
    asked = {check: lifelines.of(check) for check in LOCKOUT_CHECKS if check not in allowance.left_out}
    judgements = {check: Judgement(lifeline, course) for check, lifeline in asked.items() if not lifeline.absent}
    for step, table in course.between():
        for judgement in judgements.values():
            judgement.pass_by(step, table)
    return Lockout(tuple(_checked(check, asked.get(check), judgements.get(check)) for check in LOCKOUT_CHECKS))


def _checked(check: str, lifeline: Lifeline | None, judgement: Judgement | None) -> Checked:
    if lifeline is None:
        return Checked(check, "left_out", "it is not asked for")
    if judgement is None:
        return Checked(check, "not_applicable", lifeline.absent)
    found = judgement.found()
    return Checked(check, found.result, found.text, found.is_warned)
