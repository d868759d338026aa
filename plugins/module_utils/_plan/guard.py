# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must stay allowed or denied: the user's expectations, asked about before, on the way, and after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .._calico.answers import Answered, answer
from .._calico.connection import Connection
from .._calico.errors import NetguardError
from .._calico.resolution import NotThere
from .._calico.table import DecisionTable
from .._calico.verdict import Outcome
from .._report.explanation import explained
from .allowance import OnUnknown
from .course import Course
from .steps import Step


class ExpectationNotMet(NetguardError):
    """After the plan, or on the way, a connection would not have the verdict that it must have, or nobody knows."""

    code = "expectation_not_met"


@dataclass(frozen=True)
class Found:
    """What one state says to an expectation: its verdict, the same for all that it means, and the reason in words."""

    verdict: Outcome
    text: str


@dataclass(frozen=True)
class Judged:
    """An expectation and what was found: ``on_the_way`` is the first write after which it is not met, though it was before."""

    expected: Connection
    before: Found
    after: Found
    on_the_way: tuple[Step, Found] | None = None

    @property
    def name(self) -> str:
        """As the user calls it."""
        return str(self.expected)

    @property
    def met(self) -> bool:
        """Whether it holds after the plan and on the way; before is only told, or nothing that is broken could be mended."""
        return self.after.verdict == self.expected.verdict and self.on_the_way is None

    @property
    def is_known(self) -> bool:
        """Whether it holds, or does not, for sure."""
        return "unknown" not in (self.after.verdict, self.on_the_way[1].verdict if self.on_the_way else "")

    def as_result(self) -> dict[str, Any]:
        """As modules return it."""
        return {
            "name": self.name,
            "verdict": self.expected.verdict,
            "before": self.before.verdict,
            "after": self.after.verdict,
            "met": self.met,
            "text": self.reason,
        }

    @property
    def reason(self) -> str:
        """Why it is met or not, with what decides."""
        if self.on_the_way is not None:
            step, found = self.on_the_way
            return f"after {step}: {found.text}"
        return self.after.text


@dataclass(frozen=True)
class Guarded:
    """All expectations, judged."""

    judged: tuple[Judged, ...] = ()

    def unmet(self) -> tuple[Judged, ...]:
        """Those that do not hold, or of which nobody knows."""
        return tuple(one for one in self.judged if not one.met)

    def require(self, on_unknown: OnUnknown) -> None:
        """Raises ExpectationNotMet, for those that are not known too unless they are to be warned about."""
        wrong = [one for one in self.unmet() if one.is_known or on_unknown == "refuse"]
        if wrong:
            told = " ".join(f"{one.name} must be {_WORDS[one.expected.verdict or '']}: {one.reason}" for one in wrong)
            raise ExpectationNotMet(
                f"The plan does not keep what is expected. {told}",
                "Nothing was written; change policies or expectations.",
            )


_WORDS = {"allow": "allowed", "deny": "denied", "": ""}


def guarded(course: Course, expectations: Sequence[Connection]) -> Guarded:
    """Judges the expectations before the plan, on the way where they may be broken there, and after the last write."""
    if not expectations:
        return Guarded()
    first, last = (_all_found(expectations, table) for table in (course.before, course.after))
    judged = [Judged(*parts) for parts in zip(expectations, first, last, strict=True)]
    for step, table in course.between():
        judged = [_on_the_way(one, step, table) for one in judged]
    return Guarded(tuple(judged))


def _on_the_way(judged: Judged, step: Step, table: DecisionTable) -> Judged:
    """Only what holds before and after can be broken in between."""
    wanted = judged.expected.verdict
    if judged.on_the_way is not None or (judged.before.verdict, judged.after.verdict) != (wanted, wanted):
        return judged
    found = _found(judged.expected, table)
    return judged if found.verdict == wanted else Judged(judged.expected, judged.before, judged.after, (step, found))


def _all_found(expectations: Sequence[Connection], table: DecisionTable) -> list[Found]:
    return [_found(expected, table) for expected in expectations]


def _found(expected: Connection, table: DecisionTable) -> Found:
    """One verdict for all that the expectation means: the one that is wanted only where all have it."""
    try:
        answers = answer(expected, table)
    except NotThere as error:
        return Found("unknown", error.message)
    others = [answered for answered in answers if answered.outcome != expected.verdict]
    # A definite failure counts before what is not known.
    others.sort(key=lambda answered: answered.outcome == "unknown")
    telling: Answered = (others or list(answers))[0]
    return Found(telling.outcome, explained(telling))
