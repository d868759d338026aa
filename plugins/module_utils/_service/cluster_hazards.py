# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every Service of a cluster has in common when it becomes Local: kube-proxy's settings and Calico's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from .._calico.nets import Network, parse_net
from .hazard import CLUSTER_KINDS, Found, Hazard, by_severity, named
from .settings import PROXY, KubeProxySettings, Pool, Settings


def cluster_hazards(settings: Settings) -> tuple[Hazard, ...]:
    """What is known to be hazardous about Local on this cluster, and what is not known, the gravest first."""
    return by_severity(CLUSTER_KINDS, _found(settings))


def _found(settings: Settings) -> Found:
    unknown = {what: why for what, why in settings.unknown.items() if not (settings.bpf and what == PROXY)}
    if unknown:
        yield "kube_proxy_unknown", "not known: " + "; ".join(f"{what}: {why}" for what, why in unknown.items())
    if settings.bpf:
        yield (
            "ebpf_preserves_source",
            "Calico's eBPF data plane is in use (bpfEnabled), which keeps the client's address",
        )
        return
    if settings.appends:
        yield (
            "policy_after_kube_proxy",
            "chainInsertMode is Append: what kube-proxy accepts is not seen by Calico's policy",
        )
    yield from _of_pools(settings)
    if settings.kube_proxy is not None:
        yield from _of_kube_proxy(settings.kube_proxy, settings)


def _of_pools(settings: Settings) -> Found:
    hidden = _names(settings.pools or (), lambda pool: pool.nat_outgoing and settings.nodes_excluded is not True)
    if hidden:
        yield (
            "pod_source_lost_at_node_port",
            f"natOutgoing of IPPool {named(hidden)} gives a pod its node's address where it asks another node's NodePort",
        )


def _of_kube_proxy(proxy: KubeProxySettings, settings: Settings) -> Found:
    pools = settings.pools or ()
    if proxy.mode == "ipvs":
        yield "ipvs_node_clients", "kube-proxy is in ipvs mode"
        return
    detection = proxy.decides.detection
    if detection.mode != "ClusterCIDR" or not detection.cluster_cidr:
        return
    cluster = [*_nets(detection.cluster_cidr.split(","))]
    outside = _names(pools, lambda pool: any(_is_outside(net, cluster) for net in _nets([pool.cidr])))
    if outside:
        yield (
            "pool_outside_cluster_cidr",
            f"IPPool {named(outside)} is not within kube-proxy's clusterCIDR {detection.cluster_cidr}, by which it knows pods",
        )
    taken = _names(
        pools,
        lambda pool: (
            (not pool.nat_outgoing or settings.nodes_excluded is True)
            and any(net.overlaps(each) for net in _nets([pool.cidr]) for each in cluster if net.version == each.version)
        ),
    )
    if taken:
        yield (
            "asymmetric_return",
            f"what pods of IPPool {named(taken)} send to other nodes keeps its source, which kube-proxy takes for a pod of that "
            "node by its clusterCIDR: it chooses among all endpoints, and answers of those elsewhere go past it",
        )


def _names(pools: Iterable[Pool], holds: Callable[[Pool], bool]) -> list[str]:
    return [pool.name for pool in pools if holds(pool)]


def _nets(parts: Iterable[str]) -> Iterator[Network]:
    """The networks among the parts; what is none has no say at kube-proxy or Calico either."""
    return (net for part in parts if (net := parse_net(part.strip())) is not None)


def _is_outside(net: Network, cluster: Iterable[Network]) -> bool:
    """Whether the cluster's networks of the same family do not have all of it; without any, kube-proxy tells no pods at all."""
    same = [each for each in cluster if each.version == net.version]
    return bool(same) and not any(net.subnet_of(each) for each in same)  # type: ignore[arg-type]
