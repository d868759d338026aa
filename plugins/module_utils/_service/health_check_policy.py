# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether policy at host endpoints lets anybody in to the nodes' ports for health checks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice, product

from .._calico.inventory import Peer
from .._calico.matching import Flow
from .._calico.policies import all_policies
from .._calico.protocols import NUMBERS
from .._calico.table import DecisionTable
from .._calico.traffic import Traffic
from .._calico.traffic_classes import traffic_classes
from .health_check_port import FIRST, LAST
from .surroundings import HealthChecks


def health_checks(table: DecisionTable) -> HealthChecks:
    """What policy at host endpoints says to connections from outside to any port of the range, by the nodes' names."""
    outside = [p for p in table.space.points if p.endpoint is None and not p.node and p.address is not None]
    outcomes: defaultdict[str, set[str]] = defaultdict(set)
    traffics = list(_traffics(table))
    for node, source, traffic in product(_nodes(table), outside, traffics):
        if node.version == source.version:
            outcomes[node.node].add(table.decided(Flow(source, node, traffic)).outcome)
    closed = {name for name, found in outcomes.items() if found == {"deny"}}
    open_to_all = {name for name, found in outcomes.items() if found == {"allow"}}
    return HealthChecks(frozenset(closed), frozenset(outcomes) - closed - open_to_all)


def _nodes(table: DecisionTable) -> Iterator[Peer]:
    for name, addresses in table.inventory.node_addresses.items():
        yield from (Peer(address, None, name) for address in addresses)


def _traffics(table: DecisionTable) -> Iterator[Traffic]:
    """One for each part of the range that policies tell apart."""
    rules = [rule for policy in all_policies(table.policies.tiers) for rule in policy.rules["Ingress"]]
    for kind in traffic_classes(rules, (FIRST, LAST), ()):
        if kind.example.protocol == NUMBERS["TCP"] and FIRST <= kind.first <= LAST:
            # A port that a Service has already is not the one, and leads elsewhere.
            taken = table.inventory.node_ports
            free = (port for port in range(kind.first, kind.last + 1) if (kind.example.protocol, port) not in taken)
            yield from (replace(kind.example, port=port) for port in islice(free, 1))
