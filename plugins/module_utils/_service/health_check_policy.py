# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether policy at host endpoints lets anybody in to the nodes' ports for health checks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice, product

from .._calico.inventory import Peer
from .._calico.matching import Flow
from .._calico.nets import Address
from .._calico.policies import all_policies
from .._calico.protocols import NUMBERS
from .._calico.table import DecisionTable
from .._calico.traffic import Traffic
from .._calico.traffic_classes import traffic_classes
from .policy_view import PolicyView
from .surroundings import FIRST_NODE_PORT, LAST_NODE_PORT, HealthChecks

# So many connections are asked about; nodes that are left then are not known.
ASKED = 100_000


def health_checks(table: DecisionTable, limit: int = ASKED) -> HealthChecks:
    """What policy at host endpoints says to connections from outside to any port of the range, by the nodes' names.

    A node is closed where one of its addresses is to everybody: which of them a load balancer asks is not known.
    """
    guarded = {endpoint.node for endpoint in table.inventory.hosts if endpoint.node}
    unread = bool(table.inventory.unread("HostEndpoint"))
    names = [*table.inventory.node_addresses] if unread else sorted(guarded)
    asking, answers = _Asking(table, limit), {}
    for name in names:
        answers[name] = [asking.answer(name, address) for address in table.inventory.node_addresses.get(name, ())]
    closed = {name for name, found in answers.items() if "deny" in found}
    open_to_all = {name for name, found in answers.items() if found and {*found} == {"allow"}}
    return HealthChecks(frozenset(closed), frozenset(answers) - closed - open_to_all)


class _Asking:
    """Asks about connections from outside to one address after the other."""

    def __init__(self, table: DecisionTable, limit: int) -> None:
        self._table, self._left = table, limit
        self._outside = PolicyView(table).outside
        self._traffics = list(_traffics(table))

    def answer(self, node: str, address: Address) -> str:
        """allow or deny where that is the answer to everybody and every port, else unknown."""
        found: set[str] = set()
        sources = [point for point in self._outside if point.version == address.version]
        for source, traffic in product(sources, self._traffics):
            self._left -= 1
            found.add(self._table.decided(Flow(source, Peer(address, None, node), traffic)).outcome)
            if self._left < 0 or len(found) > 1 or "unknown" in found:
                return "unknown"
        return found.pop() if found else "unknown"


def _traffics(table: DecisionTable) -> Iterator[Traffic]:
    """One for each part of the range that policies on host endpoints tell apart."""
    hosts = table.inventory.hosts
    policies = [p for p in all_policies(table.policies.tiers) if any(p.may_select(host.labels) for host in hosts)]
    rules = [rule for policy in policies for rule in policy.rules["Ingress"]]
    for kind in traffic_classes(rules, (FIRST_NODE_PORT, LAST_NODE_PORT), ()):
        if kind.example.protocol == NUMBERS["TCP"] and FIRST_NODE_PORT <= kind.first <= LAST_NODE_PORT:
            # A port that a Service has already is not the one, and leads elsewhere.
            taken = table.inventory.node_ports
            free = (port for port in range(kind.first, kind.last + 1) if (kind.example.protocol, port) not in taken)
            yield from (replace(kind.example, port=port) for port in islice(free, 1))
