# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said about a connection: the outcome, what decided it, and how it came about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Outcome = Literal["allow", "deny", "unknown"]
End = Literal["egress", "ingress"]
END_OF_TIER = -1


@dataclass(frozen=True)
class Decider:
    """What decided. For a policy ``rule`` is its rule's index, -1 for the end of its tier, which is credited to the first
    policy of the tier that applied. Kind ``Profile`` is a namespace's own, which allows; others are said in words.
    """

    kind: str
    name: str = ""
    namespace: str = ""
    tier: str = ""
    rule: int | None = None

    def __str__(self) -> str:
        named = f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"
        if self.rule is None or self.kind == "Profile":
            return named.strip()
        if self.rule == END_OF_TIER:
            return f"the end of tier {self.tier}, where {named} applies and nothing matched"
        return f"rule {self.rule} of {named} in tier {self.tier}"

    def as_result(self) -> dict[str, Any]:
        """As modules return it; only what is there."""
        found = {
            "kind": self.kind,
            "name": self.name,
            "namespace": self.namespace,
            "tier": self.tier,
            "rule": self.rule,
        }
        return {key: value for key, value in found.items() if value not in ("", None)}


@dataclass(frozen=True)
class Looked:
    """A rule that was looked at: whose it is, what it would do, whether it matched (None: not known), and why."""

    decider: Decider
    action: str
    matched: bool | None
    because: str

    def as_result(self) -> dict[str, Any]:
        return {
            "rule": str(self.decider),
            "action": self.action,
            "matched": self.matched,
            "because": self.because,
        }


@dataclass(frozen=True)
class Check:
    """What policy says at one place that the connection passes.

    ``at`` is that place in words, ``end`` egress or ingress. ``reasons`` say why the outcome is unknown.
    """

    end: End
    at: str
    outcome: Outcome
    decided_by: Decider | None
    reasons: tuple[str, ...] = ()
    trace: tuple[Looked, ...] = ()

    def as_result(self) -> dict[str, Any]:
        return {
            "end": self.end,
            "at": self.at,
            "verdict": self.outcome,
            "decided_by": None if self.decided_by is None else self.decided_by.as_result(),
            "reasons": list(self.reasons),
            "trace": [looked.as_result() for looked in self.trace],
        }


@dataclass(frozen=True)
class Verdict:
    """The verdict on a whole connection, from the checks in the order in which it passes them."""

    checks: tuple[Check, ...]

    @property
    def outcome(self) -> Outcome:
        """Deny where one check denies, else unknown where one does not know, else allow."""
        outcomes = {check.outcome for check in self.checks}
        return "deny" if "deny" in outcomes else "unknown" if "unknown" in outcomes else "allow"

    @property
    def deciding(self) -> Check | None:
        """The check that the outcome comes from: the first that gives it, for allow the last; None where no policy looks."""
        same = [check for check in self.checks if check.outcome == self.outcome]
        return (same[-1] if self.outcome == "allow" else same[0]) if same else None

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the outcome is unknown."""
        if self.outcome != "unknown":
            return ()
        return tuple(dict.fromkeys(reason for check in self.checks for reason in check.reasons))
