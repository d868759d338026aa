# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Verdicts on connections in one snapshot: a snapshot in, an object that answers out.

A connection passes up to four places where policy looks: the egress of its source, the node that it leaves, the node that it
enters, and the ingress of its destination. https://docs.tigera.io/calico/latest/network-policy/hosts/protect-hosts
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cached_property

from .endpoints import Endpoint
from .felix import Unsettled, drops_encapsulated
from .hosts import Hosts, agreed, unknown
from .inventory import Inventory, Peer
from .matching import Flow
from .policies import CompiledPolicy, Direction, PolicySet, Staged, policy_set
from .protocols import WITH_PORTS
from .snapshot import Snapshot
from .traffic import Traffic
from .verdict import Check, Decider, End, Verdict
from .walk import Walk

EndpointCheck = Callable[[Direction, Endpoint, Flow], Check]


class Evaluation:
    """Answers what the policies of a snapshot do with connections, with a trace of everything that was looked at.

    ``inventory`` is that of another snapshot which differs in policies only, so that both know the same peers.
    """

    def __init__(self, snapshot: Snapshot, staged: Staged = "ignore", inventory: Inventory | None = None) -> None:
        self.snapshot = snapshot
        self.inventory = inventory or Inventory(snapshot)
        self.policies: PolicySet = policy_set(snapshot, staged)

    @cached_property
    def hosts(self) -> Hosts:
        """The nodes' own policy."""
        return Hosts(self.policies.tiers, self.inventory)

    @property
    def judges_hosts(self) -> bool:
        """Whether host endpoints may have a say on traffic between others than nodes."""
        return bool(self.inventory.hosts or self.inventory.unread("HostEndpoint"))

    def verdict(self, source: Peer, destination: Peer, traffic: Traffic) -> Verdict:
        """The verdict on one connection, with a trace. Ends with addresses of unlike IP versions are a caller's mistake."""
        return Verdict(tuple(self.checks(Flow(source, destination, traffic), self.endpoint_check)))

    def checks(self, flow: Flow, at_endpoint: EndpointCheck) -> Iterator[Check]:
        """What policy says at each place that the connection passes; ``at_endpoint`` asks at workload endpoints."""
        source, destination = flow.source, flow.destination
        if source.endpoint is not None and source.endpoint is destination.endpoint:
            return
        if self._is_some_port_of_a_service(flow):
            # kube-proxy translates a Service's ports before policy looks, even at the source.
            yield unknown("ingress", str(destination), "which port of the Service is meant is not known")
            return
        yield from self._unread(flow)
        published = self.inventory.host_port_pod(destination.node, flow.traffic) if destination.node else ""
        if source.endpoint is not None:
            yield from _present(self._encapsulated(source.endpoint, flow))
            # The node that has a hostPort translates it before policy looks at its own Pods.
            if not published or node_of(source) not in ("", destination.node):
                yield at_endpoint("Egress", source.endpoint, flow)
        if published:
            reason = (
                f"the port is a hostPort of pod {published}; what becomes of the connection behind it is not judged"
            )
            yield unknown("ingress", f"node {destination.node}", reason)
            return
        yield from self._at_nodes(flow)
        if destination.endpoint is not None:
            yield self._arriving(destination.endpoint, flow, at_endpoint)

    def _is_some_port_of_a_service(self, flow: Flow) -> bool:
        has_port = flow.traffic.port is not None or flow.traffic.protocol not in WITH_PORTS
        of_service = flow.destination.endpoint is None and flow.destination.address in self.inventory.service_ips
        return of_service and not has_port

    def _encapsulated(self, endpoint: Endpoint, flow: Flow) -> Check | None:
        try:
            setting = drops_encapsulated(self.inventory, endpoint.node, flow)
        except Unsettled as error:
            return unknown("egress", at(endpoint), f"whether Felix drops what pods encapsulate is not known: {error}")
        return Check("egress", at(endpoint), "deny", Decider("FelixConfiguration", setting)) if setting else None

    def _at_nodes(self, flow: Flow) -> Iterator[Check]:
        """What the nodes say that the connection leaves, crosses and enters."""
        source, destination = flow.source, flow.destination
        leaves, enters = node_of(source), node_of(destination)
        if source.node and leaves != enters:
            yield from _present(self.hosts.process_check(leaves, "Egress", flow))
        if self.judges_hosts:
            yield from self._forwarded(leaves, enters, flow)
        if destination.node and source.endpoint is not None and not leaves:
            yield from _present(self._to_some_node(enters, flow))
        elif destination.node and leaves != enters:
            yield from _present(self._to_process(enters, flow))
        elif destination.node and source.endpoint is not None:
            yield self.hosts.own_pods_check(enters)

    def _forwarded(self, leaves: str, enters: str, flow: Flow) -> Iterator[Check]:
        source, destination = flow.source.endpoint, flow.destination.endpoint
        if (source is not None and not leaves) or (destination is not None and not enters):
            yield from _present(self.hosts.forwards_somewhere(flow))
            return
        if source is not None and destination is not None and leaves == enters:
            yield from self.hosts.forward_checks(leaves, None, flow)
            return
        if source is not None and leaves != enters:
            yield from self.hosts.forward_checks(leaves, "Egress", flow)
        if destination is not None and leaves != enters:
            yield from self.hosts.forward_checks(enters, "Ingress", flow)

    def _to_process(self, node: str, flow: Flow) -> Check | None:
        """The node that is entered sees a Pod of another one as itself, or as its node where natOutgoing hides it."""
        check = self.hosts.process_check(node, "Ingress", flow)
        if check is None or flow.source.endpoint is None:
            return check
        addresses = self.inventory.node_addresses.get(flow.source.endpoint.node, ())
        known = [Peer(a, None, flow.source.endpoint.node) for a in addresses if a.version == flow.version]
        hidden = known or [Peer(None, None, flow.source.endpoint.node)]
        others = [self.hosts.process_check(node, "Ingress", replace(flow, source=peer)) for peer in hidden]
        seen = [check, *(other for other in others if other is not None)]
        if len({c.outcome for c in seen}) == 1:
            return check
        reason = "whether natOutgoing hides the pod behind the address of its node is not known"
        return agreed("ingress", check.at, seen, True, [reason])

    def _to_some_node(self, node: str, flow: Flow) -> Check | None:
        """A Pod of which the node is not known may run on the one that it asks, or on another one."""
        own, other = self.hosts.own_pods_check(node), self.hosts.process_check(node, "Ingress", flow)
        if other is not None and own.outcome == other.outcome != "unknown":
            return other
        if other is None and own.outcome == "allow":
            return own
        reasons = [*own.reasons, *(other.reasons if other is not None else ())]
        return unknown("ingress", f"node {node}", "whether the pod runs on that very node is not known", *reasons)

    def _arriving(self, endpoint: Endpoint, flow: Flow, at_endpoint: EndpointCheck) -> Check:
        if flow.source.node and flow.source.node == endpoint.node:
            # Else kubelet's probes would depend on policy.
            return Check("ingress", at(endpoint), "allow", Decider("Node", flow.source.node))
        check = at_endpoint("Ingress", endpoint, flow)
        if self._differs_by_tunnel(check, endpoint, flow, at_endpoint):
            reason = "whether the node's traffic comes through a tunnel, with the address of that, is not known"
            return unknown("ingress", at(endpoint), reason)
        if check.outcome == "allow":
            return check
        if flow.source.node and not endpoint.node:
            reason = "whether the pod would run on that very node, which always reaches its pods, is not known"
            return unknown("ingress", at(endpoint), reason)
        if flow.source.endpoint is None and not flow.source.node and self.inventory.unread("Node"):
            reason = f"the address may be the pod's own node's; Node was not read: {self.inventory.unread('Node')}"
            return unknown("ingress", at(endpoint), reason)
        return check

    def _differs_by_tunnel(self, check: Check, endpoint: Endpoint, flow: Flow, at_endpoint: EndpointCheck) -> bool:
        ends = [p for p in self.inventory.tunnel_ends.get(flow.source.node, ()) if p.version == flow.version]
        seen = [at_endpoint("Ingress", endpoint, replace(flow, source=peer)) for peer in ends]
        return any(other.outcome != check.outcome for other in seen)

    def _unread(self, flow: Flow) -> Iterator[Check]:
        """An address of which nobody knows whose it is may be a Pod's or a node's, and policy there may say anything."""
        ends: tuple[tuple[End, Peer], ...] = (("egress", flow.source), ("ingress", flow.destination))
        for end, peer in ends:
            if peer.endpoint is None and not peer.node and self.inventory.unread("Pod"):
                yield unknown(end, str(peer), f"Pod was not read: {self.inventory.unread('Pod')}")
        unread = self.inventory.unread("Node")
        for end, peer in ends:
            if unread and peer.endpoint is None and not peer.node and self._node_matters(end, flow):
                yield unknown(end, str(peer), f"it may be a node's; Node was not read: {unread}")

    def _node_matters(self, end: End, flow: Flow) -> bool:
        """Whether it makes a difference that an address is a node's: host endpoints, or what a node does to its own Pods."""
        return self.judges_hosts or (end == "ingress" and flow.source.endpoint is not None)

    def endpoint_check(self, direction: Direction, endpoint: Endpoint, flow: Flow) -> Check:
        """What policy says at a workload endpoint, in one direction."""
        walk = Walk(self.policies.tiers, self.inventory, direction, endpoint, flow, applies_to_workloads)
        return walk.check(at(endpoint), ("allow", profile(endpoint)))


def applies_to_workloads(policy: CompiledPolicy) -> bool:
    """Policies before connection tracking are for host endpoints only."""
    return not policy.untracked and not policy.pre_dnat


def profile(endpoint: Endpoint) -> Decider:
    """The namespace's own profile, which allows what no tier decides."""
    return Decider("Profile", f"kns.{endpoint.namespace}", rule=0)


def at(endpoint: Endpoint) -> str:
    """A workload endpoint as people name it."""
    return f"pod {endpoint.namespace}/{endpoint.name or '(hypothetical)'}"


def node_of(peer: Peer) -> str:
    """The node where the peer is, empty where it is outside or not known."""
    return peer.node or (peer.endpoint.node if peer.endpoint is not None else "")


def _present(check: Check | None) -> Iterator[Check]:
    if check is not None:
        yield check
