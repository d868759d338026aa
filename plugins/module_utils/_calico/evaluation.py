# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Verdicts on connections in one snapshot: a snapshot in, an object that answers out.

A connection passes up to four places where policy looks: the egress of its source, the node that it leaves, the node that it
enters, and the ingress of its destination. https://docs.tigera.io/calico/latest/network-policy/hosts/protect-hosts
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property

from .endpoints import Endpoint
from .hosts import Hosts
from .inventory import Inventory, Peer
from .matching import Flow
from .policies import CompiledPolicy, Direction, PolicySet, Staged, policy_set
from .snapshot import Snapshot
from .traffic import Traffic
from .verdict import Check, Decider, Verdict
from .walk import Walk

EndpointCheck = Callable[[Direction, Endpoint, Flow], Check]


class Evaluation:
    """Answers what the policies of a snapshot do with connections, with a trace of everything that was looked at."""

    def __init__(self, snapshot: Snapshot, staged: Staged = "ignore") -> None:
        self.snapshot = snapshot
        self.inventory = Inventory(snapshot)
        self.policies: PolicySet = policy_set(snapshot, staged)

    @cached_property
    def hosts(self) -> Hosts:
        """The nodes' own policy."""
        return Hosts(self.policies.tiers, self.inventory)

    def verdict(self, source: Peer, destination: Peer, traffic: Traffic) -> Verdict:
        """The verdict on one connection, with a trace. Ends with addresses of unlike IP versions are a caller's mistake."""
        return Verdict(tuple(self.checks(Flow(source, destination, traffic), self.endpoint_check)))

    def checks(self, flow: Flow, at_endpoint: EndpointCheck) -> Iterator[Check]:
        """What policy says at each place that the connection passes; ``at_endpoint`` asks at workload endpoints."""
        source, destination = flow.source, flow.destination
        if source.endpoint is not None and source.endpoint is destination.endpoint:
            return
        leaves, enters = node_of(source), node_of(destination)
        yield from self._unread(flow)
        if source.endpoint is not None:
            yield at_endpoint("Egress", source.endpoint, flow)
        if leaves and leaves != enters:
            yield from _present(self._leaving(leaves, flow))
        if enters and leaves != enters:
            yield from _present(self._entering(enters, flow))
        if destination.endpoint is not None:
            yield self._arriving(destination.endpoint, flow, at_endpoint)
        elif source.endpoint is not None and leaves and leaves == enters:
            yield self.hosts.own_pods_check(enters)

    def _unread(self, flow: Flow) -> Iterator[Check]:
        """An address of which nobody knows whose it is may be a Pod's, and its policy may say anything."""
        reason = self.inventory.unread("Pod")
        if reason and flow.source.endpoint is None and not flow.source.node:
            yield Check("egress", str(flow.source), "unknown", None, (f"Pod was not read: {reason}",))
        if reason and flow.destination.endpoint is None and not flow.destination.node:
            yield Check("ingress", str(flow.destination), "unknown", None, (f"Pod was not read: {reason}",))

    def _leaving(self, node: str, flow: Flow) -> Check | None:
        if flow.source.endpoint is None:
            return self.hosts.process_check(node, "Egress", flow)
        return self.hosts.forward_check(node, "Egress", flow)

    def _entering(self, node: str, flow: Flow) -> Check | None:
        if flow.destination.endpoint is None:
            return self.hosts.process_check(node, "Ingress", flow)
        return self.hosts.forward_check(node, "Ingress", flow)

    @staticmethod
    def _arriving(endpoint: Endpoint, flow: Flow, at_endpoint: EndpointCheck) -> Check:
        if flow.source.node and flow.source.node == endpoint.node:
            # Else kubelet's probes would depend on policy.
            return Check("ingress", at(endpoint), "allow", Decider("Node", flow.source.node))
        return at_endpoint("Ingress", endpoint, flow)

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
