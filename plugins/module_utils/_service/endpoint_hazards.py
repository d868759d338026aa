# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hazards of Local by where a Service's endpoints are.

https://kubernetes.io/docs/reference/networking/virtual-ips/#external-traffic-policy
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from .hazard import Found, named
from .selection import service_type
from .surroundings import Behind, NodeState, Surroundings

Service = Mapping[str, Any]
# ProxyTerminatingEndpoints is on by default since this release.
_SERVES_TERMINATING = (1, 26)


def presence(service: Service, around: Surroundings) -> Found:
    """Whether there is anybody on a node that kube-proxy knows."""
    behind = around.behind(service)
    ready = [each for each in behind if each.ready]
    if not ready:
        ending = any(each.serving and each.terminating for each in behind)
        if ending:
            yield "only_terminating_endpoints", "its endpoints are all about to end"
        else:
            yield "no_ready_endpoint", "it has no endpoint that is ready"
        return
    if not any(each.node for each in ready):
        yield "no_endpoint_with_node", "none of its ready endpoints says on which node it is"
        return
    unknown = sorted({each.node for each in ready if each.node} - around.nodes.keys())
    if unknown:
        yield "endpoint_node_unknown", f"its endpoints name {named(unknown)}, and there is no such Node"
    proxy = around.settings.kube_proxy
    if proxy is not None and proxy.hostname_override and not around.settings.bpf:
        yield (
            "endpoint_node_unknown",
            f"kube-proxy's ConfigMap calls every node {proxy.hostname_override} (hostnameOverride); where no flag of kube-proxy "
            "comes before it, no node takes an endpoint for its own",
        )


def spread(service: Service, around: Surroundings, entry_nodes: tuple[str, ...]) -> Found:
    """Whether the endpoints are where clients come in."""
    ready = [each for each in around.behind(service) if each.ready and each.node]
    if not ready:
        return
    on = {each.node for each in ready}
    if service_type(service) == "LoadBalancer" and not on & around.usable_nodes:
        yield "endpoints_on_excluded_nodes", f"load balancers leave out {named(on)}, where all its endpoints are"
    if len({each.address for each in ready}) == 1:
        yield "single_endpoint", f"one endpoint is ready, on {named(on)}"
    elif len(on) == 1:
        yield "endpoints_on_one_node", f"all its endpoints are on {named(on)}"
    yield from _entered(ready, around, entry_nodes)


def _entered(ready: list[Behind], around: Surroundings, entry_nodes: tuple[str, ...]) -> Found:
    """Nodes at which connections from outside would time out, for each port and family."""
    used = _entry_nodes(around.nodes, entry_nodes) if entry_nodes else around.usable_nodes
    for family, port in sorted({(each.family, each.port) for each in ready}):
        without = used - {each.node for each in ready if (each.family, each.port) == (family, port)}
        if without:
            what = f"port {port} by {family}" if port else f"its port by {family}"
            yield "nodes_without_local_endpoint", f"{what} has no endpoint on {named(without)}"


def _entry_nodes(nodes: Iterable[str], patterns: tuple[str, ...]) -> set[str]:
    """The nodes that are meant. A pattern that matches none stands for itself: whoever gave it counts on that node."""
    matched = {pattern: {name for name in nodes if fnmatchcase(name, pattern)} for pattern in patterns}
    return {name for pattern, names in matched.items() for name in names or {pattern}}


def host_network(service: Service, around: Surroundings) -> Found:
    """Endpoints in a node's own network."""
    on = sorted(
        {
            each.node
            for each in around.behind(service)
            if each.node in around.nodes and each.address in around.nodes[each.node].addresses
        }
    )
    if on:
        yield "host_network_endpoints", f"it has endpoints in the node's own network on {named(on)}"


def dual_stack(service: Service, around: Surroundings) -> Found:
    """Whether the one health check of a node, which counts endpoints of either family, may be wrong about one of them."""
    on = {
        family: {each.node for each in around.behind(service) if each.ready and each.family == family}
        for family in ("IPv4", "IPv6")
    }
    if service_type(service) == "LoadBalancer" and all(on.values()) and on["IPv4"] != on["IPv6"]:
        yield "dual_stack_health_check", f"only one family has endpoints on {named(on['IPv4'] ^ on['IPv6'])}"


def terminating(service: Service, around: Surroundings) -> Found:
    """Whether kube-proxy is too old to use endpoints that end where a node has no other.

    https://github.com/kubernetes/enhancements/tree/master/keps/sig-network/1669-proxy-terminating-endpoints
    """
    on = {each.node for each in around.behind(service) if each.ready}
    old = {node.name: node.proxy_version for node in around.nodes.values() if node.name in on and _is_old(node)}
    if old and not around.settings.bpf:
        yield (
            "terminating_not_served",
            f"kube-proxy {min(old.values())} on {named(old)} hands no connections to endpoints that end",
        )


def _is_old(node: NodeState) -> bool:
    found = re.match(r"v?(\d+)\.(\d+)", node.proxy_version)
    return found is not None and (int(found[1]), int(found[2])) < _SERVES_TERMINATING
