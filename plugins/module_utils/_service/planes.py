# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The data planes that a cluster may have: one where all settings are known, else one for each way in which they may be set."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

from .._calico.inventory import Inventory
from .._calico.nets import parse_net
from .._calico.snapshot import Snapshot, items, labels_of, mapping, name_of, spec_of, text
from .data_plane import NFTABLES, POD_INTERFACES, DataPlane, KubeProxy, LocalDetection, NatOutgoing, Node
from .settings import Pool, Settings

_ZONE = "topology.kubernetes.io/zone"
# Any release before 1.36, by which nftables mode answers as iptables mode does.
_MASQUERADES_EVERYWHERE = (1, 35)


def not_predicted(settings: Settings) -> str:
    """Why nobody can say which addresses policy sees, empty where they are known or one of a few."""
    if settings.bpf:
        return "addresses are not predicted for Calico's eBPF data plane"
    if settings.bpf is None:
        return f"whether Calico's eBPF data plane is in use is not known: {settings.unknown.get('bpfEnabled', '')}"
    if settings.kube_proxy is not None and settings.kube_proxy.mode not in ("iptables", "nftables"):
        return f"addresses are not predicted for kube-proxy in {settings.kube_proxy.mode} mode"
    if settings.pools is None:
        return f"the IPPools are not known: {settings.unknown.get('IPPools', '')}"
    return ""


def possible_planes(
    snapshot: Snapshot, inventory: Inventory, settings: Settings, version: int
) -> tuple[DataPlane, ...]:
    """Every data plane of this IP version that the settings leave possible; to be asked for where `not_predicted` is empty."""
    pools = [pool for pool in settings.pools or () if _version(pool.cidr) == version]
    excluded = [settings.nodes_excluded] if settings.nodes_excluded is not None else [False, True]
    # CrossSubnet goes through the tunnel between some nodes only, and nobody knows the subnets.
    tunnels = [False, True] if any(pool.is_tunnelled for pool in pools) else [False]
    nodes = {through: {n.name: n for n in _nodes(snapshot, inventory, version, through)} for through in tunnels}
    masqueraded = tuple(pool.cidr for pool in pools if pool.nat_outgoing)
    every = tuple(pool.cidr for pool in pools)
    # Pods may come to other nodes by their own addresses.
    unmasked = any(excluded) or masqueraded != every
    proxies = [*_kube_proxies(settings, pools), *(_of_other_releases(settings, pools) if unmasked else ())]
    return tuple(
        DataPlane(nodes[through], proxy, NatOutgoing(masqueraded, every, left_out))
        for proxy, left_out, through in product(proxies, excluded, tunnels)
    )


def _kube_proxies(settings: Settings, pools: Sequence[Pool]) -> list[KubeProxy]:
    return [settings.kube_proxy.decides] if settings.kube_proxy is not None else [*_any_kube_proxy(pools)]


def _of_other_releases(settings: Settings, pools: Sequence[Pool]) -> Iterator[KubeProxy]:
    """What kube-proxy may be besides, as no object says which release of it runs, and Nodes tell the kubelet's only."""
    for proxy in _kube_proxies(settings, pools):
        if settings.kube_proxy is None:
            yield replace(proxy, mode=NFTABLES)
        elif proxy.mode == NFTABLES:
            yield replace(proxy, release=_MASQUERADES_EVERYWHERE)


def _any_kube_proxy(pools: Sequence[Pool]) -> Iterator[KubeProxy]:
    """What kube-proxy may be set to where nobody could read it."""
    by_pools = LocalDetection(cluster_cidr=",".join(pool.cidr for pool in pools))
    by_interface = LocalDetection("InterfaceNamePrefix", interface_prefix=POD_INTERFACES)
    for detection in (by_pools, by_interface, LocalDetection("NodeCIDR"), LocalDetection()):
        yield KubeProxy(detection)
        yield KubeProxy(detection, masquerade_all=True)


def _nodes(snapshot: Snapshot, inventory: Inventory, version: int, tunnelled: bool) -> Iterator[Node]:
    for item in snapshot.of("Node"):
        name, spec = name_of(item), spec_of(item)
        address = _internal(items(mapping(item.get("status")).get("addresses")), version)
        tunnel = [p.address for p in inventory.tunnel_ends.get(name, ()) if p.version == version] if tunnelled else []
        if address:
            cidrs = [cidr for cidr in items(spec.get("podCIDRs")) or [spec.get("podCIDR")] if _version(cidr) == version]
            yield Node(name, address, ",".join(cidrs), labels_of(item).get(_ZONE, ""), str(tunnel[0]) if tunnel else "")


def _internal(addresses: Iterable[Any], version: int) -> str:
    """The node's address of this version, as kube-proxy takes it: an internal one, else an external one; empty without any."""
    listed = [mapping(each) for each in addresses]
    found = [text(e.get("address")) for kind in ("InternalIP", "ExternalIP") for e in listed if e.get("type") == kind]
    return next((address for address in found if _version(address) == version), "")


def _version(net: object) -> int | None:
    parsed = parse_net(net)
    return None if parsed is None else parsed.version
