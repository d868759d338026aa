# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Verdicts in words that a person can act on."""

from __future__ import annotations

from .._calico.answers import Answered
from .._calico.inventory import Peer
from .._calico.verdict import END_OF_TIER, Check

_WORDS = {"allow": "allowed", "deny": "denied", "unknown": "not known"}


def explained(answered: Answered) -> str:
    """What happens to the connection, what decides that at each place, and what would change it."""
    lead = f"{_ends(answered)} is {_WORDS[answered.outcome]}"
    if answered.outcome == "unknown":
        return f"{lead}: {'; '.join(answered.reasons)}."
    if answered.verdict.deciding is None:
        return f"{lead}: no policy looks at it."
    if answered.outcome == "deny":
        check = answered.verdict.deciding
        return f"{lead} at the {check.end} of {check.at} by {check.decided_by}. {_remedy(check)}"
    places = "; ".join(f"{c.end} of {c.at}: {c.decided_by}" for c in answered.verdict.checks)
    return f"{lead} ({places})."


def _ends(answered: Answered) -> str:
    name = f"{answered.connection.name}: " if answered.connection.name else ""
    if answered.source is None or answered.destination is None:
        return f"{name}the connection"
    rest = answered.pairs - 1
    more = f" and {rest} more {'pair' if rest == 1 else 'pairs'} like it" if rest > 0 else ""
    return f"{name}{_end(answered.source)} to {_end(answered.destination)}, {answered.traffic}{more},"


def _end(peer: Peer) -> str:
    return f"{peer} ({peer.address})" if peer.address is not None and (peer.endpoint or peer.node) else str(peer)


def _remedy(check: Check) -> str:
    """What somebody would do who wants the connection."""
    decider = check.decided_by
    if decider is None or decider.rule is None:
        return ""
    direction = check.end
    if decider.rule == END_OF_TIER:
        return (
            f"To allow it, add an {direction} rule for it to a policy of tier {decider.tier} that selects this endpoint; "
            "without any policy in the tier that selects it the tier would not count."
        )
    return f"To allow it, change that rule, or allow it in an {direction} rule that comes before."
