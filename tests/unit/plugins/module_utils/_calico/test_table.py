# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decisions on bits are the same as the walk's, connection by connection, for clusters of every sort."""

from __future__ import annotations

from itertools import product

from ansible_collections.netguard.calico.plugins.module_utils._calico.evaluation import Evaluation
from ansible_collections.netguard.calico.plugins.module_utils._calico.inventory import Peer
from ansible_collections.netguard.calico.plugins.module_utils._calico.nets import parse_address
from ansible_collections.netguard.calico.plugins.module_utils._calico.snapshot import Snapshot
from ansible_collections.netguard.calico.plugins.module_utils._calico.table import DecisionTable
from ansible_collections.netguard.calico.plugins.module_utils._calico.traffic import Traffic
from clusters import clusters, traffic
from hypothesis import given

OUTSIDE = ("192.0.2.7", "198.51.100.1", "fd00:99::1", "2001:db8::1")


def peers(evaluation: Evaluation) -> list[Peer]:
    """Every Pod by each of its addresses, or by none, and some addresses outside."""
    found = [
        evaluation.inventory.peer_at(address) if address is not None else Peer(None, endpoint)
        for endpoint in evaluation.inventory.workloads
        for address in endpoint.addresses or (None,)
    ]
    outside = [evaluation.inventory.peer_at(a) for text in OUTSIDE if (a := parse_address(text)) is not None]
    return [*found, *outside]


@given(clusters(), traffic)
def test_the_table_answers_as_the_walk_does(cluster: Snapshot, carried: Traffic) -> None:
    walk, table = Evaluation(cluster), DecisionTable(cluster)
    # Each looks at peers of its own: the table knows its points, and walks for others.
    pairs = zip(product(peers(walk), repeat=2), product(peers(table), repeat=2), strict=True)
    for (source, destination), (own_source, own_destination) in pairs:
        if None not in (source.version, destination.version) and source.version != destination.version:
            continue
        expected = walk.verdict(source, destination, carried)
        found = table.verdict(own_source, own_destination, carried)
        assert [(c.outcome, c.decided_by, c.reasons) for c in found.checks] == [
            (c.outcome, c.decided_by, c.reasons) for c in expected.checks
        ], f"{source} -> {destination}"
