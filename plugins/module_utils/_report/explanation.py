# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Verdicts in words that a person can act on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .._calico.answers import Answered
from .._calico.inventory import Peer
from .._calico.matching import Flow
from .._calico.traffic import Traffic
from .._calico.verdict import END_OF_TIER, Check, Verdict

_WORDS = {"allow": "allowed", "deny": "denied", "unknown": "not known"}


def explained(answered: Answered) -> str:
    """What happens to the connection, what decides that at each place, and what would change it."""
    name = f"{answered.connection.name}: " if answered.connection.name else ""
    return name + _explained(_ends(answered), answered.verdict, answered.reasons)


def explained_flow(flow: Flow, verdict: Verdict, pairs: int) -> str:
    """The same for one pair of ``pairs`` like it."""
    return _explained(_pair(flow.source, flow.destination, flow.traffic, pairs), verdict, verdict.reasons)


def _explained(ends: str, verdict: Verdict, reasons: Sequence[str]) -> str:
    lead = f"{ends} is {_WORDS[verdict.outcome]}"
    if verdict.outcome == "unknown":
        return f"{lead}: {'; '.join(reasons)}."
    if verdict.deciding is None:
        return f"{lead}: no policy looks at it."
    if verdict.outcome == "deny":
        return f"{lead} {' '.join(_denied(verdict))}"
    places = "; ".join(f"{c.end} of {c.at}: {c.decided_by}" for c in verdict.checks)
    return f"{lead} ({places})."


def _ends(answered: Answered) -> str:
    if answered.source is None or answered.destination is None:
        return "the connection"
    return _pair(answered.source, answered.destination, answered.traffic, answered.pairs)


def _pair(source: Peer, destination: Peer, traffic: Traffic, pairs: int) -> str:
    rest = pairs - 1
    more = f" and {rest} more {'pair' if rest == 1 else 'pairs'} like it" if rest > 0 else ""
    return f"{_end(source)} to {_end(destination)}, {traffic}{more},"


def _end(peer: Peer) -> str:
    return f"{peer} ({peer.address})" if peer.address is not None and (peer.endpoint or peer.node) else str(peer)


def _denied(verdict: Verdict) -> Iterator[str]:
    """Every place that denies, since allowing it at one of several changes nothing, and what would help at each."""
    denials = [check for check in verdict.checks if check.outcome == "deny"]
    yield ", and ".join(f"at the {check.end} of {check.at} by {check.decided_by}" for check in denials) + "."
    if len(denials) > 1:
        yield "Each of them denies it."
    for check in denials:
        where = f" at the {check.end} of {check.at}" if len(denials) > 1 else ""
        yield f"To allow it{where}, {_remedy(check)}."
    for check in verdict.checks:
        if check.outcome == "unknown":
            yield f"Whether it is allowed at the {check.end} of {check.at} is not known: {'; '.join(check.reasons)}."


def _remedy(check: Check) -> str:
    """What somebody would do who wants the connection."""
    decider, direction = check.decided_by, check.end
    if decider is None or decider.rule is None:
        # Nothing but a setting or the closed end of a host endpoint denies without a rule.
        is_closed = decider is not None and decider.kind == "HostEndpoint"
        added = f"add a policy with an {direction} rule for it that selects this endpoint"
        return added if is_closed else "change that setting"
    if decider.rule == END_OF_TIER:
        return (
            f"add an {direction} rule for it to a policy of tier {decider.tier} that selects this endpoint; "
            "without any policy in the tier that selects it the tier would not count"
        )
    return f"change that rule, or allow it in an {direction} rule that comes before"
