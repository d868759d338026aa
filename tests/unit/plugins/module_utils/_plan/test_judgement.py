# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said of a lifeline is what walks through every connection say, on clusters of every sort."""

from __future__ import annotations

from ansible_collections.netguard.calico.plugins.module_utils._calico.evaluation import Evaluation
from ansible_collections.netguard.calico.plugins.module_utils._calico.inventory import Peer
from ansible_collections.netguard.calico.plugins.module_utils._calico.nets import Address, parse_address
from ansible_collections.netguard.calico.plugins.module_utils._calico.snapshot import Snapshot, identity
from ansible_collections.netguard.calico.plugins.module_utils._calico.traffic import Traffic
from ansible_collections.netguard.calico.plugins.module_utils._plan.course import Course
from ansible_collections.netguard.calico.plugins.module_utils._plan.judgement import Judgement
from ansible_collections.netguard.calico.plugins.module_utils._plan.lifelines import Lifeline
from ansible_collections.netguard.calico.plugins.module_utils._plan.steps import Plan, Step
from clusters import Object, clusters, policies
from hypothesis import event, given
from hypothesis import strategies as st

TRAFFIC = (Traffic(6, 80), Traffic(17, 443))
OUTSIDE = ("192.0.2.7", "fd00:1::1")
written = st.integers(0, 5).flatmap(policies)


def step_for(cluster: Snapshot, item: Object) -> Step:
    live = next((o for o in cluster.of(item["kind"]) if identity(o) == identity(item)), None)
    return Step("update" if live else "create", item["metadata"]["name"], live, item)


def outcomes(before: Snapshot, after: Snapshot, ends: list[Address]) -> set[tuple[str, str]]:
    """Every pair of verdicts before and after, by walks through each connection."""
    found = set()
    one, other = Evaluation(before), Evaluation(after)
    for source in ends:
        for destination in ends:
            if source.version == destination.version:
                verdicts = [
                    [
                        e.verdict(e.inventory.peer_at(source), e.inventory.peer_at(destination), t).outcome
                        for t in TRAFFIC
                    ]
                    for e in (one, other)
                ]
                found |= set(zip(*verdicts, strict=True))
    return found


def expected(pairs: set[tuple[str, str]]) -> set[str]:
    if ("allow", "deny") in pairs:
        return {"worse"}
    if pairs & {("allow", "unknown"), ("unknown", "deny"), ("unknown", "unknown")}:
        return {"unknown"}
    return {"denied_before"} if pairs & {("deny", "deny"), ("deny", "unknown")} else {"kept"}


@given(clusters(), written)
def test_a_judgement_is_what_walks_say(cluster: Snapshot, item: Object) -> None:
    step = step_for(cluster, item)
    course = Course(cluster, Plan((step,)), {step.key: item}, interrupts=False)
    outside = [address for text in OUTSIDE if (address := parse_address(text)) is not None]
    ends = list(dict.fromkeys([*course.inventory.owners, *course.inventory.node_by_address, *outside]))
    peers: tuple[Peer, ...] = tuple(map(course.inventory.peer_at, ends))
    lifeline = Lifeline(peers, tuple((peer, traffic) for peer in peers for traffic in TRAFFIC))
    after = cluster.with_change([item], [] if step.before is None else [step.before])
    found = Judgement(lifeline, course).found()
    event(found.result)
    assert {found.result} == expected(outcomes(cluster, after, ends)), found.text
