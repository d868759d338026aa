# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""For policies, whether they really decide on each path to a Service what they decide about the same ends directly.

Directly means by the endpoint's own address. On other paths policy sees the addresses that kube-proxy, natOutgoing, a tunnel or a
load balancer put there, so that the same policy may not match, or match by chance.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

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
from .planes import possible_planes
from .policy_view import PolicyView
from .settings import Settings
from .source_address import UNKNOWN, Outcome, outcomes

# So many pairs of a client and an endpoint are asked about, each on every path.
PAIRS = 20_000

# What becomes of a connection from outside to a load balancer that is a proxy.
_PASSED_ON = frozenset({Outcome(None, None, None, None, answer=UNKNOWN)})

# Kind, namespace and name of a policy.
Identity: TypeAlias = "tuple[str, str, str]"
# Reasons why a policy does not decide on a path what it decides directly.
BY_NODE_PORT = "bypassed_by_node_port"
BY_PROXY = "bypassed_by_proxy_load_balancer"
CLIENT_HIDDEN = "client_not_seen"
OWN_NODE = "own_node_not_subject"
BY_TUNNEL = "tunnel_address_seen"
# What may be done about each.
REMEDIES: Mapping[str, str] = {
    BY_NODE_PORT: "Deny the same clients the nodes' ports of Services (gaps have the manifest), or use the eBPF data plane.",
    BY_PROXY: "Let the load balancer hand on the client's address, or say at the load balancer who may come.",
    CLIENT_HIDDEN: "Set externalTrafficPolicy to Local for clients outside; let Pods ask the cluster IP.",
    OWN_NODE: "Know that a node always reaches its own Pods; no policy on workloads changes that.",
    BY_TUNNEL: "Name the nodes' tunnel addresses in rules about nodes; they are inside the Pods' pool.",
}


@dataclass(frozen=True, order=True)
class Path:
    """A policy at one end of connections of one kind of clients on one path.

    ``client`` is pod, node or outside. ``path`` is pod_ip, cluster_ip, load_balancer_ip, external_ip, or node_port_own,
    node_port_with_endpoint and node_port_without_endpoint by the node that is asked.
    """

    policy: Identity
    end: str
    client: str
    path: str


@dataclass
class Found:
    """What was found of a path: connections on which the policy decides what it decides directly, does not, or may.

    ``examples`` are by the reasons why it does not.
    """

    matched: int = 0
    missed: int = 0
    unsure: int = 0
    examples: dict[str, str] = field(default_factory=dict)

    @property
    def matches(self) -> str:
        """always, never, sometimes where it depends on ends or on chance, or unknown where it may be one of these."""
        if self.unsure and not (self.matched and self.missed):
            return "unknown"
        return "sometimes" if self.matched and self.missed else "never" if self.missed else "always"


@dataclass
class PolicyPaths:
    """All paths, and whether all pairs were asked about."""

    found: dict[Path, Found] = field(default_factory=dict)
    is_cut_short: bool = False

    def as_result(self) -> list[dict[str, Any]]:
        """As modules return it, by policy, end, client and path."""
        return [_row(path, found) for path, found in sorted(self.found.items())]


def _row(path: Path, found: Found) -> dict[str, Any]:
    kind, namespace, name = path.policy
    reasons = [
        {"id": reason, "example": found.examples[reason], "remedy": remedy}
        for reason, remedy in REMEDIES.items()
        if reason in found.examples
    ]
    return {
        "policy": f"{namespace}/{name}" if namespace else name,
        "kind": kind,
        "end": path.end,
        "client": path.client,
        "path": path.path,
        "matches": found.matches,
        "reasons": reasons,
    }


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
) -> PolicyPaths:
    """Looks at the paths of these policies, for every data plane that the settings leave possible."""
    result = PolicyPaths()
    view, left = PolicyView(table), limit
    for version in (4, 6):
        planes = possible_planes(snapshot, table.inventory, settings, version)
        if not planes or not planes[0].nodes:
            continue
        clients = _clients(view, planes[0], version)
        for pair in _pairs(snapshot, view, version, clients, policies):
            if left == 0:
                result.is_cut_short = True
                return result
            left -= 1
            for name, target in _targets(pair, planes[0]):
                _look(pair, name, target, planes, view, result.found)
    return result


def _clients(view: PolicyView, plane: DataPlane, version: int) -> list[tuple[Client, Peer]]:
    """Pods and addresses outside that policy tells apart, and a process on every node."""
    pods = [(_pod_client(peer), peer) for peer in view.pods(version)]
    nodes = [
        (Client(Address(NODE, node.name, node.address), node.name), view.at(node.address))
        for node in plane.nodes.values()
    ]
    outside = [(Client(Address(OUTSIDE, "", str(p.address))), p) for p in view.outside if p.version == version]
    return [*(pair for pair in pods if pair[0].node in plane.nodes), *nodes, *outside]


def _pod_client(peer: Peer) -> Client:
    endpoint = peer.endpoint
    assert endpoint is not None
    return Client(Address(POD, f"{endpoint.namespace}/{endpoint.name}", str(peer.address)), endpoint.node)


def _pairs(
    snapshot: Snapshot,
    view: PolicyView,
    version: int,
    clients: Sequence[tuple[Client, Peer]],
    policies: Collection[Identity],
) -> Iterator[_Pair]:
    for service in exposed(snapshot, version):
        for endpoint, peer in view.told_apart(service.service.endpoints):
            for client, source in clients:
                if source.endpoint is not peer.endpoint:
                    pair = _Pair(service, client, source, endpoint, peer, {})
                    direct = {end: check for end, check in _direct(pair, view) if _identity(check) in policies}
                    if direct:
                        yield replace(pair, direct=direct)


def _direct(pair: _Pair, view: PolicyView) -> Iterator[tuple[str, Check]]:
    """What each end decides by the addresses that the client and the endpoint have."""
    flow = Flow(pair.source, pair.peer, pair.behind)
    ends: tuple[tuple[Direction, Peer], ...] = (("Egress", pair.source), ("Ingress", pair.peer))
    for direction, owner in ends:
        if owner.endpoint is not None:
            check = view.table.decided_check(direction, owner.endpoint, flow)
            if check.outcome != "unknown":
                yield direction, check


def _identity(check: Check) -> Identity | None:
    decider = check.decided_by
    return None if decider is None else (decider.kind, decider.namespace, decider.name)


def _targets(pair: _Pair, plane: DataPlane) -> Iterator[tuple[str, Target]]:
    """The paths to the pair's Service; nodes that are alike are asked once."""
    service, own = pair.service, pair.client.node
    with_endpoint = {endpoint.node for endpoint in service.service.endpoints}
    without = next((name for name in plane.nodes if name not in with_endpoint and name != own), "")
    at = pair.endpoint.node if pair.endpoint.node in plane.nodes else ""
    if own:
        yield POD_IP, Target(POD_IP, pair.endpoint.name, pair.endpoint.address)
        yield CLUSTER_IP, Target(CLUSTER_IP)
    if service.node_port:
        for name, node in ((f"{NODE_PORT}_own", own), (f"{NODE_PORT}_with_endpoint", at)):
            if node and (node != own or name.endswith("own")):
                yield name, Target(NODE_PORT, node, plane.nodes[node].address)
        if without:
            yield f"{NODE_PORT}_without_endpoint", Target(NODE_PORT, without, plane.nodes[without].address)
    for kind, address in ((LOAD_BALANCER, service.balancer), (EXTERNAL_IP, service.external)):
        if address:
            for entry in dict.fromkeys(filter(None, (at, without))):
                yield kind, Target(kind, "", address, entry)


def _look(
    pair: _Pair, name: str, target: Target, planes: Sequence[DataPlane], view: PolicyView, found: dict[Path, Found]
) -> None:
    """Adds what policies see of the pair on one path."""
    # Only a load balancer's address may be one that kube-proxy leaves alone.
    service = pair.service.service if target.kind == LOAD_BALANCER else replace(pair.service.service, translated=True)
    if service.translated or pair.client.node:
        ways = [outcomes(pair.client, target, service, plane) for plane in planes]
    else:
        ways = [_PASSED_ON]
    for end, check in pair.direct.items():
        seen = [set(_seen(pair, end, way, target, check, view)) for way in ways]
        every = set().union(*seen)
        if not every:
            continue
        key = Path(_identity(check) or ("", "", ""), end.lower(), pair.client.address.kind, name)
        row = found.setdefault(key, Found())
        reasons = {reason for reason, _said in every}
        if reasons == {""}:
            row.matched += 1
        elif UNKNOWN in reasons or any(one != seen[0] for one in seen):
            row.unsure += 1
        elif "" in reasons:
            row.matched, row.missed = row.matched + 1, row.missed + 1
        else:
            row.missed += 1
        for reason, said in sorted(every):
            if reason in REMEDIES:
                row.examples.setdefault(reason, f"{pair.source} to {pair.service} ({pair.peer}): {said}")


def _seen(
    pair: _Pair, end: str, way: Collection[Outcome], target: Target, direct: Check, view: PolicyView
) -> Iterator[tuple[str, str]]:
    """A reason and an example for each outcome: an empty reason where the policy decides the same, else why it does not."""
    for outcome in way:
        if outcome.answer == UNKNOWN:
            yield from _passed_on(pair, end, outcome, target, direct, view)
        elif outcome.endpoint == pair.endpoint.name:
            check = _check(pair, end, outcome, target, view)
            if check is None:
                if end == "Ingress":
                    yield OWN_NODE, "a process of the endpoint's own node is subject to no ingress policy"
            elif check.outcome == "unknown":
                yield UNKNOWN, ""
            elif (check.outcome, _identity(check)) == (direct.outcome, _identity(direct)):
                yield "", ""
            else:
                yield _why(end, outcome)


def _passed_on(
    pair: _Pair, end: str, outcome: Outcome, target: Target, direct: Check, view: PolicyView
) -> Iterator[tuple[str, str]]:
    """The same where a load balancer outside takes the connection: its address is not known, nor if policy lets that in."""
    if end == "Ingress":
        yield UNKNOWN, ""
        yield BY_PROXY, "a load balancer outside passes it on, from an address of its own"
        return
    # Without an address of the load balancer there is nothing that egress policy could be asked about.
    check = _check(pair, end, outcome, target, view) if parse_address(target.address) is not None else None
    same = check is not None and (check.outcome, _identity(check)) == (direct.outcome, _identity(direct))
    if check is None or check.outcome == "unknown":
        yield UNKNOWN, ""
    yield ("", "") if same else (BY_PROXY, "egress policy sees it going to a load balancer outside")


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


def _why(end: str, outcome: Outcome) -> tuple[str, str]:
    """The reason why a policy sees another address, and which."""
    if end == "Egress":
        return BY_NODE_PORT, f"egress policy sees it going to {outcome.egress_policy_sees}"
    source = outcome.ingress_policy_sees
    said = f"ingress policy sees it coming from {source}"
    return (BY_TUNNEL if source is not None and source.kind == TUNNEL else CLIENT_HIDDEN), said
