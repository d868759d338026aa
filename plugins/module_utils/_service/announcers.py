# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hazards of Local where a node of the cluster answers for a load balancer's address, as with kube-vip, or MetalLB in layer 2."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from .hazard import Found, named
from .selection import full_name, service_type
from .surroundings import Surroundings

# kube-vip writes here which node has the address: https://github.com/kube-vip/kube-vip/issues/408
VIP_HOST = "kube-vip.io/vipHost"
Object = Mapping[str, Any]


def announced(service: Object, around: Surroundings) -> Found:
    """Connections come in by the nodes that announce an address, and under Local only endpoints there answer them."""
    if service_type(service) != "LoadBalancer":
        return
    host = (service["metadata"].get("annotations") or {}).get(VIP_HOST)
    nodes = around.announcers.get(full_name(service), frozenset()) | ({host} if host else set())
    ready_on = {each.node for each in around.behind(service) if each.ready and each.node}
    without = nodes - ready_on
    if without and ready_on:
        yield "announcer_without_endpoint", f"its address is announced by {named(without)}, without an endpoint there"
    if len(nodes) == 1:
        yield "single_announcer", f"its address is announced by {named(nodes)} alone, which all connections come in by"


def announcers(statuses: Iterable[Object]) -> Mapping[str, frozenset[str]]:
    """The nodes that announce a Service, by its full name, from MetalLB's ServiceL2Statuses.

    https://metallb.io/apis/#servicel2status
    """
    found: defaultdict[str, set[str]] = defaultdict(set)
    for item in statuses:
        status, labels = item.get("status") or {}, item.get("metadata", {}).get("labels") or {}
        node = status.get("node") or labels.get("metallb.io/node")
        name = status.get("serviceName") or labels.get("metallb.io/service-name")
        namespace = status.get("serviceNamespace") or labels.get("metallb.io/service-namespace")
        if node and name and namespace:
            found[f"{namespace}/{name}"].add(node)
    return {name: frozenset(nodes) for name, nodes in found.items()}
