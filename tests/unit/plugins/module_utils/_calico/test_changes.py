# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The changes that a comparison finds are those that looking at every connection by itself finds."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import pytest
from ansible_collections.netguard.calico.plugins.module_utils._calico.changes import Comparison, NotComparable
from ansible_collections.netguard.calico.plugins.module_utils._calico.evaluation import Evaluation
from ansible_collections.netguard.calico.plugins.module_utils._calico.inventory import Peer
from ansible_collections.netguard.calico.plugins.module_utils._calico.layout import Change
from ansible_collections.netguard.calico.plugins.module_utils._calico.matching import Flow
from ansible_collections.netguard.calico.plugins.module_utils._calico.policies import Direction
from ansible_collections.netguard.calico.plugins.module_utils._calico.snapshot import Snapshot, snapshot
from ansible_collections.netguard.calico.plugins.module_utils._calico.traffic import Traffic
from clusters import NAMESPACES, Object, clusters, policies, tiers
from hypothesis import given
from hypothesis import strategies as st

# Direction, subject, peer, traffic, outcome before and after.
Row = tuple[str, str, str, Traffic, str, str]

changed = st.tuples(
    st.lists(st.one_of(policies(0), policies(7), tiers), max_size=2), st.lists(st.integers(0, 3), max_size=2)
)


def after_change(cluster: Snapshot, change: tuple[list[Object], list[int]]) -> Snapshot:
    """The cluster with some policies written, and those with some numbers deleted."""
    present, numbers = change
    absent = [
        item
        for kind in ("GlobalNetworkPolicy", "NetworkPolicy", "KubernetesNetworkPolicy")
        for item in cluster.of(kind)
        if item["metadata"]["name"][1:] in {str(n) for n in numbers}
    ]
    return cluster.with_change(present, absent)


def found(comparison: Comparison) -> set[Row]:
    return {row for change in comparison.changes() for row in rows(change, comparison)}


def rows(change: Change, comparison: Comparison) -> Iterator[Row]:
    points = comparison.space.points
    for kinds, peers in change.cells():
        for subject, peer, kind in product(change.subjects, peers, kinds):
            if points[subject].endpoint is not points[peer].endpoint:
                ends = described(points[subject]), described(points[peer])
                yield change.layout.direction, *ends, kind.example, change.before[0], change.after[0]


def expected(comparison: Comparison) -> set[Row]:
    """The same by asking both evaluations about each pair of points and each kind of traffic."""
    before, after = comparison.before, comparison.after
    asked: set[Row] = set()
    for direction, subject, peer, carried in _questions(comparison):
        endpoint = subject.endpoint
        assert endpoint is not None
        twin = next(
            e for e in after.inventory.workloads if (e.namespace, e.name) == (endpoint.namespace, endpoint.name)
        )
        ends = (subject, peer) if direction == "Egress" else (peer, subject)
        was = before.endpoint_check(direction, endpoint, Flow(*ends, carried)).outcome
        later = Flow(own(after, ends[0]), own(after, ends[1]), carried)
        becomes = after.endpoint_check(direction, twin, later).outcome
        if was != becomes:
            asked.add((direction, described(subject), described(peer), carried, was, becomes))
    return asked


def _questions(comparison: Comparison) -> Iterator[tuple[Direction, Peer, Peer, Traffic]]:
    points = comparison.space.points
    for direction, layout in comparison.layouts().items():
        kinds = [kind.example for group in layout.kinds for kind in group]
        for subject, peer, carried in product(points, points, kinds):
            mixed = None not in (subject.version, peer.version) and subject.version != peer.version
            if subject.endpoint is not None and subject.endpoint is not peer.endpoint and not mixed:
                yield direction, subject, peer, carried


def own(evaluation: Evaluation, peer: Peer) -> Peer:
    """The same peer as the evaluation's own inventory has it."""
    if peer.address is not None:
        return evaluation.inventory.peer_at(peer.address)
    assert peer.endpoint is not None
    return Peer(None, evaluation.inventory.workload_by_name[peer.endpoint.namespace, peer.endpoint.name])


def described(peer: Peer) -> str:
    return f"{peer} {peer.address}"


@given(clusters(), changed)
def test_changes_are_those_of_every_single_connection(
    cluster: Snapshot, change: tuple[list[Object], list[int]]
) -> None:
    comparison = Comparison(Evaluation(cluster), Evaluation(after_change(cluster, change)))
    assert found(comparison) == expected(comparison)


@given(clusters(), policies(9))
def test_a_policy_that_selects_nothing_changes_nothing(cluster: Snapshot, policy: Object) -> None:
    spec = {**policy["spec"], "tier": "default"}
    if policy["apiVersion"].startswith("networking"):
        spec = {**policy["spec"], "podSelector": {"matchLabels": {"nobody": "has-this"}}}
    else:
        spec["selector"] = "nobody == 'has-this'"
    later = cluster.with_change([{**policy, "spec": spec}], [])
    assert not list(Comparison(Evaluation(cluster), Evaluation(later)).changes())


def test_endpoints_that_come_or_go_cannot_be_compared() -> None:
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "namespace": NAMESPACES[0]}}
    pod |= {"spec": {"nodeName": "n1"}, "status": {"podIP": "10.0.0.1"}}
    with pytest.raises(NotComparable, match="adds or removes endpoints"):
        Comparison(Evaluation(snapshot([], {}, {})), Evaluation(snapshot([pod], {}, {})))
