# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""For policies, whether they really decide on each path to a Service what they decide about the same ends directly.

Directly means by the endpoint's own address. On other paths policy sees the addresses that kube-proxy, natOutgoing, a tunnel or a
load balancer put there, so that the same policy may not match, or match by chance.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from .._calico.inventory import Peer
from .._calico.matching import Flow
from .._calico.nets import parse_address
from .._calico.policies import Direction
from .._calico.snapshot import Snapshot
from .._calico.table import DecisionTable
from .._calico.traffic import Traffic
from .._calico.verdict import Check
from .data_plane import (
    CLUSTER_IP,
    EXTERNAL_IP,
    LOAD_BALANCER,
    NODE,
    NODE_PORT,
    OUTSIDE,
    POD,
    POD_IP,
    TUNNEL,
    Address,
    Client,
    DataPlane,
    Endpoint,
    Target,
)
from .exposed import Exposed, exposed
from .path_table import (
    BY_NODE_PORT,
    BY_PROXY,
    BY_TUNNEL,
    CLIENT_HIDDEN,
    DESTINATION_HIDDEN,
    OWN_NODE,
    REMEDIES,
    Found,
    Identity,
    Path,
    PathTable,
)
from .planes import possible_planes
from .policy_view import PolicyView
from .settings import Settings
from .source_address import UNKNOWN, Outcome, outcomes

# So many pairs of a client and an endpoint are asked about, each on every path.
PAIRS = 20_000
# So many nodes with an endpoint are asked; kube-proxy does the same on all of them.
_ASKED_NODES = 3
# What becomes of a connection from outside to a load balancer that is a proxy.
_PASSED_ON = frozenset({Outcome(None, None, None, None, answer=UNKNOWN)})

# A reason, empty where the policy decides the same, and an example of it.
_Seen = tuple[str, str]


@dataclass(frozen=True)
class _Pair:
    """A client and an endpoint behind a port of a Service, and what policies of interest decide about them directly."""

    service: Exposed
    client: Client
    source: Peer
    endpoint: Endpoint
    peer: Peer
    direct: Mapping[str, Check]

    @property
    def behind(self) -> Traffic:
        """What the connection carries where the endpoint is its destination."""
        return Traffic(self.service.protocol, self.service.numbers[self.endpoint.name])


def policy_paths(
    snapshot: Snapshot, settings: Settings, table: DecisionTable, policies: Collection[Identity], limit: int = PAIRS
) -> PathTable:
    """Looks at the paths of these policies, for every data plane that the settings leave possible."""
    result, view, left = PathTable(), PolicyView(table), limit
    for version in (4, 6):
        planes = possible_planes(snapshot, table.inventory, settings, version)
        walk = _Walk(view, planes, policies, result)
        clients = list(walk.clients(version))
        for service in exposed(snapshot, version):
            ends = [*walk.ends(service)]
            nodes = walk.nodes({endpoint.node for endpoint, _peer in ends})
            for client, source in (*clients, *nodes) if ends else ():
                left -= len(ends)
                if left < 0:
                    result.is_cut_short = True
                    return result
                walk.look(service, client, source, ends)
    return result


@dataclass
class _Walk:
    """The paths of one IP version, and where what is found of them is kept."""

    view: PolicyView
    planes: Sequence[DataPlane]
    policies: Collection[Identity]
    table: PathTable

    @property
    def _plane(self) -> DataPlane:
        """Any of them: all have the same nodes."""
        return self.planes[0]

    def clients(self, version: int) -> Iterator[tuple[Client, Peer]]:
        """Pods and addresses outside that policy tells apart; Pods on nodes that are not known are noted."""
        for peer in self.view.pods(version):
            endpoint = peer.endpoint
            if endpoint is not None and endpoint.node in self._plane.nodes:
                address = Address(POD, f"{endpoint.namespace}/{endpoint.name}", str(peer.address))
                yield Client(address, endpoint.node), peer
            elif endpoint is not None:
                self.table.unseen.add(endpoint.node)
        for peer in self.view.outside:
            if peer.version == version:
                yield Client(Address(OUTSIDE, "", str(peer.address))), peer

    def nodes(self, with_endpoint: Collection[str]) -> Iterator[tuple[Client, Peer]]:
        """A process on each of these nodes, and on one of each group that policy cannot tell apart."""
        told: set[object] = set()
        for node in self._plane.nodes.values():
            peer = self.view.at(node.address)
            alike = self.view.table.class_of(peer) or peer
            if node.name in with_endpoint or alike not in told:
                told |= set() if node.name in with_endpoint else {alike}
                yield Client(Address(NODE, node.name, node.address), node.name), peer

    def ends(self, service: Exposed) -> Iterator[tuple[Endpoint, Peer]]:
        """The endpoints of a Service that policy tells apart; one on a node that is not known is noted."""
        for endpoint, peer in self.view.told_apart(service.service.endpoints):
            if endpoint.node in self._plane.nodes:
                yield endpoint, peer
            else:
                self.table.unseen.add(endpoint.node)

    def look(self, service: Exposed, client: Client, source: Peer, ends: Sequence[tuple[Endpoint, Peer]]) -> None:
        """Adds what policies see of a client's connections to a Service on all paths."""
        made = [_Pair(service, client, source, *end, {}) for end in ends if end[1].endpoint is not source.endpoint]
        pairs = [replace(pair, direct=direct) for pair in made if (direct := self._direct(pair))]
        nodes = {endpoint.node for endpoint, _peer in ends}
        for name, target, of_port in _targets(pairs[0], self._plane, nodes) if pairs else ():
            self._ask(name, target, of_port, pairs)
        for pair in pairs if client.node else ():
            self._ask(POD_IP, Target(POD_IP, pair.endpoint.name, pair.endpoint.address), service, [pair])

    def _ask(self, name: str, target: Target, service: Exposed, pairs: Sequence[_Pair]) -> None:
        client = pairs[0].client
        if service.service.translated or client.node:
            ways = [outcomes(client, target, service.service, plane) for plane in self.planes]
        else:
            ways = [_PASSED_ON]
        for pair in pairs:
            for end, check in pair.direct.items():
                seen = [set(_seen(pair, end, way, target, check, self.view)) for way in ways]
                if any(seen):
                    key = Path(_identity(check) or ("", "", ""), end.lower(), client.address.kind, name)
                    _add(self.table.found.setdefault(key, Found()), seen, pair)

    def _direct(self, pair: _Pair) -> dict[str, Check]:
        """What each end decides by the addresses that the client and the endpoint have, where a policy of interest decides."""
        flow = Flow(pair.source, pair.peer, pair.behind)
        ends: tuple[tuple[Direction, Peer], ...] = (("Egress", pair.source), ("Ingress", pair.peer))
        found: dict[str, Check] = {}
        for direction, owner in ends:
            if owner.endpoint is not None:
                check = self.view.table.decided_check(direction, owner.endpoint, flow)
                if check.outcome == "unknown":
                    self.table.unclear.add((direction.lower(), pair.client.address.kind))
                elif _identity(check) in self.policies:
                    found[direction] = check
        return found


def _identity(check: Check) -> Identity | None:
    decider = check.decided_by
    return None if decider is None else (decider.kind, decider.namespace, decider.name)


def _targets(pair: _Pair, plane: DataPlane, with_endpoint: Collection[str]) -> Iterator[tuple[str, Target, Exposed]]:
    """The paths to the pair's Service but for its endpoints' own addresses; nodes that are alike are asked once."""
    service, own = pair.service, pair.client.node
    every = {endpoint.node for endpoint in service.service.endpoints}
    without = [name for name in plane.nodes if name not in every and name != own][:1]
    others = [name for name in sorted(with_endpoint) if name in plane.nodes and name != own][:_ASKED_NODES]
    if own:
        yield CLUSTER_IP, Target(CLUSTER_IP), service
    if service.node_port:
        asked = (("own", [own] if own else []), ("with_endpoint", others), ("without_endpoint", without))
        for which, nodes in asked:
            for node in nodes:
                yield f"{NODE_PORT}_{which}", Target(NODE_PORT, node, plane.nodes[node].address), service
    for address, translated in service.balancers:
        # Only a load balancer's address may be one that kube-proxy leaves alone.
        of_balancer = replace(service, service=replace(service.service, translated=translated))
        yield from _entries(LOAD_BALANCER, address, (*others, *without), of_balancer)
    if service.external:
        yield from _entries(EXTERNAL_IP, service.external, (*others, *without), service)


def _entries(kind: str, address: str, nodes: Iterable[str], service: Exposed) -> Iterator[tuple[str, Target, Exposed]]:
    return ((kind, Target(kind, "", address, node), service) for node in nodes)


def _add(row: Found, seen: Sequence[Collection[_Seen]], pair: _Pair) -> None:
    """Adds a connection: what was seen of it on each data plane that is possible."""
    every = {one for on_plane in seen for one in on_plane}
    reasons = {reason for reason, _said in every}
    if reasons == {""}:
        row.matched += 1
    elif UNKNOWN in reasons or any(one != seen[0] for one in seen):
        row.unsure += 1
    else:
        row.matched += "" in reasons
        row.missed += 1
    for reason, said in sorted(every):
        if reason in REMEDIES:
            row.examples.setdefault(reason, f"{pair.source} to {pair.service} ({pair.peer}): {said}")


def _seen(
    pair: _Pair, end: str, way: Iterable[Outcome], target: Target, direct: Check, view: PolicyView
) -> Iterator[_Seen]:
    """A reason and an example for each outcome: an empty reason where the policy decides the same, else why it does not."""
    for outcome in way:
        if outcome.answer == UNKNOWN:
            yield from _passed_on(pair, end, outcome, target, direct, view)
        elif outcome.endpoint == pair.endpoint.name:
            check = _check(pair, end, outcome, target, view)
            if check is None:
                if end == "Ingress":
                    yield OWN_NODE, "a process of the endpoint's own node is subject to no ingress policy"
            else:
                yield _compared(end, direct, check, outcome)


def _passed_on(
    pair: _Pair, end: str, outcome: Outcome, target: Target, direct: Check, view: PolicyView
) -> Iterator[_Seen]:
    """The same where a load balancer outside takes the connection: its address is not known, nor if policy lets that in."""
    if end == "Ingress":
        yield UNKNOWN, ""
        yield BY_PROXY, "a load balancer outside passes it on, from an address of its own"
        return
    # Without an address of the load balancer there is nothing that egress policy could be asked about.
    check = _check(pair, end, outcome, target, view) if parse_address(target.address) is not None else None
    if check is None or check.outcome == "unknown":
        yield UNKNOWN, ""
        yield BY_PROXY, "egress policy sees it going to a load balancer outside"
        return
    reason, said = _compared(end, direct, check, outcome)
    yield (BY_PROXY if reason == BY_NODE_PORT else reason), said


def _check(pair: _Pair, end: str, outcome: Outcome, target: Target, view: PolicyView) -> Check | None:
    """What the end decides by what it sees; None where policy is not asked."""
    if end == "Ingress":
        seen, owner = outcome.ingress_policy_sees, pair.peer.endpoint
        if seen is None or owner is None:
            return None
        return view.table.decided_check("Ingress", owner, Flow(_peer(pair, seen, view), pair.peer, pair.behind))
    to, owner = outcome.egress_policy_sees, pair.source.endpoint
    if to is None or owner is None:
        return None
    number = pair.service.node_port if to.kind == NODE else pair.service.port if to.kind == target.kind else None
    traffic = pair.behind if number is None else Traffic(pair.service.protocol, number)
    return view.table.decided_check("Egress", owner, Flow(pair.source, view.at(to.address), traffic))


def _peer(pair: _Pair, seen: Address, view: PolicyView) -> Peer:
    return pair.source if seen == pair.client.address else view.at(seen.address)


def _compared(end: str, direct: Check, check: Check, outcome: Outcome) -> _Seen:
    """Whether the policy decides what it decides directly, else the reason, and which address it sees instead."""
    if check.outcome == "unknown":
        return UNKNOWN, ""
    if (check.outcome, _identity(check)) == (direct.outcome, _identity(direct)):
        return "", ""
    if end == "Egress":
        is_past = direct.outcome == "deny" and check.outcome == "allow"
        reason = BY_NODE_PORT if is_past else DESTINATION_HIDDEN
        return reason, f"egress policy sees it going to {outcome.egress_policy_sees}"
    source = outcome.ingress_policy_sees
    reason = BY_TUNNEL if source is not None and source.kind == TUNNEL else CLIENT_HIDDEN
    return reason, f"ingress policy sees it coming from {source}"
