# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a baseline's state means for staged policies, and what people are told of a plan that is only staged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from .._apply.staging import Staging, previewed, staged_if_readable, staged_policies
from .._apply.weighing import Weighed
from .._calico.global_network_policy import Policy
from .._plan.consequences import listed
from .._plan.pruning import Pruning
from .._plan.staging import Twins
from .run import Session


def previewing(session: Session, policies: Sequence[Policy], pruning: Pruning) -> Staging:
    """For ``state: staged``: the plan of enforced policies is staged and not carried out."""
    read = partial(staged_policies, session.gateway, session.cluster.backend, policies)
    return Staging(read, Twins(policies, pruning).staged, previewed)


def clearing(session: Session, policies: Sequence[Policy], pruning: Pruning) -> Staging:
    """For the other states: the plan is carried out, and what was staged is removed behind it."""
    read = partial(staged_if_readable, session.gateway, session.cluster.backend, policies)
    return Staging(read, Twins(policies, pruning).cleared)


def preview_warnings(weighed: Weighed) -> Iterator[str]:
    """What would be refused or warned of, were the plan carried out."""
    consequences = weighed.consequences
    for judged in weighed.guarded.unmet():
        known = "would not be met" if judged.is_known else "would be met is not known"
        yield f"{'The' if judged.is_known else 'Whether the'} expectation {judged.name} {known}: {judged.reason}"
    if worse := weighed.lockout.worse():
        yield f"Enforcing the policies would be refused, since it cuts what the cluster lives by. {' '.join(map(str, worse))}"
    if consequences.opened:
        yield f"Once enforced, the policies would open connections: {listed(consequences.opened)}"
    if consequences.unjudged:
        yield f"What the policies would do to connections is not fully known: {'; '.join(consequences.unjudged)}"
    if consequences.interruptions:
        yield (
            "Enforcing the policies would need allow_interruption, since connections would be cut or opened on the way. "
            f"{consequences.interruptions[0]}"
        )
