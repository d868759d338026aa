# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hazards that are known: how grave each is, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

REFUSE, WARN, NOTE = "refuse", "warn", "note"
# How many names a message gives before it only counts.
_NAMED = 5
# The id of a hazard, and what was seen.
Found = Iterator[tuple[str, str]]


@dataclass(frozen=True)
class Kind:
    """A hazard that is known: how grave it is, and what to do about it."""

    severity: str
    remedy: str


@dataclass(frozen=True)
class Hazard:
    """A hazard of one Service: ``severity`` is refuse, warn or note; ``message`` says what was seen."""

    id: str
    severity: str
    message: str
    remedy: str

    def as_result(self) -> dict[str, str]:
        return {"id": self.id, "severity": self.severity, "message": self.message, "remedy": self.remedy}


KINDS: Mapping[str, Kind] = {
    "managed_by_controller": Kind(REFUSE, "Set it in the object from which the controller makes the Service."),
    "no_endpoint_with_node": Kind(
        REFUSE,
        "Give each endpoint its nodeName; under Local, kube-proxy serves an endpoint only on the node that it names.",
    ),
    "endpoint_node_unknown": Kind(
        REFUSE, "Let the endpoints' nodeName be the names of Nodes, as kubelet and kube-proxy have them."
    ),
    "only_terminating_endpoints": Kind(REFUSE, "Wait until an endpoint is ready."),
    "endpoints_on_excluded_nodes": Kind(
        REFUSE, "Run an endpoint on a ready node without the label that excludes it from load balancers."
    ),
    "shared_load_balancer_address": Kind(
        REFUSE,
        "Give the Services addresses of their own, or the same selector; under Local one node answers for the address.",
    ),
    "node_port_range_exhausted": Kind(
        REFUSE, "Free node ports, change fewer Services, or ignore this where the API server has a larger range."
    ),
    "put_back_before": Kind(
        REFUSE,
        "Find out why; if it is to stay so, give the Service the annotation netguard.calico/external-traffic-policy: ignore.",
    ),
    "health_check_port_blocked": Kind(
        REFUSE, "Let the load balancers' health checks in to the nodes' ports, by a policy on the host endpoints."
    ),
    "nodes_without_local_endpoint": Kind(
        WARN, "Say with entry_nodes which nodes clients really use; on the others connections from outside time out."
    ),
    "single_endpoint": Kind(WARN, "Run more than one endpoint, or the Service is away while that one moves."),
    "endpoints_on_one_node": Kind(WARN, "Spread the endpoints over nodes."),
    "announcer_without_endpoint": Kind(
        WARN, "Run an endpoint on that node, or let addresses be announced from nodes with endpoints only."
    ),
    "single_announcer": Kind(
        WARN, "Expect that one node's endpoints answer everybody; announce by BGP where more nodes are to."
    ),
    "terminating_not_served": Kind(
        WARN,
        "Update kube-proxy to 1.26 or newer, or expect that a node's last endpoint ends without an answer to new clients.",
    ),
    "health_check_port_uncertain": Kind(
        WARN,
        "Look at whom policy at the host endpoints lets in to the nodes' ports: it is to be those who check health.",
    ),
    "load_balancer_reconfigured": Kind(
        WARN,
        "Expect that the load balancer changes its health checks and drops the nodes without endpoints for a moment.",
    ),
    "no_benefit_proxy_load_balancer": Kind(
        WARN, "Look at how the load balancer hands on the client's address; policy sees the load balancer's."
    ),
    "dual_stack_health_check": Kind(
        WARN, "Give both families endpoints on the same nodes; one health check of a node answers for both."
    ),
    "managed_by_applier": Kind(WARN, "Set it where the Service is applied from, or it is set back from there."),
    "host_network_endpoints": Kind(
        WARN, "Use host endpoints for them: the policy of workloads does not apply in a node's network."
    ),
    "no_benefit_direct_to_pod": Kind(NOTE, "Nothing: the load balancer reaches the Pods past the nodes already."),
    "health_check_port_opened": Kind(
        NOTE, "Let the load balancer's health checks in, and nobody else, where a firewall is in front of the nodes."
    ),
    "only_proxy_sees_client": Kind(
        NOTE, "Say by policy on the proxy's Pods who may come; what is behind it is asked by the proxy."
    ),
    "no_ready_endpoint": Kind(NOTE, "Nothing: the Service answers nobody now, under Cluster either."),
}
# Where it is known which nodes clients use, a node without an endpoint is no possibility any more.
ENTERED: Mapping[str, Kind] = {
    **KINDS,
    "nodes_without_local_endpoint": Kind(
        REFUSE, "Run an endpoint on every node of entry_nodes, as with a DaemonSet or topology spread constraints."
    ),
}
# Those of a cluster, which are the same for each Service and told once.
CLUSTER_KINDS: Mapping[str, Kind] = {
    "policy_after_kube_proxy": Kind(
        WARN, "Set chainInsertMode to Insert, Calico's default, in the FelixConfiguration."
    ),
    "ipvs_node_clients": Kind(
        WARN,
        "Do not let pods and nodes ask a load balancer's address where no endpoint is on their node: under Local the answer may "
        "be lost. Or take kube-proxy's nftables mode.",
    ),
    "pool_outside_cluster_cidr": Kind(
        WARN,
        "Let kube-proxy's clusterCIDR have all pools, or let it know pods by their interfaces (detectLocalMode "
        "InterfaceNamePrefix, cali); what it does not know as a pod is masqueraded on the way to cluster IPs.",
    ),
    "asymmetric_return": Kind(
        WARN,
        "Let pods ask the cluster IP, never another node's NodePort; or let kube-proxy know pods by their interfaces "
        "(detectLocalMode InterfaceNamePrefix, cali).",
    ),
    "pod_source_lost_at_node_port": Kind(
        NOTE, "Let pods ask the cluster IP; Local does not change what policy sees at another node's NodePort."
    ),
    "ebpf_preserves_source": Kind(NOTE, "Nothing: policy sees the client without Local too."),
    "kube_proxy_unknown": Kind(
        NOTE, "Let the account read these settings, or look at them by hand; what depends on them is not judged."
    ),
}


def by_severity(kinds: Mapping[str, Kind], found: Found) -> tuple[Hazard, ...]:
    """What was found as hazards of these kinds, the gravest first."""
    seen = [Hazard(name, kinds[name].severity, message, kinds[name].remedy) for name, message in found]
    return tuple(sorted(seen, key=lambda hazard: (REFUSE, WARN, NOTE).index(hazard.severity)))


def named(names: Iterable[str]) -> str:
    """Names in their order, the first ones where they are many."""
    ordered = sorted(names)
    more = len(ordered) - _NAMED
    return ", ".join(ordered[:_NAMED]) + (f" and {more} more" if more > 0 else "")
