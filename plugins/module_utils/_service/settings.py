# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How kube-proxy and Calico are set, as far as the addresses depend on it that policy sees; and what of it is not known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .._calico.felix import Unsettled, word
from .._calico.inventory import Inventory
from .._calico.snapshot import mapping, spec_of, text
from .data_plane import KubeProxy, LocalDetection

# What they are called in `unknown`, where Felix's settings have their own names.
PROXY, POOLS = "kube-proxy", "IPPools"
Object = Mapping[str, Any]


@dataclass(frozen=True)
class KubeProxySettings:
    """kube-proxy's own configuration: ``mode`` is iptables, nftables or ipvs; ``hostname_override`` empty where none is set."""

    mode: str
    decides: KubeProxy
    hostname_override: str = ""


@dataclass(frozen=True)
class Pool:
    """An IPPool: whether what leaves the pools from it is masqueraded, and whether IPIP or VXLAN carries its traffic."""

    name: str
    cidr: str
    nat_outgoing: bool
    is_tunnelled: bool


@dataclass(frozen=True)
class Settings:
    """What is set for all nodes, None where that is not known.

    ``bpf`` is whether the eBPF data plane is in use, ``appends`` whether Calico's chains come behind others (chainInsertMode
    Append), ``nodes_excluded`` whether natOutgoing leaves out what goes to nodes. ``unknown`` says why something is not known.
    """

    kube_proxy: KubeProxySettings | None = None
    pools: tuple[Pool, ...] | None = None
    bpf: bool | None = None
    appends: bool | None = None
    nodes_excluded: bool | None = None
    unknown: Mapping[str, str] = field(default_factory=dict)


def kube_proxy_settings(configuration: Object) -> KubeProxySettings:
    """What a KubeProxyConfiguration says, with kube-proxy's defaults on Linux.

    https://kubernetes.io/docs/reference/config-api/kube-proxy-config.v1alpha1/
    """
    mode = text(configuration.get("mode")) or "iptables"
    detection = LocalDetection(
        text(configuration.get("detectLocalMode")) or "ClusterCIDR",
        text(configuration.get("clusterCIDR")),
        text(mapping(configuration.get("detectLocal")).get("interfaceNamePrefix")),
    )
    # In ipvs mode the setting of iptables counts.
    of_mode = mapping(configuration.get("nftables" if mode == "nftables" else "iptables"))
    decides = KubeProxy(detection, of_mode.get("masqueradeAll") is True, mode)
    return KubeProxySettings(mode, decides, text(configuration.get("hostnameOverride")))


def pool(item: Object) -> Pool:
    """An IPPool as the API has it. https://docs.tigera.io/calico/latest/reference/resources/ippool"""
    spec = spec_of(item)
    tunnelled = any(text(spec.get(mode)) not in ("", "Never") for mode in ("ipipMode", "vxlanMode"))
    return Pool(str(item["metadata"]["name"]), text(spec.get("cidr")), spec.get("natOutgoing") is True, tunnelled)


def settings(
    kube_proxy: KubeProxySettings | None,
    pools: Iterable[Object] | None,
    calico: Inventory,
    nodes: Sequence[str],
    unread: Mapping[str, str],
) -> Settings:
    """The settings. ``calico`` has Felix's, None stands for what was not read; ``unread`` says why, by PROXY and POOLS."""
    felix = _Felix(calico, nodes)
    bpf = felix.asked("bpfEnabled", lambda value: value in _TRUE)
    appends = felix.asked("chainInsertMode", lambda value: value == "append")
    excluded = felix.asked("natOutgoingExclusions", lambda value: value == "ippoolsandhostips")
    return Settings(
        kube_proxy,
        None if pools is None else tuple(map(pool, pools)),
        bpf,
        appends,
        excluded,
        {**unread, **felix.unknown},
    )


# What Felix takes for true in its environment, besides what its resource has.
_TRUE = ("true", "1", "yes", "y", "t")


@dataclass
class _Felix:
    """Felix's settings on all nodes, and why one is not known."""

    calico: Inventory
    nodes: Sequence[str]
    unknown: dict[str, str] = field(default_factory=dict)

    def asked(self, name: str, read: Callable[[str], bool]) -> bool | None:
        """The answer that all nodes have in common."""
        try:
            # Without nodes there is still what is set for all.
            answers = {read(word(self.calico, node, name)) for node in self.nodes or ("",)}
        except Unsettled as error:
            self.unknown[name] = str(error)
            return None
        if len(answers) > 1:
            self.unknown[name] = "nodes differ in it"
            return None
        return answers.pop()
